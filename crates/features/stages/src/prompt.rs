//! Prompt stage: asks for whatever fields an administrator makes up.

mod field;

use flow::Stage;
use object::{Object, Refs};
use policy::Policy;

pub use field::{FieldType, Prompt};

/// Ask for the values of any number of fields.
#[derive(Debug, Clone, PartialEq, Object)]
#[object(
    model = "authentik_stages_prompt.promptstage",
    table = "authentik_stages_prompt_promptstage",
    path = "stages/prompt/stages",
    verbose = "Prompt Stage",
    plural = "Prompt Stages",
    component = "ak-stage-prompt-form",
    api_name = "PromptStage",
    filters = ["fields", "name", "validation_policies"],
    search = ["name"],
    ordering = ["name"],
    cached
)]
pub struct PromptStage {
    pub base: Stage,
    /// The fields, shown by their order.
    #[field(required)]
    pub fields: Refs<Prompt>,
    /// Policies that all must pass before the answer is accepted. They see it as `prompt_data`.
    pub validation_policies: Refs<Policy>,
}
