//! The client's public keys (RFC 7517).

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use feature::{App, Problem};
use http::{HeaderValue, header};

use super::not_found;
use crate::client::Clients;
use crate::keys;

pub async fn show(State(app): State<App>, Path(slug): Path<String>) -> Response {
    let clients = Clients::of(&app);
    let Some(client) = clients.by_slug(&slug) else { return not_found() };
    match keys::jwks(&app, client) {
        Ok(set) => {
            let mut response = axum::Json(set).into_response();
            // Public by their nature: any page may read them.
            response.headers_mut().insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
            response
        }
        Err(fault) => Problem::fault(fault).into_response(),
    }
}
