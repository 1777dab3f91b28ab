//! What people are entitled to inside an application.

use object::{Id, Object};
use policy::PolicyBindingModel;
use serde_json::{Map, Value as Json};

use crate::application::Application;

/// A right inside an application, held by the users and groups bound to it.
#[derive(Debug, Clone, PartialEq, Object)]
#[object(
    model = "authentik_core.applicationentitlement",
    table = "authentik_core_applicationentitlement",
    path = "core/application_entitlements",
    verbose = "Application Entitlement",
    plural = "Application Entitlements",
    api_name = "ApplicationEntitlement",
    filters = ["app", "name", "pbm_uuid=pk"],
    search = ["name"],
    ordering = ["name"],
    unique_together = [&["app", "name"]],
    cached
)]
pub struct ApplicationEntitlement {
    pub base: PolicyBindingModel,
    /// Name of the right.
    pub name: String,
    /// The application it is about.
    #[field(cascade)]
    pub app: Id<Application>,
    /// Values for the application.
    pub attributes: Map<String, Json>,
}
