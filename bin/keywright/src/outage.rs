//! What is answered while the database is away: one place for every path.
//!
//! What needs neither read nor write is answered as ever (discovery, keys, static files, whether we live). Whatever failed
//! for want of the database says so with 503 and when to come back, however the handler put it; the layer around this one
//! makes a page of it for people.

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use feature::{App, Problem};
use http::header::{CACHE_CONTROL, RETRY_AFTER};
use http::{HeaderValue, StatusCode};

/// Seconds after which trying again makes sense: a standby takes over within that.
const LATER: u32 = 5;

pub async fn tell(State(app): State<App>, request: Request, next: Next) -> Response {
    let response = next.run(request).await;
    if !response.status().is_server_error() {
        return response;
    }
    let away = app.store().is_down();
    let mut response = match response.status() {
        StatusCode::SERVICE_UNAVAILABLE => response,
        _ if away => {
            let text = "The database is not available at the moment.";
            Problem { retry_after: Some(LATER), ..Problem::detail(StatusCode::SERVICE_UNAVAILABLE, text) }
                .into_response()
        }
        _ => return response,
    };
    let headers = response.headers_mut();
    headers.entry(RETRY_AFTER).or_insert(HeaderValue::from(LATER));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
