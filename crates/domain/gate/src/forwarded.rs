//! What a reverse proxy asks about: the request that it got, as it tells it.
//!
//! SECURITY: each kind of proxy sets other headers and passes the client's own copies of the rest on. So for each kind
//! exactly those headers count that it sets itself, from trusted peers only, and once only. nginx, for one, overwrites
//! `X-Original-URL` and lets a client's `X-Forwarded-Host` and `X-Original-URI` through (GHSA-5wcc-hf24-rf5h,
//! CVE-2026-40574 of oauth2-proxy).

use std::borrow::Cow;

use http::HeaderName;

use crate::PREFIX;
use crate::asked::{Asked, Once};

const FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");
const FORWARDED_URI: HeaderName = HeaderName::from_static("x-forwarded-uri");
const ORIGINAL_URL: HeaderName = HeaderName::from_static("x-original-url");
const ORIGINAL_URI: HeaderName = HeaderName::from_static("x-original-uri");

/// How a proxy asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// `forwardAuth`: `X-Forwarded-*`; redirects are passed on.
    Traefik,
    /// `forward_auth`: as Traefik.
    Caddy,
    /// `auth_request`: `X-Original-URL`; knows only 2xx, 401 and 403.
    Nginx,
    /// `ext_authz`: the request itself, its path behind ours.
    Envoy,
}

impl Kind {
    /// The kind that a path below ours names, and what is behind it.
    pub fn of_path(path: &str) -> Option<(Self, &str)> {
        let rest = path.strip_prefix(PREFIX)?.strip_prefix("/auth/")?;
        let (name, behind) = match rest.find('/') {
            Some(at) => rest.split_at(at),
            None => (rest, ""),
        };
        let kind = match name {
            "traefik" => Self::Traefik,
            "caddy" => Self::Caddy,
            "nginx" => Self::Nginx,
            "envoy" => Self::Envoy,
            _ => return None,
        };
        // Only Envoy puts something behind its address.
        (kind == Self::Envoy || matches!(behind, "" | "/")).then_some((kind, behind))
    }
}

/// The request that is asked about.
#[derive(Debug, PartialEq, Eq)]
pub struct Target<'a> {
    /// In lower case, with the port where it is written.
    pub host: Cow<'a, str>,
    /// As it was sent, not decoded.
    pub path: Cow<'a, str>,
    pub query: Option<&'a str>,
    /// Whether the path is known from the proxy itself, so that rules for paths apply.
    pub is_sure: bool,
}

impl Target<'_> {
    /// Path and query.
    pub fn path_and_query(&self) -> String {
        match self.query {
            Some(query) => format!("{}?{query}", self.path),
            None => self.path.clone().into_owned(),
        }
    }
}

/// Why it cannot be told what is asked about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unclear {
    #[error("a header that tells of the original request is there twice or is no address")]
    Ambiguous,
    #[error("the reverse proxy does not tell which address was asked for")]
    Missing,
}

/// What a proxy of this kind asks about.
pub fn target<'a>(kind: Kind, asked: &'a Asked, behind: &'a str) -> Result<Target<'a>, Unclear> {
    match kind {
        Kind::Traefik | Kind::Caddy => by_forwarded(asked),
        Kind::Nginx => by_original(asked),
        Kind::Envoy => {
            let host = named(asked)?;
            let path = if behind.is_empty() { "/" } else { behind };
            Ok(Target { host, path: path.into(), query: asked.query(), is_sure: true })
        }
    }
}

fn by_forwarded(asked: &Asked) -> Result<Target<'_>, Unclear> {
    let host = match asked.told(&FORWARDED_HOST) {
        Once::Value(host) => one_host(lower(host))?,
        Once::Absent => named(asked)?,
        Once::Ambiguous => return Err(Unclear::Ambiguous),
    };
    let (uri, is_sure) = match asked.told(&FORWARDED_URI) {
        Once::Value(uri) => (uri, true),
        Once::Absent => ("/", false),
        Once::Ambiguous => return Err(Unclear::Ambiguous),
    };
    let (path, query) = split(uri);
    Ok(Target { host, path: path.into(), query, is_sure })
}

fn by_original(asked: &Asked) -> Result<Target<'_>, Unclear> {
    match asked.told(&ORIGINAL_URL) {
        Once::Value(url) => {
            let rest =
                url.strip_prefix("https://").or_else(|| url.strip_prefix("http://")).ok_or(Unclear::Ambiguous)?;
            // SECURITY: nginx takes `Host: app.example.com:443?` for that name and writes it as it is, so that what should be
            // the path would begin behind a `?` of the client's. The address that nginx got always begins with a slash.
            let (host, uri) = rest.split_at(rest.find('/').ok_or(Unclear::Ambiguous)?);
            let (path, query) = split(uri);
            Ok(Target { host: one_host(lower(host))?, path: path.into(), query, is_sure: true })
        }
        Once::Ambiguous => Err(Unclear::Ambiguous),
        // A client's own header, unless nginx was told to set it: good as a destination, not for a decision.
        Once::Absent => match asked.told(&ORIGINAL_URI) {
            Once::Value(uri) => {
                let host = named(asked)?;
                let (path, query) = split(uri);
                Ok(Target { host, path: path.into(), query, is_sure: false })
            }
            Once::Ambiguous => Err(Unclear::Ambiguous),
            Once::Absent => Err(Unclear::Missing),
        },
    }
}

fn split(uri: &str) -> (&str, Option<&str>) {
    let (path, query) = match uri.split_once('?') {
        Some((path, query)) => (path, Some(query)),
        None => (uri, None),
    };
    (if path.is_empty() { "/" } else { path }, query)
}

/// The host that the request itself names.
fn named(asked: &Asked) -> Result<Cow<'_, str>, Unclear> {
    one_host(asked.named_host().ok_or(Unclear::Missing)?.into())
}

/// The host, if it is a name or an address, maybe with a port, and nothing more that anybody could read otherwise.
fn one_host(host: Cow<'_, str>) -> Result<Cow<'_, str>, Unclear> {
    let digits = |port: &str| !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit());
    let is_one = match host.strip_prefix('[').map(|rest| rest.split_once(']')) {
        Some(Some((address, rest))) => {
            address.parse::<std::net::Ipv6Addr>().is_ok()
                && (rest.is_empty() || rest.strip_prefix(':').is_some_and(digits))
        }
        Some(None) => false,
        None => {
            let (name, port) = host.split_once(':').map_or((&*host, None), |(name, port)| (name, Some(port)));
            let is_of_a_name = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_');
            !name.is_empty() && name.bytes().all(is_of_a_name) && port.is_none_or(digits)
        }
    };
    if is_one { Ok(host) } else { Err(Unclear::Ambiguous) }
}

fn lower(host: &str) -> Cow<'_, str> {
    if host.bytes().any(|b| b.is_ascii_uppercase()) { host.to_ascii_lowercase().into() } else { host.into() }
}

#[cfg(test)]
mod tests;
