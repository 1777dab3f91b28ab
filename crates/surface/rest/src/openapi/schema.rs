//! Components: objects, their requests, their pages, enumerations.

use std::collections::BTreeMap;

use feature::{Kind as FeatureKind, Registry};
use object::{Access, Default, Field, KeyKind, Kind, Model, Shape};
use serde_json::{Map, Value as Json, json};

use crate::render;

type Components = BTreeMap<String, Json>;

/// All components that objects and features bring.
pub fn components(registry: &'static Registry) -> Components {
    let mut out = fixed();
    for feature in registry.features {
        for (name, text) in feature.components {
            out.insert((*name).to_owned(), parse(text));
        }
    }
    for kind in registry.kinds() {
        let model = (kind.model)();
        let name = model.schema.api_name;
        for field in &model.fields {
            enumeration(field, &mut out);
            structured(field, &mut out);
        }
        if model.schema.path.is_none() {
            continue;
        }
        out.entry(name.to_owned()).or_insert_with(|| response(registry, model));
        let verbs = model.schema.verbs;
        if verbs.contains(&"list") {
            out.insert(format!("Paginated{name}List"), page(name));
        }
        if verbs.contains(&"create") || verbs.contains(&"update") {
            out.insert(format!("{name}Request"), request(registry, model, false));
        }
        if verbs.contains(&"partial_update") {
            out.insert(format!("Patched{name}Request"), request(registry, model, true));
        }
    }
    out
}

/// A component that something refers to and nobody declared: anything goes, and the document stays valid.
pub fn close(paths: &Json, components: &mut Components) {
    let mut wanted = Vec::new();
    references(paths, &mut wanted);
    for schema in components.values() {
        references(schema, &mut wanted);
    }
    for name in wanted {
        components.entry(name).or_insert_with_key(|name| {
            tracing::debug!("The OpenAPI document refers to {name}, which nobody declares");
            json!({ "type": "object", "additionalProperties": {} })
        });
    }
}

fn references(json: &Json, out: &mut Vec<String>) {
    match json {
        Json::Object(map) => {
            if let Some(name) = map.get("$ref").and_then(Json::as_str).and_then(|r| r.strip_prefix(PREFIX)) {
                out.push(name.to_owned());
            }
            map.values().for_each(|v| references(v, out));
        }
        Json::Array(items) => items.iter().for_each(|v| references(v, out)),
        _ => {}
    }
}

const PREFIX: &str = "#/components/schemas/";

pub fn reference(name: &str) -> Json {
    json!({ "$ref": format!("{PREFIX}{name}") })
}

/// A schema that was written as JSON text in a declaration.
pub fn parse(text: &str) -> Json {
    serde_json::from_str(text).unwrap_or_else(|error| {
        tracing::error!("A declared OpenAPI schema is no JSON: {error}: {text}");
        json!({})
    })
}

fn response(registry: &'static Registry, model: &'static Model) -> Json {
    let shape = render::shape(registry, model);
    let mut properties = Map::new();
    let mut required: Vec<&str> = Vec::new();
    let root = usize::from(!shape.is_of_family || model.schema.family);
    let mut columns = shape.columns.iter().peekable();
    while let Some((_, field)) = columns.next_if(|(p, _)| root == 1 || model.home[*p] == 0) {
        readable(registry, model, field, &mut properties, &mut required);
    }
    if shape.is_of_family {
        let said = [
            "Name of the form that edits the object.",
            "What such an object is called.",
            "What such objects are called.",
            "Label of the model.",
        ];
        for (name, text) in render::META.into_iter().zip(said) {
            properties.insert(name.to_owned(), json!({ "type": "string", "readOnly": true, "description": text }));
            required.push(name);
        }
    }
    for (_, field) in columns {
        readable(registry, model, field, &mut properties, &mut required);
    }
    for computed in &shape.computed {
        let mut schema = parse(computed.schema);
        if schema.get("$ref").is_some() {
            schema = json!({ "allOf": [schema] });
        }
        // What can be given under the same name is a field like any other.
        let is_input = registry.chain(model).any(|k| k.inputs.iter().any(|i| i.name == computed.name));
        if !is_input {
            schema["readOnly"] = true.into();
        }
        properties.insert(computed.name.to_owned(), schema);
        if computed.required {
            required.push(computed.name);
        }
    }
    required.sort_unstable();
    required.dedup();
    object(model.schema.help, properties, required)
}

fn readable(
    registry: &'static Registry,
    model: &'static Model,
    field: &'static Field,
    properties: &mut Map<String, Json>,
    required: &mut Vec<&str>,
) {
    let mut schema = property(registry, field, false);
    if field.access == Access::ReadOnly || registry.is_derived(model, field.name) {
        schema["readOnly"] = true.into();
        required.push(field.wire);
    } else if matches!(field.default, Default::Required) {
        required.push(field.wire);
    }
    properties.insert(field.wire.to_owned(), schema);
}

fn request(registry: &'static Registry, model: &'static Model, patch: bool) -> Json {
    let mut properties = Map::new();
    let mut required: Vec<&str> = Vec::new();
    for field in model.fields.iter().skip(1) {
        let is_open = matches!(field.access, Access::ReadWrite | Access::WriteOnly | Access::CreateOnly);
        if !is_open || registry.is_derived(model, field.name) {
            continue;
        }
        let mut schema = property(registry, field, true);
        if field.access == Access::WriteOnly {
            schema["writeOnly"] = true.into();
        }
        properties.insert(field.wire.to_owned(), schema);
        if matches!(field.default, Default::Required) {
            required.push(field.wire);
        }
    }
    for input in registry.chain(model).flat_map(|k: &FeatureKind| k.inputs) {
        properties.insert(input.name.to_owned(), parse(input.schema));
        if input.required {
            required.push(input.name);
        }
    }
    required.sort_unstable();
    object(model.schema.help, properties, if patch { Vec::new() } else { required })
}

fn object(help: &str, properties: Map<String, Json>, required: Vec<&str>) -> Json {
    let mut out = json!({ "type": "object", "description": help, "properties": properties });
    if !required.is_empty() {
        out["required"] = required.into();
    }
    out
}

fn page(name: &str) -> Json {
    json!({
        "type": "object",
        "properties": {
            "pagination": reference("Pagination"),
            "results": { "type": "array", "items": reference(name) },
            "autocomplete": { "type": "object", "additionalProperties": {} },
        },
        "required": ["autocomplete", "pagination", "results"],
    })
}

/// A field as a property.
fn property(registry: &'static Registry, field: &'static Field, request: bool) -> Json {
    let mut schema = value(registry, field.kind, field.enum_name);
    let is_text = matches!(
        field.kind,
        Kind::Text { .. } | Kind::Slug { .. } | Kind::Email | Kind::Url | Kind::Duration | Kind::Code
    );
    if request && is_text && !field.blank {
        schema["minLength"] = 1.into();
    }
    let words = !field.help.is_empty() || field.wire_null;
    if schema.get("$ref").is_some() && words {
        schema = json!({ "allOf": [schema] });
    }
    if field.wire_null {
        schema["nullable"] = true.into();
    }
    if !field.help.is_empty() {
        schema["description"] = field.help.into();
    }
    if !field.label.is_empty() {
        schema["title"] = field.label.into();
    }
    schema
}

/// The type of a kind of field.
pub fn value(registry: &'static Registry, kind: Kind, enum_name: &str) -> Json {
    match kind {
        Kind::Bool => json!({ "type": "boolean" }),
        Kind::Int { min, max } => {
            let mut out = json!({ "type": "integer" });
            if min > i64::MIN {
                out["minimum"] = min.into();
            }
            if max < i64::MAX {
                out["maximum"] = max.into();
            }
            if min == 1 && max == i64::MAX {
                // A counted key.
                out = json!({ "type": "integer" });
            }
            out
        }
        Kind::Float => json!({ "type": "number", "format": "double" }),
        Kind::Text { max: Some(max) } => json!({ "type": "string", "maxLength": max }),
        Kind::Text { max: None } | Kind::Duration | Kind::Code => json!({ "type": "string" }),
        Kind::Slug { max } => {
            let mut out = json!({ "type": "string", "pattern": "^[-a-zA-Z0-9_]+$" });
            if let Some(max) = max {
                out["maxLength"] = max.into();
            }
            out
        }
        Kind::Email => json!({ "type": "string", "format": "email", "maxLength": 254 }),
        Kind::Url => json!({ "type": "string", "format": "uri" }),
        Kind::Uuid => json!({ "type": "string", "format": "uuid" }),
        Kind::Time => json!({ "type": "string", "format": "date-time" }),
        Kind::Choice(choices) if enum_name.is_empty() => {
            json!({ "type": "string", "enum": choices.iter().map(|c| c.value).collect::<Vec<_>>() })
        }
        Kind::Choice(_) => reference(enum_name),
        Kind::List(item) => json!({ "type": "array", "items": value(registry, *item, enum_name) }),
        Kind::Json(Shape::Any) => json!({}),
        Kind::Json(Shape::Object) => json!({ "type": "object", "additionalProperties": {} }),
        Kind::Json(Shape::Array) => json!({ "type": "array", "items": {} }),
        Kind::Json(Shape::Component { name, .. }) => reference(name),
        Kind::Json(Shape::ArrayOf { name, .. }) => json!({ "type": "array", "items": reference(name) }),
        Kind::Ref { target, .. } => key(registry, target),
        Kind::Many { target } | Kind::Reverse { target, .. } => {
            json!({ "type": "array", "items": key(registry, target) })
        }
    }
}

fn key(registry: &'static Registry, target: &str) -> Json {
    match registry.catalogue.model(target).map(|m| m.root().key) {
        Some(KeyKind::Int) => json!({ "type": "integer" }),
        _ => json!({ "type": "string", "format": "uuid" }),
    }
}

fn enumeration(field: &Field, out: &mut Components) {
    let mut kind = field.kind;
    while let Kind::List(item) = kind {
        kind = *item;
    }
    if let Kind::Choice(choices) = kind
        && !field.enum_name.is_empty()
    {
        let values: Vec<&str> = choices.iter().map(|c| c.value).collect();
        out.insert(field.enum_name.to_owned(), json!({ "type": "string", "enum": values }));
    }
}

fn structured(field: &Field, out: &mut Components) {
    if let Kind::Json(Shape::Component { name, schema } | Shape::ArrayOf { name, schema }) = field.kind {
        out.insert(name.to_owned(), parse(schema));
    }
}

/// Components of the frame itself.
fn fixed() -> Components {
    let number = json!({ "type": "number" });
    let names = ["next", "previous", "count", "current", "total_pages", "start_index", "end_index"];
    let pagination: Map<String, Json> = names.iter().map(|n| ((*n).to_owned(), number.clone())).collect();
    let mut sorted = names;
    sorted.sort_unstable();
    let text = json!({ "type": "string" });
    let all = [
        ("Pagination", json!({ "type": "object", "properties": pagination, "required": sorted })),
        (
            "GenericError",
            json!({
                "type": "object",
                "description": "A refusal.",
                "properties": { "detail": text, "code": text },
                "required": ["detail"],
            }),
        ),
        (
            "ValidationError",
            json!({
                "type": "object",
                "description": "What is wrong, by field.",
                "properties": { "non_field_errors": { "type": "array", "items": text }, "code": text },
                "additionalProperties": {},
            }),
        ),
        (
            "UsedBy",
            json!({
                "type": "object",
                "description": "An object that refers to this one.",
                "properties": {
                    "app": text, "model_name": text, "pk": text, "name": text, "action": reference("UsedByActionEnum"),
                },
                "required": ["action", "app", "model_name", "name", "pk"],
            }),
        ),
        (
            "UsedByActionEnum",
            json!({ "type": "string", "enum": ["cascade", "cascade_many", "set_null", "set_default", "left_dangling"] }),
        ),
        (
            "TypeCreate",
            json!({
                "type": "object",
                "description": "A kind of object that can be created.",
                "properties": {
                    "name": text, "description": text, "component": text, "model_name": text, "icon_url": text,
                    "requires_enterprise": { "type": "boolean", "default": false },
                    "deprecated": { "type": "boolean", "default": false },
                },
                "required": ["component", "description", "model_name", "name"],
            }),
        ),
    ];
    all.into_iter().map(|(name, schema)| (name.to_owned(), schema)).collect()
}
