//! The few files that pages need.

use axum::response::IntoResponse;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};

/// The style of every page, put into the page itself: one request fewer before anything is seen.
pub const CSS: &str = include_str!("../assets/page.css");
const SCRIPT: &str = include_str!("../assets/flow.js");

pub async fn script() -> impl IntoResponse {
    ([(CONTENT_TYPE, "text/javascript; charset=utf-8"), (CACHE_CONTROL, "public, max-age=3600")], SCRIPT)
}

pub async fn robots() -> impl IntoResponse {
    ([(CONTENT_TYPE, "text/plain")], "User-agent: *\nDisallow: /\n")
}
