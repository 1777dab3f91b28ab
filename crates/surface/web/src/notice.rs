//! What goes wrong outside the steps of a flow, as a page for people: unknown addresses, and answers that other crates gave
//! without knowing how pages look. Programs get what they always got.

use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use brand::Notice;
use directory::LazySession;
use feature::{App, Problem};
use http::header::{ACCEPT, CONTENT_TYPE, LOCATION, RETRY_AFTER};
use http::{HeaderMap, HeaderValue, Method, StatusCode, Uri};
use net::Origin;
use telemetry::RequestId;

use crate::page::{Branding, message};
use crate::stage::Link;

/// Title of a page about an error nobody foresaw.
pub const WRONG: &str = "Something went wrong";
/// Whose account was refused.
pub const ASKED_AS: &str = "This was asked for as {}. If you have another account, log in with that one.";
/// The longest error that is read to be shown.
const LIMIT: usize = 64 << 10;

/// Middleware: puts the brand around notices and errors that are shown to people.
pub async fn dress(app: &App, request: Request, next: impl AsyncFnOnce(Request) -> Response) -> Response {
    if request.uri().path().starts_with("/api/") || !is_for_people(request.headers()) {
        return next(request).await;
    }
    let known = request.extensions().clone();
    let again =
        (request.method() == Method::GET).then(|| request.uri().path_and_query().map(ToString::to_string)).flatten();
    let headers = request.headers().clone();
    let response = next(request).await;
    let Some(origin) = known.get::<Origin>() else { return response };
    let (notice, response) = notice(response).await;
    let Some(notice) = notice else { return response };
    let (brand, status) = (Branding::of_request(app, origin, &known, &headers).await, response.status());
    // COMPAT: an application that somebody may not open is refused with 200.
    let user = match status {
        StatusCode::OK | StatusCode::FORBIDDEN => user(&known).await,
        _ => None,
    };
    let links = match (&user, again) {
        (Some(_), _) => Link::others().to_vec(),
        (None, Some(here)) if status == StatusCode::SERVICE_UNAVAILABLE => vec![Link::new(&here, "Try again")],
        _ => vec![Link::new("/", "Go to the start")],
    };
    let t = brand.language;
    let mut lines = vec![t.say(&notice.text)];
    if status == StatusCode::SERVICE_UNAVAILABLE {
        lines.push(t.say("This mostly passes within a minute."));
    }
    lines.extend(notice.application.map(|name| t.fill("The application is called {}.", &name)));
    lines.extend(user.map(|name| t.fill(ASKED_AS, &name)));
    let mut page = message(&brand, status, &notice.title, &lines, &links, &reference(&known));
    if let Some(seconds) = response.headers().get(RETRY_AFTER) {
        page.headers_mut().insert(RETRY_AFTER, seconds.clone());
    }
    page
}

/// The name of who is logged in.
async fn user(extensions: &http::Extensions) -> Option<String> {
    let browser = LazySession::load_from(extensions).await.ok()?;
    browser.user().map(|user| user.username.clone())
}

/// What the response says, if it says it without a page.
async fn notice(response: Response) -> (Option<Notice>, Response) {
    if let Some(notice) = response.extensions().get::<Notice>() {
        return (Some(notice.clone()), response);
    }
    let kind = response.headers().get(CONTENT_TYPE);
    let is_json = kind.is_some_and(|kind| kind.as_bytes().starts_with(b"application/json"));
    if response.status().as_u16() < 400 || !is_json {
        return (None, response);
    }
    let (parts, body) = response.into_parts();
    let Ok(bytes) = to_bytes(body, LIMIT).await else {
        return (None, StatusCode::INTERNAL_SERVER_ERROR.into_response());
    };
    let json: serde_json::Value = serde_json::from_slice(&bytes).unwrap_or_default();
    let title = match parts.status {
        StatusCode::NOT_FOUND => "Not found",
        StatusCode::FORBIDDEN => "Permission denied",
        StatusCode::SERVICE_UNAVAILABLE => "Not available at the moment",
        _ => WRONG,
    };
    let notice = json["detail"].as_str().map(|text| Notice {
        title: title.to_owned(),
        text: text.to_owned(),
        application: None,
    });
    (notice, Response::from_parts(parts, Body::from(bytes)))
}

/// Whatever has no route.
pub async fn unknown(method: Method, uri: Uri) -> Response {
    let path = uri.path();
    let is_ours = ["/if/", "/flows/", "/application/"].iter().any(|start| path.starts_with(start));
    if method == Method::GET && is_ours && !path.ends_with('/') {
        let query = uri.query().map(|q| format!("?{q}")).unwrap_or_default();
        if let Ok(to) = HeaderValue::from_str(&format!("{path}/{query}")) {
            return (StatusCode::MOVED_PERMANENTLY, [(LOCATION, to)]).into_response();
        }
    }
    let mut response = Problem::not_found().into_response();
    let text = "There is nothing at this address. The link may be old or mistyped.".to_owned();
    response.extensions_mut().insert(Notice { title: "Not found".to_owned(), text, application: None });
    response
}

/// What administrators find the request by.
pub fn reference(extensions: &http::Extensions) -> String {
    extensions.get::<RequestId>().map(ToString::to_string).unwrap_or_default()
}

/// Browsers that go to an address name HTML first; programs name JSON or nothing.
fn is_for_people(headers: &HeaderMap) -> bool {
    let accept = headers.get(ACCEPT).and_then(|accept| accept.to_str().ok()).unwrap_or_default();
    accept.trim_start().starts_with("text/html")
}
