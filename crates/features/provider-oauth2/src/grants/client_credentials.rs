//! Programs that speak for themselves (RFC 6749 §4.4): by the client's secret, as a service account with an app password,
//! or by a token of a federated provider (RFC 7523 §2.2). The grant `password` is the service account's, too.

mod account;
mod assertion;

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use directory::guessing::{self, Guessed};
use directory::{Intent, Token};
use events::{Action, Draft};
use oauth2_wire::{GrantType, TokenError};
use object::Object;
use policy::Subject;
use serde_json::{Value as Json, json};

use super::{Attempt, Grant, Outcome, Refusal, named, user_of};
use crate::id_token::Authentication;
use crate::issue::Granted;

pub use account::of_client as client_account;
pub use assertion::workload;

pub const GRANT: Grant = Grant {
    name: GrantType::ClientCredentials,
    requires_secret: false,
    authorize: |attempt| Box::pin(authorize(attempt)),
};
pub const PASSWORD: Grant =
    Grant { name: GrantType::Password, requires_secret: false, authorize: |attempt| Box::pin(authorize(attempt)) };

async fn authorize(attempt: &Attempt<'_>) -> Result<Outcome, Refusal> {
    let request = &attempt.request;
    if request.client_assertion_type.is_some() {
        return assertion::authorize(attempt).await;
    }
    if let (Some(username), Some(password)) = (&request.username, &request.password) {
        // COMPAT: upstream looks at no secret here. One that is sent must be right.
        if attempt.client.is_confidential() && !attempt.secrets.is_empty() && !attempt.has_secret {
            return Err(TokenError::InvalidClient.into());
        }
        return by_app_password(attempt, username, password).await;
    }
    if attempt.has_secret {
        return by_secret(attempt).await;
    }
    for secret in &attempt.secrets {
        if let Some((username, password)) = packed(secret) {
            return by_app_password(attempt, &username, &password).await;
        }
    }
    // COMPAT: a wrong secret is `invalid_grant` here, `invalid_client` elsewhere.
    Err(TokenError::InvalidGrant.into())
}

/// `username:password` in base64 where the secret stands, for programs that can only send a secret.
fn packed(secret: &str) -> Option<(String, String)> {
    let text = String::from_utf8(STANDARD.decode(secret).ok()?).ok()?;
    let (username, password) = text.split_once(':')?;
    (!username.is_empty() && !password.is_empty()).then(|| (username.to_owned(), password.to_owned()))
}

async fn by_app_password(attempt: &Attempt<'_>, username: &str, password: &str) -> Result<Outcome, Refusal> {
    let app = attempt.app;
    let guess = guessing::begin(app, Guessed::Password, username, &attempt.asked.caller).await?;
    let token = Token::find(app, app.store(), password, Intent::AppPassword).await?.ok_or(TokenError::InvalidGrant)?;
    let user = user_of(app, token.user.0).await?;
    if user.username() != username {
        return Err(TokenError::InvalidGrant.into());
    }
    guess.was_right();
    let args = json!({ "token": { "app": "authentik_core", "model_name": "token", "name": token.identifier, "pk": token.pk.0.simple().to_string() } });
    Ok(outcome(attempt, user, "token", args, Vec::new()))
}

/// The client itself, as the user that is made for it.
async fn by_secret(attempt: &Attempt<'_>) -> Result<Outcome, Refusal> {
    let user = client_account(attempt.app, attempt.client).await?;
    Ok(outcome(attempt, user, "oauth_client_secret", json!({}), Vec::new()))
}

fn outcome(
    attempt: &Attempt<'_>,
    user: Arc<Subject>,
    method: &str,
    args: Json,
    context: Vec<(&'static str, Json)>,
) -> Outcome {
    let Attempt { app, client, request, .. } = attempt;
    let application = client.application.as_ref().map(|a| events::reference(&a.to_record()));
    let event = Draft::new(Action::Login, "authentik.events.signals")
        .user(&named(&user))
        .with("auth_method", method)
        .with("auth_method_args", args)
        .with("application", application.unwrap_or_default());
    let granted = Granted {
        user,
        scope: request.scope.clone(),
        authentication: Authentication { at: app.clock().now(), ..Authentication::default() },
        family: app.random().uuid_v4(),
        nonce: None,
        wishes: Vec::new(),
        acting: None,
    };
    Outcome { context, event: Some(event), ..Outcome::of(granted) }
}
