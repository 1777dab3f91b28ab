//! Unit tests of the middleware, without a socket.

use axum::{
    Extension, Router,
    body::{Body, Bytes},
    response::Response,
    routing::{get, post},
};
use clock::{Clock, Random};
use http::{Request, StatusCode};
use telemetry::{Metrics, RequestId};
use tower::ServiceExt as _;

use super::Edge;
use crate::{ClientAddress, Origin, TrustedProxies};

async fn show(
    Extension(client): Extension<ClientAddress>,
    Extension(origin): Extension<Origin>,
    Extension(id): Extension<RequestId>,
) -> String {
    format!("{} {origin} {id}", client.0)
}

#[expect(clippy::panic, reason = "the point of this handler")]
async fn broken() -> String {
    panic!("broken")
}

fn app(metrics: &Metrics) -> Router {
    let router = Router::new()
        .route("/", get(show))
        .route("/framed", get(|| async { [("x-frame-options", "SAMEORIGIN")] }))
        .route("/broken", get(broken))
        .route("/echo", post(|body: Bytes| async move { body }));
    let trusted = TrustedProxies::new(vec!["127.0.0.0/8".parse().unwrap()]);
    Edge::new(trusted, 8, Clock::fake_at(0), Random::seeded(1), metrics).around(router)
}

async fn text(response: Response) -> String {
    let bytes = axum::body::to_bytes(response.into_body(), 10_000).await.unwrap();
    String::from_utf8(bytes.to_vec()).unwrap()
}

fn request(path: &str) -> http::request::Builder {
    Request::builder().uri(path).header("host", "id.example.com")
}

#[tokio::test]
async fn a_handler_learns_who_asks() {
    let metrics = Metrics::new();
    let request = request("/?code=secret")
        .header("x-forwarded-for", "198.51.100.1")
        .header("x-forwarded-proto", "https")
        .header("x-authentik-id", "chosen-by-client");
    let response = app(&metrics).oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
    let id = response.headers()["x-authentik-id"].to_str().unwrap().to_owned();
    assert_eq!(id.len(), 32);
    assert_eq!(response.headers()["x-content-type-options"], "nosniff");
    assert_eq!(response.headers()["referrer-policy"], "same-origin");
    assert_eq!(response.headers()["x-frame-options"], "DENY");
    assert_eq!(text(response).await, format!("198.51.100.1 https://id.example.com {id}"));
    let line = "keywright_http_requests_total{method=\"GET\",status=\"200\"} 1";
    assert!(metrics.render().contains(line));
}

#[tokio::test]
async fn a_handler_may_choose_its_own_headers() {
    let response = app(&Metrics::new()).oneshot(request("/framed").body(Body::empty()).unwrap()).await.unwrap();
    assert_eq!(response.headers()["x-frame-options"], "SAMEORIGIN");
}

#[tokio::test]
async fn a_panic_becomes_an_answer_with_an_id() {
    let response = app(&Metrics::new()).oneshot(request("/broken").body(Body::empty()).unwrap()).await.unwrap();
    assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
    let id = response.headers()["x-authentik-id"].to_str().unwrap().to_owned();
    assert!(text(response).await.contains(&id));
}

#[tokio::test]
async fn a_request_without_host_is_refused() {
    let request = Request::builder().uri("/").body(Body::empty()).unwrap();
    let response = app(&Metrics::new()).oneshot(request).await.unwrap();
    assert_eq!(response.status(), StatusCode::BAD_REQUEST);
    assert!(response.headers().contains_key("x-authentik-id"));
    assert_eq!(response.headers()["x-frame-options"], "DENY");
}

#[tokio::test]
async fn large_bodies_are_refused_with_and_without_length() {
    let send = async |body: Body, length: Option<&str>| {
        let mut request = request("/echo").method("POST");
        if let Some(length) = length {
            request = request.header("content-length", length);
        }
        app(&Metrics::new()).oneshot(request.body(body).unwrap()).await.unwrap().status()
    };
    assert_eq!(send(Body::from("12345678"), None).await, StatusCode::OK);
    assert_eq!(send(Body::from("123456789"), None).await, StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(send(Body::empty(), Some("9")).await, StatusCode::PAYLOAD_TOO_LARGE);
}

#[tokio::test]
async fn only_hosts_of_applications_have_no_limit() {
    let router = Router::new().route("/echo", post(|body: Bytes| async move { body }));
    let edge = Edge::new(TrustedProxies::default(), 8, Clock::fake_at(0), Random::seeded(1), &Metrics::new());
    let app = edge.without_limit_for(|origin| origin.host == "app.example.com").around(router);
    for (host, status) in [("app.example.com", StatusCode::OK), ("id.example.com", StatusCode::PAYLOAD_TOO_LARGE)] {
        let request = Request::post("/echo").header("host", host).header("content-length", 20);
        let response = app.clone().oneshot(request.body(Body::from("x".repeat(20))).unwrap()).await.unwrap();
        assert_eq!(response.status(), status, "{host}");
    }
}

#[tokio::test]
async fn foreign_answers_get_no_headers_of_ours() {
    let foreign = || async { axum::Extension(crate::AsIs) };
    let edge = Edge::new(TrustedProxies::default(), 8, Clock::fake_at(0), Random::seeded(1), &Metrics::new());
    let app = edge.around(Router::new().route("/", get(foreign)));
    let response = app.oneshot(request("/").body(Body::empty()).unwrap()).await.unwrap();
    assert!(!response.headers().contains_key("x-frame-options"));
}
