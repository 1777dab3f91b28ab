//! The base of all kinds of providers.

pub mod api;
mod launch_urls;

use object::{Id, Object, Refs, Uuid};

use crate::property_mapping::PropertyMapping;

pub use api::shown;
pub use launch_urls::{LaunchUrl, launch_urls, register_launch_url};

/// Gives an application what it needs to let people in, by some protocol.
#[derive(Debug, Clone, PartialEq, Object)]
#[object(
    model = "authentik_core.provider",
    table = "authentik_core_provider",
    path = "providers/all",
    verbose = "provider",
    plural = "providers",
    api_name = "Provider",
    verbs = ["list", "retrieve", "destroy", "used_by"],
    search = ["name"],
    ordering = ["name"],
    cached,
    family
)]
pub struct Provider {
    #[field(key, counted, label = "ID")]
    pub pk: Id<Self>,
    /// Name, unlike that of any other provider.
    #[field(unique)]
    pub name: String,
    /// Flow that logs people in when they come to the application without a session. The brand's flow when empty.
    #[field(to = "authentik_flows.flow", set_null)]
    pub authentication_flow: Option<Uuid>,
    /// Flow that people pass when they enter the application.
    #[field(to = "authentik_flows.flow", cascade, never_null)]
    pub authorization_flow: Option<Uuid>,
    /// Flow that ends the session with the application.
    #[field(to = "authentik_flows.flow", set_null, never_null)]
    pub invalidation_flow: Option<Uuid>,
    /// Mappings that make the values which the application gets.
    pub property_mappings: Refs<PropertyMapping>,
    /// Whether the provider works beside another one rather than letting people in itself.
    #[field(internal)]
    pub is_backchannel: bool,
}
