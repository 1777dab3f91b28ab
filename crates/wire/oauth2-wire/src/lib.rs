//! Requests, responses and errors of OAuth 2 and OpenID Connect.
//!
//! Separate because it is pure: it turns query strings, forms and headers into types and types into
//! URLs and JSON, for the provider and for the OAuth source alike. It knows no clients, users or
//! stored tokens; whether a request is granted is decided elsewhere.

mod authorization;
mod claims;
mod client_auth;
mod error;
mod metadata;
mod params;
mod pkce;
mod redirect_uri;
mod respond;
mod scope;
mod token;

pub mod names;

pub use authorization::{AuthorizationRequest, MaxAge, Prompt, PromptSet, ResponseMode, ResponseType};
pub use claims::{ClaimRequest, ClaimsRequest};
pub use client_auth::{BasicCredentials, ClientAuth, bearer_token};
pub use error::{AuthorizeError, BearerError, DeviceError, Error, PageError, RevocationError, TokenError};
pub use metadata::Discovery;
pub use params::{Params, ParamsError};
pub use pkce::{CodeChallenge, PkceMethod};
pub use redirect_uri::{CheckedRedirectUri, MatchingMode, RedirectUri, RedirectUriRefusal, find_redirect_uri};
pub use respond::{Response, respond, respond_error, url_encode};
pub use scope::ScopeSet;
pub use token::{DeviceAuthorizationResponse, GrantType, Introspection, TokenExchange, TokenRequest, TokenResponse};
