//! What tags ask for: objects, variables, files.

use std::collections::{HashMap, HashSet};
use std::path::{Component, Path};

use blueprint_yaml::{Blueprint, Lookup, Refusal, nearest};
use object::{Access, Key, Model, Record, render_value};
use serde_json::{Map, Value as Json};
use settings::Sources;
use store::{Filter, Query, scalar};

use crate::apply::{Application, Origin};

/// What is said when `!KeyOf` leads nowhere.
pub const NOT_MADE: &str = "no entry above has made or found an object with";

/// The objects of the entries so far, by the entries' ids.
#[derive(Debug, Default)]
pub struct Known {
    keys: HashMap<String, Key>,
    failed: HashSet<String>,
    /// The line of every id in the file.
    lines: HashMap<String, u32>,
}

impl Known {
    /// Before the first entry.
    pub fn of(blueprint: &Blueprint) -> Self {
        let mut known = Self::default();
        for entry in &blueprint.entries {
            if let Some(id) = &entry.id {
                known.lines.entry(id.clone()).or_insert(entry.span.line);
            }
        }
        known
    }
    /// Of two entries with one id the first counts.
    pub fn add(&mut self, id: &str, key: Key) {
        self.keys.entry(id.to_owned()).or_insert(key);
    }
    /// What to do about a `!KeyOf` in `line` that leads nowhere.
    fn remedy(&self, id: &str, line: u32) -> String {
        match self.lines.get(id) {
            Some(below) if *below >= line => {
                format!("the entry with this id comes later, in line {below}: put it above this one")
            }
            Some(above) => {
                format!("the entry in line {above} was skipped or deletes its object: see its conditions and state")
            }
            None => match nearest(id, self.lines.keys().map(String::as_str)) {
                Some(near) => format!("did you mean {near}?"),
                None => "give an entry above this one that id".to_owned(),
            },
        }
    }
    pub fn failed(&mut self, id: &str) {
        self.failed.insert(id.to_owned());
    }
    /// Whether a message is about an entry that failed.
    pub fn mentions_failed(&self, message: &str) -> bool {
        self.failed.iter().any(|id| message.contains(id.as_str()))
    }
}

/// The model of a label, any case, that a blueprint may be about.
pub fn model(application: &Application<'_>, label: &str) -> Result<&'static Model, Refusal> {
    let catalogue = application.app.registry().catalogue;
    let lower = label.to_ascii_lowercase();
    catalogue.model(&lower).ok_or_else(|| {
        let known = catalogue.models().iter().filter(|m| m.schema.blueprint && !m.schema.family).map(|m| m.name());
        let near = nearest(&lower, known).map(|n| format!("did you mean {n}?"));
        let remedy = near.unwrap_or_else(|| "the form is app.model, like authentik_core.group".to_owned());
        Refusal::new(format!("there is no model {label}"), remedy)
    })
}

/// Answers one lookup.
pub async fn answer(application: &Application<'_>, known: &Known, lookup: &Lookup) -> Result<Json, Refusal> {
    match lookup {
        Lookup::KeyOf { id, span } => {
            if let Some(key) = known.keys.get(id) {
                return Ok(serde_json::to_value(key).unwrap_or_default());
            }
            Err(Refusal::new(format!("{NOT_MADE} the id {id}"), known.remedy(id, span.line)))
        }
        Lookup::Find { model: label, conditions, .. } => {
            let found = find(application, label, conditions).await?;
            Ok(found.and_then(|r| r.key()).map(|k| serde_json::to_value(k).unwrap_or_default()).unwrap_or_default())
        }
        Lookup::FindObject { model: label, conditions, .. } => {
            Ok(find(application, label, conditions).await?.map(|r| shown(&r)).unwrap_or_default())
        }
        Lookup::Env { name, .. } => environment(application, name),
        Lookup::File { path, .. } => file(application, path).await,
    }
}

async fn find(
    application: &Application<'_>,
    label: &str,
    conditions: &[(String, Json)],
) -> Result<Option<Record>, Refusal> {
    let model = model(application, label)?;
    let mut filter = Filter::True;
    for (field, value) in conditions {
        filter = filter.and(condition(model, field, value)?);
    }
    let query = Query::filter(filter).limit(1);
    let found = if model.root().family && model.schema.family {
        application.store.concretes(model, &query).await
    } else {
        application.store.records(model, &query).await
    };
    found.map(|r| r.into_iter().next()).map_err(|e| Refusal::new(e.to_string(), ""))
}

/// One identifier as a condition. Mappings ask for each of their values.
pub fn condition(model: &'static Model, field: &str, value: &Json) -> Result<Filter, Refusal> {
    let head = field.split("__").next().unwrap_or(field);
    if model.index_of(head).is_none() {
        let near = nearest(head, model.fields.iter().map(|f| f.wire)).map(|n| format!("did you mean {n}?"));
        let message = format!("{} has no field {head}", model.schema.verbose_name);
        return Err(Refusal::new(message, near.unwrap_or_default()));
    }
    match value {
        Json::Object(map) => {
            let mut all = Filter::True;
            for (key, value) in map {
                all = all.and(condition(model, &format!("{field}__{key}"), value)?);
            }
            Ok(all)
        }
        one => Ok(Filter::lookup(field, scalar(one.clone()))),
    }
}

/// An object as the API shows it, without computed fields and secrets.
fn shown(record: &Record) -> Json {
    let fields = record.model.fields.iter().zip(&record.values);
    let readable = fields.filter(|(f, _)| !matches!(f.access, Access::WriteOnly | Access::Internal) && !f.secret);
    let mut map: Map<String, Json> = readable.map(|(f, v)| (f.wire.to_owned(), render_value(v))).collect();
    if let Some(key) = record.key() {
        map.insert("pk".into(), serde_json::to_value(key).unwrap_or_default());
    }
    Json::Object(map)
}

fn environment(application: &Application<'_>, name: &str) -> Result<Json, Refusal> {
    // SECURITY: whoever may send a blueprint to the API must not read the keys of the house with it.
    let inner = ["SECRET_KEY", "POSTGRESQL", "BOOTSTRAP"].iter().any(|part| name.contains(part));
    if application.origin == Origin::Api && inner {
        return Err(Refusal::new(
            format!("{name} may only be read by blueprints in files"),
            "mount this blueprint as a file",
        ));
    }
    let sources = application.app.service::<Sources>();
    Ok(sources.and_then(|s| s.variable(name).map(|v| Json::from(v.to_owned()))).unwrap_or_default())
}

async fn file(application: &Application<'_>, path: &str) -> Result<Json, Refusal> {
    let folder = &application.app.settings().general.blueprints_dir;
    let path = Path::new(path);
    let climbs = path.components().any(|c| matches!(c, Component::ParentDir));
    if application.origin == Origin::Api && (climbs || !path.starts_with(folder)) {
        let message = format!("{} may not be read by a blueprint that was sent over the API", path.display());
        return Err(Refusal::new(message, format!("put the file below {}", folder.display())));
    }
    let read = tokio::fs::read_to_string(path).await;
    Ok(read.map(|text| Json::from(text.trim_end_matches('\n').to_owned())).unwrap_or_default())
}
