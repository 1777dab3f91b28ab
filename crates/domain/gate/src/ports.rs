//! What the gate needs from outside: somewhere to keep sessions, and somebody who says who people are.
//!
//! Two sets of implementations exist: the server's own, which reads its store and calls its OAuth provider in process, and
//! the outpost's, which speaks HTTP with a server elsewhere.

use std::sync::Arc;

use clock::{Timestamp, Uuid};
use futures::future::BoxFuture;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};

use crate::asked::Asked;
use crate::session::{Session, SessionKey};
use crate::site::{Addresses, Site};

/// What a login says of a person: the claims of the token, as upstream's outpost reads them.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Claims {
    pub sub: String,
    pub exp: i64,
    pub email: String,
    pub email_verified: bool,
    pub name: String,
    pub preferred_username: String,
    pub groups: Vec<String>,
    pub entitlements: Vec<String>,
    pub sid: String,
    pub ak_proxy: ProxyClaims,
}

impl Claims {
    /// # Errors
    /// A claim is of another type than it should be.
    pub fn read(json: Json) -> Result<Self, Fault> {
        serde_json::from_value(json).map_err(|error| Fault::Refused(format!("the claims are not readable: {error}")))
    }
}

/// What the scope `ak_proxy` tells.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ProxyClaims {
    pub user_attributes: Map<String, Json>,
    pub is_superuser: bool,
    /// Where this person's requests go instead of the provider's internal host.
    pub backend_override: String,
    /// The `Host` that the application behind sees.
    pub host_header: String,
}

/// A person who was let in.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Login {
    pub claims: Claims,
    /// The token as the application gets it (`X-authentik-jwt`).
    pub token: String,
    /// When the token ends.
    pub expires: Timestamp,
    /// The user's key, where it is known.
    pub user: Option<i64>,
    /// The login at the identity provider that this one ends with.
    pub session: Option<Uuid>,
    /// For credentials in a header: seconds for which the answer may be remembered.
    pub good_for: u32,
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// The credentials, the code or the session are no good. For the log.
    #[error("{0}")]
    Refused(String),
    /// Something that is needed cannot be reached now.
    #[error("{0}")]
    Unavailable(String),
    /// Something has to be set up first; the text says what.
    #[error("{0}")]
    Misconfigured(String),
}

/// What is awaited of a port.
pub type Awaited<'a, T> = BoxFuture<'a, Result<T, Fault>>;

/// What becomes of a session that is looked at again.
#[derive(Debug, Clone)]
pub enum Review {
    /// It goes on as it is.
    Stands,
    /// It goes on, and something else is said of the person now.
    Renewed(Box<Login>),
    Ended,
}

/// Where sessions are kept beyond this process's memory, and what makes them end. Whoever implements it also holds the
/// [`Memory`](crate::Memory) that the gate was made with, and takes sessions out of it as it hears of their end.
pub trait Sessions: Send + Sync + 'static {
    /// Whether the memory can be relied on: news of what ended come in. While not, every check is reviewed. Asked on every
    /// check, before what is remembered counts; must not wait for anything slow. What had ended when it was called must be
    /// out of the memory, or in doubt there, when it returns.
    fn is_current(&self) -> bool;
    /// Counts up with the configuration: decisions are made again when it changes.
    fn version(&self) -> u64;
    /// Whether a session that was once let in still may be: it has not ended, and the configuration of now lets it in. One
    /// from credentials in a header is asked about every second, as nobody tells when those end. An error makes the check
    /// fail closed.
    fn review<'a>(&'a self, site: &'a Site, session: &'a Session, asked: &'a Asked) -> Awaited<'a, Review>;
    /// A session that is not in memory.
    fn load<'a>(&'a self, site: &'a Site, key: &'a SessionKey) -> Awaited<'a, Option<Login>>;
    /// Keeps a new session. It must be durable when this returns.
    fn keep<'a>(&'a self, site: &'a Site, key: &'a SessionKey, login: &'a Login) -> Awaited<'a, ()>;
    /// Ends a session, or with `everywhere` all sessions of its user at all sites: wherever they are kept, and in the
    /// [`Memory`](crate::Memory) of every process.
    fn end<'a>(&'a self, session: &'a Session, everywhere: bool) -> Awaited<'a, ()>;
}

/// What a code is redeemed with.
#[derive(Debug, Clone, Copy)]
pub struct Redeem<'a> {
    pub code: &'a str,
    /// PKCE (RFC 7636).
    pub verifier: &'a str,
    pub redirect_uri: &'a str,
}

/// What a program sends in an `Authorization` header.
#[derive(Debug, Clone, Copy)]
pub struct Basic<'a> {
    pub username: &'a str,
    /// An app password.
    pub password: &'a str,
}

/// The identity provider of the sites.
pub trait Issuer: Send + Sync + 'static {
    /// Its addresses, as browsers reach them.
    ///
    /// # Errors
    /// Nobody said under which address people reach the server; the text says what to set.
    fn addresses(&self, site: &Site, asked: &Asked) -> Result<Arc<Addresses>, Fault>;
    /// Exchanges a code for a login. Whoever is redirected with a code has passed the provider's policies; they are
    /// checked again.
    fn redeem<'a>(&'a self, site: &'a Site, redeem: Redeem<'a>, asked: &'a Asked) -> Awaited<'a, Login>;
    /// A token out of an `Authorization` header: one of the provider's own, or of a provider it trusts. `None` when it is
    /// neither.
    fn bearer<'a>(&'a self, site: &'a Site, token: &'a str, asked: &'a Asked) -> Awaited<'a, Option<Login>>;
    /// User name and app password out of an `Authorization` header.
    fn basic<'a>(&'a self, site: &'a Site, given: Basic<'a>, asked: &'a Asked) -> Awaited<'a, Option<Login>>;
    /// Called when somebody is told that the set-up is wrong, so that those who run the server hear of it too.
    fn report(&self, site: Option<&Site>, message: &str) {
        tracing::error!(provider = site.map(|s| s.config.name.as_str()), "{message}");
    }
}
