//! Scheme and host under which the browser reached us.

use std::fmt;

use http::{HeaderMap, Uri, header::HOST, uri::Authority};

/// Scheme of the address in the browser.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Scheme {
    /// `http`
    Http,
    /// `https`
    Https,
}

impl Scheme {
    /// As in a URL.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
        }
    }

    /// Whether cookies may be marked `Secure`.
    pub fn is_secure(self) -> bool {
        self == Self::Https
    }
}

/// The origin a browser sees, an extension of every request. Displays as `https://id.example.com`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Origin {
    /// Scheme.
    pub scheme: Scheme,
    /// Host in lower case, with the port where it was written.
    pub host: String,
}

impl fmt::Display for Origin {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}://{}", self.scheme.as_str(), self.host)
    }
}

impl Origin {
    /// The host without port, as domains of brands are compared. IPv6 addresses keep their brackets.
    pub fn domain(&self) -> &str {
        match self.host.rsplit_once(':') {
            Some((domain, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => domain,
            _ => &self.host,
        }
    }

    /// Works out the origin; `None` when the host is missing on HTTP/1.1, doubled or not a host.
    ///
    /// `X-Forwarded-Proto` and `X-Forwarded-Host` count only when `is_trusted`, and of several values
    /// the last, which the nearest proxy wrote.
    pub(crate) fn of(uri: &Uri, headers: &HeaderMap, is_tls: bool, is_trusted: bool) -> Option<Self> {
        let own = if is_tls { Scheme::Https } else { Scheme::Http };
        let forwarded = |name| last(headers, name).filter(|_| is_trusted);
        let scheme = match forwarded("x-forwarded-proto").map(str::to_lowercase).as_deref() {
            Some("https" | "wss") => Scheme::Https,
            Some("http" | "ws") => Scheme::Http,
            _ => own,
        };
        let host = match (forwarded("x-forwarded-host"), uri.authority()) {
            (Some(host), _) => host,
            (None, Some(authority)) => authority.as_str(),
            (None, None) => single(headers)?,
        };
        let authority: Authority = host.parse().ok()?;
        // Credentials in a host are nobody's honest intention.
        let is_host = !authority.host().is_empty() && !host.contains('@');
        is_host.then(|| Self { scheme, host: host.to_ascii_lowercase() })
    }
}

fn last<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let value = headers.get_all(name).iter().next_back()?.to_str().ok()?;
    let value = value.rsplit(',').next()?.trim();
    (!value.is_empty()).then_some(value)
}

/// RFC 9112 §3.2: a request with more than one `Host` is refused.
fn single(headers: &HeaderMap) -> Option<&str> {
    let mut all = headers.get_all(HOST).iter();
    match (all.next(), all.next()) {
        (Some(host), None) => host.to_str().ok(),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
