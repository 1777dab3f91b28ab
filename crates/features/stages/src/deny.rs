//! Deny stage: ends the flow with a refusal.

use feature::Problem;
use flow::{Answer, Challenge, Next, Stage, StageKind, Visit};
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
    filters = ["deny_message", "name", "stage_uuid=pk"],
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

/// Refuses.
pub struct Deny;

impl StageKind for Deny {
    type Config = DenyStage;
    const COMPONENT: &'static str = "ak-stage-access-denied";

    async fn enter(&self, _: &mut Visit, stage: &DenyStage) -> Result<Next, Problem> {
        Ok(Next::Deny(Some(stage.deny_message.clone())))
    }
    async fn challenge(&self, _: &mut Visit, stage: &DenyStage) -> Result<Challenge, Problem> {
        Ok(Challenge::denied(Some(&stage.deny_message)))
    }
    async fn answer(&self, visit: &mut Visit, stage: &DenyStage, _: &Answer) -> Result<Next, Problem> {
        self.enter(visit, stage).await
    }
}
