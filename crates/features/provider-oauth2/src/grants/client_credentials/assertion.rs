//! A token of another provider that the client trusts, in place of a secret (RFC 7523 §2.2).

use jose::jwt::{Checks, Claims};
use oauth2_wire::{TokenError, names};
use serde_json::{Value as Json, json};
use store::Filter;

use super::{Attempt, Outcome, Refusal, outcome, user_of};
use crate::client::Clients;
use crate::keys;
use crate::tokens::{self, AccessToken};

pub async fn authorize(attempt: &Attempt<'_>) -> Result<Outcome, Refusal> {
    let Attempt { app, client, request, .. } = attempt;
    if request.client_assertion_type.as_deref() != Some(names::CLIENT_ASSERTION_TYPE_JWT) {
        return Err(TokenError::InvalidGrant.into());
    }
    // COMPAT: programs that can only send a secret may send the assertion there.
    let assertion = request.client_assertion.as_ref().or_else(|| attempt.secrets.first());
    let assertion = assertion.ok_or(TokenError::InvalidGrant)?;
    let found: Option<AccessToken> = app.store().first(Filter::eq("token_hash", tokens::hash(assertion))).await?;
    let token = found.ok_or(TokenError::InvalidGrant)?;
    let now = app.clock().now();
    let is_trusted = client.provider.jwt_federation_providers.contains(&token.provider);
    if !is_trusted || token.revoked || token.expires.is_some_and(|at| at <= now) {
        return Err(TokenError::InvalidGrant.into());
    }
    let clients = Clients::of(app);
    let issuer = clients.by_pk(token.provider.0).ok_or(TokenError::InvalidGrant)?;
    // The row says whose token it is; the signature, that the provider's key is still the one that made it.
    let (key, algorithm) = keys::verifying(app, issuer)?;
    let verified = jose::jws::verify(assertion, &key, &[algorithm]).map_err(|_| TokenError::InvalidGrant)?;
    let claims: Claims = jose::jwt::parse(&verified.payload).map_err(|_| TokenError::InvalidGrant)?;
    claims.check(&Checks::at(app.clock().unix())).map_err(|_| TokenError::InvalidGrant)?;
    let user = user_of(app, token.user.0).await?;
    let claims: Json = serde_json::from_slice(&verified.payload).unwrap_or_default();
    let provider = json!({
        "app": "authentik_providers_oauth2", "model_name": "oauth2provider",
        "name": issuer.provider.base.name, "pk": issuer.provider.base.pk.0,
    });
    let args = json!({ "jwt": claims.clone(), "provider": provider });
    Ok(outcome(attempt, user, "jwt", args, vec![("oauth_jwt", claims)]))
}
