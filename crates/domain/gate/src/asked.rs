//! A request as the gate sees it, with what is known of who sent it.

use std::net::IpAddr;

use http::request::Parts;
use http::{HeaderName, header};

/// A request without its body.
#[derive(Debug)]
pub struct Asked {
    pub parts: Parts,
    /// The host that was asked for, in lower case, with the port where it was written: what a trusted proxy says, else
    /// what the request says.
    pub host: String,
    /// Whether it came over TLS, as far as is known.
    pub is_secure: bool,
    /// Whether the peer is a proxy whose `X-Forwarded-*` and `X-Original-*` count.
    pub is_trusted: bool,
    /// The client, trusted proxies seen through.
    pub address: Option<IpAddr>,
    pub request_id: String,
}

/// A header that should be there once.
pub(crate) enum Once<'a> {
    Absent,
    Value(&'a str),
    /// Doubled, or no text: whoever else reads it may read another value than we do.
    Ambiguous,
}

impl Asked {
    /// The same request, without what hangs on its connection.
    pub fn copy(&self) -> Self {
        let mut request = http::Request::new(());
        request.method_mut().clone_from(&self.parts.method);
        request.uri_mut().clone_from(&self.parts.uri);
        request.headers_mut().clone_from(&self.parts.headers);
        Self {
            parts: request.into_parts().0,
            host: self.host.clone(),
            is_secure: self.is_secure,
            is_trusted: self.is_trusted,
            address: self.address,
            request_id: self.request_id.clone(),
        }
    }
    pub fn path(&self) -> &str {
        self.parts.uri.path()
    }
    pub fn query(&self) -> Option<&str> {
        self.parts.uri.query()
    }
    /// The host that the request itself names, whatever a proxy says.
    pub(crate) fn named_host(&self) -> Option<String> {
        let authority = self.parts.uri.authority().map(|a| a.as_str().to_ascii_lowercase());
        authority.or_else(|| match once(&self.parts.headers, &header::HOST) {
            Once::Value(host) => Some(host.to_ascii_lowercase()),
            _ => None,
        })
    }
    /// A header by which a proxy tells about the request it got. Nothing from anybody else.
    pub(crate) fn told(&self, name: &HeaderName) -> Once<'_> {
        if self.is_trusted { once(&self.parts.headers, name) } else { Once::Absent }
    }
}

fn once<'a>(headers: &'a http::HeaderMap, name: &HeaderName) -> Once<'a> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (None, _) => Once::Absent,
        (Some(value), None) => match value.to_str() {
            Ok(text) if text.trim().is_empty() => Once::Absent,
            Ok(text) => Once::Value(text.trim()),
            Err(_) => Once::Ambiguous,
        },
        (Some(_), Some(_)) => Once::Ambiguous,
    }
}

/// A parameter of a query, decoded; the first of several.
pub(crate) fn parameter(query: Option<&str>, name: &str) -> Option<String> {
    let mut pairs = form_urlencoded::parse(query?.as_bytes());
    pairs.find(|(k, _)| k == name).map(|(_, v)| v.into_owned())
}

/// Whether a query has `name=true`.
pub fn is_signed(query: Option<&str>, name: &str) -> bool {
    // Most queries are none of ours, and looking is cheaper than decoding.
    query.is_some_and(|q| q.contains(name)) && parameter(query, name).is_some_and(|v| v.eq_ignore_ascii_case("true"))
}
