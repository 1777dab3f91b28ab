//! Headers that every answer carries unless its handler has set them.

use axum::response::Response;
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

/// Adds `X-Content-Type-Options`, `Referrer-Policy` and `X-Frame-Options`.
pub(crate) fn secure(response: &mut Response) {
    if response.extensions().get::<AsIs>().is_some() {
        return;
    }
    for (name, value) in HEADERS {
        response.headers_mut().entry(name).or_insert(value);
    }
}
