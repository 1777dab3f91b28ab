//! The refresh token (RFC 6749 §6), rotated at use (RFC 9700 §4.14.2).

use clock::SignedDuration;
use oauth2_wire::{GrantType, TokenError, names};
use object::Object;
use store::{Filter, Write};

use super::{Attempt, Grant, Outcome, Refusal, scope_set, user_of};
use crate::id_token::Authentication;
use crate::issue::Granted;
use crate::tokens::{self, RefreshToken};

pub const GRANT: Grant =
    Grant { name: GrantType::RefreshToken, requires_secret: true, authorize: |attempt| Box::pin(authorize(attempt)) };

async fn authorize(attempt: &Attempt<'_>) -> Result<Outcome, Refusal> {
    let Attempt { app, client, request, .. } = attempt;
    let given = request.refresh_token.as_deref().ok_or(TokenError::InvalidGrant)?;
    let found: Option<RefreshToken> = app.store().first(Filter::eq("token_hash", tokens::hash(given))).await?;
    let old = found.filter(|token| token.provider == client.id()).ok_or(TokenError::InvalidGrant)?;
    // Before the expiry: a token that was used and is now also too old is still a sign of a thief.
    if old.revoked {
        return Err(Refusal::Reused { family: old.family, what: "refresh_token", user: Some(old.user.0) });
    }
    let now = app.clock().now();
    if old.expires.is_some_and(|at| at <= now) {
        return Err(TokenError::InvalidGrant.into());
    }
    let user = user_of(app, old.user.0).await?;
    let scope = scope(attempt, &old)?;
    let rotates = is_due(attempt, &old);
    // With a threshold the same token is used again and again; then nothing is consumed, but it must still be good when
    // the new access token is kept.
    let still_good = Filter::eq("pk", old.pk).and(Filter::eq("revoked", false));
    let consume = Write::Change {
        model: RefreshToken::model(),
        filter: still_good,
        set: vec![("revoked", rotates.into())],
        guard: true,
    };
    let methods = old.id_token.get("amr").and_then(|amr| serde_json::from_value(amr.clone()).ok());
    let refresh = rotates.then(|| old.scope.clone());
    let granted = Granted {
        user,
        scope,
        authentication: Authentication {
            at: old.auth_time,
            methods: methods.unwrap_or_default(),
            session: old.session.map(|session| session.0),
        },
        family: old.family,
        // OpenID Connect Core §12.2: no nonce in refreshed ID tokens.
        nonce: None,
        wishes: Vec::new(),
        acting: None,
    };
    Ok(Outcome { refresh, consume: vec![consume], ..Outcome::of(granted) })
}

/// RFC 6749 §6: what was granted, or less. A narrower wish is granted as it is; upstream gives all of it (listed difference).
fn scope(attempt: &Attempt<'_>, old: &RefreshToken) -> Result<oauth2_wire::ScopeSet, TokenError> {
    let granted = scope_set(&old.scope);
    let wished = &attempt.request.scope;
    if wished.is_empty() {
        return Ok(granted);
    }
    // COMPAT: without `offline_access` there is nothing to refresh.
    if !wished.is_subset(&granted) || !wished.contains(names::SCOPE_OFFLINE_ACCESS) {
        return Err(TokenError::InvalidScope);
    }
    Ok(wished.clone())
}

/// Whether the token is replaced: every time, or with a threshold when less than that is left of it.
fn is_due(attempt: &Attempt<'_>, old: &RefreshToken) -> bool {
    let threshold = attempt.client.refresh_token_threshold;
    let left = old.expires.map(|at| at.duration_since(attempt.app.clock().now()));
    threshold.is_zero() || left.is_some_and(|left: SignedDuration| left < threshold.signed())
}
