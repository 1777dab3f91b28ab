//! What is answered while the database is away: one place for every path.
//!
//! What needs neither read nor write is answered as ever (discovery, keys, static files, whether we live). All else decides
//! something, and is let in only when this node knows what the others changed. Whatever failed for want of the database
//! says so with 503 and when to come back, however the handler put it; the layer around this one makes a page of it for
//! people.

use axum::extract::Request;
use axum::response::{IntoResponse as _, Response};
use feature::{App, Problem};
use http::header::{CACHE_CONTROL, RETRY_AFTER};
use http::{HeaderValue, StatusCode};

/// Seconds after which trying again makes sense: a standby takes over within that.
const LATER: u32 = 5;

pub async fn tell(app: &App, request: Request, next: impl AsyncFnOnce(Request) -> Response) -> Response {
    let is_behind = !needs_nothing(request.uri().path()) && app.store().catch_up().await.is_err();
    let response = if is_behind { away() } else { next(request).await };
    if !response.status().is_server_error() {
        return response;
    }
    let mut response = match response.status() {
        StatusCode::SERVICE_UNAVAILABLE => response,
        _ if app.store().is_down() => away(),
        _ => return response,
    };
    let headers = response.headers_mut();
    headers.entry(RETRY_AFTER).or_insert(HeaderValue::from(LATER));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

fn away() -> Response {
    let text = "The database is not available at the moment.";
    Problem { retry_after: Some(LATER), ..Problem::detail(StatusCode::SERVICE_UNAVAILABLE, text) }.into_response()
}

/// Whether a path only shows what is no secret and decides nothing. Nobody has to be known for it either.
pub fn needs_nothing(path: &str) -> bool {
    if let Some(rest) = path.strip_prefix("/application/o/") {
        let of_application = rest.split_once('/').map_or("", |(_, rest)| rest);
        return matches!(of_application, ".well-known/openid-configuration" | "jwks/");
    }
    let starts = ["/static/", "/.well-known/oauth-authorization-server/application/o/"];
    starts.iter().any(|start| path.starts_with(start)) || path == "/robots.txt"
}

#[cfg(test)]
mod tests;
