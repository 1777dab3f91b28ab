//! Dummy stage: a page with a button, to try flows out.

use feature::Problem;
use flow::{Answer, Challenge, Next, Stage, StageKind, Visit};
use object::Object;

/// A page with nothing but a button, to try flows out.
#[derive(Debug, Clone, PartialEq, Object)]
#[object(
    model = "authentik_stages_dummy.dummystage",
    table = "authentik_stages_dummy_dummystage",
    path = "stages/dummy",
    verbose = "Dummy Stage",
    plural = "Dummy Stages",
    component = "ak-stage-dummy-form",
    api_name = "DummyStage",
    filters = ["name", "throw_error", "stage_uuid=pk"],
    search = ["name"],
    ordering = ["name"],
    cached
)]
pub struct DummyStage {
    pub base: Stage,
    /// Fail instead of showing the page.
    pub throw_error: bool,
}

/// Shows the page.
pub struct Dummy;

impl StageKind for Dummy {
    type Config = DummyStage;
    const COMPONENT: &'static str = "ak-stage-dummy";

    async fn enter(&self, _: &mut Visit, stage: &DummyStage) -> Result<Next, Problem> {
        if stage.throw_error {
            return Err(Problem::fault(format!("the dummy stage {} is set to fail", stage.base.name)));
        }
        Ok(Next::Ask)
    }
    async fn challenge(&self, _: &mut Visit, stage: &DummyStage) -> Result<Challenge, Problem> {
        Ok(Challenge::new(Self::COMPONENT).set("name", stage.base.name.as_str()))
    }
    async fn answer(&self, visit: &mut Visit, stage: &DummyStage, _: &Answer) -> Result<Next, Problem> {
        match self.enter(visit, stage).await? {
            Next::Ask => Ok(Next::Pass),
            other => Ok(other),
        }
    }
}
