//! The list of features. A feature that is not on it does not exist.

use feature::Feature;

/// In the order of the layers: a feature may use those before it.
pub static FEATURES: &[&Feature] = &[
    &events::FEATURE,
    &keys::FEATURE,
    &directory::FEATURE,
    &access::FEATURE,
    &policy::FEATURE,
    &flow::FEATURE,
    &apps::FEATURE,
    &brand::FEATURE,
    &outpost::FEATURE,
    &blueprint::FEATURE,
    &policies::FEATURE,
    &stages::FEATURE,
    &provider_oauth2::FEATURE,
    &provider_proxy::FEATURE,
    &source_oauth::FEATURE,
    &web::FEATURE,
];
