//! Registered names and the constants authentik clients rely on.

/// `client_assertion_type` of a JWT (RFC 7523 §2.2).
pub const CLIENT_ASSERTION_TYPE_JWT: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// `token_type` of every token issued (RFC 6750 §6.1.1).
pub const TOKEN_TYPE_BEARER: &str = "Bearer";

/// The `acr` of ID tokens, and the only one in `acr_values_supported`.
pub const ACR_DEFAULT: &str = "goauthentik.io/providers/oauth2/default";

pub const SCOPE_OPENID: &str = "openid";
pub const SCOPE_PROFILE: &str = "profile";
pub const SCOPE_EMAIL: &str = "email";
pub const SCOPE_OFFLINE_ACCESS: &str = "offline_access";
/// Makes the access token usable with the REST API.
pub const SCOPE_API: &str = "goauthentik.io/api";

/// Scopes of the GitHub look-alike endpoints.
pub const SCOPES_GITHUB: [&str; 4] = ["user", "read:user", "user:email", "read:org"];

/// `amr` values (RFC 8176 §2).
pub const AMR_PASSWORD: &str = "pwd";
pub const AMR_MFA: &str = "mfa";
pub const AMR_OTP: &str = "otp";
pub const AMR_WEBAUTHN: &str = "user";
pub const AMR_SMART_CARD: &str = "sc";

/// Claim with the events of a logout token (OpenID Connect Back-Channel Logout §2.4).
pub const EVENT_BACKCHANNEL_LOGOUT: &str = "http://schemas.openid.net/event/backchannel-logout";
/// `typ` header of a logout token.
pub const TYP_LOGOUT: &str = "logout+jwt";

/// Token types of token exchange (RFC 8693 §3).
pub const TOKEN_TYPE_ACCESS: &str = "urn:ietf:params:oauth:token-type:access_token";
pub const TOKEN_TYPE_REFRESH: &str = "urn:ietf:params:oauth:token-type:refresh_token";
pub const TOKEN_TYPE_ID: &str = "urn:ietf:params:oauth:token-type:id_token";
pub const TOKEN_TYPE_JWT: &str = "urn:ietf:params:oauth:token-type:jwt";
