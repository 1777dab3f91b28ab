//! Access tokens as they come back to us (RFC 6750 §2).

use std::sync::Arc;

use events::{Action, Draft};
use feature::{App, Problem};
use oauth2_wire::BearerError;
use object::{Id, Key};
use policy::Subject;

use crate::client::{Client, Clients};
use crate::grants::named;
use crate::request::Asked;
use crate::tokens::{self, AccessToken};

/// A token that is good, with its user and client.
pub struct Bearer {
    pub token: Arc<AccessToken>,
    pub user: Arc<Subject>,
    pub client: Arc<Client>,
}

/// Why a token is of no use.
pub enum Unusable {
    Refused(BearerError),
    Fault(Problem),
}

impl From<store::Error> for Unusable {
    fn from(error: store::Error) -> Self {
        Self::Fault(error.into())
    }
}

/// The row of a token that has neither ended nor been revoked. One read; the whole token is looked up by its hash, so a
/// part of one, or one with something added, is found as little as one that was never issued.
pub async fn find(app: &App, token: &str) -> Result<Option<Arc<AccessToken>>, store::Error> {
    let found = app.store().recall_as::<AccessToken>("token_hash", tokens::hash(token).into()).await?;
    let now = app.clock().now();
    Ok(found.filter(|token| token.expires.is_none_or(|at| at > now)))
}

/// A token for one of our interfaces that needs `scope`.
pub async fn check(app: &App, asked: Option<&Asked>, token: Option<&str>, scope: &str) -> Result<Bearer, Unusable> {
    let invalid = || Unusable::Refused(BearerError::InvalidToken);
    let token = find(app, token.ok_or_else(invalid)?).await?.ok_or_else(invalid)?;
    let user = Subject::load(app, token.user.0).await?.ok_or_else(invalid)?;
    if token.revoked {
        if let Some(asked) = asked {
            Draft::new(Action::SuspiciousRequest, "authentik.providers.oauth2.utils")
                .with("message", "Revoked access token was used")
                .user(&named(&user))
                .by(&asked.caller)
                .record(app)
                .await;
        }
        return Err(invalid());
    }
    // SECURITY: who was deactivated is out at once, not when the token ends.
    if user.record().get("is_active").as_bool() != Some(true) {
        return Err(invalid());
    }
    if !has_actor(app, &token).await? {
        return Err(invalid());
    }
    let client = Clients::of(app).by_pk(provider_of(&token)).cloned().ok_or_else(invalid)?;
    if !token.scope.iter().any(|granted| granted == scope) {
        return Err(Unusable::Refused(BearerError::InsufficientScope));
    }
    Ok(Bearer { token, user, client })
}

/// Whether the agent that acts with the token, if one does, still may: a deactivated one is out at once, too.
pub async fn has_actor(app: &App, token: &AccessToken) -> Result<bool, store::Error> {
    let Some(actor) = token.actor else { return Ok(true) };
    let actor: Option<directory::User> = app.store().get(Id::<directory::User>(actor.0)).await?;
    Ok(actor.is_some_and(|actor| actor.is_active))
}

fn provider_of(token: &AccessToken) -> i64 {
    match token.provider.key() {
        Key::Int(pk) => pk,
        Key::Uuid(_) => 0,
    }
}
