//! Consent stage: asks whether an application may have what it wants.

use flow::Stage;
use object::{Choices, Object};

/// How long consent lasts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Choices)]
#[choices(name = "ConsentStageModeEnum")]
pub enum ConsentMode {
    /// Ask every time.
    AlwaysRequire,
    /// Until it is taken back.
    Permanent,
    /// For a time.
    Expiring,
}

/// Ask for consent.
#[derive(Debug, Clone, PartialEq, Object)]
#[object(
    model = "authentik_stages_consent.consentstage",
    table = "authentik_stages_consent_consentstage",
    path = "stages/consent",
    verbose = "Consent Stage",
    plural = "Consent Stages",
    component = "ak-stage-consent-form",
    api_name = "ConsentStage",
    filters = ["consent_expire_in", "mode", "name"],
    search = ["name"],
    ordering = ["name"],
    cached
)]
pub struct ConsentStage {
    pub base: Stage,
    /// How long consent lasts.
    #[field(default_text = "always_require")]
    pub mode: ConsentMode,
    /// Time after which consent has to be given again.
    #[field(duration, default_text = "weeks=4", label = "Consent expires in", shown_if = "mode == expiring")]
    pub consent_expire_in: String,
}
