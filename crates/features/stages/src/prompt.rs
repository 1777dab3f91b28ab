//! Prompt stage: asks for whatever fields an administrator makes up.

mod field;
mod kind;
mod preview;
mod read;
mod show;

use feature::{BoxFuture, Change, Problem};
use flow::Stage;
use object::{Object, Refs};
use policy::Policy;

pub use field::{FieldType, PROMPT, Prompt};
pub use kind::PromptKind;
pub use preview::OPERATIONS;

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
    filters = ["fields", "name", "validation_policies", "stage_uuid=pk"],
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

pub fn check<'a>(change: &'a mut Change<'_>) -> BoxFuture<'a, Result<(), Problem>> {
    Box::pin(async move {
        let is_empty = change.record.get("fields").as_keys().is_empty();
        if is_empty { Err(Problem::field("fields", "This list may not be empty.")) } else { Ok(()) }
    })
}
