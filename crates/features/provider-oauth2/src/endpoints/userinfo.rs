//! The userinfo endpoint (OpenID Connect Core §5.3).

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use feature::App;
use http::{HeaderValue, StatusCode, header};
use oauth2_wire::{BearerError, Params, bearer_token, names};
use serde_json::{Map, Value as Json};

use super::{no_store, uncached};
use crate::bearer::{self, Bearer, Unusable};
use crate::claims::{self, About};
use crate::client::Clients;
use crate::cors::{self, Readers};
use crate::grants::scope_set;
use crate::id_token;
use crate::request::{Asked, Form};

pub async fn get(state: State<App>, asked: Asked) -> Response {
    answer(&state, &asked, None).await
}

pub async fn post(state: State<App>, form: Form) -> Response {
    answer(&state, &form.asked, form.fields.ok().as_ref()).await
}

pub async fn preflight(State(app): State<App>, asked: Asked) -> Response {
    let mut response = uncached(StatusCode::OK, &Map::new());
    cors::allow(&asked.headers, &mut response, &Readers::Clients(&Clients::of(&app)));
    response
}

async fn answer(app: &App, asked: &Asked, form: Option<&Params>) -> Response {
    let query = asked.parameters().ok();
    let token = bearer_token(asked.authorization(), form, query.as_ref());
    let bearer = match bearer::check(app, Some(asked), token, names::SCOPE_OPENID).await {
        Ok(bearer) => bearer,
        Err(Unusable::Refused(error)) => return refuse(error),
        Err(Unusable::Fault(problem)) => return problem.into_response(),
    };
    let mut response = uncached(StatusCode::OK, &userinfo(app, asked, &bearer).await);
    cors::allow(&asked.headers, &mut response, &Readers::Client(&bearer.client));
    response
}

/// The claims of now, not those of when the token was issued. `sub` is that of the ID token (§5.3.2).
async fn userinfo(app: &App, asked: &Asked, bearer: &Bearer) -> Map<String, Json> {
    let Bearer { token, user, client } = bearer;
    let mut info = Map::new();
    let sub = token.id_token.get("sub").cloned();
    info.insert("sub".to_owned(), sub.unwrap_or_else(|| id_token::subject(app, client, user).into()));
    let about = About { app, client, user, http: Some(&asked.http) };
    // What was granted, as far as the client is still set up for it.
    let granted = scope_set(&token.scope).intersection(&client.scopes);
    info.extend(claims::claims(about, &granted).await);
    // COMPAT: upstream repeats the nonce here.
    if let Some(nonce) = token.id_token.get("nonce") {
        info.insert("nonce".to_owned(), nonce.clone());
    }
    // RFC 8693 §4.1: whoever reads about the user reads who acts for them.
    if let Some(act) = token.id_token.get("act") {
        info.insert("act".to_owned(), act.clone());
    }
    info
}

/// RFC 6750 §3: the reason stands in the header.
pub fn refuse(error: BearerError) -> Response {
    let status = StatusCode::from_u16(error.status()).unwrap_or(StatusCode::UNAUTHORIZED);
    let mut response = (status, [(header::CONTENT_TYPE, "text/html; charset=utf-8")], "").into_response();
    if let Ok(value) = HeaderValue::from_str(&error.www_authenticate()) {
        response.headers_mut().insert(header::WWW_AUTHENTICATE, value);
    }
    no_store(&mut response);
    response
}
