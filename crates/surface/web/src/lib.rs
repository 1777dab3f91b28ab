//! Pages rendered by the server: the steps of a flow, the portal, messages.
//!
//! A flow page shows the same challenge that the API answers with and posts the same answer, as plain HTML that works
//! without JavaScript. This crate turns challenges into HTML and forms into answers; what a step means is the flow's.

mod assets;
mod challenge;
mod flow_page;
mod language;
mod notice;
mod page;
mod portal;
mod stage;

#[cfg(test)]
mod tests;

use axum::Router;
use axum::routing::get;
use feature::{App, Feature};

pub use notice::dress;

pub const FEATURE: Feature = Feature::new("web").routes(routes);

fn routes(app: &App) -> Router {
    Router::new()
        .route("/if/flow/{slug}/", get(flow_page::show).post(flow_page::answer))
        .route("/if/user/", get(portal::show))
        .route("/if/admin/", get(portal::console))
        .route("/", get(portal::root))
        .route("/static/keywright/flow.js", get(assets::script))
        .route("/robots.txt", get(assets::robots))
        .fallback(notice::unknown)
        .with_state(app.clone())
}
