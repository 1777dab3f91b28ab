//! What the stage asks and what an answer does.

use std::sync::Arc;

use directory::User;
use feature::Problem;
use flow::context::PROMPT_DATA;
use flow::{Answer, Challenge, Errors, Next, StageKind, Visit};
use object::{Key, Object};
use serde_json::{Map, Value as Json};
use store::{Filter, Op};

use super::PromptStage;
use super::field::{FieldType, Prompt};
use super::read::read;
use super::show::{Scene, Shown};

/// Asks for the fields.
pub struct PromptKind;

impl StageKind for PromptKind {
    type Config = PromptStage;
    const COMPONENT: &'static str = "ak-stage-prompt";

    async fn challenge(&self, visit: &mut Visit, stage: &PromptStage) -> Result<Challenge, Problem> {
        let shown = show_all(visit, stage).await?;
        let fields: Json = shown.iter().map(|(field, shown)| field.to_json(shown)).collect();
        Ok(Challenge::new(Self::COMPONENT).set("fields", fields))
    }
    async fn answer(&self, visit: &mut Visit, stage: &PromptStage, answer: &Answer) -> Result<Next, Problem> {
        let (data, errors) = examine(visit, stage, answer).await?;
        if !errors.is_empty() {
            return Ok(Next::Wrong(errors));
        }
        visit.plan.context.add_prompt_data(data);
        Ok(Next::Pass)
    }
    async fn missing(&self, visit: &mut Visit, stage: &PromptStage) -> Result<Errors, Problem> {
        let mut errors = Errors::default();
        for (field, shown) in show_all(visit, stage).await? {
            read(&field, &shown, &Answer::default(), &mut Map::new(), &mut errors);
        }
        Ok(errors)
    }
}

/// The stage's fields in their order, worked out.
async fn show_all(visit: &mut Visit, stage: &PromptStage) -> Result<Vec<(Arc<Prompt>, Shown)>, Problem> {
    let mut fields: Vec<Arc<Prompt>> = stage.fields.iter().filter_map(|id| visit.snapshot.get(*id)).collect();
    fields.sort_by(|a, b| (a.order, &a.name).cmp(&(b.order, &b.name)));
    let scene = Scene::of(visit);
    let mut all = Vec::with_capacity(fields.len());
    for field in fields {
        let shown = scene.show(visit, &field).await?;
        all.push((field, shown));
    }
    Ok(all)
}

/// Reads and checks an answer. What concerns the answer as a whole is looked at when every field is fine.
async fn examine(
    visit: &mut Visit,
    stage: &PromptStage,
    answer: &Answer,
) -> Result<(Map<String, Json>, Errors), Problem> {
    let fields = show_all(visit, stage).await?;
    let (mut data, mut errors) = (Map::new(), Errors::default());
    for (field, shown) in &fields {
        read(field, shown, answer, &mut data, &mut errors);
        if field.kind == FieldType::Username && !errors.has(&field.field_key) {
            let name = data.get(&field.field_key).and_then(Json::as_str).unwrap_or_default().to_owned();
            if is_taken(visit, &name).await? {
                errors.add(&field.field_key, "Username is already taken.", "invalid");
            }
        }
    }
    if !errors.is_empty() {
        return Ok((data, errors));
    }
    let mut passwords =
        fields.iter().filter(|(f, _)| f.kind == FieldType::Password).map(|(f, _)| data.get(&f.field_key));
    if let Some(first) = passwords.next()
        && passwords.any(|other| other != first)
    {
        errors.add_general("Passwords don't match.");
        return Ok((data, errors));
    }
    validate(visit, stage, &data, &mut errors).await?;
    Ok((data, errors))
}

async fn is_taken(visit: &Visit, name: &str) -> Result<bool, Problem> {
    if name.is_empty() {
        return Ok(false);
    }
    let mut filter = Filter::compare("username", Op::IEq, name);
    if let Some(own) = visit.known_user() {
        filter = filter.and(Filter::eq("pk", Key::Int(own)).negate());
    }
    Ok(visit.app().store().exists(User::model(), filter).await?)
}

/// Asks the stage's policies: all must pass.
async fn validate(
    visit: &mut Visit,
    stage: &PromptStage,
    data: &Map<String, Json>,
    errors: &mut Errors,
) -> Result<(), Problem> {
    if stage.validation_policies.is_empty() {
        return Ok(());
    }
    let (request, shared) = visit.request().await?;
    request.context.set(PROMPT_DATA, expr::from_json(&Json::Object(data.clone())));
    for id in stage.validation_policies.iter() {
        // SECURITY: a policy that is gone or fails does not let anything pass.
        let Some(row) = visit.snapshot.concrete("authentik_policies.policy", id.key()) else {
            errors.add_general("A policy that checks this form does not exist.");
            continue;
        };
        let result = policy::engine::run(visit.app(), row, &request).await;
        if result.passing {
            continue;
        }
        if result.messages.is_empty() {
            errors.add_general("These values are not accepted.");
        }
        for message in result.messages {
            errors.add_general(message);
        }
    }
    shared.read_back(&mut visit.plan.context);
    Ok(())
}
