//! The kinds of policies, a file each.

mod expression;

use feature::{Feature, Kind};

pub use expression::ExpressionPolicy;

pub const FEATURE: Feature = Feature::new("policies").kinds(&[Kind::of::<ExpressionPolicy>()]);
