//! The middleware that gives every request its session and keeps it afterwards.

use axum::extract::Request;
use axum::response::{IntoResponse as _, Response};
use feature::App;
use http::header::SET_COOKIE;

use super::web::LazySession;

/// The answer of `next` to a request that has its session. Inside of the edge's middleware, which tells address and origin.
/// Reads nothing unless somebody asks for the session, and writes at most once.
pub async fn sessions(app: &App, mut request: Request, next: impl AsyncFnOnce(Request) -> Response) -> Response {
    let session = LazySession::of_request(app, request.headers(), request.extensions());
    request.extensions_mut().insert(session.clone());
    let mut response = next(request).await;
    match session.finish().await {
        Ok(cookies) => {
            for cookie in cookies {
                response.headers_mut().append(SET_COOKIE, cookie);
            }
            response
        }
        // The answer may say that a step is done which was not kept.
        Err(problem) => problem.into_response(),
    }
}
