//! The device authorization endpoint (RFC 8628 §3.1).

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use directory::guessing;
use feature::{App, Problem};
use http::StatusCode;
use oauth2_wire::{DeviceAuthorizationResponse, DeviceError, Error, Params, ScopeSet, TokenError};
use object::Id;

use super::{too_many, uncached};
use crate::client::{Client, Clients};
use crate::cors::{self, Readers};
use crate::request::{Asked, Form};
use crate::tokens::device_code::INTERVAL;
use crate::tokens::{self, DeviceToken};

/// Digits of the code that people type.
const DIGITS: usize = 9;

pub async fn post(State(app): State<App>, form: Form) -> Response {
    let clients = Clients::of(&app);
    let refuse = || {
        let error = Error::from(TokenError::InvalidClient).with_request_id(form.asked.caller.request_id.clone());
        uncached(StatusCode::BAD_REQUEST, &error)
    };
    let Ok(fields) = &form.fields else { return refuse() };
    // COMPAT: the client is named in the form only.
    let client = fields.get("client_id").and_then(|id| clients.by_client_id(id));
    let Some(client) = client.filter(|client| client.application.is_some()) else { return refuse() };
    let limit = &app.settings().throttle.oauth2_device;
    if let Err(wait) = guessing::request(&app, "oauth2 device", limit, form.asked.caller.address) {
        let error = Error::from(DeviceError::SlowDown).with_request_id(form.asked.caller.request_id.clone());
        return too_many(wait, &error);
    }
    let mut response = match start(&app, &form.asked, client, fields).await {
        Ok(answer) => uncached(StatusCode::OK, &answer),
        Err(error) => Problem::from(error).into_response(),
    };
    cors::allow(&form.asked.headers, &mut response, &Readers::Client(client));
    response
}

async fn start(
    app: &App,
    asked: &Asked,
    client: &Client,
    fields: &Params,
) -> Result<DeviceAuthorizationResponse, store::Error> {
    let scope = ScopeSet::parse(fields.get("scope").unwrap_or_default()).intersection(&client.scopes);
    let device_code = app.random().token(128);
    let expires = client.access_code_validity.after(app.clock().now());
    let mut user_code = app.random().digits(DIGITS);
    // Two devices with the same code would be confused; a billion codes make a second try more than enough.
    for attempt in 0.. {
        let row = DeviceToken {
            pk: Id::unsaved(),
            provider: client.id(),
            user: None,
            expires: Some(expires),
            expiring: true,
            scope: scope.iter().map(str::to_owned).collect(),
            device_code_hash: tokens::hash(&device_code),
            user_code: user_code.clone(),
            auth_time: None,
            amr: Vec::new(),
            session: None,
            polled: None,
            hurried: 0,
        };
        match app.store().insert(&row).await {
            Ok(_) => break,
            Err(store::Error::Unique { .. }) if attempt < 3 => user_code = app.random().digits(DIGITS),
            Err(error) => return Err(error),
        }
    }
    Ok(DeviceAuthorizationResponse {
        device_code,
        verification_uri: format!("{}/device", asked.base),
        verification_uri_complete: format!("{}/device?code={user_code}", asked.base),
        user_code,
        expires_in: client.access_code_validity.as_secs(),
        interval: INTERVAL,
    })
}
