//! The binding: a stage's place in a flow.

use object::{Choices, Id, Object};
use policy::PolicyBindingModel;

use crate::flow::Flow;
use crate::stage::Stage;

/// What happens after an answer that a stage does not accept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Choices)]
#[choices(name = "InvalidResponseActionEnum")]
pub enum InvalidResponseAction {
    /// Ask again.
    Retry,
    /// Start the flow anew.
    Restart,
    /// Start the flow anew and keep what is known so far.
    RestartWithContext,
}

/// Puts a stage into a flow. Policies bound to the binding decide whether the stage is shown.
#[derive(Debug, Clone, PartialEq, Object)]
#[object(
    model = "authentik_flows.flowstagebinding",
    table = "authentik_flows_flowstagebinding",
    path = "flows/bindings",
    verbose = "Flow Stage Binding",
    plural = "Flow Stage Bindings",
    api_name = "FlowStageBinding",
    filters = [
        "evaluate_on_plan", "invalid_response_action", "order", "policy_engine_mode", "re_evaluate_policies",
        "stage", "target", "fsb_uuid=pk", "pbm_uuid=pk", "policies=bindings__policy__in",
    ],
    search = ["stage__name"],
    ordering = ["target", "order"],
    unique_together = [&["target", "stage", "order"]],
    cached
)]
pub struct FlowStageBinding {
    pub base: PolicyBindingModel,
    /// The flow.
    pub target: Id<Flow>,
    /// The stage.
    pub stage: Id<Stage>,
    /// Ask the policies when the flow is planned. A stage they refuse is left out from the start.
    pub evaluate_on_plan: bool,
    /// Ask the policies when the stage is about to be shown.
    #[field(default_bool = true)]
    pub re_evaluate_policies: bool,
    /// Stages come in this order.
    pub order: i32,
    /// What happens after an answer that the stage does not accept.
    #[field(default_text = "retry")]
    pub invalid_response_action: InvalidResponseAction,
}

impl FlowStageBinding {
    pub fn id(&self) -> Id<Self> {
        Id(self.base.pk.0)
    }
}
