//! Token introspection (RFC 7662).

use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use feature::{App, Problem};
use http::StatusCode;
use oauth2_wire::{ClientAuth, Introspection, Params};
use object::Id;
use serde_json::{Map, Value as Json};
use store::Filter;

use super::uncached;
use crate::bearer;
use crate::client::{Client, Clients};
use crate::grants::{find, scope_set, secrets};
use crate::provider::OAuth2Provider;
use crate::request::Form;
use crate::tokens::{self, RefreshToken};

pub async fn post(State(app): State<App>, form: Form) -> Response {
    // §2.2: whatever is wrong, the answer is that the token is not active.
    let Ok(fields) = &form.fields else { return uncached(StatusCode::OK, &Introspection::Inactive) };
    let clients = Clients::of(&app);
    let auth = form.asked.client_auth(fields);
    let Some(client) = authenticate(&clients, &auth) else { return uncached(StatusCode::OK, &Introspection::Inactive) };
    match introspect(&app, &clients, client, fields).await {
        Ok(answer) => uncached(StatusCode::OK, &answer),
        Err(error) => Problem::from(error).into_response(),
    }
}

/// §2.1: only clients with a secret may ask, and they must show it.
fn authenticate<'c>(clients: &'c Clients, auth: &ClientAuth) -> Option<&'c Arc<Client>> {
    let client = find(clients, auth)?;
    secrets(auth, client).iter().any(|secret| client.has_secret(secret)).then_some(client)
}

/// The claims of a token, as far as it is the client's: issued to it, or by a provider that trusts the client's tokens.
async fn introspect(
    app: &App,
    clients: &Clients,
    client: &Client,
    fields: &Params,
) -> Result<Introspection, store::Error> {
    let Some(token) = fields.get("token") else { return Ok(Introspection::Inactive) };
    let active = |provider: Id<OAuth2Provider>, claims: Map<String, Json>, scope: &[String]| {
        let issuer = clients.by_pk(provider.0)?;
        let is_ours = provider == client.id() || issuer.provider.jwt_federation_providers.contains(&client.id());
        let client_id = issuer.client_id().to_owned();
        is_ours.then(|| Introspection::Active { claims, scope: scope_set(scope), client_id })
    };
    if let Some(found) = bearer::find(app, token).await? {
        let is_good = !found.revoked && is_active(app, found.user.0).await? && bearer::has_actor(app, &found).await?;
        let answer = is_good.then(|| active(found.provider, found.id_token.clone(), &found.scope)).flatten();
        return Ok(answer.unwrap_or(Introspection::Inactive));
    }
    let found: Option<RefreshToken> = app.store().first(Filter::eq("token_hash", tokens::hash(token))).await?;
    let now = app.clock().now();
    match found {
        Some(found)
            if !found.revoked && found.expires.is_none_or(|at| at > now) && is_active(app, found.user.0).await? =>
        {
            Ok(active(found.provider, found.id_token, &found.scope).unwrap_or(Introspection::Inactive))
        }
        _ => Ok(Introspection::Inactive),
    }
}

async fn is_active(app: &App, user: i64) -> Result<bool, store::Error> {
    let user = app.store().recall_as::<directory::User>("pk", object::Value::Int(user)).await?;
    Ok(user.is_some_and(|user| user.is_active))
}
