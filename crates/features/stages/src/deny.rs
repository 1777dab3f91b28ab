//! Deny stage: ends the flow with a refusal.

use flow::Stage;
use object::Object;

/// End the flow with a refusal. Policies on its binding decide whom it meets.
#[derive(Debug, Clone, PartialEq, Object)]
#[object(
    model = "authentik_stages_deny.denystage",
    table = "authentik_stages_deny_denystage",
    path = "stages/deny",
    verbose = "Deny Stage",
    plural = "Deny Stages",
    component = "ak-stage-deny-form",
    api_name = "DenyStage",
    filters = ["deny_message", "name"],
    search = ["name"],
    ordering = ["name"],
    cached
)]
pub struct DenyStage {
    pub base: Stage,
    /// What the person is told.
    #[field(blank)]
    pub deny_message: String,
}
