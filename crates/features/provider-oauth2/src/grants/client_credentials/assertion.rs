//! A signed token in place of a secret (RFC 7523 §2.2): of a source's issuer, such as the API server of a Kubernetes cluster,
//! or of another provider here.

use std::sync::Arc;

use apps::Presented;
use feature::App;
use jiff::Timestamp;
use jose::jwt::{Checks, Claims};
use oauth2_wire::{TokenError, names};
use policy::Subject;
use serde_json::{Map, Value as Json, json};
use store::Filter;

use super::account::of_workload;
use super::{Attempt, Outcome, Refusal, outcome, user_of};
use crate::client::{Client, Clients};
use crate::keys;
use crate::request::Asked;
use crate::tokens::{self, AccessToken};

/// Seconds by which the clocks of those who issue tokens may differ from ours.
const LEEWAY: i64 = 30;

pub async fn authorize(attempt: &Attempt<'_>) -> Result<Outcome, Refusal> {
    let Attempt { app, asked, client, request, .. } = attempt;
    if request.client_assertion_type.as_deref() != Some(names::CLIENT_ASSERTION_TYPE_JWT) {
        return Err(TokenError::InvalidGrant.into());
    }
    // COMPAT: programs that can only send a secret may send the assertion there.
    let assertion = request.client_assertion.as_ref().or_else(|| attempt.secrets.first());
    let assertion = assertion.ok_or(TokenError::InvalidGrant)?;
    let proved = match workload(app, asked, client, assertion).await? {
        Some(proved) => proved,
        None => by_provider(app, client, assertion).await?.ok_or(TokenError::InvalidGrant)?,
    };
    let args = Json::Object(proved.args);
    Ok(outcome(attempt, proved.user, "jwt", args, vec![("oauth_jwt", proved.claims)]))
}

/// Who proved to be whom.
pub struct Proved {
    pub user: Arc<Subject>,
    pub claims: Json,
    /// When the proof ends.
    pub expires: Option<Timestamp>,
    /// For the record of the login.
    pub args: Map<String, Json>,
}

/// The account of whoever a token of one of the client's federated sources names; nothing if the token is of none.
pub async fn workload(app: &App, asked: &Asked, client: &Client, token: &str) -> Result<Option<Proved>, Refusal> {
    let Some(application) = &client.application else { return Ok(None) };
    // SECURITY: upstream looks at no audience, so that whatever a cluster's workload shows to anybody is good here, too.
    let audiences = [
        client.client_id().to_owned(),
        client.issuer(&asked.base),
        format!("{}/application/o/{}/", asked.base, application.slug),
        format!("{}/application/o/token/", asked.base),
    ];
    for source in client.provider.jwt_federation_sources.iter().copied() {
        let presented = Presented { token, audiences: &audiences };
        let Some((source, claims)) = apps::verify_token(app, source, presented).await? else { continue };
        let Some(sub) = claims.get("sub").and_then(Json::as_str).filter(|sub| !sub.is_empty()) else { continue };
        let user = of_workload(app, client, &source, sub).await?;
        let expires = claims.get("exp").and_then(Json::as_i64).and_then(|exp| Timestamp::from_second(exp).ok());
        let claims = Json::Object(claims);
        let args =
            Map::from_iter([("jwt".to_owned(), claims.clone()), ("source".to_owned(), events::reference(&source))]);
        return Ok(Some(Proved { user, claims, expires, args }));
    }
    Ok(None)
}

/// The user of another provider's access token.
async fn by_provider(app: &App, client: &Client, assertion: &str) -> Result<Option<Proved>, Refusal> {
    let found: Option<AccessToken> = app.store().first(Filter::eq("token_hash", tokens::hash(assertion))).await?;
    let Some(token) = found else { return Ok(None) };
    let now = app.clock().now();
    let is_trusted = client.provider.jwt_federation_providers.contains(&token.provider);
    // SECURITY: what an agent got to act for a person is no proof of being that person.
    let is_own = token.actor.is_none();
    if !is_trusted || !is_own || token.revoked || token.expires.is_some_and(|at| at <= now) {
        return Ok(None);
    }
    let clients = Clients::of(app);
    let Some(issuer) = clients.by_pk(token.provider.0) else { return Ok(None) };
    // The row says whose token it is; the signature, that the key that made it is not revoked.
    let Ok(verified) = keys::verify(app, issuer, assertion) else { return Ok(None) };
    let Ok(claims) = jose::jwt::parse::<Claims>(&verified.payload) else { return Ok(None) };
    if claims.check(&Checks::at(app.clock().unix()).leeway(LEEWAY)).is_err() {
        return Ok(None);
    }
    let user = user_of(app, token.user.0).await?;
    let claims: Json = serde_json::from_slice(&verified.payload).unwrap_or_default();
    let provider = json!({
        "app": "authentik_providers_oauth2", "model_name": "oauth2provider",
        "name": issuer.provider.base.name, "pk": issuer.provider.base.pk.0,
    });
    let args = Map::from_iter([("jwt".to_owned(), claims.clone()), ("provider".to_owned(), provider)]);
    Ok(Some(Proved { user, claims, expires: token.expires, args }))
}
