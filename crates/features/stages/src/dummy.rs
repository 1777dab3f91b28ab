//! Dummy stage: a page with a button, to try flows out.

use flow::Stage;
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
    filters = ["name", "throw_error"],
    search = ["name"],
    ordering = ["name"],
    cached
)]
pub struct DummyStage {
    pub base: Stage,
    /// Fail instead of showing the page.
    pub throw_error: bool,
}
