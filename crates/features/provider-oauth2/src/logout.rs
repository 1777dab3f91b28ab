//! Telling clients that a session ended.
//!
//! For every client that wants to know, a row says that somebody logged in to it within a session. However the session ends
//! (logout, deletion, expiry, a new password), the database empties the row's reference to it; what is then left of the row
//! is what the client has to be told. Nothing is lost when the program ends in between.

mod backchannel;
mod frontchannel;

use directory::AuthenticatedSession;
use jiff::Timestamp;
use object::{Generated, Id, Object, Uuid};
use store::Write;

use crate::client::Client;
use crate::id_token;
use crate::provider::OAuth2Provider;

pub use backchannel::JOB;
pub use frontchannel::{FRONTCHANNEL, FrontchannelStage, before_logout};

/// A client that is told when a session ends.
#[derive(Debug, Clone, Object)]
#[object(
    model = "authentik_providers_oauth2.clientsession",
    table = "authentik_providers_oauth2_clientsession",
    verbose = "Client Session",
    plural = "Client Sessions",
    verbs = [],
    unaudited,
    no_blueprint
)]
pub struct ClientSession {
    #[field(key)]
    pub pk: Id<Self>,
    /// The client.
    #[field(cascade, index)]
    pub provider: Id<OAuth2Provider>,
    /// The session, while there is one.
    #[field(set_null, index)]
    pub session: Option<Id<AuthenticatedSession>>,
    /// What the client knows the user by.
    #[field(internal)]
    pub sub: String,
    /// What the client knows the session by.
    #[field(internal)]
    pub sid: String,
    /// What the client knows us by.
    #[field(internal)]
    pub iss: String,
    /// How often the client could not be told.
    #[field(internal, default_int = 0)]
    pub failures: i32,
    /// When the client is to be told next.
    #[field(internal, generated(Generated::Now))]
    pub due: Timestamp,
}

/// Remembers that the client has to be told, if it wants to be. One row for a client and a session.
pub fn remember(client: &Client, session: Option<Uuid>, sub: &str, iss: &str, now: Timestamp) -> Option<Write> {
    let session = session.filter(|_| !client.provider.logout_uri.is_empty())?;
    let row = ClientSession {
        pk: Id(Uuid::new_v5(&session, client.client_id().as_bytes())),
        provider: client.id(),
        session: Some(Id(session)),
        sub: sub.to_owned(),
        sid: id_token::session_id(session),
        iss: iss.to_owned(),
        failures: 0,
        due: now,
    };
    Some(Write::Upsert(row.to_record()))
}
