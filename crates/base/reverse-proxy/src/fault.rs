//! Why a request could not be forwarded, for a log line and for whoever waits at the browser.

use std::{error::Error, io};

use axum::{
    body::Body,
    response::{IntoResponse, Response},
};
use http::{HeaderValue, StatusCode, header};
use http_body_util::LengthLimitError;
use hyper_util::client::legacy;

use crate::{Target, connector::NoConnection};

/// Why there is no answer of the upstream.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// The request cannot be forwarded at all.
    #[error("the request cannot be forwarded: {0}")]
    Request(&'static str),
    /// The body is larger than the listener allows.
    #[error("the request's body is too large")]
    TooLarge,
    /// The client went away, or stopped sending its body.
    #[error("the client broke off")]
    Client,
    /// The upstream's name has no address.
    #[error("the upstream's name cannot be resolved: {0}")]
    Name(String),
    /// Nobody accepts connections.
    #[error("the upstream cannot be reached: {0}")]
    Unreachable(String),
    /// A connection takes too long.
    #[error("the upstream does not accept the connection in time")]
    ConnectTimeout,
    /// The certificate is not from an authority this machine knows, or not for that name.
    #[error("the upstream's certificate is not trusted: {0}")]
    Untrusted(String),
    /// The upstream does not speak TLS, or none that we do.
    #[error("TLS with the upstream failed: {0}")]
    Tls(String),
    /// This machine knows no certificate authorities.
    #[error("no certificate authorities: {0}")]
    NoRoots(#[source] rustls::Error),
    /// There is a connection but no answer.
    #[error("the upstream does not answer in time")]
    HeadTimeout,
    /// The connection ended before the answer.
    #[error("the upstream closed the connection without an answer: {0}")]
    BrokenOff(String),
    /// The answer is not HTTP.
    #[error("the upstream's answer is not HTTP: {0}")]
    NotHttp(String),
    /// The upstream changed to a protocol nobody asked for.
    #[error("the upstream changed the protocol unasked")]
    UnaskedUpgrade,
}

impl Fault {
    pub(crate) fn of(error: &legacy::Error) -> Self {
        if let Some(cause) = find::<NoConnection>(error) {
            return Self::of_connection(cause);
        }
        if find::<LengthLimitError>(error).is_some() {
            return Self::TooLarge;
        }
        let text = innermost(error);
        match find::<hyper::Error>(error) {
            Some(cause) if cause.is_user() || cause.is_body_write_aborted() => Self::Client,
            Some(cause) if cause.is_parse() => Self::NotHttp(text),
            _ => Self::BrokenOff(text),
        }
    }

    fn of_connection(cause: &NoConnection) -> Self {
        match cause {
            NoConnection::Name(error) => Self::Name(error.to_string()),
            NoConnection::Tcp(error) => Self::Unreachable(reason(error)),
            NoConnection::TcpTimeout | NoConnection::TlsTimeout => Self::ConnectTimeout,
            NoConnection::Tls(error) => match find::<rustls::Error>(error) {
                Some(rustls::Error::InvalidCertificate(why)) => Self::Untrusted(why.to_string()),
                Some(other) => Self::Tls(other.to_string()),
                None => Self::Tls(error.to_string()),
            },
        }
    }

    /// Whether the request may have met a connection that was already closing.
    pub(crate) fn is_stale_connection(&self) -> bool {
        matches!(self, Self::BrokenOff(_))
    }

    /// One line where somebody looks for it; what the client did is no news.
    pub(crate) fn log(&self, target: &Target) {
        match self {
            Self::Request(_) | Self::TooLarge | Self::Client => tracing::debug!(upstream = %target, "{self}"),
            _ => tracing::warn!(upstream = %target, "{self}"),
        }
    }

    /// Status of the answer.
    pub fn status(&self) -> StatusCode {
        match self {
            Self::Request(_) | Self::Client => StatusCode::BAD_REQUEST,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::ConnectTimeout | Self::HeadTimeout => StatusCode::GATEWAY_TIMEOUT,
            _ => StatusCode::BAD_GATEWAY,
        }
    }

    /// What happened, in a sentence for anybody: no addresses of the network behind.
    pub fn cause(&self) -> &'static str {
        match self {
            Self::Request(_) => "The request cannot be passed on.",
            Self::TooLarge => "The request is too large.",
            Self::Client => "The request broke off before it was complete.",
            Self::Name(_) => "The application's host name is not known.",
            Self::Unreachable(_) => "The application does not accept connections.",
            Self::ConnectTimeout => "The application does not accept the connection in time.",
            Self::Untrusted(_) | Self::NoRoots(_) => "The application's certificate is not trusted.",
            Self::Tls(_) => "No encrypted connection to the application is possible.",
            Self::HeadTimeout => "The application does not answer in time.",
            Self::BrokenOff(_) => "The application closed the connection without an answer.",
            Self::NotHttp(_) | Self::UnaskedUpgrade => "The application's answer cannot be understood.",
        }
    }

    /// What somebody who runs the application can do about it.
    pub fn remedy(&self) -> &'static str {
        match self {
            Self::Request(_) | Self::Client => "Go back and try again.",
            Self::TooLarge => "Send less at a time, or raise `web.max_body_size` in the settings.",
            Self::Name(_) => "Check the internal host of the proxy provider, and that its name resolves here.",
            Self::Unreachable(_) => {
                "Check that the application runs, and host and port of the proxy provider's internal host."
            }
            Self::ConnectTimeout => "Check that the application runs and that no firewall stands in between.",
            Self::Untrusted(_) => {
                "Install the certificate authority on this machine (or name it in SSL_CERT_FILE), use the name that is in \
                 the certificate as internal host, or switch off the provider's SSL validation."
            }
            Self::NoRoots(_) => {
                "Install the package ca-certificates or name a file of certificate authorities in SSL_CERT_FILE."
            }
            Self::Tls(_) => "Check whether the internal host should begin with http:// instead of https://.",
            Self::HeadTimeout => "Wait a moment and try again; look into the application's log if it stays so.",
            Self::BrokenOff(_) => {
                "Look into the application's log. If it expects encryption, the internal host must begin with https://."
            }
            Self::NotHttp(_) | Self::UnaskedUpgrade => "Check that the internal host's port is the one for HTTP.",
        }
    }
}

impl IntoResponse for Fault {
    /// A page of its own, without anything to load.
    fn into_response(self) -> Response {
        let (status, cause, remedy) = (self.status(), self.cause(), self.remedy());
        let title = format!("{} {}", status.as_u16(), status.canonical_reason().unwrap_or_default());
        let page = format!(
            "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
             <meta name=\"viewport\" content=\"width=device-width\"><title>{title}</title>\
             <style>:root{{color-scheme:light dark}}body{{font:1rem/1.5 system-ui,sans-serif;max-width:40rem;margin:15vh auto;\
             padding:0 1rem}}</style></head>\
             <body><h1>{cause}</h1><p>{remedy}</p><p><small>{title}</small></p></body></html>\n"
        );
        let mut response = Response::new(Body::from(page));
        *response.status_mut() = status;
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        let policy = HeaderValue::from_static("default-src 'none'; style-src 'unsafe-inline'");
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
        response
    }
}

/// The first error of a kind in a chain of causes. `io::Error` hides its cause from `source()` one level.
fn find<'a, T: Error + 'static>(error: &'a (dyn Error + 'static)) -> Option<&'a T> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref::<T>() {
            return Some(found);
        }
        let inner = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        next = match inner {
            Some(inner) => Some(inner),
            None => error.source(),
        };
    }
    None
}

fn innermost(error: &(dyn Error + 'static)) -> String {
    let mut last = error;
    while let Some(next) = last.source() {
        last = next;
    }
    last.to_string()
}

fn reason(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::ConnectionRefused => "connection refused".to_owned(),
        io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable => "no route to it".to_owned(),
        _ => error.to_string(),
    }
}
