//! The few answers that people see.

use axum::body::Body;
use axum::response::Response;
use http::{HeaderValue, StatusCode, header};
use serde_json::json;

const NO_STORE: HeaderValue = HeaderValue::from_static("no-store");

/// An answer without a body that nobody keeps.
pub fn bare(status: StatusCode) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    response.headers_mut().insert(header::CACHE_CONTROL, NO_STORE);
    response
}

/// A line of text.
pub fn text(status: StatusCode, text: &str) -> Response {
    let mut response = Response::new(Body::from(format!("{text}\n")));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::CACHE_CONTROL, NO_STORE);
    response
}

/// A redirect.
pub fn see(to: &str) -> Response {
    let Ok(to) = HeaderValue::try_from(to) else {
        return text(StatusCode::BAD_REQUEST, "The address to go to has characters that no address has.");
    };
    let mut response = bare(StatusCode::FOUND);
    response.headers_mut().insert(header::LOCATION, to);
    response
}

/// Enough to be read, in light and in dark.
const STYLE: &str = ":root{color-scheme:light dark}body{font:1rem/1.5 system-ui,sans-serif;max-width:36rem;\
    margin:15vh auto;padding:0 1rem;overflow-wrap:anywhere}";

/// A page with a way on.
pub fn page(status: StatusCode, title: &str, body: &str, link: Option<(&str, &str)>) -> Response {
    let link = link.map(|(to, label)| format!("<p><a href=\"{}\">{}</a></p>", escape(to), escape(label)));
    let html = format!(
        "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><title>{title}</title>\
         <style>{STYLE}</style></head><body><main><h1>{title}</h1><p>{body}</p>{}</main></body></html>\n",
        link.unwrap_or_default(),
        title = escape(title),
        body = escape(body),
    );
    let mut response = text(status, "");
    *response.body_mut() = Body::from(html);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    headers.insert(
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static(
            "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
        ),
    );
    response
}

/// The host belongs to no site. Worded as upstream does, since people search for it.
pub fn no_app(host: &str, hint: Option<&str>) -> Response {
    let mut body = json!({
        "Message": "no app for hostname",
        "Host": host,
        "Detail": format!("Check the outpost settings and make sure '{host}' is included."),
    });
    if let Some(hint) = hint {
        body["Hint"] = hint.into();
    }
    let mut response = text(StatusCode::BAD_REQUEST, &body.to_string());
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
