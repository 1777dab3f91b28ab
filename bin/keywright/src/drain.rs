//! The end of a node that others take over from: first it says that it is not ready and lets go of connections, while it
//! goes on answering; only then does it stop to listen.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::extract::Request;
use axum::response::Response;
use feature::App;
use http::{HeaderValue, Version, header};
use settings::Storage;

/// There is one end for the process.
static DRAINING: AtomicBool = AtomicBool::new(false);

pub fn is_draining() -> bool {
    DRAINING.load(Ordering::Relaxed)
}

/// Says so and waits until whoever balances the load has seen it. With the embedded database there is nobody to take over.
pub async fn begin(app: &App, hurry: bool) {
    DRAINING.store(true, Ordering::Relaxed);
    let delay = app.settings().listen.shutdown_delay;
    if hurry || delay.is_zero() || matches!(app.settings().storage(), Storage::Embedded) {
        return;
    }
    tracing::info!("Not ready from now on; requests are accepted for {} s more", delay.as_secs_f32());
    tokio::time::sleep(delay.min(Duration::from_mins(5))).await;
}

/// Asks clients to come again over a new connection, which then leads to another node. HTTP/2 has a word of its own for it.
pub async fn let_go(request: Request, next: impl AsyncFnOnce(Request) -> Response) -> Response {
    let version = request.version();
    let mut response = next(request).await;
    if is_draining() && version <= Version::HTTP_11 {
        response.headers_mut().entry(header::CONNECTION).or_insert(HeaderValue::from_static("close"));
    }
    response
}
