//! A field as it would be shown, for whoever is writing one.

use feature::{BoxFuture, Call, Method, Operation, Permission, Problem, Reply};
use object::{FieldErrors, Model, Object, Record, parse_field};
use policy::expression::{Scope, evaluate};
use serde_json::{Map, Value as Json, json};

use super::field::Prompt;
use super::show::assemble;

pub const OPERATIONS: &[Operation] = &[Operation {
    id: "stages_prompt_prompts_preview_create",
    method: Method::Post,
    path: "stages/prompt/prompts/preview/",
    permission: Permission::Global("authentik_stages_prompt.add_prompt"),
    summary: "Show a field as it would be shown.",
    request: r##"{"$ref": "#/components/schemas/PromptRequest"}"##,
    response: r##"{"$ref": "#/components/schemas/PromptChallenge"}"##,
    status: 200,
    parameters: &[],
    run: preview,
}];

fn preview(call: &Call) -> BoxFuture<'_, Result<Reply, Problem>> {
    Box::pin(async move {
        let prompt: Prompt = parse(Prompt::model(), call.input()?)?.to()?;
        let subject = match call.caller.user {
            Some(user) => policy::Subject::load(&call.app, user).await?,
            None => None,
        };
        let show = async |source: &str, is_expression: bool| {
            if !is_expression {
                return Json::String(source.to_owned());
            }
            let extra = vec![("prompt_context".to_owned(), expr::from_json(&json!({})))];
            let scope = Scope::mapping("preview", None, subject.as_ref(), None, extra).trial();
            match evaluate(&call.app, source, scope).await {
                Ok(value) => expr::to_json(&value).unwrap_or_default(),
                // In its place, so that whoever writes it sees what is wrong.
                Err(failure) => Json::String(failure.to_string()),
            }
        };
        let placeholder = show(&prompt.placeholder, prompt.placeholder_expression).await;
        let initial = show(&prompt.initial_value, prompt.initial_value_expression).await;
        let shown = assemble(&prompt, placeholder, initial);
        let field = prompt.to_json(&shown);
        Ok(Reply::ok(json!({ "component": "ak-stage-prompt", "fields": [field] })))
    })
}

/// Reads a prompt that is not kept.
fn parse(model: &'static Model, input: &Map<String, Json>) -> Result<Record, Problem> {
    let mut record = Record::empty(model);
    let mut errors = FieldErrors::default();
    for (i, field) in model.fields.iter().enumerate() {
        match input.get(field.wire).filter(|_| i > 0) {
            Some(given) => match parse_field(field, given) {
                Ok(value) => record.values[i] = value,
                Err(messages) => errors.set(field.wire, messages),
            },
            None => match field.default {
                object::Default::Required => errors.add(field.wire, "This field is required."),
                object::Default::Bool(value) => record.values[i] = value.into(),
                object::Default::Int(value) => record.values[i] = value.into(),
                object::Default::Text(value) => record.values[i] = value.into(),
                _ => {}
            },
        }
    }
    errors.into_result().map_err(Problem::from)?;
    Ok(record)
}
