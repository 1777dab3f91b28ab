//! Records who created, changed and deleted which object.

use feature::change::difference;
use feature::{BoxFuture, Changed, Doing, Observer, Problem, Through};
use object::{Key, Record};
use serde_json::{Map, Value as Json, json};

use crate::emit::Draft;
use crate::event::Action;
use crate::sanitize::field_value;

/// The observer that keeps the record.
#[derive(Debug, Clone, Copy, Default)]
pub struct Audit;

impl Observer for Audit {
    fn changed<'a>(&'a self, changed: &'a Changed<'a>) -> BoxFuture<'a, Result<(), Problem>> {
        Box::pin(async move {
            // What the program does by itself (blueprints at start, jobs) is in the log.
            let own = changed.caller.through == Through::System && changed.caller.user.is_none();
            if own || !changed.record.model.schema.audited {
                return Ok(());
            }
            let action = match changed.doing {
                Doing::Create => Action::ModelCreated,
                Doing::Update => Action::ModelUpdated,
                Doing::Delete => Action::ModelDeleted,
            };
            let mut draft = Draft::new(action, "authentik.events.middleware").with("model", reference(changed.record));
            if changed.doing == Doing::Update
                && let Some(before) = changed.before
            {
                draft = draft.with("diff", diff(before, changed.record));
            }
            draft.by(changed.caller).emit(changed.app, changed.store).await
        })
    }
}

/// An object as events name it.
pub fn reference(record: &Record) -> Json {
    let schema = record.model.schema;
    let pk = match record.key() {
        Some(Key::Int(n)) => Json::from(n),
        Some(Key::Uuid(u)) => Json::from(u.simple().to_string()),
        None => Json::Null,
    };
    json!({ "pk": pk, "app": schema.app_label(), "name": name_of(record), "model_name": schema.model_name() })
}

/// What people call the object.
pub fn name_of(record: &Record) -> String {
    for field in ["name", "username", "identifier", "title", "slug", "domain"] {
        let text = record.text(field);
        let secret = record.model.field(field).is_some_and(|f| f.secret);
        if !text.is_empty() && !secret && (field != "name" || record.text("username").is_empty()) {
            return text.to_owned();
        }
    }
    let key = record.key().map(|k| k.to_string()).unwrap_or_default();
    format!("{} {key}", record.model.schema.verbose_name)
}

fn diff(before: &Record, after: &Record) -> Json {
    let mut map = Map::new();
    for (field, old, new) in difference(before, after) {
        if matches!(field.name, "last_updated") {
            continue;
        }
        let (old, new) = (field_value(field, old), field_value(field, new));
        map.insert(field.wire.to_owned(), json!({ "previous_value": old, "new_value": new }));
    }
    Json::Object(map)
}
