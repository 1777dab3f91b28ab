//! Sessions at sites, as they are kept: they survive a restart, and all servers on one database share them.
//!
//! However the login at the server ends (logout, deletion, expiry, a deactivated account), the database empties the
//! reference to it. A row without one is an ended session; it stays for a moment so that whoever asks sees it is over.

use directory::AuthenticatedSession;
use feature::{App, BoxFuture, Job, Problem};
use jiff::Timestamp;
use object::{Id, Object};
use store::{Filter, Op};

use crate::provider::ProxyProvider;

/// A session at a site.
#[derive(Debug, Clone, Object)]
#[object(
    model = "authentik_providers_proxy.proxysession",
    table = "authentik_providers_proxy_proxysession",
    verbose = "Proxy Session",
    plural = "Proxy Sessions",
    verbs = [],
    unaudited,
    no_blueprint
)]
pub struct ProxySession {
    #[field(key)]
    pub pk: Id<Self>,
    /// SHA-256 of what the cookie holds: who reads the database gets no sessions.
    #[field(internal, unique)]
    pub key_hash: String,
    /// The provider whose site it is at.
    #[field(cascade, index)]
    pub provider: Id<ProxyProvider>,
    /// The login that it ends with; nothing once it has ended.
    #[field(set_null, index)]
    pub session: Option<Id<AuthenticatedSession>>,
    /// Key of the user.
    #[field(internal, index)]
    pub user: i64,
    /// What is known of the person, with the token: sealed, as tokens let in.
    #[field(internal, secret)]
    pub login: String,
    /// When the session ends by itself.
    #[field(index)]
    pub expires: Timestamp,
}

pub const JOB: Job = Job { name: "proxy_sessions_expire", every: 60, run: expire };

/// Removes what is over.
fn expire(app: &App) -> BoxFuture<'_, Result<(), Problem>> {
    Box::pin(async move {
        let over = Filter::compare("expires", Op::Le, app.clock().now());
        let ended = Filter::IsNull { path: "session".into(), null: true };
        app.store().delete_where(ProxySession::model(), over.or(ended)).await?;
        Ok(())
    })
}
