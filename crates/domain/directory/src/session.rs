//! Web sessions, and the logins that people see and end.

pub(crate) mod agent;
pub(crate) mod computed;
pub(crate) mod cookie;
mod device;
mod layer;
mod login;
mod web;

use feature::Problem;
use jiff::Timestamp;
use object::{Generated, Id, Object};
use serde_json::{Map, Value as Json};
use store::{Filter, Store};

use crate::user::User;

pub use layer::sessions;
pub use login::{LoggedIn, Login};
pub use web::{CSRF_HEADER, LazySession, WebSession};

/// What the server keeps about one browser.
#[derive(Debug, Clone, Object)]
#[object(
    model = "authentik_core.session",
    table = "authentik_core_session",
    verbose = "Session",
    plural = "Sessions",
    verbs = [],
    unaudited,
    no_blueprint
)]
pub struct Session {
    #[field(key)]
    pub pk: Id<Self>,
    /// SHA-256 of the key that the cookie holds: who reads the database gets no sessions.
    #[field(internal, unique)]
    pub key_hash: String,
    /// Who is logged in; the session goes with the user.
    #[field(cascade)]
    pub user: Option<Id<User>>,
    /// What the parts of the program remember about the browser.
    #[field(internal, secret)]
    pub data: Map<String, Json>,
    /// When the session ends.
    #[field(index)]
    pub expires: Timestamp,
    /// Whether the session ends at all.
    #[field(internal, default_bool = true)]
    pub expiring: bool,
    /// When the browser was last heard of.
    #[field(generated(Generated::Now))]
    pub last_used: Timestamp,
    /// The address it was last heard of from.
    #[field(blank)]
    pub last_ip: String,
    /// What the browser calls itself.
    #[field(blank)]
    pub last_user_agent: String,
}

/// A login on one browser.
#[derive(Debug, Clone, Object)]
#[object(
    model = "authentik_core.authenticatedsession",
    table = "authentik_core_authenticatedsession",
    path = "core/authenticated_sessions",
    verbose = "Authenticated Session",
    plural = "Authenticated Sessions",
    filters = ["session__last_ip", "session__last_user_agent", "user__username"],
    search = ["user__username", "session__last_ip", "session__last_user_agent"],
    ordering = ["user__username"],
    verbs = ["list", "retrieve", "destroy", "used_by"],
    unaudited,
    no_blueprint
)]
pub struct AuthenticatedSession {
    #[field(key, wire = "uuid")]
    pub pk: Id<Self>,
    /// The web session.
    #[field(internal, index)]
    pub session: Id<Session>,
    /// Who is logged in.
    #[field(read_only)]
    pub user: Id<User>,
}

/// Ends all sessions of a user, but for one.
pub async fn end_all(store: &Store, user: Id<User>, keep: Option<Id<Session>>) -> Result<(), Problem> {
    let mut filter = Filter::eq("user", user);
    let mut logins = filter.clone();
    if let Some(keep) = keep {
        filter = filter.and(Filter::eq("pk", keep).negate());
        logins = logins.and(Filter::eq("session", keep).negate());
    }
    crate::news::announce_ends(store, logins).await?;
    store.delete_where(Session::model(), filter).await?;
    crate::news::announce(store, user.0).await
}
