//! The base of all kinds of stages.

use object::{Id, Object};

/// One step of a flow.
#[derive(Debug, Clone, PartialEq, Object)]
#[object(
    model = "authentik_flows.stage",
    table = "authentik_flows_stage",
    path = "stages/all",
    verbose = "Stage",
    plural = "Stages",
    api_name = "Stage",
    verbs = ["list", "retrieve", "destroy", "used_by"],
    filters = ["name"],
    search = ["name"],
    ordering = ["name"],
    cached,
    family
)]
pub struct Stage {
    #[field(key, label = "Stage uuid")]
    pub pk: Id<Self>,
    /// Name, unlike that of any other stage.
    #[field(unique, unique_text = "stage with this name already exists.")]
    pub name: String,
}
