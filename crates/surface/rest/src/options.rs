//! `OPTIONS`: what can be sent to a path, in the words of Django REST framework.

use axum::response::Response;
use feature::{Problem, Registry};
use http::{Method, StatusCode};
use object::{Access, Default, Field, Kind, Model};
use serde_json::{Map, Value as Json, json};

use crate::ask::Ask;
use crate::table::Endpoint;
use crate::{render, reply, scope};

pub fn answer(ask: &Ask, endpoint: &Endpoint) -> Result<Response, Problem> {
    ask.authenticated()?;
    let mut body = json!({
        "name": "Api Root",
        "description": "",
        "renders": ["application/json"],
        "parses": ["application/json"],
    });
    if let Some(kind) = endpoint.kind {
        let model = (kind.model)();
        let name = spaced(&scope::class_name(model));
        let detail = endpoint.is_detail();
        body["name"] = format!("{name} {}", if detail { "Instance" } else { "List" }).into();
        body["description"] = format!("{name} Viewset").into();
        let (method, verb) = if detail { (Method::PUT, "change") } else { (Method::POST, "add") };
        if endpoint.action(&method).is_some() && ask.caller.may(&scope::codename(model, verb)) {
            let fields = Json::Object(fields(ask.app.registry(), model));
            body["actions"] = json!({ method.as_str(): fields });
        }
    }
    Ok(reply::json(StatusCode::OK, &body))
}

fn fields(registry: &'static Registry, model: &'static Model) -> Map<String, Json> {
    let shape = render::shape(registry, model);
    let mut all = Map::new();
    for (_, field) in &shape.columns {
        all.insert(field.wire.to_owned(), describe(field));
    }
    if shape.is_of_family {
        for name in render::META {
            all.insert(name.to_owned(), unsettable(name));
        }
    }
    for field in &shape.computed {
        let mut described = unsettable(field.name);
        described["read_only"] = (!registry.chain(model).any(|k| k.inputs.iter().any(|i| i.name == field.name))).into();
        all.insert(field.name.to_owned(), described);
    }
    all
}

fn unsettable(name: &str) -> Json {
    json!({ "type": "field", "required": false, "read_only": true, "label": label_of(name) })
}

fn describe(field: &Field) -> Json {
    let read_only = field.access == Access::ReadOnly;
    let mut out = json!({
        "type": type_of(field.kind),
        "required": matches!(field.default, Default::Required) && !read_only,
        "read_only": read_only,
        "label": if field.label.is_empty() { label_of(field.wire) } else { field.label.to_owned() },
    });
    if !field.help.is_empty() {
        out["help_text"] = field.help.into();
    }
    match field.kind {
        Kind::Text { max: Some(max) } | Kind::Slug { max: Some(max) } => out["max_length"] = max.into(),
        Kind::Email => out["max_length"] = 254.into(),
        Kind::Int { min, max } if !read_only => {
            if min > i64::MIN {
                out["min_value"] = min.into();
            }
            if max < i64::MAX {
                out["max_value"] = max.into();
            }
        }
        Kind::Choice(choices) => {
            let shown = choices.iter().map(|c| json!({ "value": c.value, "display_name": c.label }));
            out["choices"] = shown.collect();
        }
        _ => {}
    }
    out
}

fn type_of(kind: Kind) -> &'static str {
    match kind {
        Kind::Bool => "boolean",
        Kind::Int { .. } => "integer",
        Kind::Float => "float",
        Kind::Text { .. } | Kind::Slug { .. } | Kind::Duration | Kind::Code | Kind::Uuid => "string",
        Kind::Email => "email",
        Kind::Url => "url",
        Kind::Time => "datetime",
        Kind::Choice(_) => "choice",
        Kind::List(_) => "list",
        Kind::Json(_) | Kind::Ref { .. } | Kind::Many { .. } | Kind::Reverse { .. } => "field",
    }
}

/// `PolicyBinding` → `Policy Binding`, as Django REST framework names its views.
fn spaced(name: &str) -> String {
    let chars: Vec<char> = name.chars().collect();
    let mut out = String::new();
    for (i, c) in chars.iter().enumerate() {
        let after_small = i > 0 && chars[i - 1].is_ascii_lowercase();
        let before_small = chars.get(i + 1).is_some_and(|next| !next.is_ascii_uppercase());
        if i > 0 && c.is_ascii_uppercase() && (after_small || before_small) {
            out.push(' ');
        }
        out.push(*c);
    }
    out
}

/// `is_active` → `Is active`.
fn label_of(name: &str) -> String {
    let plain = name.replace('_', " ");
    let mut chars = plain.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().collect::<String>() + chars.as_str())
}
