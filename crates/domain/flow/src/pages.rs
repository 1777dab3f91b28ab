//! Addresses below `/flows/-/` that only lead somewhere else: the default flow of a designation, giving up, setting up.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, RawQuery, Request, State};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use feature::{App, Problem};
use http::{HeaderValue, StatusCode, header};
use object::{Choices, Id, Key, Uuid};

use crate::context::{Context, PendingUser};
use crate::flow::{Designation, Flow};
use crate::next;
use crate::planner;
use crate::sessions;
use crate::visit::{Circumstances, RequestLine};

pub fn routes(app: &App) -> Router {
    Router::new()
        .route("/flows/-/cancel/", get(cancel))
        .route("/flows/-/default/{designation}/", get(default))
        .route("/flows/-/configure/{stage}/", get(configure))
        .with_state(app.clone())
}

async fn circumstances(app: &App, request: Request, query: Option<&str>) -> Result<Circumstances, Problem> {
    let (parts, _) = request.into_parts();
    let query = query.unwrap_or_default();
    let line = RequestLine { method: parts.method.as_str(), path: parts.uri.path(), query };
    Circumstances::of_request(app, &parts.extensions, &parts.headers, line, query).await
}

/// A plain 302, whose address is not cached.
fn found(to: &str) -> Response {
    match HeaderValue::from_str(to) {
        Ok(location) => {
            let headers = [(header::LOCATION, location), (header::CACHE_CONTROL, HeaderValue::from_static("no-store"))];
            (StatusCode::FOUND, headers).into_response()
        }
        Err(_) => Redirect::to("/").into_response(),
    }
}

/// Gives up whatever is under way, and goes where the person wanted to go, or out.
async fn cancel(State(app): State<App>, RawQuery(query): RawQuery, request: Request) -> Result<Response, Problem> {
    let at = circumstances(&app, request, query.as_deref()).await?;
    sessions::forget(&at);
    let target = at.target().and_then(|t| next::own_path(t, &at.origin));
    Ok(found(target.as_deref().unwrap_or("/flows/-/default/invalidation/")))
}

/// To the flow that people are sent to for a purpose.
async fn default(
    State(app): State<App>,
    Path(designation): Path<String>,
    RawQuery(query): RawQuery,
    request: Request,
) -> Result<Response, Problem> {
    // COMPAT: the address says `stage-configuration` nowhere; the values of the field are used as they are.
    let designation = Designation::parse(&designation).ok_or_else(Problem::not_found)?;
    let at = circumstances(&app, request, query.as_deref()).await?;
    let flow = planner::default_flow(&at, designation).await?.ok_or_else(Problem::not_found)?;
    let pairs = at.query.iter().map(|(k, v)| (k.as_str(), v.as_str()));
    Ok(found(&next::with_query(&format!("/if/flow/{}/", flow.slug), pairs)))
}

/// Starts the flow in which somebody sets up a stage for themselves.
async fn configure(
    State(app): State<App>,
    Path(stage): Path<Uuid>,
    RawQuery(query): RawQuery,
    request: Request,
) -> Result<Response, Problem> {
    let own = request.uri().to_string();
    let at = circumstances(&app, request, query.as_deref()).await?;
    let Some(user) = at.user() else {
        return Ok(found(&next::with_query("/flows/-/default/authentication/", [(next::NEXT, own.as_str())])));
    };
    let snapshot = app.store().snapshot();
    let row = snapshot.concrete("authentik_flows.stage", Key::Uuid(stage)).ok_or_else(Problem::not_found)?;
    let flow = row.get("configure_flow").as_key().and_then(Id::<Flow>::from_key).and_then(|id| snapshot.get(id));
    let flow: Arc<Flow> = flow.ok_or_else(Problem::not_found)?;
    let mut context = Context::default();
    context.set_pending_user(&PendingUser::Known(user));
    let plan = planner::plan(&at, &flow, context, false).await.map_err(|_| Problem::not_found())?;
    Ok(found(&crate::begin(&at, &flow, &plan)))
}
