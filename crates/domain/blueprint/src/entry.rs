//! Applying one entry.

use blueprint_yaml::{Answers, Entry, Problem, State};
use feature::change::{self, Context, Options};
use object::{Key, Model, Record, Value, render_value};
use serde_json::{Map, Value as Json};
use store::{Filter, Query};

use crate::apply::{Application, about, evaluate};
use crate::lookup::{self, Known};
use crate::permission;
use crate::report::{Action, Line, Report};
use crate::{defaults, hint};

/// The pseudo-model that asks for another blueprint to be applied first.
const META_APPLY: &str = "authentik_blueprints.metaapplyblueprint";

/// Applies an entry. Its problems come with their places.
pub async fn apply(
    application: &Application<'_>,
    entry: &Entry,
    known: &mut Known,
    report: &mut Report,
) -> Result<(), Vec<Problem>> {
    let mut answers = Answers::new();
    let label = evaluate(application, known, &mut answers, |e| e.model(entry)).await?;
    if !evaluate(application, known, &mut answers, |e| e.conditions(entry)).await? {
        return Ok(());
    }
    let attrs = object_of(evaluate(application, known, &mut answers, |e| e.attrs(entry)).await?);
    if label.eq_ignore_ascii_case(META_APPLY) {
        return meta_apply(application, entry, &attrs).await;
    }
    let model = lookup::model(application, &label).map_err(|r| vec![about(entry, r.message, r.remedy)])?;
    if !model.schema.blueprint || model.schema.family {
        let message = format!("{label} may not stand in a blueprint");
        return Err(vec![about(entry, message, "name the kind itself, one that the blueprint schema lists")]);
    }
    let identifiers = object_of(evaluate(application, known, &mut answers, |e| e.identifiers(entry)).await?);
    if identifiers.is_empty() {
        let remedy = "name a field that tells this object from all others, like `identifiers: { slug: … }`";
        return Err(vec![about(entry, "the entry has no identifiers, so its object cannot be found", remedy)]);
    }
    let state = evaluate(application, known, &mut answers, |e| e.state(entry)).await?;
    let (existing, rivals) = existing(application, entry, model, &identifiers).await?;
    if let (Some(taken), true) = (&existing, rivals) {
        let message = format!("more than one {} fits the identifiers; {} is taken", model.name(), name_of(taken));
        let remedy = "name a field that tells this object from all others, such as name or slug";
        report.hints.push(entry.hint(message).remedy(remedy));
    }
    if state != State::Absent {
        report.hints.extend(hint::empty(entry, "identifiers", &entry.identifiers, &Json::Object(identifiers.clone())));
        report.hints.extend(hint::empty(entry, "attrs", &entry.attrs, &Json::Object(attrs.clone())));
    }
    let line = match (existing, state) {
        (Some(_), State::MustCreated) => {
            let message = "the object exists already, but state is must_created";
            return Err(vec![about(entry, message, "use `state: present`, or other identifiers")]);
        }
        (Some(record), State::Absent) => delete(application, entry, &record).await?,
        (None, State::Absent) => return Ok(()),
        (Some(record), State::Created) => {
            remember(entry, known, &record);
            line(Action::Unchanged, &record, Vec::new())
        }
        (Some(record), State::Present) => {
            let after = write(application, entry, model, Some(&record), identifiers, attrs).await?;
            remember(entry, known, &after);
            permission::grant(application, entry, known, &mut answers, &after).await?;
            let differences = differences(&record, &after);
            let action = if differences.is_empty() { Action::Unchanged } else { Action::Changed };
            line(action, &after, differences)
        }
        (None, _) => {
            let after = write(application, entry, model, None, identifiers, attrs).await?;
            remember(entry, known, &after);
            permission::grant(application, entry, known, &mut answers, &after).await?;
            line(Action::Created, &after, Vec::new())
        }
    };
    report.lines.push(line);
    Ok(())
}

fn object_of(value: Json) -> Map<String, Json> {
    match value {
        Json::Object(map) => map,
        _ => Map::new(),
    }
}

fn remember(entry: &Entry, known: &mut Known, record: &Record) {
    if let (Some(id), Some(key)) = (&entry.id, record.key()) {
        known.add(id, key);
    }
}

/// The object that the identifiers mean: by key if one is given, or by all the others together; and whether there are more.
async fn existing(
    application: &Application<'_>,
    entry: &Entry,
    model: &'static Model,
    identifiers: &Map<String, Json>,
) -> Result<(Option<Record>, bool), Vec<Problem>> {
    let (mut by_key, mut by_rest, mut some) = (Filter::False, Filter::True, false);
    let mut problems = Vec::new();
    for (field, value) in identifiers {
        match lookup::condition(model, field, value) {
            Ok(one) if model.index_of(field) == Some(0) => by_key = one,
            Ok(one) => {
                by_rest = by_rest.and(one);
                some = true;
            }
            Err(refusal) => problems.push(entry.problem(&[field.as_str()], refusal.message).remedy(refusal.remedy)),
        }
    }
    if !problems.is_empty() {
        return Err(problems);
    }
    let filter = if some { by_key.or(by_rest) } else { by_key };
    let found = application.store.records(model, &Query::filter(filter).limit(2)).await;
    let mut found = found.map_err(|e| vec![about(entry, e.to_string(), "")])?.into_iter();
    Ok((found.next(), found.next().is_some()))
}

async fn write(
    application: &Application<'_>,
    entry: &Entry,
    model: &'static Model,
    before: Option<&Record>,
    identifiers: Map<String, Json>,
    attrs: Map<String, Json>,
) -> Result<Record, Vec<Problem>> {
    let mut input = identifiers;
    // An identifier like `attributes__x` finds an object; it is no field to set.
    input.retain(|field, _| !field.contains("__"));
    input.extend(attrs);
    let context = context(application);
    let result = match before {
        Some(before) => change::update(context, before, &input, true).await,
        None => change::create(context, model, &input).await,
    };
    result.map_err(|problem| placed(model, entry, &problem))
}

async fn delete(application: &Application<'_>, entry: &Entry, record: &Record) -> Result<Line, Vec<Problem>> {
    change::delete(context(application), record).await.map_err(|p| placed(record.model, entry, &p))?;
    Ok(line(Action::Deleted, record, Vec::new()))
}

fn context<'a>(application: &Application<'a>) -> Context<'a> {
    let options = Options { refuse_unknown: true, privileged: true };
    Context { app: application.app, store: application.store, caller: application.caller, options }
}

/// A refusal by fields as problems at the places of those fields.
fn placed(model: &'static Model, entry: &Entry, problem: &feature::Problem) -> Vec<Problem> {
    let mut found = Vec::new();
    if let Json::Object(fields) = &problem.body {
        for (field, messages) in fields {
            collect(model, entry, &mut vec![field.clone()], messages, &mut found);
        }
    }
    if found.is_empty() {
        found.push(about(entry, problem.body.to_string(), ""));
    }
    found
}

fn collect(model: &'static Model, entry: &Entry, path: &mut Vec<String>, messages: &Json, found: &mut Vec<Problem>) {
    match messages {
        Json::String(text) => {
            let segments: Vec<&str> = path.iter().map(String::as_str).filter(|s| !is_general(s)).collect();
            let remedy = hint::remedy(model, entry, path, text);
            found.push(entry.problem(&segments, text.clone()).remedy(remedy));
        }
        Json::Array(items) => items.iter().for_each(|m| collect(model, entry, path, m, found)),
        Json::Object(map) => {
            for (key, inner) in map {
                path.push(key.clone());
                collect(model, entry, path, inner, found);
                path.pop();
            }
        }
        _ => {}
    }
}

fn is_general(segment: &str) -> bool {
    matches!(segment, "non_field_errors" | "detail")
}

fn line(action: Action, record: &Record, differences: Vec<String>) -> Line {
    Line { action, model: record.model.name(), name: name_of(record), differences }
}

/// What people know the object by.
fn name_of(record: &Record) -> String {
    let text = |name: &str| record.get(name).as_str().map(str::to_owned);
    let name = text("slug").or_else(|| text("username")).or_else(|| text("name")).or_else(|| text("identifier"));
    name.or_else(|| record.key().map(|k: Key| k.to_string())).unwrap_or_default()
}

fn differences(before: &Record, after: &Record) -> Vec<String> {
    let show = |v: &Value| {
        let text = render_value(v).to_string();
        if text.chars().count() > 80 { format!("{}…", text.chars().take(79).collect::<String>()) } else { text }
    };
    let one = |(field, was, is): (&object::Field, &Value, &Value)| {
        if field.secret {
            format!("{}: (secret) changed", field.wire)
        } else {
            format!("{}: {} → {}", field.wire, show(was), show(is))
        }
    };
    change::difference(before, after).into_iter().map(one).collect()
}

/// `metaapplyblueprint`: another blueprint goes first.
async fn meta_apply(
    application: &Application<'_>,
    entry: &Entry,
    attrs: &Map<String, Json>,
) -> Result<(), Vec<Problem>> {
    let identifiers = attrs.get("identifiers").and_then(Json::as_object).cloned().unwrap_or_default();
    let required = attrs.get("required").and_then(Json::as_bool).unwrap_or(true);
    let name = identifiers.get("name").and_then(Json::as_str).unwrap_or_default();
    let path = identifiers.get("path").and_then(Json::as_str).unwrap_or_default();
    match defaults::apply_named(application, name, path).await {
        Ok(true) => Ok(()),
        Ok(false) if !required => Ok(()),
        Ok(false) => {
            let message =
                format!("the blueprint {} that goes first does not exist", if name.is_empty() { path } else { name });
            Err(vec![about(entry, message, "set `required: false` if this one works without it")])
        }
        Err(failure) => {
            let text = failure.messages().join("; ");
            Err(vec![about(entry, format!("the blueprint {} that goes first failed: {text}", failure.file), "")])
        }
    }
}
