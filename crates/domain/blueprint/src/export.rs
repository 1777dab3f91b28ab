//! The present configuration as a blueprint.

use blueprint_yaml::{Blueprint, Entry, Metadata, Node, Span};
use feature::{App, Problem};
use object::{Access, Catalogue, Field, Key, Kind, Model, Record, Value, render_value};
use store::Query;

/// Every object that a blueprint may hold, referred to by its key, in an order in which it can be applied again.
pub async fn export(app: &App) -> Result<String, Problem> {
    let mut entries = Vec::new();
    for model in app.registry().catalogue.models() {
        if !model.schema.blueprint || model.schema.family || model.schema.expires {
            continue;
        }
        for record in app.store().records(model, &Query::all()).await? {
            entries.push(entry(app.registry().catalogue, model, &record, entries.len()));
        }
    }
    let blueprint = Blueprint {
        version: 1,
        metadata: Some(Metadata { name: format!("Keywright export of {}", app.clock().now()), labels: Vec::new() }),
        context: Node::mapping([]),
        entries,
    };
    Ok(blueprint_yaml::write::blueprint(&blueprint))
}

fn entry(catalogue: &Catalogue, model: &'static Model, record: &Record, position: usize) -> Entry {
    let pairs = || model.fields.iter().zip(&record.values).skip(1);
    let natural =
        pairs().find(|(f, v)| f.unique && !v.is_null() && matches!(f.kind, Kind::Text { .. } | Kind::Slug { .. }));
    let identifiers = match natural {
        Some((field, value)) => Node::mapping([(field.wire.to_owned(), Node::from(render_value(value)))]),
        None => Node::mapping([("pk".to_owned(), Node::from(key_json(record.key())))]),
    };
    let name = natural.map_or("", |(f, _)| f.wire);
    let attrs = pairs().filter(|(f, v)| exported(catalogue, f, v) && f.wire != name);
    let attrs = attrs.map(|(f, v)| (f.wire.to_owned(), Node::from(render_value(v))));
    Entry {
        span: Span::default(),
        path: format!("entries[{position}]"),
        model: Node::string(model.name()),
        id: None,
        state: Node::null(Span::default()),
        conditions: Vec::new(),
        identifiers,
        attrs: Node::mapping(attrs.collect::<Vec<_>>()),
        permissions: Vec::new(),
    }
}

fn exported(_catalogue: &Catalogue, field: &Field, value: &Value) -> bool {
    let settable = matches!(field.access, Access::ReadWrite | Access::WriteOnly | Access::CreateOnly);
    settable && !value.is_null() && !matches!(field.kind, Kind::Reverse { .. })
}

fn key_json(key: Option<Key>) -> serde_json::Value {
    key.map(|k| serde_json::to_value(k).unwrap_or_default()).unwrap_or_default()
}
