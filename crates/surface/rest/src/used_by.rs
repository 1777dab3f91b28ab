//! What refers to an object, and what becomes of it when the object goes.

use axum::response::Response;
use feature::{Kind, Problem};
use http::StatusCode;
use object::{Field, Key, Model, OnDelete, Record, Value};
use serde_json::{Value as Json, json};
use store::{Filter, Query};

use crate::ask::Ask;
use crate::{render, reply, scope};

/// More users than this help nobody.
const MAX: u64 = 500;

pub async fn answer(ask: &Ask, kind: &'static Kind, segment: &str) -> Result<Response, Problem> {
    let record = scope::visible(ask, ask.app.store(), kind, segment).await?;
    let mut found = Vec::new();
    let Some(key) = record.key() else { return Err(Problem::not_found()) };
    let registry = ask.app.registry();
    for dependent in registry.catalogue.dependents_of(record.model) {
        let (model, field) = (dependent.model, dependent.field);
        // COMPAT: what there can only be one of (a provider's application) is not listed.
        if field.unique && dependent.on_delete.is_some() {
            continue;
        }
        let users = users(ask, model, Filter::eq(field.name, key)).await?;
        if let Some(other) = registry.kind(model.name()).and_then(|k| other_end(k, field)) {
            let keys: Vec<Key> = users.iter().filter_map(|r| r.get(other.name).as_key()).collect();
            far_ends(ask, other, &keys, &mut found).await?;
            // COMPAT: where what is between may stand without us (a policy's binding), it does not count itself.
            if field.null {
                continue;
            }
        }
        let action = match dependent.on_delete {
            None => "cascade_many",
            Some(OnDelete::SetNull) => "set_null",
            Some(OnDelete::Cascade | OnDelete::Restrict) => "cascade",
        };
        for user in &users {
            found.push(entry(ask, model, user, action));
        }
    }
    // Our own lists of others count too: the links go when we go.
    for (field, value) in record.model.fields.iter().zip(&record.values) {
        if let Value::Keys(keys) = value {
            far_ends(ask, field, keys, &mut found).await?;
        }
    }
    Ok(reply::json(StatusCode::OK, &Json::Array(found)))
}

/// The other reference of an object that stands between two.
fn other_end(kind: &Kind, field: &Field) -> Option<&'static Field> {
    let (one, other) = kind.link?;
    let name = if field.name == one {
        other
    } else if field.name == other {
        one
    } else {
        return None;
    };
    (kind.model)().field(name)
}

async fn far_ends(ask: &Ask, field: &Field, keys: &[Key], found: &mut Vec<Json>) -> Result<(), Problem> {
    let Some(model) = field.target().and_then(|t| ask.app.registry().catalogue.model(t)) else { return Ok(()) };
    if keys.is_empty() {
        return Ok(());
    }
    let filter = Filter::any_of(model.key_field().name, keys.iter().copied());
    for user in users(ask, model, filter).await? {
        let entry = entry(ask, model, &user, "cascade_many");
        if !found.contains(&entry) {
            found.push(entry);
        }
    }
    Ok(())
}

/// Those of the users that the caller may view.
async fn users(ask: &Ask, model: &'static Model, mut filter: Filter) -> Result<Vec<Record>, Problem> {
    let view = scope::codename(model, "view");
    if !ask.caller.may(&view) {
        filter = filter.and(Filter::any_of(model.key_field().name, ask.caller.objects(&view)));
    }
    Ok(ask.app.store().records(model, &Query::filter(filter).limit(MAX)).await?)
}

fn entry(ask: &Ask, model: &Model, record: &Record, action: &str) -> Json {
    json!({
        "app": model.schema.app_label(),
        "model_name": model.schema.model_name(),
        "pk": record.key().map(|k| k.to_string()).unwrap_or_default(),
        "name": render::display(ask.app.registry(), record),
        "action": action,
    })
}
