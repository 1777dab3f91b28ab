//! The middleware around the whole router: who asks, under which name, with which id, and how it ended.
//!
//! It takes what comes next as a function, as all middleware of the server does: several of them then make one layer of the
//! router. Each layer of its own costs every request a boxed future and a copy of all services behind it.

use std::{fmt, net::IpAddr, panic::AssertUnwindSafe, sync::Arc, time::Duration};

use axum::{
    Router,
    body::Body,
    extract::{DefaultBodyLimit, Request, State},
    middleware::{Next, from_fn_with_state},
    response::{IntoResponse as _, Response},
};
use clock::{Clock, Random};
use futures::FutureExt as _;
use http::{
    HeaderName, HeaderValue, Method, StatusCode, Version,
    header::{CONTENT_LENGTH, HOST, USER_AGENT},
};
use http_body_util::Limited;
use telemetry::{Counter, DURATION_BUCKETS, Family, Histogram, Metrics, RequestId};
use tracing::Instrument as _;

use crate::{ClientAddress, Connection, Origin, TrustedProxies, drained::Drained, security_headers::secure};

/// Header with the request id of every answer.
pub const REQUEST_ID_HEADER: HeaderName = HeaderName::from_static("x-authentik-id");

/// Status and text of an answer given before any handler is asked.
type Refusal = (StatusCode, &'static str);

/// What the middleware needs.
#[derive(Debug)]
pub struct Edge {
    trusted: TrustedProxies,
    max_body_size: u64,
    unlimited: Unlimited,
    clock: Clock,
    random: Random,
    requests: Family<Counter>,
    seconds: Family<Histogram>,
}

/// Which hosts have no limit.
struct Unlimited(Option<Box<Fits>>);

type Fits = dyn Fn(&Origin) -> bool + Send + Sync;

impl fmt::Debug for Unlimited {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Unlimited({})", self.0.is_some())
    }
}

impl Edge {
    /// Registers its metrics with `metrics`.
    pub fn new(trusted: TrustedProxies, max_body_size: u64, clock: Clock, random: Random, metrics: &Metrics) -> Self {
        let requests = metrics.counter(
            "keywright_http_requests_total",
            "Requests answered, by method and status.",
            &["method", "status"],
        );
        let seconds = metrics.histogram(
            "keywright_http_request_duration_seconds",
            "Time until the head of the answer.",
            &["method"],
            DURATION_BUCKETS,
        );
        Self { trusted, max_body_size, unlimited: Unlimited(None), clock, random, requests, seconds }
    }

    /// Lets bodies of any size through to hosts that fit: what people send to applications behind us is for those to
    /// limit.
    pub fn without_limit_for(mut self, fits: impl Fn(&Origin) -> bool + Send + Sync + 'static) -> Self {
        self.unlimited = Unlimited(Some(Box::new(fits)));
        self
    }

    /// Puts the middleware around a router. Add nothing outside it: it gives the request its extensions.
    pub fn around(self, router: Router) -> Router {
        router.layer(from_fn_with_state(Arc::new(self), async |State(edge): State<Arc<Self>>, request, next: Next| {
            edge.answer(request, async |request| next.run(request).await).await
        }))
    }

    /// The request with its extensions, or the refusal.
    fn prepare(&self, mut request: Request, connection: Connection, id: &RequestId) -> Result<Request, Refusal> {
        let is_trusted = self.trusted.believe(&connection);
        let client = self.trusted.client(&connection, request.headers());
        if request.version() < Version::HTTP_11 && !request.headers().contains_key(HOST) {
            // HTTP/1.0 knows no Host; health checks of old load balancers still speak it.
            request.headers_mut().insert(HOST, HeaderValue::from_static("localhost"));
        }
        let origin = Origin::of(request.uri(), request.headers(), connection.is_tls, is_trusted);
        let Some(origin) = origin else {
            return Err((StatusCode::BAD_REQUEST, "The Host header is missing or invalid."));
        };
        let length = request.headers().get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
        let has_body = !hyper::body::Body::is_end_stream(request.body());
        let is_unlimited = has_body && self.unlimited.0.as_ref().is_some_and(|fits| fits(&origin));
        let limit = if is_unlimited { u64::MAX } else { self.max_body_size };
        if length.is_some_and(|length: u64| length > limit) {
            return Err((StatusCode::PAYLOAD_TOO_LARGE, "The request is too large."));
        }
        // The hard limit here concerns all bodies; axum's own, lower default would only be in its way.
        DefaultBodyLimit::disable().apply(&mut request);
        let extensions = request.extensions_mut();
        extensions.insert(connection);
        extensions.insert(client);
        extensions.insert(origin);
        extensions.insert(id.clone());
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        Ok(request.map(|body| Body::new(Limited::new(Drained::new(body), limit))))
    }

    /// The answer of `next`, to a request that has its extensions, with what every answer carries.
    pub async fn answer(&self, request: Request, next: impl AsyncFnOnce(Request) -> Response) -> Response {
        let started = self.clock.monotonic();
        let id = RequestId::from_bytes(*self.random.uuid_v4().as_bytes());
        let connection = request.extensions().get::<Connection>().copied().unwrap_or(Connection::LOCAL);
        let method = request.method().clone();
        let uri = request.uri().clone();
        let user_agent = request.headers().get(USER_AGENT).cloned();
        let span = tracing::info_span!("request", request_id = %id);

        let (mut remote, mut host, mut scheme) = (connection.peer.ip(), String::new(), "");
        let mut response = match self.prepare(request, connection, &id) {
            Err(refusal) => refusal.into_response(),
            Ok(request) => {
                remote = request.extensions().get().map_or(remote, |client: &ClientAddress| client.0);
                if let Some(origin) = request.extensions().get::<Origin>() {
                    host.clone_from(&origin.host);
                    scheme = origin.scheme.as_str();
                }
                // A panic must neither take the connection along nor go without an id to look for.
                let answer = AssertUnwindSafe(next(request)).catch_unwind().instrument(span.clone());
                answer.await.unwrap_or_else(|_| {
                    span.in_scope(|| tracing::error!("A request handler panicked at {}", uri.path()));
                    (StatusCode::INTERNAL_SERVER_ERROR, format!("Internal error, request id {id}.")).into_response()
                })
            }
        };
        if let Ok(value) = HeaderValue::from_str(id.as_str()) {
            response.headers_mut().insert(REQUEST_ID_HEADER, value);
        }
        secure(&mut response);
        let took = self.clock.monotonic().saturating_sub(started);
        self.count(&method, response.status(), took);
        let user_agent = user_agent.as_ref().and_then(|agent| agent.to_str().ok()).unwrap_or_default();
        // SECURITY: the query stays out of the log, codes and tokens travel in it.
        let line = AccessLine { method: &method, path: uri.path(), host: &host, scheme, remote, user_agent };
        span.in_scope(|| line.log(response.status(), took));
        response
    }

    fn count(&self, method: &Method, status: StatusCode, took: Duration) {
        let method = method_label(method);
        self.requests.with(&[method, status.as_str()]).increment();
        self.seconds.with(&[method]).observe_duration(took);
    }
}

/// The method for metrics. It is the client's free text, of which only the usual ones may become labels: each is kept for as
/// long as the process lives.
pub fn method_label(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::HEAD => "HEAD",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}

/// One line of the access log.
struct AccessLine<'a> {
    method: &'a Method,
    path: &'a str,
    host: &'a str,
    scheme: &'a str,
    remote: IpAddr,
    user_agent: &'a str,
}

impl AccessLine<'_> {
    fn log(&self, status: StatusCode, took: Duration) {
        tracing::info!(
            method = %self.method,
            host = self.host,
            scheme = self.scheme,
            remote = %self.remote,
            status = status.as_u16(),
            runtime = took.as_millis() as u64,
            user_agent = self.user_agent,
            "{}",
            self.path
        );
    }
}

#[cfg(test)]
mod tests;
