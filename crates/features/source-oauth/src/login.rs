//! The addresses of a login through a source. They are where they will be, and say that there is nothing there yet: a login
//! that works halfway is worse than none.

use axum::Router;
use axum::extract::{Path, State};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use feature::App;
use http::StatusCode;

use crate::source::OAuthSource;

pub fn routes(app: &App) -> Router {
    Router::new()
        .route("/source/oauth/login/{slug}/", get(show))
        .route("/source/oauth/callback/{slug}/", get(show))
        .with_state(app.clone())
}

async fn show(State(app): State<App>, Path(slug): Path<String>) -> Response {
    let snapshot = app.store().snapshot();
    let is_there = snapshot.all::<OAuthSource>().iter().any(|source| source.base.slug == slug && source.base.enabled);
    let (status, title, text) = if is_there {
        (
            StatusCode::NOT_IMPLEMENTED,
            "Not available",
            "Logging in through this source is not part of this version. The source vouches for the tokens of programs only.",
        )
    } else {
        (StatusCode::NOT_FOUND, "Not Found", "There is no such source.")
    };
    let mut response =
        (status, Html(format!("<!DOCTYPE html>\n<title>{title}</title><h1>{title}</h1><p>{text}</p>\n")))
            .into_response();
    // Shown in the looks of the brand where something puts them around it.
    response.extensions_mut().insert(brand::Notice {
        title: title.to_owned(),
        text: text.to_owned(),
        application: None,
    });
    response
}
