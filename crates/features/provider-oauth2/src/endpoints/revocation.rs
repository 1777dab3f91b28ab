//! Token revocation (RFC 7009).

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use feature::{App, Problem};
use http::StatusCode;
use oauth2_wire::{Error, Params, RevocationError};
use object::{Model, Object, Uuid};
use serde_json::json;
use store::{Filter, Write};

use super::uncached;
use crate::client::{Client, Clients};
use crate::cors::{self, Readers};
use crate::grants::{find, secrets};
use crate::issue;
use crate::request::Form;
use crate::tokens::{self, AccessToken, RefreshToken};

pub async fn post(State(app): State<App>, form: Form) -> Response {
    let clients = Clients::of(&app);
    let refuse = |error: RevocationError| {
        let status = StatusCode::from_u16(error.status()).unwrap_or(StatusCode::BAD_REQUEST);
        uncached(status, &Error::from(error).with_request_id(form.asked.caller.request_id.clone()))
    };
    let Ok(fields) = &form.fields else { return refuse(RevocationError::InvalidRequest) };
    let auth = form.asked.client_auth(fields);
    let Some(client) = find(&clients, &auth) else { return refuse(RevocationError::InvalidClient) };
    let is_authentic = !client.is_confidential() || secrets(&auth, client).iter().any(|s| client.has_secret(s));
    if !is_authentic {
        return refuse(RevocationError::InvalidClient);
    }
    let mut response = match revoke(&app, client, fields).await {
        // §2.2: 200 for tokens that do not exist too: what the client wants has come about.
        Ok(()) => uncached(StatusCode::OK, &json!({})),
        // SECURITY: a token that is still good must not be reported as revoked.
        Err(error) => Problem::from(error).into_response(),
    };
    cors::allow(&form.asked.headers, &mut response, &Readers::Client(client));
    response
}

/// Revokes a token of this client; those of others are none of its business (§2.1; upstream revokes them, listed
/// difference).
async fn revoke(app: &App, client: &Client, fields: &Params) -> Result<(), store::Error> {
    let Some(token) = fields.get("token") else { return Ok(()) };
    let hash = tokens::hash(token);
    let of = |model: &'static Model| Write::Change {
        model,
        filter: Filter::eq("token_hash", hash.clone()).and(Filter::eq("provider", client.id())),
        set: vec![("revoked", true.into())],
        guard: false,
    };
    let mut writes = vec![of(AccessToken::model()), of(RefreshToken::model())];
    writes.extend(family(app, client, &hash).await?.map(issue::end_delegated));
    app.store().apply(writes).await.map(|_| ())
}

/// The grant that a token of the client descends from. What agents got in exchange for tokens of that grant ends with it.
async fn family(app: &App, client: &Client, hash: &str) -> Result<Option<Uuid>, store::Error> {
    let ours = || Filter::eq("token_hash", hash).and(Filter::eq("provider", client.id()));
    if let Some(found) = app.store().first::<AccessToken>(ours()).await? {
        return Ok(Some(found.family));
    }
    Ok(app.store().first::<RefreshToken>(ours()).await?.map(|found| found.family))
}
