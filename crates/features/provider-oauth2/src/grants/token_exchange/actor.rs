//! The agent that acts (RFC 8693 §2.1 `actor_token`).

use std::sync::Arc;

use jiff::Timestamp;
use oauth2_wire::{TokenError, names};
use policy::Subject;

use super::super::client_credentials::{client_account, workload};
use super::super::{Attempt, Refusal, user_of};
use super::invalid;
use super::subject::{is_ours, ours};
use crate::client::Client;

pub struct Actor {
    pub user: Arc<Subject>,
    /// When its own proof ends.
    pub expires: Option<Timestamp>,
    /// How it proved itself, for the record.
    pub proof: &'static str,
}

/// The agent: whoever the actor token speaks for, else the account of the client that asks.
pub async fn of(attempt: &Attempt<'_>, target: &Client) -> Result<Actor, Refusal> {
    let exchange = &attempt.request.exchange;
    let token = match (exchange.actor_token.as_deref(), exchange.actor_token_type.as_deref()) {
        (Some(token), Some(names::TOKEN_TYPE_ACCESS | names::TOKEN_TYPE_JWT)) => Some(token),
        (Some(_), Some(_)) => return Err(invalid("actor_token_type must be that of an access token or a JWT.")),
        (Some(_), None) => return Err(invalid("actor_token_type is missing.")),
        (None, Some(_)) => return Err(invalid("actor_token is missing.")),
        (None, None) => assertion(attempt)?,
    };
    let Some(token) = token else {
        // SECURITY: a public client has no secret that would prove that it is the one that asks.
        if !attempt.has_secret || !attempt.client.is_confidential() {
            return Err(TokenError::InvalidClient.into());
        }
        let user = client_account(attempt.app, attempt.client).await?;
        return Ok(Actor { user, expires: None, proof: "client_secret" });
    };
    if is_ours(attempt, token).await? {
        let found = ours(attempt, target, token).await?.ok_or(TokenError::InvalidGrant)?;
        let user = user_of(attempt.app, found.row.user.0).await?;
        // SECURITY: a token with an actor speaks for a person, and people do not act for people: what impersonation allows
        // has a permission of its own.
        if found.row.actor.is_some() || !is_program(&user) {
            tracing::info!(user = user.username(), "No token is exchanged: the actor is no service account");
            return Err(TokenError::InvalidGrant.into());
        }
        return Ok(Actor { user, expires: found.row.expires, proof: "access_token" });
    }
    let proved = workload(attempt.app, attempt.asked, target, token).await?.ok_or(TokenError::InvalidGrant)?;
    Ok(Actor { user: proved.user, expires: proved.expires, proof: "federated_jwt" })
}

/// A workload may send its proof the way it does elsewhere (RFC 7523 §2.2).
fn assertion<'a>(attempt: &'a Attempt<'_>) -> Result<Option<&'a str>, Refusal> {
    let request = &attempt.request;
    match (request.client_assertion_type.as_deref(), request.client_assertion.as_deref()) {
        (None, None) => Ok(None),
        (Some(names::CLIENT_ASSERTION_TYPE_JWT), Some(assertion)) => Ok(Some(assertion)),
        _ => Err(TokenError::InvalidClient.into()),
    }
}

fn is_program(user: &Subject) -> bool {
    matches!(user.record().text("type"), "service_account" | "internal_service_account")
}
