//! What is asked for: response type and mode, scope, nonce, PKCE and the parameters that are not supported.

use oauth2_wire::{
    AuthorizeError, ClaimsRequest, CodeChallenge, Error, MaxAge, Params, ResponseMode, ResponseType, ScopeSet, names,
};

use super::{Answerable, Refusal};

/// RFC 6749 §3.1: no parameter more than once (`resource` may be, RFC 8707 §2).
pub fn is_single(known: &Answerable<'_>, params: &Params) -> Result<(), Refusal> {
    params.check_repeated(&["resource"]).map_err(|error| known.refuse(invalid(error.to_string())))
}

pub fn response_type(known: &Answerable<'_>) -> Result<ResponseType, Refusal> {
    known.request.response_type.ok_or_else(|| known.refuse(AuthorizeError::UnsupportedResponseType))
}

/// OAuth 2.0 Multiple Response Types §3.0: tokens never go into a query, which servers log. With a code beside them, the
/// code alone goes there (as upstream does); without one there is nothing left to send.
pub fn response_mode(known: &Answerable<'_>, response_type: ResponseType) -> Result<ResponseMode, Refusal> {
    let mode = known.request.effective_mode(response_type);
    if mode == ResponseMode::Query && !response_type.has_code() {
        return Err(known.refuse(invalid("response_mode query cannot be used for tokens; use fragment or form_post")));
    }
    Ok(mode)
}

/// The scopes that are granted: those asked for that the client is set up for, or all of them when none are asked for.
pub fn scope(known: &Answerable<'_>, response_type: ResponseType, is_github: bool) -> Result<ScopeSet, Refusal> {
    let client = known.client;
    let asked = &known.request.scope;
    let mut scope = if asked.is_empty() { client.scopes.clone() } else { asked.intersection(&client.scopes) };
    if is_github {
        for name in names::SCOPES_GITHUB.iter().filter(|name| asked.contains(name)) {
            scope.insert(name);
        }
    }
    // OpenID Connect Core §3.1.2.1: an ID token from here needs `openid`; hybrid flows always do.
    let is_openid = scope.contains(names::SCOPE_OPENID);
    if !is_openid && !response_type.is_code_flow() {
        return Err(known.refuse(AuthorizeError::InvalidScope));
    }
    // §11: ignored where no code is returned.
    if !response_type.has_code() {
        scope.remove(names::SCOPE_OFFLINE_ACCESS);
    }
    Ok(scope)
}

/// §6. Passing over what the client says in one would grant something else than it asked for.
pub fn no_request_object(known: &Answerable<'_>) -> Result<(), Refusal> {
    match (&known.request.request, &known.request.request_uri) {
        (Some(_), _) => Err(known.refuse(AuthorizeError::RequestNotSupported)),
        (None, Some(_)) => Err(known.refuse(AuthorizeError::RequestUriNotSupported)),
        (None, None) => Ok(()),
    }
}

/// §3.2.2.1: against replay of ID tokens that pass through the browser.
pub fn nonce(known: &Answerable<'_>, response_type: ResponseType) -> Result<(), Refusal> {
    if response_type.has_id_token() && known.request.nonce.is_none() {
        return Err(known.refuse(AuthorizeError::InvalidRequest));
    }
    Ok(())
}

pub fn pkce(known: &Answerable<'_>) -> Result<Option<CodeChallenge>, Refusal> {
    known.request.pkce().map_err(|error| known.refuse(error))
}

pub fn max_age(known: &Answerable<'_>) -> Result<Option<u64>, Refusal> {
    match known.request.max_age {
        MaxAge::Unset => Ok(None),
        MaxAge::Seconds(seconds) => Ok(Some(seconds)),
        MaxAge::Invalid => Err(known.refuse(invalid("max_age must be a number of seconds"))),
    }
}

/// §5.5: what cannot be read is the client's mistake; what is read is a wish.
pub fn claims(known: &Answerable<'_>) -> Result<(), Refusal> {
    let Some(claims) = &known.request.claims else { return Ok(()) };
    ClaimsRequest::parse(claims).map(|_| ()).map_err(|reason| known.refuse(invalid(reason)))
}

fn invalid(description: impl Into<String>) -> Error {
    Error::new(AuthorizeError::InvalidRequest.code(), description.into())
}
