//! Token exchange (RFC 8693): an agent acts for a person, and everybody can see that it does.
//!
//! The request is made by a client, presents a token of the person (the subject) and is proved by an agent (the actor): a
//! token of the agent, or else the client's own secret, for which the client's account stands. What is issued speaks for the
//! person, names the agent in the claim `act`, and never reaches further than what was exchanged: fewer scopes, an earlier
//! end, and an application that lets both of them in.
//!
//! Who may exchange what stands with whoever issues the result: a provider takes part once `jwt_federation_providers` names
//! others, and then takes the tokens and the requests of those, and its own. Errors follow RFC 6749: a token that is of no use
//! is `invalid_grant` (RFC 8693 §2.2.2 has `invalid_request` for it, which says nothing).

mod actor;
mod subject;
mod target;

use std::sync::Arc;

use events::{Action, Draft};
use oauth2_wire::{Error, GrantType, ScopeSet, TokenError, names};
use object::Object;
use serde_json::{Map, Value as Json, json};
use store::{Filter, Write};

use self::actor::Actor;
use self::subject::SubjectToken;
use super::{Attempt, Grant, Outcome, Refusal, named};
use crate::client::Client;
use crate::id_token;
use crate::issue::{Acting, Granted};
use crate::tokens::AccessToken;

pub const GRANT: Grant = Grant {
    name: GrantType::TokenExchange,
    // A workload without a secret proves itself by its own token; see `actor`.
    requires_secret: false,
    authorize: |attempt| Box::pin(authorize(attempt)),
};

/// Agents in a row that act for each other. A longer chain is a loop.
const MAX_CHAIN: usize = 5;

/// Scopes that no agent gets for somebody else.
///
/// SECURITY: the record of changes over the API names one user, so whoever acts there acts in their own name; and a token to
/// get further tokens with would outlive the one that was exchanged.
const NEVER: [&str; 2] = [names::SCOPE_API, names::SCOPE_OFFLINE_ACCESS];

async fn authorize(attempt: &Attempt<'_>) -> Result<Outcome, Refusal> {
    let Attempt { app, client, .. } = attempt;
    if client.is_confidential() && !attempt.secrets.is_empty() && !attempt.has_secret {
        return Err(TokenError::InvalidClient.into());
    }
    let token_type = requested_type(attempt)?;
    let target = target::of(attempt)?;
    let subject = subject::of(attempt, &target).await?;
    let actor = actor::of(attempt, &target).await?;
    if actor.user.key() == subject.user.key() {
        return Err(invalid("The actor is the subject itself: there is nobody to act for."));
    }
    if let Some(may_act) = subject.claims.get("may_act") {
        is_meant(attempt, &subject, &actor, may_act)?;
    }
    let scope = scope(attempt, &target, &subject)?;
    let claim = act(attempt, &target, &subject, &actor)?;
    let event = record(attempt, &target, &subject, &actor, &scope);
    let still_good = Write::Change {
        model: AccessToken::model(),
        filter: Filter::eq("pk", subject.row).and(Filter::eq("revoked", false)),
        set: vec![("revoked", false.into())],
        guard: true,
    };
    let granted = Granted {
        user: subject.user,
        scope,
        authentication: subject.authentication,
        // Ends with the grant that the person made.
        family: subject.family,
        nonce: None,
        wishes: Vec::new(),
        acting: Some(Acting {
            user: actor.user,
            claim,
            until: [subject.expires, actor.expires].into_iter().flatten().min(),
            token_type,
        }),
    };
    tracing::debug!(client = client.client_id(), now = %app.clock().now(), "A token is exchanged");
    Ok(Outcome { target: Some(target), provided: vec![still_good], event: Some(event), ..Outcome::of(granted) })
}

/// A request that cannot be carried out as it is (RFC 6749 §5.2).
fn invalid(text: &'static str) -> Refusal {
    Refusal::Client(Error::new(TokenError::InvalidRequest.code(), text))
}

/// §2.1: our access tokens are JWTs, so both names mean the same.
fn requested_type(attempt: &Attempt<'_>) -> Result<&'static str, Refusal> {
    match attempt.request.exchange.requested_token_type.as_deref() {
        None | Some(names::TOKEN_TYPE_ACCESS) => Ok(names::TOKEN_TYPE_ACCESS),
        Some(names::TOKEN_TYPE_JWT) => Ok(names::TOKEN_TYPE_JWT),
        Some(_) => Err(invalid("Only access tokens are given in exchange: leave requested_token_type out.")),
    }
}

/// What the person was granted or less, and of that what the target knows. Nothing is added (§2.1, RFC 6749 §3.3).
fn scope(attempt: &Attempt<'_>, target: &Client, subject: &SubjectToken) -> Result<ScopeSet, Refusal> {
    let never: ScopeSet = NEVER.into_iter().collect();
    if attempt.wished.is_empty() {
        return Ok(subject.scope.difference(&never).intersection(&target.scopes));
    }
    let has_forbidden = attempt.wished.iter().any(|scope| never.contains(scope));
    if has_forbidden || !attempt.wished.is_subset(&subject.scope) {
        return Err(TokenError::InvalidScope.into());
    }
    Ok(attempt.wished.intersection(&target.scopes))
}

/// §4.4: whom the person's token names, it means, and nobody else. What is said there and cannot be checked is not met.
fn is_meant(attempt: &Attempt<'_>, subject: &SubjectToken, actor: &Actor, may_act: &Json) -> Result<(), Refusal> {
    let Attempt { app, asked, client, .. } = attempt;
    let is_met = |name: &str, value: &Json| {
        let Some(value) = value.as_str() else { return false };
        match name {
            "sub" => value == actor.user.username() || value == id_token::subject(app, &subject.issuer, &actor.user),
            "client_id" => value == client.client_id(),
            "iss" => value == subject.issuer.issuer(&asked.base),
            _ => false,
        }
    };
    let is_meant = may_act.as_object().is_some_and(|m| !m.is_empty() && m.iter().all(|(name, v)| is_met(name, v)));
    if is_meant {
        return Ok(());
    }
    tracing::info!(actor = actor.user.username(), "The subject token's may_act names another actor");
    Err(TokenError::InvalidGrant.into())
}

/// The claim `act` (§4.1): the one who acts now outermost, those who acted before inside.
fn act(attempt: &Attempt<'_>, target: &Client, subject: &SubjectToken, actor: &Actor) -> Result<Json, Refusal> {
    let mut claim = Map::new();
    claim.insert("sub".to_owned(), id_token::subject(attempt.app, target, &actor.user).into());
    claim.insert("client_id".to_owned(), attempt.client.client_id().into());
    if let Some(before) = subject.claims.get("act") {
        if depth(before) >= MAX_CHAIN {
            return Err(invalid("Too many agents act for each other."));
        }
        claim.insert("act".to_owned(), before.clone());
    }
    Ok(Json::Object(claim))
}

fn depth(act: &Json) -> usize {
    std::iter::successors(Some(act), |act| act.get("act")).count()
}

/// The audit record: the person, with the agent beside them.
fn record(attempt: &Attempt<'_>, target: &Client, subject: &SubjectToken, actor: &Actor, scope: &ScopeSet) -> Draft {
    let application = target.application.as_ref().map(|a| events::reference(&a.to_record()));
    let client = attempt.client.application.as_ref().map(|a| events::reference(&a.to_record()));
    let issuer = events::reference(&subject.issuer.provider.to_record());
    Draft::new(Action::AuthorizeApplication, "authentik.providers.oauth2.views.token")
        .with("authorized_application", application.unwrap_or_default())
        .with("grant", GrantType::TokenExchange.as_str())
        .with("scopes", scope.to_string())
        .with("actor", Json::Object(named(&actor.user).to_json()))
        .with("actor_proof", json!(actor.proof))
        .with("requesting_application", client.unwrap_or_default())
        .with("subject_issuer", issuer)
        .user(&named(&subject.user))
}

/// A token of ours that is good, of an issuer that both the target and the client take.
pub struct Ours {
    pub row: Arc<AccessToken>,
    pub issuer: Arc<Client>,
}
