//! The provider: what one OAuth client is allowed and how its tokens look.

mod check;
mod launch;
mod list;
pub mod operations;

use apps::{Provider, Source};
use keys::CertificateKeyPair;
use oauth2_wire::RedirectUri;
use object::{Choices, Generated, Id, Json, JsonShape, Object, Refs, Shape};
use serde::{Deserialize, Serialize};

pub use check::{check, extension};
pub use launch::url as launch_url;
pub use list::{PARAMETERS as LIST_PARAMETERS, listing};

/// Whether the client can keep a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Choices)]
#[choices(name = "ClientTypeEnum")]
pub enum ClientType {
    /// Confidential
    Confidential,
    /// Public
    Public,
}

/// How the client hears that a session ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Choices)]
#[choices(name = "OAuth2ProviderLogoutMethodEnum")]
pub enum LogoutMethod {
    /// Back-channel
    Backchannel,
    /// Front-channel
    Frontchannel,
}

/// What identifies a user towards the client.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Choices)]
#[choices(name = "SubModeEnum")]
pub enum SubMode {
    /// Based on the Hashed User ID
    HashedUserId,
    /// Based on user ID
    UserId,
    /// Based on user UUID
    UserUuid,
    /// Based on the username
    UserUsername,
    /// Based on the User's Email. This is recommended over the UPN method.
    UserEmail,
    /// Based on the User's UPN, only works if user has a 'upn' attribute set. Use this method only if you have different UPN and Mail domains.
    UserUpn,
}

/// What the issuer of tokens is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Choices)]
#[choices(name = "IssuerModeEnum")]
pub enum IssuerMode {
    /// Same identifier is used for all providers
    Global,
    /// Each provider has a different issuer, based on the application slug.
    PerProvider,
}

/// Where the client may be answered.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RedirectUris(pub Vec<RedirectUri>);

impl JsonShape for RedirectUris {
    const SHAPE: Shape = Shape::ArrayOf {
        name: "RedirectURI",
        schema: r##"{"type": "object", "required": ["matching_mode", "url"], "properties": {"matching_mode": {"$ref": "#/components/schemas/MatchingModeEnum"}, "url": {"type": "string"}}}"##,
    };
}

/// Lets people into an application by OAuth 2 and OpenID Connect.
#[derive(Debug, Clone, Object)]
#[object(
    model = "authentik_providers_oauth2.oauth2provider",
    table = "authentik_providers_oauth2_oauth2provider",
    path = "providers/oauth2",
    verbose = "OAuth2/OpenID Provider",
    plural = "OAuth2/OpenID Providers",
    component = "ak-provider-oauth2-form",
    api_name = "OAuth2Provider",
    filters = [
        "access_code_validity",
        "access_token_validity",
        "authorization_flow",
        "client_id",
        "client_type",
        "include_claims_in_id_token",
        "issuer_mode",
        "name",
        "property_mappings",
        "refresh_token_validity",
        "signing_key",
        "sub_mode"
    ],
    search = ["name"],
    ordering = ["name"],
    cached
)]
pub struct OAuth2Provider {
    pub base: Provider,
    /// Confidential clients run where nobody can read their secret; public ones (in a browser, on a phone) do not.
    #[field(default_text = "confidential", label = "Client Type")]
    pub client_type: ClientType,
    /// The name the client goes by.
    #[field(max = 255, unique, label = "Client ID", generated(Generated::Token(40)))]
    pub client_id: String,
    /// The secret of the client.
    #[field(max = 255, allow_blank, secret, label = "Client Secret", generated(Generated::Token(128)))]
    pub client_secret: String,
    /// How long an authorization code is good for, as in `minutes=1;seconds=30`.
    #[field(duration, default_text = "minutes=1")]
    pub access_code_validity: String,
    /// How long an access token is good for, as in `hours=1;minutes=30`.
    #[field(duration, default_text = "hours=1")]
    pub access_token_validity: String,
    /// How long a refresh token is good for, as in `days=30`.
    #[field(duration, default_text = "days=30")]
    pub refresh_token_validity: String,
    /// A refresh token that is good for less than this is replaced when it is used; `seconds=0` replaces it every time.
    #[field(duration, default_text = "seconds=0")]
    pub refresh_token_threshold: String,
    /// Put the user's claims into the ID token too, for clients that never ask the userinfo endpoint.
    #[field(default_bool = true, label = "Include claims in id_token")]
    pub include_claims_in_id_token: bool,
    /// The key that signs tokens. Without one they are signed with the client secret.
    #[field(set_null, label = "Signing Key")]
    pub signing_key: Option<Id<CertificateKeyPair>>,
    /// The key that tokens are encrypted to, if any.
    #[field(set_null, label = "Encryption Key")]
    pub encryption_key: Option<Id<CertificateKeyPair>>,
    /// Where the client may be answered. With none, the first address used is taken and kept.
    #[field(required)]
    pub redirect_uris: Json<RedirectUris>,
    /// The address that is told when a session ends.
    #[field(url, blank, label = "Logout URI")]
    pub logout_uri: String,
    /// Whether the address is told by the server or by the person's browser.
    #[field(default_text = "backchannel", label = "Logout Method")]
    pub logout_method: LogoutMethod,
    /// What identifies a user towards the client.
    #[field(default_text = "hashed_user_id")]
    pub sub_mode: SubMode,
    /// What the issuer of tokens is.
    #[field(default_text = "per_provider")]
    pub issuer_mode: IssuerMode,
    /// Sources whose signed tokens authenticate the client.
    #[field(label = "Any JWT signed by the JWK of the selected source can be used to authenticate.")]
    pub jwt_federation_sources: Refs<Source>,
    /// Providers whose signed tokens authenticate the client.
    pub jwt_federation_providers: Refs<Self>,
}
