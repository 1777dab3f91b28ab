//! The authorization code (RFC 6749 §4.1.3) with PKCE (RFC 7636 §4.5).

use clock::TimeDelta;
use events::{Action, Draft};
use oauth2_wire::{CodeChallenge, GrantType, PkceMethod, TokenError, find_redirect_uri, names};
use object::Object;
use serde_json::json;
use store::{Filter, Write};

use super::{Attempt, Grant, Outcome, Refusal, scope_set, user_of};
use crate::id_token::Authentication;
use crate::issue::{self, Granted};
use crate::tokens::{self, AuthorizationCode};

pub const GRANT: Grant = Grant {
    name: GrantType::AuthorizationCode,
    requires_secret: true,
    authorize: |attempt| Box::pin(authorize(attempt)),
};

/// How long a redeemed code is remembered, to recognise a second try.
const MEMORY: &str = "minutes=10";

async fn authorize(attempt: &Attempt<'_>) -> Result<Outcome, Refusal> {
    let Attempt { app, client, request, .. } = attempt;
    let given = request.code.as_deref().ok_or(TokenError::InvalidGrant)?;
    check_redirect_uri(attempt).await?;
    let found: Option<AuthorizationCode> = app.store().first(Filter::eq("code_hash", tokens::hash(given))).await?;
    // SECURITY: a code of another client is as good as none, and stays untouched: whoever guesses ids cannot burn it.
    let code = found.filter(|code| code.provider == client.id()).ok_or(TokenError::InvalidGrant)?;
    if code.used {
        return Err(Refusal::Reused { family: code.family, what: "authorization_code", user: Some(code.user.0) });
    }
    if code.expires.is_some_and(|at| at <= app.clock().now()) {
        return Err(TokenError::InvalidGrant.into());
    }
    // RFC 6749 §4.1.3: the same redirect URI as in the request; upstream takes any registered one (listed difference).
    if request.redirect_uri.as_deref() != Some(code.redirect_uri.as_str()) {
        return Err(TokenError::InvalidGrant.into());
    }
    check_verifier(&code, request.code_verifier.as_deref())?;
    let user = user_of(app, code.user.0).await?;
    let now = app.clock().now();
    let until = TimeDelta::parse(MEMORY).unwrap_or_default().after(now);
    let consume = Write::Change {
        model: AuthorizationCode::model(),
        filter: Filter::eq("pk", code.pk).and(Filter::eq("used", false)),
        set: vec![("used", true.into()), ("expires", until.into())],
        guard: true,
    };
    let has_offline_access = code.scope.iter().any(|scope| scope == names::SCOPE_OFFLINE_ACCESS);
    let refresh = has_offline_access.then(|| code.scope.clone());
    let granted = Granted {
        user,
        scope: scope_set(&code.scope),
        authentication: Authentication {
            at: code.auth_time,
            methods: code.amr,
            session: code.session.map(|session| session.0),
        },
        family: code.family,
        nonce: code.nonce,
        wishes: issue::wishes(code.request.get("claims").and_then(serde_json::Value::as_str)),
        acting: None,
    };
    Ok(Outcome { refresh, consume: vec![consume], ..Outcome::of(granted) })
}

/// COMPAT: upstream says `invalid_client` when the redirect URI is missing or not registered at all.
async fn check_redirect_uri(attempt: &Attempt<'_>) -> Result<(), Refusal> {
    let Attempt { app, asked, client, request, .. } = attempt;
    let given = request.redirect_uri.as_deref();
    if find_redirect_uri(given, client.redirect_uris()).is_ok() {
        return Ok(());
    }
    let expected: Vec<&str> = client.redirect_uris().iter().map(|uri| uri.url.as_str()).collect();
    Draft::new(Action::ConfigurationError, "authentik.providers.oauth2.views.token")
        .with("message", "Invalid redirect URI used by provider")
        .with("redirect_uri", given.unwrap_or_default())
        .with("expected", json!(expected))
        .with("provider", events::reference(&client.provider.to_record()))
        .by(&asked.caller)
        .record(app)
        .await;
    Err(TokenError::InvalidClient.into())
}

/// RFC 7636 §4.6. SECURITY: a verifier without a challenge is refused too: the challenge may have been taken out of the
/// request on the way (downgrade).
fn check_verifier(code: &AuthorizationCode, verifier: Option<&str>) -> Result<(), TokenError> {
    let Some(challenge) = &code.code_challenge else {
        return if verifier.is_none() { Ok(()) } else { Err(TokenError::InvalidGrant) };
    };
    let method = code.code_challenge_method.as_deref().and_then(|m| m.parse().ok()).unwrap_or(PkceMethod::S256);
    let challenge = CodeChallenge { challenge: challenge.clone(), method };
    match verifier {
        Some(verifier) if challenge.verify(verifier) => Ok(()),
        _ => Err(TokenError::InvalidGrant),
    }
}
