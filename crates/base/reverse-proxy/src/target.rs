//! The upstream of an application.

use std::fmt;

use url::{Host, Url};

/// Where requests go: scheme, host and port of an upstream, and whether its certificate is checked.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Target {
    pub(crate) is_tls: bool,
    pub(crate) host: Host<String>,
    pub(crate) port: u16,
    pub(crate) is_verified: bool,
}

/// Why a text is no upstream.
#[derive(Debug, thiserror::Error)]
#[error("{text:?} is not the address of an upstream: {why}; write it like http://app:8080 or https://app.internal")]
pub struct BadTarget {
    text: String,
    why: String,
}

impl Target {
    /// Reads the address of an upstream. `is_verified` is authentik's `internal_host_ssl_validation`.
    ///
    /// COMPAT: authentik takes scheme, host and port and leaves the path of every request as it is, so a path in the
    /// address has no effect.
    pub fn parse(text: &str, is_verified: bool) -> Result<Self, BadTarget> {
        let bad = |why: String| BadTarget { text: text.to_owned(), why };
        let url = Url::parse(text.trim()).map_err(|error| bad(error.to_string()))?;
        let is_tls = match url.scheme() {
            "http" => false,
            "https" => true,
            other => return Err(bad(format!("the scheme {other} is neither http nor https"))),
        };
        let host = url.host().ok_or_else(|| bad("it has no host".to_owned()))?.to_owned();
        let port = url.port_or_known_default().ok_or_else(|| bad("it has no port".to_owned()))?;
        Ok(Self { is_tls, host, port, is_verified })
    }
}

impl fmt::Display for Target {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.is_tls { "https" } else { "http" };
        write!(out, "{scheme}://{}:{}", self.host, self.port)
    }
}
