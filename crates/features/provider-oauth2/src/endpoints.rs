//! The protocol's addresses.

pub mod device;
pub mod discovery;
pub mod github;
pub mod introspection;
pub mod jwks;
pub mod revocation;
pub mod userinfo;

use aws_lc_rs::digest::{SHA256, digest};
use axum::Router;
use axum::extract::FromRequestParts;
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{get, post};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use directory::guessing::Wait;
use feature::App;
use http::request::Parts;
use http::{HeaderValue, StatusCode, header};
use net::Origin;
use serde::Serialize;

use crate::{authorize, end_session, grants};

/// All routes of the feature.
pub fn routes(app: &App) -> Router {
    Router::new()
        .route("/application/o/{slug}/", get(discovery::root))
        .route(
            "/application/o/{slug}/.well-known/openid-configuration",
            get(discovery::show).options(discovery::options),
        )
        .route(
            "/.well-known/oauth-authorization-server/application/o/{slug}/",
            get(discovery::show).options(discovery::options),
        )
        .route("/application/o/{slug}/jwks/", get(jwks::show))
        .route("/application/o/authorize/", get(authorize::get).post(authorize::post))
        .route("/login/oauth/authorize", get(authorize::github))
        .route("/login/oauth/access_token", post(grants::token))
        .route("/application/o/token/", post(grants::token).options(grants::preflight))
        .route("/application/o/userinfo/", get(userinfo::get).post(userinfo::post).options(userinfo::preflight))
        .route("/application/o/introspect/", post(introspection::post))
        .route("/application/o/revoke/", post(revocation::post).options(grants::preflight))
        .route("/application/o/device/", post(device::post).options(grants::preflight))
        .route("/application/o/{slug}/end-session/", get(end_session::get).post(end_session::post))
        .route("/user", get(github::user))
        .route("/user/teams", get(github::teams))
        .route("/device", get(crate::device::entry))
        .with_state(app.clone())
}

/// `https://host` as the client reached us.
pub struct Base(pub String);

impl<S: Sync> FromRequestParts<S> for Base {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        Ok(Self(parts.extensions.get::<Origin>().map_or_else(|| "http://localhost".to_owned(), ToString::to_string)))
    }
}

/// An answer that nobody may keep (RFC 6749 §5.1).
pub fn uncached(status: StatusCode, json: &impl Serialize) -> Response {
    let mut response = (status, axum::Json(json)).into_response();
    no_store(&mut response);
    response
}

/// 429, with when to come again.
pub fn too_many(wait: Wait, json: &impl Serialize) -> Response {
    let mut response = uncached(StatusCode::TOO_MANY_REQUESTS, json);
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(wait.seconds));
    response
}

pub fn no_store(response: &mut Response) {
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response.headers_mut().insert(header::PRAGMA, HeaderValue::from_static("no-cache"));
}

/// A page for people, where no client can be told.
pub fn page(status: StatusCode, title: &str, text: &str) -> Response {
    let html = format!(
        "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><title>{title}</title></head>\
         <body><main><h1>{title}</h1><p>{text}</p></main></body></html>\n",
        title = escape(title),
        text = escape(text)
    );
    let mut response = (status, Html(html)).into_response();
    let policy =
        HeaderValue::from_static("default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'");
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
    no_store(&mut response);
    // Shown in the looks of the brand where something puts them around it.
    let notice = brand::Notice { title: title.to_owned(), text: text.to_owned(), application: None };
    response.extensions_mut().insert(notice);
    response
}

/// What sends the form of [`post_on`]; the page's policy knows it by its hash.
const SUBMIT: &str = "document.forms[0].submit()";

/// A page whose form goes to a client by itself, and by a button where scripts do not run (Form Post Response Mode §2).
pub fn post_on(url: &str, fields: &[(String, String)]) -> Response {
    let field = |(name, value): &(String, String)| {
        format!("<input type=\"hidden\" name=\"{}\" value=\"{}\">", escape(name), escape(value))
    };
    let fields: String = fields.iter().map(field).collect();
    let html = format!(
        "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>One step back to the application</title></head>\
         <body><form method=\"post\" action=\"{}\">{fields}<button type=\"submit\">Continue</button></form>\
         <script>{SUBMIT}</script></body></html>\n",
        escape(url)
    );
    let mut response = Html(html).into_response();
    let hash = STANDARD.encode(digest(&SHA256, SUBMIT.as_bytes()));
    let policy = format!(
        "default-src 'none'; script-src 'sha256-{hash}'; base-uri 'none'; form-action https: http:; frame-ancestors 'none'"
    );
    let policy = HeaderValue::try_from(policy).unwrap_or(HeaderValue::from_static("default-src 'none'"));
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
    no_store(&mut response);
    response
}

pub fn not_found() -> Response {
    page(StatusCode::NOT_FOUND, "Not Found", "There is no such application here, or it has no OAuth2 provider.")
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
