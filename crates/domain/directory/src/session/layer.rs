//! The middleware that gives every request its session and keeps it afterwards.

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use feature::App;
use http::header::SET_COOKIE;

use super::web::LazySession;

/// `router.layer(axum::middleware::from_fn_with_state(app, directory::sessions))`, inside of the edge's middleware, which
/// tells address and origin. Reads nothing unless somebody asks for the session, and writes at most once.
pub async fn sessions(State(app): State<App>, mut request: Request, next: Next) -> Response {
    let session = LazySession::of_request(&app, request.headers(), request.extensions());
    request.extensions_mut().insert(session.clone());
    let mut response = next.run(request).await;
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
