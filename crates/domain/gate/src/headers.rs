//! The headers that tell an application who is there.
//!
//! SECURITY: every answer that lets somebody pass has all of them, empty where there is nothing to say. A proxy that
//! copies headers keeps the client's own one where the answer has none (CVE-2026-30851 of Caddy).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderName, HeaderValue};
use serde_json::Value as Json;
use url::Url;

use crate::ports::Login;
use crate::site::Site;

const USERNAME: HeaderName = HeaderName::from_static("x-authentik-username");
const GROUPS: HeaderName = HeaderName::from_static("x-authentik-groups");
const ENTITLEMENTS: HeaderName = HeaderName::from_static("x-authentik-entitlements");
const EMAIL: HeaderName = HeaderName::from_static("x-authentik-email");
const NAME: HeaderName = HeaderName::from_static("x-authentik-name");
const UID: HeaderName = HeaderName::from_static("x-authentik-uid");
const JWT: HeaderName = HeaderName::from_static("x-authentik-jwt");
const META_JWKS: HeaderName = HeaderName::from_static("x-authentik-meta-jwks");
const META_OUTPOST: HeaderName = HeaderName::from_static("x-authentik-meta-outpost");
const META_PROVIDER: HeaderName = HeaderName::from_static("x-authentik-meta-provider");
const META_APP: HeaderName = HeaderName::from_static("x-authentik-meta-app");
const META_VERSION: HeaderName = HeaderName::from_static("x-authentik-meta-version");

/// All headers that tell of the person.
pub const IDENTITY_HEADERS: [HeaderName; 7] = [USERNAME, GROUPS, ENTITLEMENTS, EMAIL, NAME, UID, JWT];

/// Headers that `additionalHeaders` must not touch: those that tell of the connection or of the body, and our own.
const NOT_ADDITIONAL: [&str; 13] = [
    "connection",
    "content-length",
    "content-encoding",
    "host",
    "keep-alive",
    "location",
    "proxy-authenticate",
    "set-cookie",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "www-authenticate",
];

/// Whether applications would take a header for one of ours, in any spelling: many frameworks read `-`, `_` and `.` alike.
pub fn is_identity_header(name: &str) -> bool {
    let mut letters = name.bytes().filter(u8::is_ascii_alphanumeric).map(|b| b.to_ascii_lowercase());
    b"xauthentik".iter().all(|ours| letters.next() == Some(*ours))
}

/// Takes out what a client may not send on.
pub fn strip_identity(headers: &mut HeaderMap) {
    let bad: Vec<HeaderName> = headers.keys().filter(|name| is_identity_header(name.as_str())).cloned().collect();
    for name in bad {
        headers.remove(name);
    }
}

/// A header that names no person but the site. Made once for a site.
#[derive(Debug)]
pub struct Meta([(HeaderName, HeaderValue); 5]);

impl Meta {
    pub fn new(site: &Site, jwks_uri: &str, outpost: &str, version: &str) -> Self {
        let value = |text: &str| HeaderValue::from_str(text).unwrap_or_else(|_| EMPTY.clone());
        Self([
            (META_JWKS, value(jwks_uri)),
            (META_OUTPOST, text_value(outpost)),
            (META_PROVIDER, text_value(&site.config.name)),
            (META_APP, value(&site.config.assigned_application_slug)),
            (META_VERSION, value(version)),
        ])
    }
    pub fn write(&self, headers: &mut HeaderMap) {
        for (name, value) in &self.0 {
            headers.insert(name.clone(), value.clone());
        }
    }
}

const EMPTY: HeaderValue = HeaderValue::from_static("");

/// Any text as a header, if it can be one. SECURITY: a line break in a name would begin another header.
fn text_value(text: &str) -> HeaderValue {
    HeaderValue::from_bytes(text.as_bytes()).unwrap_or(EMPTY)
}

/// What an answer says of a person: values that share one allocation.
#[derive(Debug)]
pub struct Identity {
    person: [HeaderValue; 7],
    authorization: Option<HeaderValue>,
    additional: Box<[(HeaderName, HeaderValue)]>,
    /// Where this person's requests go instead of the internal host.
    pub backend: Option<Url>,
    /// The `Host` that the application behind sees.
    pub host_header: Option<HeaderValue>,
}

impl Identity {
    pub fn new(site: &Site, login: &Login) -> Self {
        let claims = &login.claims;
        // SECURITY: a group's name with the separator in it would be two groups, and without it perhaps another one: whoever
        // may make groups must not become a member of those that there are.
        let join = |list: &[String]| {
            list.iter().map(String::as_str).filter(|name| !name.contains('|')).collect::<Vec<_>>().join("|")
        };
        let (groups, entitlements) = (join(&claims.groups), join(&claims.entitlements));
        let texts: [&str; 7] = [
            &claims.preferred_username,
            &groups,
            &entitlements,
            &claims.email,
            &claims.name,
            &claims.sub,
            &login.token,
        ];
        let proxy = &claims.ak_proxy;
        Self {
            person: shared(&texts),
            authorization: basic(site, login),
            additional: additional(proxy.user_attributes.get("additionalHeaders")),
            backend: Url::parse(&proxy.backend_override).ok().filter(Url::has_host),
            host_header: Some(&proxy.host_header).filter(|h| !h.is_empty()).and_then(|h| h.parse().ok()),
        }
    }
    /// Sets all headers.
    pub fn write(&self, headers: &mut HeaderMap) {
        for (name, value) in IDENTITY_HEADERS.into_iter().zip(&self.person) {
            headers.insert(name, value.clone());
        }
        if let Some(value) = &self.authorization {
            headers.insert(AUTHORIZATION, value.clone());
        }
        for (name, value) in &self.additional {
            headers.insert(name.clone(), value.clone());
        }
    }
    /// The user name, for logs.
    pub fn username(&self) -> &str {
        self.person[0].to_str().unwrap_or_default()
    }
}

/// Sets all headers to nothing: nobody is there.
pub fn write_nobody(headers: &mut HeaderMap) {
    for name in IDENTITY_HEADERS {
        headers.insert(name, EMPTY);
    }
}

/// Values that are cut from one buffer.
fn shared(texts: &[&str; 7]) -> [HeaderValue; 7] {
    let mut all = Vec::with_capacity(texts.iter().map(|t| t.len()).sum());
    for text in texts {
        all.extend_from_slice(text.as_bytes());
    }
    let all = Bytes::from(all);
    let mut at = 0;
    texts.map(|text| {
        let piece = all.slice(at..at + text.len());
        at += text.len();
        HeaderValue::from_maybe_shared(piece).unwrap_or(EMPTY)
    })
}

/// User name and password for the application behind, out of the user's attributes.
fn basic(site: &Site, login: &Login) -> Option<HeaderValue> {
    let wanted = site.basic_auth.as_ref()?;
    let attributes = &login.claims.ak_proxy.user_attributes;
    let text = |name: &str| attributes.get(name).and_then(Json::as_str);
    let password = text(&wanted.password_attribute).unwrap_or_default();
    let username = text(&wanted.user_attribute).unwrap_or(&login.claims.email);
    if username.is_empty() && password.is_empty() {
        return None;
    }
    let mut value =
        HeaderValue::try_from(format!("Basic {}", STANDARD.encode(format!("{username}:{password}")))).ok()?;
    value.set_sensitive(true);
    Some(value)
}

/// The headers that a user's attributes add.
fn additional(given: Option<&Json>) -> Box<[(HeaderName, HeaderValue)]> {
    let Some(given) = given.and_then(Json::as_object) else { return Box::default() };
    let one = |(name, value): (&String, &Json)| {
        let name: HeaderName = name.parse().ok()?;
        // SECURITY: whoever may write an attribute must not become somebody else by it.
        if NOT_ADDITIONAL.contains(&name.as_str()) || is_identity_header(name.as_str()) {
            return None;
        }
        let value = match value {
            Json::String(text) => text_value(text),
            Json::Number(number) => text_value(&number.to_string()),
            Json::Bool(flag) => text_value(if *flag { "true" } else { "false" }),
            _ => EMPTY,
        };
        Some((name, value))
    };
    given.iter().filter_map(one).collect()
}

#[cfg(test)]
mod tests;
