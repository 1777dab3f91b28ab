//! Everything that answers HTTP, in one router.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use feature::App;
use http::{StatusCode, header};
use net::{Edge, TrustedProxies};

use crate::features::FEATURES;
use crate::{drain, outage};

/// The public router: API, pages, protocol endpoints and health.
pub fn public(app: &App) -> Router {
    let mut router = Router::new().merge(rest::router(app.clone()));
    for feature in FEATURES {
        if let Some(routes) = feature.routes {
            router = router.merge(routes(app));
        }
    }
    let front = provider_proxy::Front::of(app);
    let unlimited = front.clone();
    let edge = edge(app).without_limit_for(move |origin| unlimited.is_proxied(&origin.host));
    let outside = Arc::new(Outside { edge, front });
    router
        .layer(from_fn_with_state(app.clone(), inside))
        .merge(health(app))
        .layer(from_fn_with_state(outside, async |State(outside): State<Arc<Outside>>, request, next| {
            outside.answer(request, next).await
        }))
}

/// What is around everything.
struct Outside {
    edge: Edge,
    front: provider_proxy::Front,
}

impl Outside {
    /// Requests for protected applications are none for the server: they are told apart before all else.
    async fn answer(&self, request: Request, next: Next) -> Response {
        let server = async |request| next.run(request).await;
        let gate = async |request| self.front.before(request, server).await;
        let node = async |request| drain::let_go(request, gate).await;
        self.edge.answer(request, node).await
    }
}

/// What is around the server's own pages and interfaces: who asks is worked out once, inside the browser session, before
/// anything else runs.
async fn inside(State(app): State<App>, request: Request, next: Next) -> Response {
    let handler = async |request| callers(&app, request, next).await;
    let answered = async |request| outage::tell(&app, request, handler).await;
    let dressed = async |request| web::dress(&app, request, answered).await;
    directory::sessions(&app, request, dressed).await
}

/// Puts the caller among the request's extensions. Only the API knows bearer tokens of its own: a protocol endpoint reads
/// its credentials itself, and the steps of a flow are for whoever sits at the browser.
async fn callers(app: &App, request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    let path = parts.uri.path();
    let flows = path.starts_with("/api/v3/flows/executor/") || path.starts_with("/api/v3/flows/inspector/");
    let caller = if outage::needs_nothing(path) {
        Ok(access::nobody(&parts))
    } else if path.starts_with("/api/") && !flows {
        access::authenticate(app, &parts).await
    } else {
        access::by_session(app, &parts).await
    };
    match caller {
        Ok(caller) => {
            parts.extensions.insert(caller);
            next.run(Request::from_parts(parts, body)).await
        }
        Err(problem) => {
            // A body that nobody reads costs the client its connection.
            let _ = axum::body::to_bytes(body, SMALL_BODY).await;
            problem.into_response()
        }
    }
}

/// How much of the body of a refused request is read.
const SMALL_BODY: usize = 64 << 10;

/// What answers on the metrics port.
pub fn metrics(app: &App) -> Router {
    Router::new()
        .route("/metrics", get(render))
        .route("/-/metrics/", get(render))
        .with_state(app.clone())
        .merge(health(app))
}

async fn render(State(app): State<App>) -> impl IntoResponse {
    ([(header::CONTENT_TYPE, telemetry::CONTENT_TYPE)], app.metrics().render())
}

fn edge(app: &App) -> Edge {
    let settings = app.settings();
    Edge::new(
        TrustedProxies::new(settings.listen.trusted_proxy_cidrs.clone()),
        settings.web.max_body_size,
        app.clock().clone(),
        app.random().clone(),
        app.metrics(),
    )
}

/// Liveness and readiness, which a worker answers too.
pub fn health(app: &App) -> Router {
    Router::new()
        .route("/-/health/live/", get(|| async { StatusCode::OK }))
        .route("/-/health/ready/", get(ready))
        .layer(from_fn(no_store))
        .with_state(app.clone())
}

/// Ready means that the database answers, and that we are not about to go.
async fn ready(State(app): State<App>) -> StatusCode {
    if drain::is_draining() || app.store().is_down() {
        return StatusCode::SERVICE_UNAVAILABLE;
    }
    let model = app.registry().catalogue.models()[0];
    match app.store().exists(model, store::Filter::False).await {
        Ok(_) => StatusCode::OK,
        Err(error) => {
            tracing::warn!("Not ready: {error}");
            StatusCode::SERVICE_UNAVAILABLE
        }
    }
}

async fn no_store(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    response.headers_mut().insert(header::CACHE_CONTROL, http::HeaderValue::from_static("no-store"));
    response
}
