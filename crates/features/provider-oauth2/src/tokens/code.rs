//! Authorization codes.

use directory::{AuthenticatedSession, User};
use jiff::Timestamp;
use object::{Id, Object, Uuid};
use serde_json::{Map, Value as Json};

use crate::provider::OAuth2Provider;

/// What a client redeems for tokens, once.
#[derive(Debug, Clone, Object)]
#[object(
    model = "authentik_providers_oauth2.authorizationcode",
    table = "authentik_providers_oauth2_authorizationcode",
    path = "oauth2/authorization_codes",
    verbose = "Authorization Code",
    plural = "Authorization Codes",
    api_name = "ExpiringBaseGrantModel",
    filters = ["user", "provider"],
    search = ["user__username"],
    ordering = ["provider", "expires"],
    verbs = ["list", "retrieve", "destroy", "used_by"],
    expires,
    unaudited,
    no_blueprint
)]
pub struct AuthorizationCode {
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
    /// Redeemed. Kept for a while, so that a second try is recognised.
    #[field(internal)]
    pub used: bool,
    /// SHA-256 of the code.
    #[field(internal, secret, unique)]
    pub code_hash: String,
    /// The grant that begins with it.
    #[field(internal, index)]
    pub family: Uuid,
    /// The redirect URI that was used.
    #[field(internal, default_text = "")]
    pub redirect_uri: String,
    /// The nonce of the request.
    #[field(internal)]
    pub nonce: Option<String>,
    /// The PKCE challenge, and how it was made.
    #[field(internal)]
    pub code_challenge: Option<String>,
    #[field(internal)]
    pub code_challenge_method: Option<String>,
    /// What was asked for by the `claims` parameter, and other particulars of the request.
    #[field(internal)]
    pub request: Map<String, Json>,
    /// How the user authenticated (`amr`).
    #[field(internal)]
    pub amr: Vec<String>,
    /// When the user authenticated.
    #[field(internal)]
    pub auth_time: Timestamp,
    /// The session it ends with.
    #[field(internal, cascade, index)]
    pub session: Option<Id<AuthenticatedSession>>,
}
