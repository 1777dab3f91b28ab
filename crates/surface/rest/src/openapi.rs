//! The OpenAPI document, out of the same table that is served.
//!
//! Paths, ids of operations, parameters, components and enumerations equal those of authentik 2025.12 where we have them,
//! because programs are generated from that document. The descriptions are ours: the doc comments of the declarations.

mod operation;
mod schema;
mod yaml;

use std::sync::OnceLock;

use axum::response::{IntoResponse as _, Response};
use feature::Registry;
use http::header;
use serde_json::{Map, Value as Json, json};

use crate::ask::Ask;
use crate::table::Table;

pub use yaml::to_yaml;

/// Version of the API that the document describes: upstream's.
pub const VERSION: &str = "2025.12.4";

/// The whole document.
pub fn document(registry: &'static Registry) -> Json {
    let table = Table::new(registry);
    let mut components = schema::components(registry);
    let mut paths: Vec<(String, Json)> = Vec::new();
    for endpoint in &table.endpoints {
        let mut item = Map::new();
        for (method, action) in &endpoint.methods {
            let described = operation::describe(registry, endpoint, *action);
            item.insert(method.as_str().to_ascii_lowercase(), described);
        }
        paths.push((format!("/{}", endpoint.pattern), Json::Object(item)));
    }
    paths.sort_by(|a, b| a.0.cmp(&b.0));
    let paths = Json::Object(paths.into_iter().collect());
    schema::close(&paths, &mut components);
    json!({
        "openapi": "3.0.3",
        "info": {
            "title": "authentik",
            "version": VERSION,
            "description": "The API of Keywright, compatible with that of authentik.",
            "license": { "name": "MIT" },
        },
        "servers": [{ "url": "/api/v3" }],
        "paths": paths,
        "components": {
            "parameters": operation::shared_parameters(),
            "responses": {
                "ValidationErrorResponse": operation::answer_with("ValidationError"),
                "GenericErrorResponse": operation::answer_with("GenericError"),
            },
            "schemas": components,
            "securitySchemes": { "authentik": { "type": "http", "scheme": "bearer" } },
        },
    })
}

/// `schema/openapi.yml`.
pub fn yaml(registry: &'static Registry) -> String {
    to_yaml(&document(registry))
}

/// The document as text, made at most once: it is served to everybody and takes a while to make.
#[derive(Default)]
pub struct Rendered {
    json: OnceLock<String>,
    yaml: OnceLock<String>,
}

/// The document as the client wants it: YAML unless it asks for JSON.
pub(crate) fn answer(ask: &Ask, rendered: &Rendered) -> Response {
    let accept = ask.headers.get(header::ACCEPT).and_then(|v| v.to_str().ok()).unwrap_or_default();
    let wants_json = match ask.parameter("format") {
        Some("json") => true,
        Some("yaml") => false,
        _ => accept.contains("json") && !accept.contains("yaml"),
    };
    let registry = ask.app.registry();
    if wants_json {
        let kind = if accept.contains("vnd.oai") { "application/vnd.oai.openapi+json" } else { "application/json" };
        let text = rendered.json.get_or_init(|| document(registry).to_string());
        return ([(header::CONTENT_TYPE, kind)], text.clone()).into_response();
    }
    let kind = if accept.contains("application/yaml") { "application/yaml" } else { "application/vnd.oai.openapi" };
    let text = rendered.yaml.get_or_init(|| yaml(registry));
    ([(header::CONTENT_TYPE, kind)], text.clone()).into_response()
}
