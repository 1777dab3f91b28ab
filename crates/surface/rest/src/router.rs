//! From HTTP to an action and back: the checks that every request passes, in order.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::{Html, IntoResponse as _, Response};
use axum::routing::any;
use feature::{App, Caller, Problem, Renderer};
use http::{HeaderValue, Method, StatusCode, header, request::Parts};
use net::{Origin, Scheme};
use telemetry::RequestId;

use crate::ask::{Ask, takes_json};
use crate::table::{Action, Place, Table};
use crate::{detail, family, list, openapi, operation, options, render, reply, used_by};

#[derive(Clone)]
struct Api {
    app: App,
    table: Arc<Table>,
    document: Arc<openapi::Rendered>,
}

/// Serves everything under `/api/v3/`.
pub fn router(app: App) -> Router {
    app.provide(Renderer(render::mixed));
    let table = Arc::new(Table::new(app.registry()));
    Router::new().route("/api/v3/", any(handle)).route("/api/v3/{*path}", any(handle)).with_state(Api {
        app,
        table,
        document: Arc::default(),
    })
}

async fn handle(State(api): State<Api>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let request_id = parts.extensions.get::<RequestId>().map(ToString::to_string).unwrap_or_default();
    let path = parts.uri.path().strip_prefix("/api/v3/").unwrap_or_default().to_owned();
    if path.is_empty() {
        return Html(FRONT_PAGE).into_response();
    }
    let Some(place) = api.table.find(&path) else {
        return unknown(&api.table, &path, &parts.method);
    };
    let allow = place.endpoint.allow();
    let mut response = match serve(&api, &place, parts, body).await {
        Ok(response) => response,
        Err(problem) => reply::problem(problem, &request_id),
    };
    let headers = response.headers_mut();
    if let Ok(value) = HeaderValue::from_str(&allow) {
        headers.insert(header::ALLOW, value);
    }
    headers.entry(header::VARY).or_insert(HeaderValue::from_static("Accept-Language, Cookie"));
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}

const FRONT_PAGE: &str = "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>API</title>\
<p>This is the API. Its description: <a href=\"/api/v3/schema/?format=yaml\">OpenAPI as YAML</a>, \
<a href=\"/api/v3/schema/?format=json\">as JSON</a>.</p></html>";

/// COMPAT: authentik does not add a missing slash for its API; a writing request to such a path gets a bare 405.
fn unknown(table: &Table, path: &str, method: &Method) -> Response {
    let slashed = !path.ends_with('/') && table.find(&format!("{path}/")).is_some();
    if slashed && !matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS) {
        return reply::empty(StatusCode::METHOD_NOT_ALLOWED);
    }
    reply::problem(Problem::not_found(), "")
}

async fn serve(api: &Api, place: &Place<'_>, parts: Parts, body: Body) -> Result<Response, Problem> {
    let method = parts.method.clone();
    let action = place.endpoint.action(&method);
    if !takes_json(&parts.headers) && !matches!(action, Some(Action::Schema)) {
        return Err(Problem::detail(StatusCode::NOT_ACCEPTABLE, "Could not satisfy the request Accept header."));
    }
    // Whoever looked at the credentials leaves a refusal here when they were no good.
    if let Some(refusal) = parts.extensions.get::<Problem>() {
        return Err(refusal.clone());
    }
    let ask = ask(api, parts, body).await?;
    if method == Method::OPTIONS {
        return options::answer(&ask, place.endpoint);
    }
    let Some(action) = action else {
        ask.authenticated()?;
        return Err(Problem::method_not_allowed(method.as_str()));
    };
    let segment = place.segments.first().map_or("", |(_, value)| value.as_str());
    if let Action::Operation(it) = action {
        return operation::run(ask, place, it).await;
    }
    if let Action::Schema = action {
        return Ok(openapi::answer(&ask, &api.document));
    }
    let Some(kind) = place.endpoint.kind else { return Err(Problem::not_found()) };
    match action {
        Action::List => list::answer(&ask, kind).await,
        Action::Create => detail::create(&ask, kind).await,
        Action::Retrieve => detail::retrieve(&ask, kind, segment).await,
        Action::Update => detail::update(&ask, kind, segment, false).await,
        Action::PartialUpdate => detail::update(&ask, kind, segment, true).await,
        Action::Destroy => detail::destroy(&ask, kind, segment).await,
        Action::UsedBy => used_by::answer(&ask, kind, segment).await,
        Action::Types => family::types(&ask, kind),
        Action::Operation(_) | Action::Schema => Err(Problem::not_found()),
    }
}

async fn ask(api: &Api, parts: Parts, body: Body) -> Result<Ask, Problem> {
    let limit = usize::try_from(api.app.settings().web.max_body_size).unwrap_or(usize::MAX);
    let body = axum::body::to_bytes(body, limit).await.map_err(|_| {
        let text = format!("The body did not arrive whole or is larger than {limit} bytes.");
        Problem::detail(StatusCode::PAYLOAD_TOO_LARGE, text)
    })?;
    let query = form_urlencoded::parse(parts.uri.query().unwrap_or_default().as_bytes());
    let origin = parts.extensions.get::<Origin>().cloned();
    let origin = origin.unwrap_or_else(|| Origin { scheme: Scheme::Http, host: "localhost".to_owned() });
    Ok(Ask {
        app: api.app.clone(),
        caller: parts.extensions.get::<Caller>().cloned().unwrap_or_default(),
        base_url: origin.to_string(),
        origin,
        query: query.into_owned().collect(),
        headers: parts.headers,
        extensions: parts.extensions,
        body,
    })
}
