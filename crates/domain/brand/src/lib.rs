//! Brands: how the pages look and which flows run under a host name.

mod brand;

use feature::{Feature, Kind};

pub use brand::Brand;

pub const FEATURE: Feature = Feature::new("brand").kinds(&[Kind::of::<Brand>()]);
