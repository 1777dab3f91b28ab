//! Headers that every answer carries unless its handler has set them.

use axum::{extract::Request, middleware::Next, response::Response};
use http::{
    HeaderName, HeaderValue,
    header::{REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS},
};

const HEADERS: [(HeaderName, HeaderValue); 3] = [
    (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (REFERRER_POLICY, HeaderValue::from_static("same-origin")),
    (X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
];

/// An extension of answers that are not ours, such as those of a proxied application: they get no headers of ours.
#[derive(Debug, Clone, Copy)]
pub struct AsIs;

/// Middleware that adds `X-Content-Type-Options`, `Referrer-Policy` and `X-Frame-Options`. Part of
/// [`Edge::around`](crate::Edge::around).
pub async fn security_headers(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    if response.extensions().get::<AsIs>().is_some() {
        return response;
    }
    for (name, value) in HEADERS {
        response.headers_mut().entry(name).or_insert(value);
    }
    response
}
