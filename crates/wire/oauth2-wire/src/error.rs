//! Error codes with the sentences clients of authentik get to see.
//!
//! COMPAT: the sentences are authentik's, word for word where a client can show or compare them.

use std::borrow::Cow;

use serde::Serialize;

/// An error response: code, sentence and the id of the request (RFC 6749 §5.2).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Error {
    pub error: Cow<'static, str>,
    pub error_description: Cow<'static, str>,
    /// COMPAT: authentik adds the id of the request to JSON errors.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
}

impl Error {
    pub fn new(error: &'static str, description: impl Into<Cow<'static, str>>) -> Self {
        Self { error: error.into(), error_description: description.into(), request_id: None }
    }

    pub fn with_request_id(mut self, id: impl Into<String>) -> Self {
        self.request_id = Some(id.into());
        self
    }
}

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.error, self.error_description)
    }
}

impl std::error::Error for Error {}

/// One enum per table of errors: variant, wire code, sentence.
macro_rules! codes {
    ($(#[$doc:meta])* $name:ident { $($variant:ident = $code:literal, $text:literal;)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum $name {
            $($variant,)*
        }

        impl $name {
            /// The `error` code.
            pub fn code(self) -> &'static str {
                match self {
                    $(Self::$variant => $code,)*
                }
            }

            /// The `error_description`.
            pub fn description(self) -> &'static str {
                match self {
                    $(Self::$variant => $text,)*
                }
            }
        }

        impl From<$name> for Error {
            fn from(code: $name) -> Self {
                Self::new(code.code(), code.description())
            }
        }
    };
}

codes! {
    /// Errors of the authorization endpoint, sent to the redirect URI (RFC 6749 §4.1.2.1, OpenID
    /// Connect Core §3.1.2.6).
    AuthorizeError {
        InvalidRequest = "invalid_request", "The request is otherwise malformed";
        UnauthorizedClient = "unauthorized_client", "The client is not authorized to request an authorization code using this method";
        AccessDenied = "access_denied", "The resource owner or authorization server denied the request";
        UnsupportedResponseType = "unsupported_response_type", "The authorization server does not support obtaining an authorization code using this method";
        InvalidScope = "invalid_scope", "The requested scope is invalid, unknown, or malformed";
        ServerError = "server_error", "The authorization server encountered an error";
        TemporarilyUnavailable = "temporarily_unavailable", "The authorization server is currently unable to handle the request due to a temporary overloading or maintenance of the server";
        InteractionRequired = "interaction_required", "The Authorization Server requires End-User interaction of some form to proceed";
        LoginRequired = "login_required", "The Authorization Server requires End-User authentication";
        AccountSelectionRequired = "account_selection_required", "The End-User is required to select a session at the Authorization Server";
        ConsentRequired = "consent_required", "The Authorization Server requires End-User consent";
        InvalidRequestUri = "invalid_request_uri", "The request_uri in the Authorization Request returns an error or contains invalid data";
        InvalidRequestObject = "invalid_request_object", "The request parameter contains an invalid Request Object";
        RequestNotSupported = "request_not_supported", "The provider does not support use of the request parameter";
        RequestUriNotSupported = "request_uri_not_supported", "The provider does not support use of the request_uri parameter";
        RegistrationNotSupported = "registration_not_supported", "The provider does not support use of the registration parameter";
    }
}

codes! {
    /// Errors of the token endpoint (RFC 6749 §5.2).
    TokenError {
        InvalidRequest = "invalid_request", "The request is otherwise malformed";
        InvalidClient = "invalid_client", "Client authentication failed (e.g., unknown client, no client authentication included, or unsupported authentication method)";
        InvalidGrant = "invalid_grant", "The provided authorization grant or refresh token is invalid, expired, revoked, does not match the redirection URI used in the authorization request, or was issued to another client";
        UnauthorizedClient = "unauthorized_client", "The authenticated client is not authorized to use this authorization grant type";
        UnsupportedGrantType = "unsupported_grant_type", "The authorization grant type is not supported by the authorization server";
        InvalidScope = "invalid_scope", "The requested scope is invalid, unknown, malformed, or exceeds the scope granted by the resource owner";
    }
}

impl TokenError {
    /// The HTTP status at the token and device endpoints.
    ///
    /// COMPAT: authentik answers 400 even to `invalid_client` (recorded), where RFC 6749 §5.2 allows
    /// 401 and demands it when the client used the `Authorization` header.
    pub fn status(self) -> u16 {
        400
    }
}

codes! {
    /// Errors of the revocation endpoint (RFC 7009 §2.2.1).
    RevocationError {
        InvalidRequest = "invalid_request", "The request is otherwise malformed";
        InvalidClient = "invalid_client", "Client authentication failed (e.g., unknown client, no client authentication included, or unsupported authentication method)";
        UnsupportedTokenType = "unsupported_token_type", "The authorization server does not support the revocation of the presented token type.  That is, the client tried to revoke an access token on a server notsupporting this feature.";
    }
}

impl RevocationError {
    /// Recorded: 401 for a client that is not authenticated.
    pub fn status(self) -> u16 {
        match self {
            Self::InvalidClient => 401,
            Self::InvalidRequest | Self::UnsupportedTokenType => 400,
        }
    }
}

codes! {
    /// Errors while a client polls for a device code (RFC 8628 §3.5).
    DeviceError {
        AuthorizationPending = "authorization_pending", "The authorization request is still pending as the end user hasn't yet completed the user-interaction steps";
        SlowDown = "slow_down", "The client polls faster than the interval allows";
        AccessDenied = "access_denied", "The authorization request was denied.";
        ExpiredToken = "expired_token", "The \"device_code\" has expired, and the device authorization session has concluded.  The client MAY commence a new device authorization request but SHOULD wait for user interaction before restarting to avoid unnecessary polling.";
    }
}

codes! {
    /// Errors of resources that take a bearer token (RFC 6750 §3.1).
    BearerError {
        InvalidRequest = "invalid_request", "The request is otherwise malformed";
        InvalidToken = "invalid_token", "The access token provided is expired, revoked, malformed, or invalid for other reasons";
        InsufficientScope = "insufficient_scope", "The request requires higher privileges than provided by the access token";
    }
}

impl BearerError {
    pub fn status(self) -> u16 {
        match self {
            Self::InvalidRequest => 400,
            Self::InvalidToken => 401,
            Self::InsufficientScope => 403,
        }
    }

    /// The `WWW-Authenticate` header. COMPAT: authentik leaves out the scheme (recorded).
    pub fn www_authenticate(self) -> String {
        format!("error=\"{}\", error_description=\"{}\"", self.code(), self.description())
    }
}

codes! {
    /// Errors shown on a page, because there is no redirect URI that could be trusted (RFC 6749
    /// §4.1.2.1). The code is the title of the page.
    PageError {
        RedirectUri = "Redirect URI Error", "The request fails due to a missing, invalid, or mismatching redirection URI (redirect_uri).";
        ClientId = "Client ID Error", "The client identifier (client_id) is missing or invalid.";
    }
}

#[cfg(test)]
mod tests {
    //! Tests against what authentik was recorded to answer.

    use super::*;

    #[test]
    fn json_has_the_members_of_the_recording() {
        let error = Error::from(DeviceError::AuthorizationPending).with_request_id("e372");
        assert_eq!(
            serde_json::to_string(&error).unwrap(),
            r#"{"error":"authorization_pending","error_description":"The authorization request is still pending as the end user hasn't yet completed the user-interaction steps","request_id":"e372"}"#
        );
        let error = Error::from(TokenError::InvalidClient);
        assert_eq!(
            serde_json::to_value(&error).unwrap()["error_description"],
            "Client authentication failed (e.g., unknown client, no client authentication included, or unsupported authentication method)"
        );
    }

    #[test]
    fn bearer_errors_have_the_recorded_header() {
        assert_eq!(
            BearerError::InvalidToken.www_authenticate(),
            "error=\"invalid_token\", error_description=\"The access token provided is expired, revoked, malformed, or invalid for other reasons\""
        );
        assert_eq!(BearerError::InvalidToken.status(), 401);
        assert_eq!(RevocationError::InvalidClient.status(), 401);
    }
}
