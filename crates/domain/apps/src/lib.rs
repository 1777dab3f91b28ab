//! Applications, and the bases of what makes them work: providers and property mappings.

mod application;
mod consent;
mod entitlement;
mod property_mapping;
mod provider;

use feature::{Feature, Kind};

pub use application::Application;
pub use consent::UserConsent;
pub use entitlement::ApplicationEntitlement;
pub use property_mapping::PropertyMapping;
pub use provider::Provider;

pub const FEATURE: Feature = Feature::new("apps").kinds(&[
    Kind::of::<PropertyMapping>(),
    Kind::of::<Provider>(),
    Kind::of::<Application>(),
    Kind::of::<ApplicationEntitlement>(),
    Kind::of::<UserConsent>(),
]);
