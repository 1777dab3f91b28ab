//! Sending files to browsers.

use axum::Router;
use axum::extract::{Path, State};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use feature::App;
use http::{HeaderName, StatusCode, header};

use super::{folder, name};

/// SECURITY: a picture in SVG may carry scripts. Opened by itself it runs none and belongs to no origin.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox";
const HEADERS: [(HeaderName, &str); 3] = [
    (header::CONTENT_SECURITY_POLICY, POLICY),
    (header::CACHE_CONTROL, "public, max-age=3600"),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
];

/// The second address is the one that older versions wrote into other programs' settings.
pub fn routes(app: &App) -> Router {
    Router::new()
        .route("/files/media/public/{*name}", get(file))
        .route("/media/public/{*name}", get(file))
        .with_state(app.clone())
}

async fn file(State(app): State<App>, Path(name): Path<String>) -> Response {
    let Some(media_type) = name::check(&name).ok().and_then(|()| name::media_type(&name)) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let path = folder(&app).join(&name);
    match tokio::task::spawn_blocking(move || std::fs::read(path)).await {
        Ok(Ok(content)) => (HEADERS, [(header::CONTENT_TYPE, media_type)], content).into_response(),
        _ => StatusCode::NOT_FOUND.into_response(),
    }
}
