//! What browsers and reverse proxies ask.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State as Shared};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use clock::Random;
use gate::{Asked, Gate, Mode, PREFIX, Pass, Site, Verdict};
use http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HOST, RETRY_AFTER};
use http::uri::Authority;
use http::{HeaderMap, HeaderValue, StatusCode};
use net::{ClientAddress, Connection, Origin, TrustedProxies};
use reverse_proxy::{Passage, ReverseProxy, Target, Timeouts};
use telemetry::{DURATION_BUCKETS, Family, Histogram, Metrics, RequestId};

use crate::remote::Remote;
use crate::state::State;

/// How soon a stream or a tunnel ends after its session.
const LOOK: Duration = Duration::from_secs(1);

#[derive(Clone)]
struct Front {
    remote: Arc<Remote>,
    trusted: TrustedProxies,
    proxy: ReverseProxy,
    seconds: Family<Histogram>,
}

/// The public router. It must be inside [`net::Edge`].
pub(crate) fn public(remote: Arc<Remote>, trusted: TrustedProxies, random: &Random, metrics: &Metrics) -> Router {
    let seconds = metrics.histogram(
        "authentik_outpost_proxy_upstream_response_duration_seconds",
        "Time until the head of an application's answer.",
        &["outpost_name", "upstream_host", "method", "scheme", "host"],
        DURATION_BUCKETS,
    );
    let proxy = ReverseProxy::new(Timeouts::default(), random.clone());
    Router::new().fallback(answer).with_state(Front { remote, trusted, proxy, seconds })
}

/// What answers on the port for metrics.
pub(crate) fn health(remote: Arc<Remote>, metrics: Metrics) -> Router {
    let render = move || {
        let text = metrics.render();
        std::future::ready(([(CONTENT_TYPE, telemetry::CONTENT_TYPE)], text))
    };
    Router::new()
        .route("/outpost.goauthentik.io/ping", get(|| async { StatusCode::NO_CONTENT }))
        .route("/metrics", get(render))
        .route("/-/health/live/", get(|| async { StatusCode::OK }))
        .route("/-/health/ready/", get(ready))
        .with_state(remote)
}

/// Ready means that there is a configuration, however old.
async fn ready(Shared(remote): Shared<Arc<Remote>>) -> StatusCode {
    if remote.state.load().is_some() { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE }
}

async fn answer(Shared(front): Shared<Front>, request: Request) -> Response {
    let path = request.uri().path();
    if matches!(path.strip_prefix(PREFIX), Some("/ping" | "/ping/")) {
        return StatusCode::NO_CONTENT.into_response();
    }
    let Some(state) = front.remote.state.load_full() else {
        return away("This outpost has not got its configuration yet. Its log says why.");
    };
    let asked = front.asked(&request);
    if Gate::is_own(path) {
        return explain(state.gate.answer(&state.sites, &asked).await);
    }
    match state.sites.of_host(&asked.host) {
        Some(site) if site.mode() == Mode::Proxy => {
            let site = Arc::clone(site);
            match state.gate.decide(&site, &asked).await {
                Verdict::Answer(response) => explain(*response),
                Verdict::Pass(pass) => front.forward(&state, &site, &pass, request, &asked).await,
            }
        }
        // Everything else that may be asked here is below our own path.
        _ => explain(state.gate.answer(&state.sites, &asked).await),
    }
}

impl Front {
    fn asked(&self, request: &Request) -> Asked {
        let extensions = request.extensions();
        let connection = extensions.get().copied().unwrap_or(Connection::LOCAL);
        let origin = extensions.get::<Origin>();
        let mut parts = http::Request::new(()).into_parts().0;
        parts.method = request.method().clone();
        parts.uri = request.uri().clone();
        parts.version = request.version();
        parts.headers = request.headers().clone();
        Asked {
            parts,
            host: origin.map(|origin| origin.host.clone()).unwrap_or_default(),
            is_secure: origin.is_some_and(|origin| origin.scheme.is_secure()),
            is_trusted: self.trusted.believe(&connection),
            address: extensions.get::<ClientAddress>().map(|address| address.0),
            request_id: extensions.get::<RequestId>().map(ToString::to_string).unwrap_or_default(),
        }
    }

    async fn forward(&self, state: &State, site: &Site, pass: &Pass, mut request: Request, asked: &Asked) -> Response {
        let own;
        let backend = pass.backend();
        let target = match (backend, &site.internal) {
            (Some(backend), Some(internal)) if backend == internal => state.targets.get(&site.config.pk),
            (Some(backend), _) => {
                own = Target::parse(backend.as_str(), site.config.internal_host_ssl_validation);
                own.as_ref().inspect_err(|bad| tracing::warn!(provider = site.config.name, "{bad}")).ok()
            }
            (None, _) => None,
        };
        let Some(target) = target else {
            let text = "This application has no internal host. Set it in the proxy provider.";
            return page(StatusCode::BAD_GATEWAY, text);
        };
        // SECURITY: once to clean what came in, and once more apart from it, so that the client cannot have our headers
        // dropped by naming them in `Connection`.
        pass.write(request.headers_mut());
        let mut ours = HeaderMap::new();
        pass.write(&mut ours);
        let host = ours.remove(HOST).and_then(|host| Authority::try_from(host.as_bytes()).ok());
        let mut passage = Passage::to(target).with_headers(ours);
        if let Some(host) = host {
            passage = passage.with_host(host);
        }
        if let Some(session) = pass.session() {
            passage = passage.until(ended(Arc::clone(&self.remote), session.site, asked.copy()));
        }
        let method = net::method_label(request.method());
        let started = self.remote.clock.monotonic();
        let response = self.proxy.forward(request, passage).await.unwrap_or_else(IntoResponse::into_response);
        let took = self.remote.clock.monotonic().saturating_sub(started);
        let scheme = if asked.is_secure { "https" } else { "http" };
        let name = target.to_string();
        let labels = [state.instance.name.as_str(), name.as_str(), method, scheme, site.host.as_str()];
        self.seconds.with(&labels).observe_duration(took);
        response
    }
}

/// Completes when the session would not be let through any more: nobody goes on listening to a stream or talking through a
/// tunnel.
async fn ended(remote: Arc<Remote>, site: i64, asked: Asked) {
    loop {
        tokio::time::sleep(LOOK).await;
        let Some(state) = remote.state.load_full() else { return };
        let Some(site) = state.sites.by_pk(site) else { return };
        if !state.gate.goes_on(site, &asked).await {
            return;
        }
    }
}

/// Tells people what a decision that is not possible means for them.
fn explain(response: Response) -> Response {
    if response.status() != StatusCode::SERVICE_UNAVAILABLE {
        return response;
    }
    away(
        "The server that logs people in cannot be reached at the moment. Whoever is logged in already can go on; for \
         others, please try again in a few minutes.",
    )
}

fn away(text: &str) -> Response {
    let mut response = page(StatusCode::SERVICE_UNAVAILABLE, text);
    response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("5"));
    response
}

/// `text` is ours, without anything of a request.
fn page(status: StatusCode, text: &str) -> Response {
    let title = status.canonical_reason().unwrap_or_default();
    let html = format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" \
         content=\"width=device-width\"><title>{title}</title><style>:root{{color-scheme:light dark}}\
         body{{font:1rem/1.5 system-ui,sans-serif;max-width:36rem;margin:15vh auto;padding:0 1rem}}</style></head><body><main><h1>{title}</h1><p>{text}</p></main>\
         </body></html>\n"
    );
    let mut response = Response::new(Body::from(html));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static("default-src 'none'; style-src 'unsafe-inline'"));
    response
}
