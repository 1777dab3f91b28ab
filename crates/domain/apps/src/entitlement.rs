//! What people are entitled to inside an application.

use feature::{BoxFuture, Computed, Kind, Problem, Rendering};
use object::{Id, Object, Record, render_value};
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

pub const KIND: Kind =
    Kind::of::<ApplicationEntitlement>().hidden(&["pk", "policy_engine_mode"]).computed(&[Computed {
        name: "pbm_uuid",
        schema: r#"{"type":"string","format":"uuid"}"#,
        required: true,
        render: pbm_uuid,
    }]);

fn pbm_uuid<'a>(_: &'a Rendering<'_>, records: &'a [Record]) -> BoxFuture<'a, Result<Vec<Json>, Problem>> {
    Box::pin(async move { Ok(records.iter().map(|r| render_value(r.get("pk"))).collect()) })
}
