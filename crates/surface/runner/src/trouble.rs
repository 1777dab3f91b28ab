//! What can be wrong between an outpost and its server, each with what to do about it.

use std::error::Error;

use http::StatusCode;

/// Why the outpost does not get what it needs. The texts are for whoever runs it.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Trouble {
    #[error("no server is named: set AUTHENTIK_HOST to the address of the server, such as https://id.example.com")]
    NoHost,
    #[error(
        "AUTHENTIK_HOST is {0}, where nothing can be reached: set it to the address of the server, such as https://id.example.com"
    )]
    BadHost(String),
    #[error(
        "no token is set: set AUTHENTIK_TOKEN to the outpost's token, which \
         `GET /api/v3/core/tokens/<token_identifier>/view_key/` of the server shows"
    )]
    NoToken,
    #[error("{0}")]
    Listen(String),
    #[error(
        "the HTTP client cannot be set up: {0}; is there a list of certificate authorities (package ca-certificates, or SSL_CERT_FILE)?"
    )]
    Client(String),
    #[error(
        "the certificate of {host} is not trusted: {why}. Name its authority in SSL_CERT_FILE, use the host name that is in \
         the certificate as AUTHENTIK_HOST, or set AUTHENTIK_INSECURE=true to accept any certificate"
    )]
    Untrusted { host: String, why: String },
    #[error(
        "the server at {host} cannot be reached: {why}. Check AUTHENTIK_HOST, and that the server runs and can be reached \
         from here"
    )]
    Unreachable { host: String, why: String },
    #[error(
        "the server at {host} does not accept the token ({status}). Set AUTHENTIK_TOKEN to the outpost's token, which \
         `GET /api/v3/core/tokens/<token_identifier>/view_key/` of the server shows"
    )]
    Token { host: String, status: u16 },
    #[error(
        "{address} answered {what} instead of what the API of authentik answers. Check that AUTHENTIK_HOST is the address \
         of the server, with its path if it has one, and that no proxy in between asks for a login"
    )]
    NotTheServer { address: String, what: String },
    #[error("the server at {host} cannot answer now ({status})")]
    Later { host: String, status: u16 },
    #[error(
        "the token sees no outpost. Use the token of an outpost: `GET /api/v3/outposts/instances/` of the server names its \
         token_identifier, `GET /api/v3/core/tokens/<token_identifier>/view_key/` shows it"
    )]
    NoOutpost,
    #[error(
        "the token belongs to the outpost {name:?} of type {kind:?}; `keywright outpost proxy` serves outposts of type \"proxy\""
    )]
    WrongType { name: String, kind: String },
}

impl Trouble {
    /// What a failed request means.
    pub(crate) fn of(host: &str, error: &reqwest::Error) -> Self {
        let host = host.to_owned();
        let why = chain(error);
        if why.contains("certificate") { Self::Untrusted { host, why } } else { Self::Unreachable { host, why } }
    }

    /// What a refusal means.
    pub(crate) fn of_status(host: &str, address: &str, status: StatusCode) -> Self {
        let host = host.to_owned();
        match status.as_u16() {
            status @ (401 | 403) => Self::Token { host, status },
            status @ (429 | 500..) => Self::Later { host, status },
            status => Self::NotTheServer { address: address.to_owned(), what: format!("with status {status}") },
        }
    }

    /// Whether the server is away, rather than unwilling.
    pub(crate) fn is_absence(&self) -> bool {
        matches!(self, Self::Unreachable { .. } | Self::Later { .. } | Self::Untrusted { .. })
    }
}

/// The innermost causes, which say more than the outer ones.
fn chain(error: &(dyn Error + 'static)) -> String {
    let mut causes = Vec::new();
    let mut next = error.source();
    while let Some(cause) = next {
        causes.push(cause.to_string());
        next = cause.source();
    }
    causes.pop().unwrap_or_else(|| error.to_string())
}
