//! Policies: what they are, what they are bound to, and what decides.

mod binding;
mod policy;
mod target;

use feature::{Feature, Kind};

pub use binding::PolicyBinding;
pub use policy::Policy;
pub use target::{PolicyBindingModel, PolicyEngineMode};

pub const FEATURE: Feature =
    Feature::new("policy").kinds(&[Kind::of::<PolicyBindingModel>(), Kind::of::<Policy>(), Kind::of::<PolicyBinding>()]);
