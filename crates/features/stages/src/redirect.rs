//! Redirect stage: sends the browser to a fixed address or into another flow.

use flow::{Flow, Stage};
use object::{Choices, Id, Object};

/// Where to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Choices)]
#[choices(name = "RedirectStageModeEnum")]
pub enum RedirectMode {
    /// A fixed address.
    Static,
    /// Another flow.
    Flow,
}

/// Send the browser to a fixed address or into another flow.
#[derive(Debug, Clone, PartialEq, Object)]
#[object(
    model = "authentik_stages_redirect.redirectstage",
    table = "authentik_stages_redirect_redirectstage",
    path = "stages/redirect",
    verbose = "Redirect Stage",
    plural = "Redirect Stages",
    component = "ak-stage-redirect-form",
    api_name = "RedirectStage",
    filters = ["name"],
    search = ["name"],
    ordering = ["name"],
    cached
)]
pub struct RedirectStage {
    pub base: Stage,
    /// Keep what is known so far when another flow goes on.
    #[field(default_bool = true, shown_if = "mode == flow")]
    pub keep_context: bool,
    /// Where to.
    pub mode: RedirectMode,
    /// The address.
    #[field(blank, shown_if = "mode == static")]
    pub target_static: String,
    /// The flow.
    #[field(shown_if = "mode == flow")]
    pub target_flow: Option<Id<Flow>>,
}
