//! What the API adds to every kind of mapping: the check of the expression and its trial.

use std::sync::Arc;

use expr::from_json;
use feature::{BoxFuture, Call, Kind, Method, Operation, Permission, Problem, Reply, parameter};
use object::{Field, FieldErrors, Key, Record, Uuid, Value, parse_field};
use policy::expression::{check_code, show_text};
use policy::{HttpInfo, Subject};
use serde_json::{Map, Value as Json, json};
use store::Filter;

use super::PropertyMapping;
use super::evaluate::{About, mapping};

pub const KIND: Kind = Kind::of::<PropertyMapping>()
    .check(check_code)
    .display(|record| format!("Property Mapping {}", record.text("name")))
    .operations(&[Operation {
        id: "propertymappings_all_test_create",
        method: Method::Post,
        path: "propertymappings/all/{pm_uuid}/test/",
        // SECURITY: a trial runs code, for those only who may write it (upstream asks for the right to look).
        permission: Permission::Target("authentik_core.change_propertymapping"),
        summary: "Evaluate the mapping for a user, without any effect.",
        request: r##"{"$ref":"#/components/schemas/PropertyMappingTestRequest"}"##,
        response: r##"{"$ref":"#/components/schemas/PropertyMappingTestResult"}"##,
        status: 200,
        parameters: &[parameter::boolean("format_result")],
        run: test,
    }]);

/// What a trial is given.
struct Trial {
    user: Option<Arc<Subject>>,
    group: Option<Key>,
    context: Map<String, Json>,
}

fn test(call: &Call) -> BoxFuture<'_, Result<Reply, Problem>> {
    Box::pin(async move {
        let record = call.target()?;
        let trial = read(call).await?;
        let snapshot = call.app.store().snapshot();
        let mut variables: Vec<_> =
            trial.context.iter().map(|(name, value)| (name.clone(), from_json(value))).collect();
        if let Some(row) = trial.group.and_then(|group| snapshot.row("authentik_core.group", group)) {
            variables.push(("group".to_owned(), policy::expression::value_of(Arc::clone(row))));
        }
        let path = format!("/api/v3/propertymappings/all/{}/test/", call.segment("pm_uuid"));
        let http = Arc::new(HttpInfo::of_call(call, "POST", &path));
        let about = About { user: trial.user.as_ref(), http: Some(&http), variables, trial: true };
        let indented = call.parameter("format_result").is_some_and(|v| v.eq_ignore_ascii_case("true"));
        let (result, successful) = match mapping(&call.app, &Arc::new(Record::clone(record)), &about).await {
            Ok(Some(value)) => (show_text(&value, indented), true),
            Ok(None) => ("The mapping leaves the object out.".to_owned(), true),
            Err(failure) => (failure.upstream, false),
        };
        Ok(Reply::ok(json!({"result": result, "successful": successful})))
    })
}

async fn read(call: &Call) -> Result<Trial, Problem> {
    const USER: Field = Field::of::<Option<i64>>("user", "").to("authentik_core.user");
    const GROUP: Field = Field::of::<Option<Uuid>>("group", "").to("authentik_core.group");
    const CONTEXT: Field = Field::of::<Map<String, Json>>("context", "");

    let input = call.input()?;
    let mut errors = FieldErrors::default();
    let mut value = |field: &Field| match input.get(field.name).map(|json| parse_field(field, json)) {
        Some(Ok(value)) => value,
        Some(Err(messages)) => {
            errors.set(field.name, messages);
            Value::Null
        }
        None => Value::Null,
    };
    let (user, group, context) = (value(&USER), value(&GROUP), value(&CONTEXT));
    let missing = |key: Key| format!("Invalid pk \"{key}\" - object does not exist.");
    let subject = match user.as_key() {
        Some(Key::Int(user)) => {
            let found = Subject::load(&call.app, user).await?;
            if found.is_none() {
                errors.add("user", missing(user.into()));
            }
            found
        }
        _ => None,
    };
    if let Some(group) = group.as_key() {
        let store = call.app.store();
        if !store.exists(store.model("authentik_core.group")?, Filter::eq("pk", group)).await? {
            errors.add("group", missing(group));
        }
    }
    errors.into_result()?;
    let context = context.as_json().and_then(Json::as_object).cloned().unwrap_or_default();
    Ok(Trial { user: subject, group: group.as_key(), context })
}
