//! What a binding shows of the policy, the group or the user it is for, and a policy of its bindings.

use std::collections::HashMap;

use feature::{BoxFuture, Computed, Problem, Rendering};
use object::{Key, Object as _, Record, render_value};
use serde_json::{Value as Json, json};
use store::{Filter, Query};

use super::PolicyBinding;
use crate::expression::uid_of;
use crate::subject::{GROUP, USER};

/// The stage that validates answers with policies, where it is part of the program.
const PROMPT_STAGE: &str = "authentik_stages_prompt.promptstage";
const VALIDATION: &str = "validation_policies";

pub const OF_BINDING: &[Computed] = &[
    Computed {
        name: "policy_obj",
        schema: r##"{"allOf": [{"$ref": "#/components/schemas/Policy"}], "readOnly": true}"##,
        required: true,
        render: policy_obj,
    },
    Computed {
        name: "group_obj",
        schema: r##"{"allOf": [{"$ref": "#/components/schemas/PartialGroup"}], "readOnly": true}"##,
        required: true,
        render: group_obj,
    },
    Computed {
        name: "user_obj",
        schema: r##"{"allOf": [{"$ref": "#/components/schemas/PartialUser"}], "readOnly": true}"##,
        required: true,
        render: user_obj,
    },
];

pub const OF_POLICY: &[Computed] = &[Computed {
    name: "bound_to",
    schema: r#"{"type": "integer", "readOnly": true, "description": "Number of objects that the policy is bound to."}"#,
    required: true,
    render: bound_to,
}];

type Values<'a> = BoxFuture<'a, Result<Vec<Json>, Problem>>;

fn policy_obj<'a>(rendering: &'a Rendering<'_>, records: &'a [Record]) -> Values<'a> {
    Box::pin(async move {
        let found = others(rendering, records, "policy", "authentik_policies.policy").await?;
        let shown = rendering.objects(&found).await?;
        let by_key: HashMap<Key, Json> = found.iter().filter_map(Record::key).zip(shown).collect();
        Ok(pick(records, "policy", |key| by_key.get(&key).cloned()))
    })
}

fn group_obj<'a>(rendering: &'a Rendering<'_>, records: &'a [Record]) -> Values<'a> {
    Box::pin(async move {
        let found = others(rendering, records, "group", GROUP).await?;
        Ok(pick(records, "group", |key| found.iter().find(|r| r.key() == Some(key)).map(partial_group)))
    })
}

fn user_obj<'a>(rendering: &'a Rendering<'_>, records: &'a [Record]) -> Values<'a> {
    Box::pin(async move {
        let found = others(rendering, records, "user", USER).await?;
        let shown = |user: &Record| {
            let mut json = shown(user, &["pk", "username", "name", "is_active", "last_login", "email", "attributes"]);
            json["uid"] = uid_of(rendering.app, user).into();
            json
        };
        Ok(pick(records, "user", |key| found.iter().find(|r| r.key() == Some(key)).map(shown)))
    })
}

fn partial_group(group: &Record) -> Json {
    let mut json = shown(group, &["pk", "name", "is_superuser", "attributes"]);
    json["num_pk"] = directory::num_pk(group.key());
    json
}

fn shown(record: &Record, names: &[&str]) -> Json {
    names
        .iter()
        .map(|name| ((*name).to_owned(), render_value(record.get(name))))
        .collect::<serde_json::Map<_, _>>()
        .into()
}

/// The rows that a reference of the bindings leads to: one query for all.
async fn others(
    rendering: &Rendering<'_>,
    records: &[Record],
    field: &str,
    label: &str,
) -> Result<Vec<Record>, Problem> {
    let keys: Vec<Key> = records.iter().filter_map(|r| r.get(field).as_key()).collect();
    if keys.is_empty() {
        return Ok(Vec::new());
    }
    let model = rendering.store.model(label)?;
    let query = Query::filter(Filter::any_of(model.key_field().name, keys)).columns_only();
    Ok(rendering.store.concretes(model, &query).await?)
}

fn pick(records: &[Record], field: &str, find: impl Fn(Key) -> Option<Json>) -> Vec<Json> {
    records.iter().map(|r| r.get(field).as_key().and_then(&find).unwrap_or(Json::Null)).collect()
}

fn bound_to<'a>(rendering: &'a Rendering<'_>, records: &'a [Record]) -> Values<'a> {
    Box::pin(async move {
        let keys: Vec<Key> = records.iter().filter_map(Record::key).collect();
        let query = Query::filter(Filter::any_of("policy", keys.iter().copied())).columns_only();
        let bindings = rendering.store.records(PolicyBinding::model(), &query).await?;
        // Prompts use policies without a binding.
        let prompts = match rendering.store.catalogue().model(PROMPT_STAGE) {
            Some(model) => rendering.store.records(model, &Query::filter(Filter::any_of(VALIDATION, keys))).await?,
            None => Vec::new(),
        };
        let count = |record: &Record| {
            let key = record.key();
            let bound = bindings.iter().filter(|b| b.get("policy").as_key() == key).count();
            bound + prompts.iter().filter(|p| p.get(VALIDATION).as_keys().iter().any(|k| Some(*k) == key)).count()
        };
        Ok(records.iter().map(|r| json!(count(r))).collect())
    })
}
