//! Applications, and the bases of what makes them work: providers, sources and property mappings.
//!
//! Separate from the protocols: an application is opened, listed and guarded in the same way whatever lets people in. It
//! knows no single kind of provider or mapping.

mod application;
mod components;
mod consent;
mod entitlement;
mod index;
mod property_mapping;
mod provider;
mod source;
mod transactional;

#[cfg(test)]
mod tests;

use axum::Router;
use axum::routing::get;
use feature::{App, Feature};

pub use application::Application;
pub use application::access::{check, entitlements, request_of};
pub use application::launch::icon_url;
pub use consent::{UserConsent, on_withdrawal as on_consent_withdrawal};
pub use entitlement::ApplicationEntitlement;
pub use index::{by_slug, of_backchannel_provider, of_provider, provider_of};
pub use property_mapping::PropertyMapping;
pub use property_mapping::evaluate::{About, mapping, mappings_of};
pub use provider::{LaunchUrl, Provider, register_launch_url, shown as provider_json};
pub use source::connection::{GroupSourceConnection, UserSourceConnection};
pub use source::kinds::{Presented, SourceKind, VerifyToken, register_source, verify_token};
pub use source::{GroupMatchingMode, Source, UserMatchingMode, user_path};

pub const FEATURE: Feature = Feature::new("apps")
    .kinds(&[
        property_mapping::api::KIND,
        provider::api::KIND,
        application::api::KIND,
        entitlement::KIND,
        consent::KIND,
        source::api::KIND,
        source::connection::USER,
        source::connection::GROUP,
    ])
    .operations(&[transactional::OPERATION])
    .routes(routes)
    .jobs(&[consent::EXPIRE])
    .components(components::COMPONENTS);

fn routes(app: &App) -> Router {
    Router::new().route("/application/launch/{slug}/", get(application::launch::page)).with_state(app.clone())
}
