//! One field of a prompt stage.

use feature::{BoxFuture, Computed, Problem, Rendering};
use object::{Choices, Id, Object, Record};
use serde_json::Value as Json;

use super::PromptStage;

/// How a field looks and what it accepts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Choices)]
#[choices(name = "PromptTypeEnum")]
pub enum FieldType {
    /// A line of text.
    Text,
    /// Several lines of text.
    TextArea,
    /// A line of text that cannot be changed.
    TextReadOnly,
    /// Several lines of text that cannot be changed.
    TextAreaReadOnly,
    /// A user name that nobody has yet.
    Username,
    /// An e-mail address.
    Email,
    /// A password. All password fields of a stage must be the same.
    Password,
    /// A whole number.
    Number,
    /// A box to tick.
    Checkbox,
    /// One of several buttons.
    #[choice(value = "radio-button-group")]
    RadioButtonGroup,
    /// One of a list.
    Dropdown,
    /// A day.
    Date,
    /// A day and a time.
    #[choice(value = "date-time")]
    DateTime,
    /// A file, kept as a data URI.
    File,
    /// A line between fields.
    Separator,
    /// Not shown; holds its initial value.
    Hidden,
    /// Text to read.
    Static,
    /// A language.
    #[choice(value = "ak-locale")]
    AkLocale,
}

/// A field that prompt stages ask for.
#[derive(Debug, Clone, PartialEq, Object)]
#[object(
    model = "authentik_stages_prompt.prompt",
    table = "authentik_stages_prompt_prompt",
    path = "stages/prompt/prompts",
    verbose = "Prompt",
    plural = "Prompts",
    api_name = "Prompt",
    filters = ["field_key", "label", "name", "placeholder", "type"],
    search = ["name", "field_key", "label", "type", "placeholder", "initial_value", "sub_text"],
    ordering = ["name"],
    cached
)]
pub struct Prompt {
    #[field(key, label = "Prompt uuid")]
    pub pk: Id<Self>,
    /// Name for administrators.
    #[field(unique)]
    pub name: String,
    /// Name under which the value is kept. `attributes.` in front puts it among the user's attributes.
    pub field_key: String,
    /// What stands above the field.
    pub label: String,
    /// How the field looks and what it accepts.
    #[field(wire = "type")]
    pub kind: FieldType,
    /// Whether something must be filled in.
    #[field(default_bool = true)]
    pub required: bool,
    /// Hint shown in the empty field, or the choices of a field with choices: an expression that returns a list.
    #[field(blank, keep_blanks)]
    pub placeholder: String,
    /// What is filled in already, or the choice made already.
    #[field(blank, keep_blanks)]
    pub initial_value: String,
    /// Fields come in this order.
    #[field(default_int = 0)]
    pub order: i32,
    /// Text below the field.
    #[field(blank)]
    pub sub_text: String,
    /// The placeholder is an expression.
    pub placeholder_expression: bool,
    /// The initial value is an expression.
    pub initial_value_expression: bool,
}

pub const PROMPT: &[Computed] = &[Computed {
    name: "prompt_stages_obj",
    schema: r##"{"type": "array", "items": {"$ref": "#/components/schemas/PromptStage"}, "readOnly": true}"##,
    required: true,
    render: stages,
}];

/// The stages that ask for each field.
fn stages<'a>(rendering: &'a Rendering<'_>, records: &'a [Record]) -> BoxFuture<'a, Result<Vec<Json>, Problem>> {
    Box::pin(async move {
        let snapshot = rendering.store.snapshot();
        let mut all = Vec::with_capacity(records.len());
        for record in records {
            let asks =
                |stage: &&store::Row| record.key().is_some_and(|key| stage.get("fields").as_keys().contains(&key));
            let stages: Vec<Record> =
                snapshot.rows(PromptStage::MODEL).iter().filter(asks).map(|r| Record::clone(r)).collect();
            all.push(Json::Array(rendering.objects(&stages).await?));
        }
        Ok(all)
    })
}
