//! The kinds of a family, for the page that lets a person choose one.

use axum::response::Response;
use feature::{Kind, Problem};
use http::StatusCode;
use serde_json::{Value as Json, json};

use crate::ask::Ask;
use crate::reply;

pub fn types(ask: &Ask, root: &Kind) -> Result<Response, Problem> {
    ask.authenticated()?;
    let registry = ask.app.registry();
    let mut kinds = registry.catalogue.kinds((root.model)().name());
    // Only what has a form of its own can be created by a person.
    kinds.retain(|model| !model.schema.component.is_empty() && model.schema.path.is_some());
    // Dummies are for tests: they can be made, but are not offered.
    kinds.retain(|model| !model.schema.model_name().starts_with("dummy"));
    kinds.sort_by_key(|model| model.schema.verbose_name);
    let shown = kinds.iter().map(|model| {
        let schema = model.schema;
        let icon = registry.kind(schema.model).and_then(|k| k.icon);
        json!({
            "name": schema.verbose_name,
            "description": schema.help,
            "component": schema.component,
            "model_name": schema.model_name(),
            "icon_url": icon,
            "requires_enterprise": false,
            "deprecated": false,
        })
    });
    Ok(reply::json(StatusCode::OK, &Json::Array(shown.collect())))
}
