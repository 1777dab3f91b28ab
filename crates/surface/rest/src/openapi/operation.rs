//! One method of one path.

use feature::{Kind, Operation, Permission, Registry};
use object::Model;
use serde_json::{Map, Value as Json, json};

use super::schema::{self, parse, reference};
use crate::filter::{End, resolve};
use crate::operation::takes_files;
use crate::table::{Action, Endpoint};

pub fn describe(registry: &'static Registry, endpoint: &Endpoint, action: Action) -> Json {
    let tag = endpoint.pattern.split('/').next().unwrap_or_default();
    let mut out = Map::new();
    let model = endpoint.kind.map(|k| (k.model)());
    let (id, summary) = name(endpoint, action, model);
    out.insert("operationId".to_owned(), id.into());
    out.insert("description".to_owned(), summary.into());
    let mut parameters = path_parameters(endpoint, model);
    parameters.extend(query_parameters(registry, endpoint.kind, action));
    if !parameters.is_empty() {
        out.insert("parameters".to_owned(), Json::Array(parameters));
    }
    out.insert("tags".to_owned(), json!([tag]));
    if let Some(body) = request_body(registry, action, model) {
        out.insert("requestBody".to_owned(), body);
    }
    let open = matches!(action, Action::Schema)
        || matches!(action, Action::Operation(Operation { permission: Permission::Anonymous, .. }));
    out.insert(
        "security".to_owned(),
        if open { json!([{ "authentik": [] }, {}]) } else { json!([{ "authentik": [] }]) },
    );
    out.insert("responses".to_owned(), responses(action, model));
    Json::Object(out)
}

fn name(endpoint: &Endpoint, action: Action, model: Option<&Model>) -> (String, String) {
    if let Action::Operation(operation) = action {
        return (operation.id.to_owned(), operation.summary.to_owned());
    }
    let path =
        model.and_then(|m| m.schema.path).unwrap_or(endpoint.pattern.trim_end_matches('/')).replace(['/', '-'], "_");
    let thing = model.map_or("document", |m| m.schema.verbose_name);
    let things = model.map_or("documents", |m| m.schema.verbose_name_plural);
    let (verb, summary) = match action {
        Action::List => ("list", format!("List {things}.")),
        Action::Create => ("create", format!("Create: {thing}.")),
        Action::Retrieve => ("retrieve", format!("Read one: {thing}.")),
        Action::Update => ("update", format!("Replace: {thing}.")),
        Action::PartialUpdate => ("partial_update", format!("Change some fields: {thing}.")),
        Action::Destroy => ("destroy", format!("Delete: {thing}.")),
        Action::UsedBy => ("used_by_list", "List the objects that refer to this one.".to_owned()),
        Action::Types => ("types_list", "List the kinds that can be created.".to_owned()),
        Action::Operation(_) => ("", String::new()),
        Action::Schema => ("retrieve", "This document, as YAML or JSON.".to_owned()),
    };
    (format!("{path}_{verb}"), summary)
}

fn path_parameters(endpoint: &Endpoint, model: Option<&Model>) -> Vec<Json> {
    let mut out = Vec::new();
    for (i, name) in placeholders(&endpoint.pattern).enumerate() {
        let mut parameter =
            json!({ "in": "path", "name": name, "required": true, "explode": false, "style": "simple" });
        let lookup = model.filter(|_| i == 0).map(|m| (m, m.lookup()));
        let schema = match lookup {
            Some((m, f)) if std::ptr::eq(f, m.key_field()) => {
                let (words, schema) = match f.kind {
                    object::Kind::Int { .. } => ("A unique integer value", json!({ "type": "integer" })),
                    _ => ("A UUID string", json!({ "type": "string", "format": "uuid" })),
                };
                parameter["description"] = format!("{words} identifying this {}.", m.schema.verbose_name).into();
                schema
            }
            Some((_, f)) if matches!(f.kind, object::Kind::Uuid) => json!({ "type": "string", "format": "uuid" }),
            _ => match name {
                "id" => json!({ "type": "integer" }),
                name if name.ends_with("uuid") => json!({ "type": "string", "format": "uuid" }),
                _ => json!({ "type": "string" }),
            },
        };
        parameter["schema"] = schema;
        out.push(parameter);
    }
    out
}

fn placeholders(pattern: &str) -> impl Iterator<Item = &str> {
    pattern.split('/').filter_map(|s| s.strip_prefix('{')?.strip_suffix('}'))
}

fn query_parameters(registry: &'static Registry, kind: Option<&'static Kind>, action: Action) -> Vec<Json> {
    let mut out: Vec<Json> = match (action, kind) {
        (Action::Operation(operation), _) => {
            operation.parameters.iter().map(|(name, schema)| in_query(name, parse(schema))).collect()
        }
        (Action::List, Some(kind)) => list_parameters(registry, kind),
        (Action::Schema, _) => {
            vec![
                in_query("format", json!({ "type": "string", "enum": ["json", "yaml"] })),
                in_query("lang", json!({ "type": "string" })),
            ]
        }
        _ => Vec::new(),
    };
    out.sort_by(|a, b| a["name"].as_str().cmp(&b["name"].as_str()));
    out.dedup_by(|a, b| a["name"] == b["name"]);
    out
}

fn list_parameters(registry: &'static Registry, kind: &'static Kind) -> Vec<Json> {
    let model = (kind.model)();
    let mut out: Vec<Json> = kind.list_parameters.iter().map(|(name, schema)| in_query(name, parse(schema))).collect();
    for declared in model.schema.filters {
        let (name, path) = declared.split_once('=').unwrap_or((declared, declared));
        out.push(in_query(name, filter_schema(registry, model, path)));
    }
    let said = |name: &str, text: &str, schema: Json| {
        let mut parameter = in_query(name, schema);
        parameter["description"] = text.into();
        parameter
    };
    out.push(said(
        "ordering",
        "Name of the field to order by, with a minus sign for descending.",
        json!({ "type": "string" }),
    ));
    out.push(said("page", "Number of the page, from 1.", json!({ "type": "integer" })));
    out.push(said("page_size", "Rows on a page.", json!({ "type": "integer" })));
    out.push(said("search", "Words that must all occur.", json!({ "type": "string" })));
    out
}

fn filter_schema(registry: &'static Registry, model: &'static Model, path: &str) -> Json {
    let list = |items: Json| json!({ "type": "array", "items": items });
    match resolve(registry.catalogue, model, path) {
        Some(End::Field { op: "isnull", .. }) => json!({ "type": "boolean" }),
        Some(End::Field { field, op, .. }) => {
            let many = op == "in";
            let plain = match field.kind {
                object::Kind::Json(_) => json!({ "type": "string" }),
                object::Kind::Choice(choices) => {
                    let mut values: Vec<&str> = choices.iter().map(|c| c.value).collect();
                    values.sort_unstable();
                    json!({ "type": "string", "enum": values })
                }
                object::Kind::Slug { .. } | object::Kind::Email | object::Kind::Url => json!({ "type": "string" }),
                _ => bare(registry, field),
            };
            // Parameters compare; the limits of the field are not theirs.
            let is_list = plain["type"] == "array";
            if many && !is_list { list(plain) } else { plain }
        }
        Some(End::Reverse { rest, through, .. }) => match rest.as_str() {
            "isnull" => json!({ "type": "boolean" }),
            "" => bare(registry, through.model.key_field()),
            "in" => list(bare(registry, through.model.key_field())),
            rest => filter_schema(registry, through.model, rest),
        },
        Some(End::Inside { .. }) | None => json!({ "type": "string" }),
    }
}

/// The type of a field without limits and words.
fn bare(registry: &'static Registry, field: &'static object::Field) -> Json {
    let full = schema::value(registry, field.kind, field.enum_name);
    let mut out = Map::new();
    for key in ["type", "format", "items"] {
        if let Some(found) = full.get(key) {
            out.insert(key.to_owned(), found.clone());
        }
    }
    if out.is_empty() { json!({ "type": "string" }) } else { Json::Object(out) }
}

fn in_query(name: &str, schema: Json) -> Json {
    json!({ "in": "query", "name": name, "required": false, "explode": true, "style": "form", "schema": schema })
}

fn request_body(registry: &'static Registry, action: Action, model: Option<&Model>) -> Option<Json> {
    let json_of = |schema: Json| json!({ "application/json": { "schema": schema } });
    let name = model.map(|m| m.schema.api_name).unwrap_or_default();
    Some(match action {
        Action::Create | Action::Update => {
            json!({ "content": json_of(reference(&format!("{name}Request"))), "required": true })
        }
        Action::PartialUpdate => json!({ "content": json_of(reference(&format!("Patched{name}Request"))) }),
        Action::Operation(operation) if !operation.request.is_empty() => {
            let schema = parse(operation.request);
            let content = if takes_files(registry, operation) {
                json!({ "multipart/form-data": { "schema": schema } })
            } else {
                json_of(schema)
            };
            json!({ "content": content, "required": true })
        }
        _ => return None,
    })
}

fn responses(action: Action, model: Option<&Model>) -> Json {
    let name = model.map(|m| m.schema.api_name).unwrap_or_default();
    let list_of = |name: &str| json!({ "type": "array", "items": reference(name) });
    let (status, schema) = match action {
        Action::List => (200, Some(reference(&format!("Paginated{name}List")))),
        Action::Create => (201, Some(reference(name))),
        Action::Retrieve | Action::Update | Action::PartialUpdate => (200, Some(reference(name))),
        Action::Destroy => (204, None),
        Action::UsedBy => (200, Some(list_of("UsedBy"))),
        Action::Types => (200, Some(list_of("TypeCreate"))),
        Action::Operation(o) => (o.status, (!o.response.is_empty()).then(|| parse(o.response))),
        Action::Schema => return schema_responses(),
    };
    let success = match schema {
        Some(schema) => json!({ "content": { "application/json": { "schema": schema } }, "description": "" }),
        None => json!({ "description": "No response body" }),
    };
    let mut out = Map::new();
    out.insert(status.to_string(), success);
    out.entry("400").or_insert_with(|| answer_with("ValidationError"));
    out.entry("403").or_insert_with(|| answer_with("GenericError"));
    Json::Object(out)
}

fn schema_responses() -> Json {
    let any = json!({ "schema": { "type": "object", "additionalProperties": {} } });
    json!({
        "200": {
            "content": {
                "application/vnd.oai.openapi": any,
                "application/yaml": any,
                "application/vnd.oai.openapi+json": any,
                "application/json": any,
            },
            "description": "",
        },
        "400": answer_with("ValidationError"),
        "403": answer_with("GenericError"),
    })
}

/// An answer with a component.
pub fn answer_with(component: &str) -> Json {
    json!({ "content": { "application/json": { "schema": reference(component) } }, "description": "" })
}

/// Parameters that programs refer to by name.
pub fn shared_parameters() -> Json {
    json!({
        "QueryName": in_query("name", json!({ "type": "string" })),
        "QueryPaginationOrdering": in_query("ordering", json!({ "type": "string" })),
        "QueryPaginationPage": in_query("page", json!({ "type": "integer" })),
        "QueryPaginationPageSize": in_query("page_size", json!({ "type": "integer" })),
        "QuerySearch": in_query("search", json!({ "type": "string" })),
    })
}
