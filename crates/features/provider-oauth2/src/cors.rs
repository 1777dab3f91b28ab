//! Which scripts of other origins may read our answers (Fetch §3.2): those of the client's redirect URIs.

use axum::response::Response;
use http::{HeaderMap, HeaderValue, header};
use url::{Host, Url};

use crate::client::Client;

/// Who may read an answer.
pub enum Readers<'a> {
    Client(&'a Client),
    Clients(&'a crate::client::Clients),
}

/// Lets the page that asked read the answer, if it may.
pub fn allow(request: &HeaderMap, response: &mut Response, readers: &Readers<'_>) {
    let Some(origin) = request.get(header::ORIGIN) else { return };
    let headers = response.headers_mut();
    let Some(given) = origin.to_str().ok().and_then(parts) else { return };
    let is_allowed = match readers {
        Readers::Client(client) => is_of(client, &given),
        Readers::Clients(clients) => clients.all().any(|client| is_of(client, &given)),
    };
    if !is_allowed {
        return;
    }
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
    headers.insert(header::ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
    headers.append(header::VARY, HeaderValue::from_static("Origin"));
    if request.contains_key(header::ACCESS_CONTROL_REQUEST_METHOD) {
        headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("GET, POST, OPTIONS"));
    }
    if let Some(asked) = request.get(header::ACCESS_CONTROL_REQUEST_HEADERS) {
        headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, asked.clone());
    }
}

type Parts = (String, Host<String>, Option<u16>);

/// SECURITY: the parts are compared as a whole; `https://app.example.com.evil` is not `https://app.example.com`.
fn parts(url: &str) -> Option<Parts> {
    let url = Url::parse(url).ok()?;
    Some((url.scheme().to_owned(), url.host()?.to_owned(), url.port_or_known_default()))
}

/// Patterns count with the host that stands in them literally.
fn is_of(client: &Client, given: &Parts) -> bool {
    client.redirect_uris().iter().any(|uri| parts(&uri.url).as_ref() == Some(given))
}
