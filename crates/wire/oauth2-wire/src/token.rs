//! The token endpoint's request and response (RFC 6749 §3.2, §5.1), and the responses of its
//! neighbours: introspection (RFC 7662) and device authorization (RFC 8628).

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{Params, ScopeSet};

/// `grant_type`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum GrantType {
    #[serde(rename = "authorization_code")]
    AuthorizationCode,
    #[serde(rename = "refresh_token")]
    RefreshToken,
    #[serde(rename = "implicit")]
    Implicit,
    #[serde(rename = "client_credentials")]
    ClientCredentials,
    #[serde(rename = "password")]
    Password,
    /// RFC 8628 §3.4
    #[serde(rename = "urn:ietf:params:oauth:grant-type:device_code")]
    DeviceCode,
    /// RFC 8693 §2.1
    #[serde(rename = "urn:ietf:params:oauth:grant-type:token-exchange")]
    TokenExchange,
    /// RFC 7523 §2.1
    #[serde(rename = "urn:ietf:params:oauth:grant-type:jwt-bearer")]
    JwtBearer,
}

impl GrantType {
    pub const ALL: [Self; 8] = [
        Self::AuthorizationCode,
        Self::RefreshToken,
        Self::Implicit,
        Self::ClientCredentials,
        Self::Password,
        Self::DeviceCode,
        Self::TokenExchange,
        Self::JwtBearer,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::AuthorizationCode => "authorization_code",
            Self::RefreshToken => "refresh_token",
            Self::Implicit => "implicit",
            Self::ClientCredentials => "client_credentials",
            Self::Password => "password",
            Self::DeviceCode => "urn:ietf:params:oauth:grant-type:device_code",
            Self::TokenExchange => "urn:ietf:params:oauth:grant-type:token-exchange",
            Self::JwtBearer => "urn:ietf:params:oauth:grant-type:jwt-bearer",
        }
    }
}

impl FromStr for GrantType {
    type Err = ();

    fn from_str(name: &str) -> Result<Self, ()> {
        Self::ALL.into_iter().find(|grant| grant.as_str() == name).ok_or(())
    }
}

impl fmt::Display for GrantType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The parameters of all grants; each grant looks at its own. Client credentials are apart, in
/// [`ClientAuth`](crate::ClientAuth). Most values are secret, so `Debug` shows the grant only.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct TokenRequest {
    /// `None` when missing or unknown: `unsupported_grant_type`.
    pub grant_type: Option<GrantType>,
    pub scope: ScopeSet,
    pub code: Option<String>,
    pub redirect_uri: Option<String>,
    pub code_verifier: Option<String>,
    pub refresh_token: Option<String>,
    pub username: Option<String>,
    pub password: Option<String>,
    pub device_code: Option<String>,
    pub client_assertion_type: Option<String>,
    pub client_assertion: Option<String>,
    /// The JWT of the grant `jwt-bearer`.
    pub assertion: Option<String>,
    pub exchange: TokenExchange,
}

/// The parameters of token exchange (RFC 8693 §2.1).
#[derive(Clone, Default, PartialEq, Eq)]
pub struct TokenExchange {
    pub subject_token: Option<String>,
    pub subject_token_type: Option<String>,
    pub actor_token: Option<String>,
    pub actor_token_type: Option<String>,
    pub requested_token_type: Option<String>,
    pub resource: Vec<String>,
    pub audience: Vec<String>,
}

impl TokenRequest {
    /// Parameters that may come more than once (RFC 8693 §2.1).
    pub const REPEATABLE: [&'static str; 2] = ["resource", "audience"];

    pub fn parse(params: &Params) -> Self {
        let all = |name: &str| params.all(name).map(str::to_owned).collect();
        Self {
            grant_type: params.get("grant_type").and_then(|name| name.parse().ok()),
            scope: ScopeSet::parse(params.get("scope").unwrap_or_default()),
            code: params.get_owned("code"),
            redirect_uri: params.get_owned("redirect_uri"),
            code_verifier: params.get_owned("code_verifier"),
            refresh_token: params.get_owned("refresh_token"),
            username: params.get_owned("username"),
            password: params.get_owned("password"),
            device_code: params.get_owned("device_code"),
            client_assertion_type: params.get_owned("client_assertion_type"),
            client_assertion: params.get_owned("client_assertion"),
            assertion: params.get_owned("assertion"),
            exchange: TokenExchange {
                subject_token: params.get_owned("subject_token"),
                subject_token_type: params.get_owned("subject_token_type"),
                actor_token: params.get_owned("actor_token"),
                actor_token_type: params.get_owned("actor_token_type"),
                requested_token_type: params.get_owned("requested_token_type"),
                resource: all("resource"),
                audience: all("audience"),
            },
        }
    }
}

impl fmt::Debug for TokenRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenRequest")
            .field("grant_type", &self.grant_type)
            .field("scope", &self.scope)
            .finish_non_exhaustive()
    }
}

/// The tokens, in the order authentik writes them. No `Debug`: it holds nothing but secrets.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenResponse {
    pub access_token: String,
    pub token_type: String,
    #[serde(default)]
    pub scope: ScopeSet,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_in: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id_token: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refresh_token: Option<String>,
    /// Token exchange only (RFC 8693 §2.2.1).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issued_token_type: Option<String>,
}

/// The answer of introspection (RFC 7662 §2.2).
#[derive(Clone, Debug, PartialEq)]
pub enum Introspection {
    /// COMPAT: all claims of the token's ID token first, then these three.
    Active { claims: Map<String, Value>, scope: ScopeSet, client_id: String },
    /// Whatever the reason: the client learns nothing more.
    Inactive,
}

impl Serialize for Introspection {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut json = Map::new();
        match self {
            Self::Active { claims, scope, client_id } => {
                json.clone_from(claims);
                for own in ["active", "scope", "client_id"] {
                    json.shift_remove(own);
                }
                json.insert("active".to_owned(), Value::Bool(true));
                json.insert("scope".to_owned(), Value::String(scope.to_string()));
                json.insert("client_id".to_owned(), Value::String(client_id.clone()));
            }
            Self::Inactive => {
                json.insert("active".to_owned(), Value::Bool(false));
            }
        }
        json.serialize(serializer)
    }
}

/// The answer of the device authorization endpoint (RFC 8628 §3.2), in authentik's order.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceAuthorizationResponse {
    pub device_code: String,
    pub verification_uri: String,
    pub verification_uri_complete: String,
    pub user_code: String,
    pub expires_in: i64,
    pub interval: u64,
}

#[cfg(test)]
mod tests;
