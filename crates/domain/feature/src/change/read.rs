//! Input to record, by the schema.

use std::collections::HashSet;

use object::{
    Access, Field, FieldErrors, Key, KeyKind, Kind, Model, Record, Value, default_value, generate, parse_field,
    python_repr, python_type,
};
use serde_json::{Map, Value as Json, json};
use store::{Filter, Query};

use super::Context;
use crate::app::App;
use crate::problem::Problem;

/// A record of defaults; what must be given is null.
pub fn fresh(app: &App, model: &'static Model) -> Record {
    let mut make = |how| {
        let random = app.random();
        generate(how, app.clock().now(), &mut |n| random.token(n), random.uuid_v7(app.clock().now()))
    };
    let values = model.fields.iter().map(|f| default_value(f, &mut make).unwrap_or_default()).collect();
    Record { model, values }
}

pub async fn apply(
    context: Context<'_>,
    record: &mut Record,
    before: Option<&Record>,
    input: &Map<String, Json>,
    complete: bool,
    errors: &mut FieldErrors,
) -> Result<(), Problem> {
    let model = record.model;
    let privileged = context.options.privileged;
    for (position, field) in model.fields.iter().enumerate() {
        if context.app.registry().is_derived(model, field.name) {
            continue;
        }
        let settable = match field.access {
            Access::ReadWrite | Access::WriteOnly => position > 0 || privileged,
            Access::CreateOnly => before.is_none() || privileged,
            Access::ReadOnly => privileged,
            Access::Internal => false,
        };
        let given = input.get(field.wire).or_else(|| if position == 0 { input.get("pk") } else { None });
        match given {
            Some(json) if settable => match parse_field(field, json) {
                Ok(value) => record.values[position] = value,
                Err(messages) => errors.set(field.wire, about_reference(context.app, field, json).unwrap_or(messages)),
            },
            Some(_) => {}
            None => {
                let must = matches!(field.default, object::Default::Required) && position > 0;
                let absent = before.is_none() || complete;
                if must && absent && settable {
                    errors.add(field.wire, "This field is required.");
                }
            }
        }
    }
    required_inputs(context, model, input, before.is_none(), errors);
    if context.options.refuse_unknown {
        unknown(context, model, input, errors);
    }
    references(context, record, input, errors).await
}

fn required_inputs(
    context: Context<'_>,
    model: &'static Model,
    input: &Map<String, Json>,
    creating: bool,
    errors: &mut FieldErrors,
) {
    for kind in context.app.registry().chain(model) {
        for extra in kind.inputs.iter().filter(|i| i.required && creating) {
            if !input.contains_key(extra.name) {
                errors.add(extra.name, "This field is required.");
            }
        }
    }
}

/// Names that nothing reads, with the nearest that something would.
fn unknown(context: Context<'_>, model: &'static Model, input: &Map<String, Json>, errors: &mut FieldErrors) {
    let mut known: Vec<&str> = model.fields.iter().map(|f| f.wire).collect();
    for kind in context.app.registry().chain(model) {
        known.extend(kind.inputs.iter().map(|i| i.name));
        if context.options.privileged {
            known.extend(kind.privileged_inputs.iter().map(|i| i.name));
        }
        known.extend(kind.computed.iter().map(|c| c.name));
    }
    known.push("pk");
    for name in input.keys() {
        if known.contains(&name.as_str()) {
            continue;
        }
        let near = known.iter().map(|k| (distance(k, name), *k)).min().filter(|(d, _)| *d <= 1 + name.len() / 4);
        if near.is_none() && context.options.privileged {
            // COMPAT: authentik ignores attributes that a model does not have (any more), and blueprints that people run
            // carry some. A name close to a known one is a slip of the pen all the same.
            tracing::warn!(model = model.name(), "{} has no field “{name}”; it is ignored", model.schema.verbose_name);
            continue;
        }
        let hint = near.map_or_else(String::new, |(_, k)| format!(" Did you mean “{k}”?"));
        errors.add(name, format!("{} has no field “{name}”.{hint}", model.schema.verbose_name));
    }
}

/// Levenshtein distance, for suggestions.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().take(64).collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().take(64).enumerate() {
        let mut last = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let next = (last + usize::from(x != *y)).min(row[j] + 1).min(row[j + 1] + 1);
            last = std::mem::replace(&mut row[j + 1], next);
        }
    }
    row[b.len()]
}

/// Every reference that was given must lead to an object: one query a field.
async fn references(
    context: Context<'_>,
    record: &Record,
    input: &Map<String, Json>,
    errors: &mut FieldErrors,
) -> Result<(), Problem> {
    for (position, field) in record.model.fields.iter().enumerate() {
        if !input.contains_key(field.wire) || errors.0.contains_key(field.wire) {
            continue;
        }
        let Some(target) = field.target().and_then(|t| context.app.registry().catalogue.model(t)) else { continue };
        let keys: Vec<Key> = match &record.values[position] {
            Value::Keys(keys) => keys.clone(),
            one => one.as_key().into_iter().collect(),
        };
        if keys.is_empty() {
            continue;
        }
        let of_kind =
            |k: &Key| matches!((target.root().key, k), (KeyKind::Int, Key::Int(_)) | (KeyKind::Uuid, Key::Uuid(_)));
        if let Some(bad) = keys.iter().find(|k| !of_kind(k)) {
            errors.set(field.wire, json!([wrong_kind(target, bad)]));
            continue;
        }
        let name = target.key_field().name;
        let query = Query::filter(Filter::any_of(name, keys.iter().copied())).columns_only();
        let found: HashSet<Key> = context.store.records(target, &query).await?.iter().filter_map(Record::key).collect();
        if let Some(missing) = keys.iter().find(|k| !found.contains(k)) {
            errors.set(field.wire, json!([no_object(field, missing)]));
        }
    }
    Ok(())
}

/// What is said about something that cannot be a key: it depends on the keys of the target.
fn about_reference(app: &App, field: &Field, json: &Json) -> Option<Json> {
    let target = app.registry().catalogue.model(field.target()?)?;
    if json.is_null() {
        return None;
    }
    let listed: Vec<Json> = match (&field.kind, json) {
        (Kind::Ref { .. }, one) => vec![one.clone()],
        (_, Json::Array(items)) => items.clone(),
        (_, Json::Object(map)) => map.keys().map(|k| Json::from(k.as_str())).collect(),
        _ => return None,
    };
    let is_key = |one: &Json| match (target.root().key, one) {
        (KeyKind::Uuid, Json::String(s)) => uuid::Uuid::try_parse(s).is_ok(),
        (KeyKind::Int, Json::Number(n)) => n.is_i64(),
        (KeyKind::Int, Json::String(s)) => s.parse::<i64>().is_ok(),
        _ => false,
    };
    let bad = listed.iter().find(|one| !is_key(one))?;
    let text = match (target.root().key, bad) {
        (KeyKind::Uuid, Json::String(s)) => format!("“{s}” is not a valid UUID."),
        (KeyKind::Uuid, other) => format!("“{}” is not a valid UUID.", python_repr(other)),
        (KeyKind::Int, other) => format!("Incorrect type. Expected pk value, received {}.", python_type(other)),
    };
    Some(json!([text]))
}

fn wrong_kind(target: &Model, key: &Key) -> String {
    match target.root().key {
        KeyKind::Uuid => format!("“{key}” is not a valid UUID."),
        KeyKind::Int => "Incorrect type. Expected pk value, received str.".to_owned(),
    }
}

fn no_object(field: &Field, key: &Key) -> String {
    debug_assert!(matches!(field.kind, Kind::Ref { .. } | Kind::Many { .. } | Kind::Reverse { .. }));
    format!("Invalid pk \"{key}\" - object does not exist.")
}
