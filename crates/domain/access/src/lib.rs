//! Who asks, and what they may do.

use feature::Feature;

pub const FEATURE: Feature = Feature::new("access");
