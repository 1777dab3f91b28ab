//! The authorization request (RFC 6749 §4.1.1, OpenID Connect Core §3.1.2.1).

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::{Error, Params, PkceMethod, ScopeSet};

/// What the client asks to be returned (OAuth 2.0 Multiple Response Types).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum ResponseType {
    #[serde(rename = "code")]
    Code,
    #[serde(rename = "id_token")]
    IdToken,
    #[serde(rename = "id_token token")]
    IdTokenToken,
    #[serde(rename = "code token")]
    CodeToken,
    #[serde(rename = "code id_token")]
    CodeIdToken,
    #[serde(rename = "code id_token token")]
    CodeIdTokenToken,
}

impl ResponseType {
    /// In the order of the discovery document.
    pub const ALL: [Self; 6] =
        [Self::Code, Self::IdToken, Self::IdTokenToken, Self::CodeToken, Self::CodeIdToken, Self::CodeIdTokenToken];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Code => "code",
            Self::IdToken => "id_token",
            Self::IdTokenToken => "id_token token",
            Self::CodeToken => "code token",
            Self::CodeIdToken => "code id_token",
            Self::CodeIdTokenToken => "code id_token token",
        }
    }

    /// Whether a code is returned.
    pub fn has_code(self) -> bool {
        !matches!(self, Self::IdToken | Self::IdTokenToken)
    }

    /// Whether an ID token is returned from the authorization endpoint; `nonce` is needed then.
    pub fn has_id_token(self) -> bool {
        !matches!(self, Self::Code | Self::CodeToken)
    }

    /// Whether an access token is returned from the authorization endpoint.
    pub fn has_token(self) -> bool {
        matches!(self, Self::IdTokenToken | Self::CodeToken | Self::CodeIdTokenToken)
    }

    /// Whether nothing but a code is returned: the authorization code flow.
    pub fn is_code_flow(self) -> bool {
        self == Self::Code
    }

    /// authentik's word for the flow, as policies see it.
    pub fn flow(self) -> &'static str {
        match self {
            Self::Code => "authorization_code",
            Self::IdToken | Self::IdTokenToken => "implicit",
            Self::CodeToken | Self::CodeIdToken | Self::CodeIdTokenToken => "hybrid",
        }
    }

    /// Multiple Response Types §3.0: tokens must not be in the query by default.
    pub fn default_mode(self) -> ResponseMode {
        if self.is_code_flow() { ResponseMode::Query } else { ResponseMode::Fragment }
    }
}

impl FromStr for ResponseType {
    type Err = ();

    /// RFC 6749 §3.1.1: the order of the values does not matter.
    fn from_str(text: &str) -> Result<Self, ()> {
        let mut given: Vec<&str> = text.split(' ').collect();
        given.sort_unstable();
        Self::ALL
            .into_iter()
            .find(|known| {
                // The names above have their words in alphabetical order.
                known.as_str().split(' ').eq(given.iter().copied())
            })
            .ok_or(())
    }
}

impl fmt::Display for ResponseType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// How the answer travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ResponseMode {
    Query,
    Fragment,
    FormPost,
}

impl ResponseMode {
    pub const ALL: [Self; 3] = [Self::Query, Self::Fragment, Self::FormPost];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Query => "query",
            Self::Fragment => "fragment",
            Self::FormPost => "form_post",
        }
    }
}

impl FromStr for ResponseMode {
    type Err = ();

    fn from_str(name: &str) -> Result<Self, ()> {
        Self::ALL.into_iter().find(|mode| mode.as_str() == name).ok_or(())
    }
}

/// A value of `prompt` (OpenID Connect Core §3.1.2.1) that changes something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Prompt {
    None,
    Consent,
    Login,
}

/// The prompts of a request.
///
/// COMPAT: authentik passes over values it does not know, `select_account` among them, and lets
/// `none` stand beside others.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PromptSet {
    none: bool,
    consent: bool,
    login: bool,
}

impl PromptSet {
    pub fn parse(text: &str) -> Self {
        let mut set = Self::default();
        for prompt in text.split_whitespace() {
            match prompt {
                "none" => set.none = true,
                "consent" => set.consent = true,
                "login" => set.login = true,
                _ => {}
            }
        }
        set
    }

    pub fn contains(self, prompt: Prompt) -> bool {
        match prompt {
            Prompt::None => self.none,
            Prompt::Consent => self.consent,
            Prompt::Login => self.login,
        }
    }

    /// authentik asks for consent by itself when `offline_access` is wanted.
    pub fn insert(&mut self, prompt: Prompt) {
        match prompt {
            Prompt::None => self.none = true,
            Prompt::Consent => self.consent = true,
            Prompt::Login => self.login = true,
        }
    }
}

/// `max_age`, read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MaxAge {
    #[default]
    Unset,
    Seconds(u64),
    /// Not a number: `invalid_request`. (authentik fails with status 500 here.)
    Invalid,
}

impl MaxAge {
    fn parse(text: Option<&str>) -> Self {
        match text {
            None => Self::Unset,
            Some(text) => text.trim().parse().map_or(Self::Invalid, Self::Seconds),
        }
    }
}

/// The parameters of an authorization request, each read as far as that is possible without
/// knowing the client. Which problem is told first is for the endpoint, whose order of checks
/// decides whether an error may be redirected at all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuthorizationRequest {
    pub client_id: String,
    pub redirect_uri: Option<String>,
    /// `None` when missing or unknown: `unsupported_response_type`.
    pub response_type: Option<ResponseType>,
    /// `None` when missing or unknown: the default of the response type.
    pub response_mode: Option<ResponseMode>,
    pub scope: ScopeSet,
    pub state: Option<String>,
    pub nonce: Option<String>,
    pub prompt: PromptSet,
    pub max_age: MaxAge,
    pub login_hint: Option<String>,
    pub ui_locales: Option<String>,
    pub id_token_hint: Option<String>,
    pub acr_values: Option<String>,
    /// The `claims` parameter as sent; see [`ClaimsRequest`](crate::ClaimsRequest).
    pub claims: Option<String>,
    /// A request object (§6.1): `request_not_supported`.
    pub request: Option<String>,
    pub request_uri: Option<String>,
    pub code_challenge: Option<String>,
    /// As sent; `plain` when left out (RFC 7636 §4.3).
    pub code_challenge_method: String,
}

impl AuthorizationRequest {
    pub fn parse(params: &Params) -> Self {
        Self {
            client_id: params.get("client_id").unwrap_or_default().to_owned(),
            redirect_uri: params.get_owned("redirect_uri"),
            response_type: params.get("response_type").and_then(|value| value.parse().ok()),
            response_mode: params.get("response_mode").and_then(|value| value.parse().ok()),
            scope: ScopeSet::parse(params.get("scope").unwrap_or_default()),
            state: params.get_owned("state"),
            nonce: params.get_owned("nonce"),
            prompt: PromptSet::parse(params.get("prompt").unwrap_or_default()),
            max_age: MaxAge::parse(params.get("max_age")),
            login_hint: params.get_owned("login_hint"),
            ui_locales: params.get_owned("ui_locales"),
            id_token_hint: params.get_owned("id_token_hint"),
            acr_values: params.get_owned("acr_values"),
            claims: params.get_owned("claims"),
            request: params.get_owned("request"),
            request_uri: params.get_owned("request_uri"),
            code_challenge: params.get_owned("code_challenge"),
            code_challenge_method: params.get("code_challenge_method").unwrap_or(PkceMethod::Plain.as_str()).to_owned(),
        }
    }

    /// The mode to answer in: what was asked for, or the default.
    pub fn effective_mode(&self, response_type: ResponseType) -> ResponseMode {
        self.response_mode.unwrap_or(response_type.default_mode())
    }

    /// The mode that errors travel in: as the answer would (Multiple Response Types §2.1), in the query where nobody can say.
    pub fn error_mode(&self) -> ResponseMode {
        match (self.response_mode, self.response_type) {
            // Tokens cannot come in the query, which is what the client is told then; where it looks for tokens.
            (Some(ResponseMode::Query), Some(asked)) if !asked.has_code() => ResponseMode::Fragment,
            (Some(mode), _) => mode,
            (None, Some(asked)) => asked.default_mode(),
            (None, None) => ResponseMode::Query,
        }
    }

    /// The challenge with its method; an unknown method beside a challenge is an error.
    pub fn pkce(&self) -> Result<Option<crate::CodeChallenge>, Error> {
        let Some(challenge) = self.code_challenge.clone() else {
            return Ok(None);
        };
        let method = self.code_challenge_method.parse().map_err(|()| {
            Error::new(
                crate::AuthorizeError::InvalidRequest.code(),
                format!("Unsupported challenge method {}", self.code_challenge_method),
            )
        })?;
        Ok(Some(crate::CodeChallenge { challenge, method }))
    }
}

#[cfg(test)]
mod tests;
