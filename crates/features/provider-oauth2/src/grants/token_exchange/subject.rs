//! The token of the person for whom is acted (RFC 8693 §2.1 `subject_token`).

use std::sync::Arc;

use events::{Action, Draft};
use jiff::Timestamp;
use jose::jwt::{Audience, Checks, Claims};
use oauth2_wire::{ScopeSet, TokenError, names};
use object::{Id, Uuid};
use policy::Subject;
use serde_json::{Map, Value as Json};
use store::{Filter, Query};

use super::super::{Attempt, Refusal, named, scope_set, user_of};
use super::{Ours, invalid};
use crate::bearer;
use crate::client::{Client, Clients};
use crate::id_token::Authentication;
use crate::keys;
use crate::tokens::{self, AccessToken};

pub struct SubjectToken {
    pub user: Arc<Subject>,
    /// Who issued the token.
    pub issuer: Arc<Client>,
    pub row: Id<AccessToken>,
    pub scope: ScopeSet,
    /// What the token says about the person.
    pub claims: Map<String, Json>,
    pub authentication: Authentication,
    pub family: Uuid,
    pub expires: Option<Timestamp>,
}

pub async fn of(attempt: &Attempt<'_>, target: &Client) -> Result<SubjectToken, Refusal> {
    let exchange = &attempt.request.exchange;
    let token = exchange.subject_token.as_deref().ok_or_else(|| invalid("subject_token is missing."))?;
    let found = match exchange.subject_token_type.as_deref() {
        Some(names::TOKEN_TYPE_ACCESS | names::TOKEN_TYPE_JWT) => ours(attempt, target, token).await?,
        Some(names::TOKEN_TYPE_ID) => by_id_token(attempt, target, token).await?,
        Some(_) => return Err(invalid("subject_token_type must be that of an access token or an ID token.")),
        None => return Err(invalid("subject_token_type is missing.")),
    };
    let Some(Ours { row, issuer }) = found else { return Err(TokenError::InvalidGrant.into()) };
    let user = user_of(attempt.app, row.user.0).await?;
    let methods = row.id_token.get("amr").and_then(|amr| serde_json::from_value(amr.clone()).ok());
    Ok(SubjectToken {
        user,
        issuer,
        row: row.pk,
        scope: scope_set(&row.scope),
        authentication: Authentication {
            at: row.auth_time,
            methods: methods.unwrap_or_default(),
            session: row.session.map(|session| session.0),
        },
        claims: row.id_token.clone(),
        family: row.family,
        expires: row.expires,
    })
}

/// An access token of ours, if it is good and both the target and the client take tokens of its issuer.
pub async fn ours(attempt: &Attempt<'_>, target: &Client, token: &str) -> Result<Option<Ours>, Refusal> {
    let app = attempt.app;
    let Some(row) = bearer::find(app, token).await? else { return Ok(None) };
    if row.revoked {
        let user = Subject::load(app, row.user.0).await?;
        let draft = Draft::new(Action::SuspiciousRequest, "authentik.providers.oauth2.views.token")
            .with("message", "Revoked access token was used in a token exchange");
        let draft = user.iter().fold(draft, |draft, user| draft.user(&named(user)));
        draft.by(&attempt.asked.caller).record(app).await;
        return Ok(None);
    }
    let Some(issuer) = Clients::of(app).by_pk(row.provider.0).cloned() else { return Ok(None) };
    if !is_taken(attempt, target, &issuer) || !bearer::has_actor(app, &row).await? {
        return Ok(None);
    }
    // The row says whose token it is; the signature, that the key that made it is not revoked. What is encrypted is not for
    // us to read: the hash has to do.
    let is_readable = issuer.provider.encryption_key.is_none();
    if is_readable && keys::verify(app, &issuer, token).is_err() {
        return Ok(None);
    }
    Ok(Some(Ours { row, issuer }))
}

/// Whether both the one that issues the new token and the one that asks for it take tokens of this issuer.
fn is_taken(attempt: &Attempt<'_>, target: &Client, issuer: &Client) -> bool {
    let refusing = [target, attempt.client.as_ref()].into_iter().find(|client| !client.takes_tokens_of(issuer));
    let Some(refusing) = refusing else { return true };
    tracing::info!(
        provider = refusing.client_id(),
        issuer = issuer.client_id(),
        "No token is exchanged: the provider does not name the token's issuer among its federated providers"
    );
    false
}

/// The login that an ID token tells of, by the access token that was issued with it: it must still be good, too.
///
/// Only ID tokens of a login in a browser name their session and can be found again.
async fn by_id_token(attempt: &Attempt<'_>, target: &Client, token: &str) -> Result<Option<Ours>, Refusal> {
    let app = attempt.app;
    let peeked = jose::jws::peek_payload(token).ok().and_then(|payload| jose::jwt::parse::<Claims>(&payload).ok());
    let Some(Audience::One(audience)) = peeked.and_then(|claims| claims.aud) else { return Ok(None) };
    let Some(issuer) = Clients::of(app).by_client_id(&audience).cloned() else { return Ok(None) };
    let Ok(verified) = keys::verify(app, &issuer, token) else { return Ok(None) };
    let Ok(claims) = jose::jwt::parse::<Claims>(&verified.payload) else { return Ok(None) };
    let now = app.clock().unix();
    let expected = [issuer.issuer(&attempt.asked.base)];
    let expected: Vec<&str> = expected.iter().map(String::as_str).collect();
    if claims.check(&Checks::at(now).issuers(&expected).audiences(&[issuer.client_id()])).is_err() {
        return Ok(None);
    }
    // SECURITY: an access token is signed with the same key; only `azp` and `scope` tell them apart, and it was not asked for.
    let is_id_token = !claims.other.contains_key("scope") && !claims.other.contains_key("events");
    if !is_id_token || !is_taken(attempt, target, &issuer) {
        return Ok(None);
    }
    let session = claims.other.get("sid").and_then(Json::as_str).and_then(|sid| Uuid::try_parse(sid).ok());
    let Some(session) = session else { return Ok(None) };
    let filter =
        Filter::eq("session", session).and(Filter::eq("provider", issuer.id())).and(Filter::eq("revoked", false));
    let rows: Vec<AccessToken> = app.store().find(&Query::filter(filter).limit(MOST_TOKENS)).await?;
    let (sub, iat) = (claims.sub.map(Json::from), claims.iat.map(Json::from));
    let at = app.clock().now();
    let row = rows.into_iter().find(|row| {
        row.actor.is_none()
            && row.expires.is_none_or(|end| end > at)
            && row.id_token.get("sub") == sub.as_ref()
            && row.id_token.get("iat") == iat.as_ref()
            && row.id_token.get("nonce") == claims.other.get("nonce")
    });
    Ok(row.map(|row| Ours { row: Arc::new(row), issuer }))
}

/// Tokens of one session with one client that are looked through.
const MOST_TOKENS: u64 = 200;

/// Whether a token is one that we could have issued: looked up rather than asked elsewhere.
pub async fn is_ours(attempt: &Attempt<'_>, token: &str) -> Result<bool, store::Error> {
    let found: Option<AccessToken> = attempt.app.store().first(Filter::eq("token_hash", tokens::hash(token))).await?;
    Ok(found.is_some())
}
