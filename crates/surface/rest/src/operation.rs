//! Operations of kinds and features: their permission, their object, their body; then they run.

use axum::response::Response;
use feature::{Body, Call, Operation, Permission, Problem, Registry, Rendering, Reply};
use object::Record;

use crate::ask::Ask;
use crate::table::Place;
use crate::{render, reply, scope};

pub async fn run(ask: Ask, place: &Place<'_>, operation: &'static Operation) -> Result<Response, Problem> {
    let target = permitted(&ask, place, operation).await?;
    let body = body(&ask, operation)?;
    let Ask { app, caller, origin, query, headers, extensions, .. } = ask;
    let path = place.segments.clone();
    let call = Call { app, caller, path, query, headers, origin, target, body, extensions };
    match (operation.run)(&call).await? {
        Reply::Object(status, record) => {
            let base_url = call.base_url();
            let Call { app, caller, query, .. } = &call;
            let rendering = Rendering { app, store: app.store(), caller, base_url: &base_url, query, detail: true };
            let shown = render::mixed(&rendering, std::slice::from_ref(&record)).await?;
            Ok(reply::json(status, shown.first().unwrap_or(&serde_json::Value::Null)))
        }
        other => Ok(reply::of(other)),
    }
}

/// Checks the permission and finds the object that the path names.
async fn permitted(ask: &Ask, place: &Place<'_>, operation: &Operation) -> Result<Option<Record>, Problem> {
    let store = ask.app.store();
    let caller = &ask.caller;
    if operation.permission != Permission::Anonymous {
        ask.authenticated()?;
    }
    let named = place.endpoint.kind.zip(place.segments.first());
    match operation.permission {
        Permission::Anonymous | Permission::Authenticated => {}
        Permission::Global(codename) => {
            if !caller.may(codename) {
                return Err(Problem::forbidden());
            }
        }
        Permission::Superuser => {
            if !caller.superuser {
                return Err(Problem::forbidden());
            }
        }
        Permission::Visible => {
            let Some((kind, (_, segment))) = named else { return Err(Problem::forbidden()) };
            return scope::visible(ask, store, kind, segment).await.map(Some);
        }
        Permission::Target(codename) => {
            let Some((kind, (_, segment))) = named else { return Err(Problem::forbidden()) };
            let found = scope::find(store, kind, segment).await?;
            let key = found.as_ref().and_then(Record::key);
            if key.is_some_and(|key| caller.may_on(codename, key)) {
                return Ok(found);
            }
            // Not even whether it exists is told to whoever may not see it.
            scope::visible(ask, store, kind, segment).await?;
            return Err(Problem::forbidden());
        }
    }
    match named {
        Some((kind, (_, segment))) => match scope::find(store, kind, segment).await? {
            Some(record) => Ok(Some(record)),
            None => Err(Problem::no_such(&scope::class_name((kind.model)()))),
        },
        None => Ok(None),
    }
}

/// JSON, or a form with files where the operation takes one.
fn body(ask: &Ask, operation: &Operation) -> Result<Body, Problem> {
    if takes_files(ask.app.registry(), operation) {
        let content_type =
            ask.headers.get(http::header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or_default();
        if !ask.body.is_empty() && !ask.media_type().eq_ignore_ascii_case("multipart/form-data") {
            return Err(ask.unsupported());
        }
        return Ok(Body::Raw { content_type: content_type.to_owned(), bytes: ask.body.clone() });
    }
    Ok(ask.json()?.map_or(Body::Empty, Body::Json))
}

/// Whether the body is a form with files.
pub fn takes_files(registry: &'static Registry, operation: &Operation) -> bool {
    let has_file = |schema: &str| schema.contains("\"binary\"");
    let components = registry.features.iter().flat_map(|f| f.components);
    let named = |(name, _): &&(&str, &str)| operation.request.contains(&format!("/{name}\""));
    has_file(operation.request) || components.filter(named).any(|(_, schema)| has_file(schema))
}
