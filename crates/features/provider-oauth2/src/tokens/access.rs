//! Access tokens.

use directory::{AuthenticatedSession, User};
use jiff::Timestamp;
use object::{Id, Object, Uuid};
use serde_json::{Map, Value as Json};

use crate::provider::OAuth2Provider;

/// A token that a client calls interfaces with on behalf of a user.
#[derive(Debug, Clone, Object)]
#[object(
    model = "authentik_providers_oauth2.accesstoken",
    table = "authentik_providers_oauth2_accesstoken",
    path = "oauth2/access_tokens",
    verbose = "OAuth2 Access Token",
    plural = "OAuth2 Access Tokens",
    api_name = "TokenModel",
    remembered,
    filters = ["user", "provider"],
    search = ["user__username"],
    ordering = ["provider", "expires"],
    verbs = ["list", "retrieve", "destroy", "used_by"],
    expires,
    unaudited,
    no_blueprint
)]
pub struct AccessToken {
    #[field(key, counted, label = "ID")]
    pub pk: Id<Self>,
    /// Who issued it.
    #[field(cascade, index)]
    pub provider: Id<OAuth2Provider>,
    /// For whom it speaks.
    #[field(cascade, index)]
    pub user: Id<User>,
    /// When it stops to be good.
    #[field(index)]
    pub expires: Option<Timestamp>,
    /// Whether it stops to be good at all.
    #[field(internal, default_bool = true)]
    pub expiring: bool,
    /// What it is good for.
    pub scope: Vec<String>,
    /// The claims of the ID token that belongs to it.
    #[field(internal)]
    pub id_token: Map<String, Json>,
    /// Ended before its time.
    pub revoked: bool,
    /// SHA-256 of the token.
    #[field(internal, secret, unique)]
    pub token_hash: String,
    /// The grant it descends from.
    #[field(internal, index)]
    pub family: Uuid,
    /// When the user authenticated.
    #[field(internal)]
    pub auth_time: Timestamp,
    /// The session it ends with.
    #[field(internal, cascade, index)]
    pub session: Option<Id<AuthenticatedSession>>,
    /// The agent that acts for the user, if any.
    #[field(internal, cascade, index)]
    pub actor: Option<Id<User>>,
}
