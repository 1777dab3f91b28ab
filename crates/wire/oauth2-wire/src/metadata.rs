//! The discovery document (OpenID Connect Discovery §3, RFC 8414 §2).

use serde::{Deserialize, Serialize};

use crate::{GrantType, PkceMethod, ResponseMode, ResponseType};

/// The members authentik publishes, in its order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Discovery {
    pub issuer: String,
    pub authorization_endpoint: String,
    pub token_endpoint: String,
    pub userinfo_endpoint: String,
    pub end_session_endpoint: String,
    pub introspection_endpoint: String,
    pub revocation_endpoint: String,
    pub device_authorization_endpoint: String,
    pub backchannel_logout_supported: bool,
    pub backchannel_logout_session_supported: bool,
    pub response_types_supported: Vec<ResponseType>,
    pub response_modes_supported: Vec<ResponseMode>,
    pub jwks_uri: String,
    pub grant_types_supported: Vec<GrantType>,
    pub id_token_signing_alg_values_supported: Vec<String>,
    /// Only with an encryption key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id_token_encryption_alg_values_supported: Option<Vec<String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id_token_encryption_enc_values_supported: Option<Vec<String>>,
    pub subject_types_supported: Vec<String>,
    pub token_endpoint_auth_methods_supported: Vec<String>,
    pub acr_values_supported: Vec<String>,
    pub scopes_supported: Vec<String>,
    pub request_parameter_supported: bool,
    pub claims_supported: Vec<String>,
    pub claims_parameter_supported: bool,
    pub code_challenge_methods_supported: Vec<PkceMethod>,
}

impl Discovery {
    /// Grants every provider offers, in authentik's order.
    pub const GRANT_TYPES: [GrantType; 6] = [
        GrantType::AuthorizationCode,
        GrantType::RefreshToken,
        GrantType::Implicit,
        GrantType::ClientCredentials,
        GrantType::Password,
        GrantType::DeviceCode,
    ];

    /// Client authentication every provider takes, in authentik's order.
    pub const AUTH_METHODS: [&'static str; 2] = ["client_secret_post", "client_secret_basic"];

    /// Claims every ID token can have; a provider adds those of its scope mappings.
    pub const CLAIMS: [&'static str; 9] = ["sub", "iss", "aud", "exp", "iat", "auth_time", "acr", "amr", "nonce"];
}

#[cfg(test)]
mod tests {
    //! Tests against a recorded document.

    use super::*;

    #[test]
    fn the_recorded_document_is_written_as_it_was_read() {
        let recorded = include_str!("metadata/recorded.json").trim();
        let document: Discovery = serde_json::from_str(recorded).unwrap();
        assert_eq!(serde_json::to_string_pretty(&document).unwrap(), recorded);
        assert_eq!(document.grant_types_supported, Discovery::GRANT_TYPES);
        assert_eq!(document.response_types_supported, ResponseType::ALL);
        assert_eq!(document.response_modes_supported, ResponseMode::ALL);
        assert_eq!(document.code_challenge_methods_supported, PkceMethod::ALL);
        assert_eq!(document.token_endpoint_auth_methods_supported, Discovery::AUTH_METHODS);
        assert_eq!(document.claims_supported[..9], Discovery::CLAIMS);
    }
}
