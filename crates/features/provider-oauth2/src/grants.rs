//! The token endpoint (RFC 6749 §3.2): the phases that all grants share, and the list of grants.
//!
//! A grant says whether the client must prove itself and what it grants. Everything that must not be forgotten stands here
//! once: client authentication, the user's state, the application's policies, the limits of scopes, single use.

mod authorization_code;
mod client_credentials;
mod device_code;
mod refresh_token;
mod token_exchange;

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use directory::guessing::Wait;
use events::{Action, Draft};
use feature::{App, BoxFuture, Problem};
use http::StatusCode;
use oauth2_wire::{ClientAuth, Error, GrantType, Params, ScopeSet, TokenError, TokenRequest, names};
use object::Uuid;
use policy::Subject;
use serde_json::json;
use store::Write;

use crate::client::{Client, Clients};
use crate::endpoints::{too_many, uncached};
use crate::issue::{self, Granted, Issuer};
use crate::keys::KeyFault;
use crate::request::{Asked, Form};
use crate::{cors, metrics};

/// A request for tokens, of a client that is known.
pub struct Attempt<'a> {
    pub app: &'a App,
    pub asked: &'a Asked,
    pub client: &'a Arc<Client>,
    pub request: TokenRequest,
    /// The scopes as they were asked for, whether or not the client is set up for them.
    pub wished: ScopeSet,
    /// What the client sent as its secret, in the readings that are possible.
    pub secrets: Vec<String>,
    /// Whether one of those is the client's secret.
    pub has_secret: bool,
}

/// What a grant came to.
pub struct Outcome {
    pub granted: Granted,
    /// Scopes of the refresh token that is to be issued too, if any.
    pub refresh: Option<Vec<String>>,
    /// The client that the tokens are for, where it is another one than the one that asks.
    pub target: Option<Arc<Client>>,
    /// What must still be so when the tokens are kept.
    pub provided: Vec<Write>,
    /// What makes the grant usable once: carried out together with keeping the tokens, or not at all.
    pub consume: Vec<Write>,
    /// What policies may look at beside the usual.
    pub context: Vec<(&'static str, serde_json::Value)>,
    pub event: Option<Draft>,
}

impl Outcome {
    /// What is granted, with nothing beside it.
    fn of(granted: Granted) -> Self {
        Self {
            granted,
            refresh: None,
            target: None,
            provided: Vec::new(),
            consume: Vec::new(),
            context: Vec::new(),
            event: None,
        }
    }
}

/// Why there are no tokens.
pub enum Refusal {
    Client(Error),
    /// The grant was used before: whatever came of it ends.
    Reused {
        family: Uuid,
        what: &'static str,
        user: Option<i64>,
    },
    /// There were too many wrong passwords: this one was not looked at.
    Wait(Wait),
    Fault(Problem),
}

impl From<TokenError> for Refusal {
    fn from(error: TokenError) -> Self {
        Self::Client(error.into())
    }
}
impl From<oauth2_wire::DeviceError> for Refusal {
    fn from(error: oauth2_wire::DeviceError) -> Self {
        Self::Client(error.into())
    }
}
impl From<Wait> for Refusal {
    fn from(wait: Wait) -> Self {
        Self::Wait(wait)
    }
}
impl From<Problem> for Refusal {
    fn from(problem: Problem) -> Self {
        Self::Fault(problem)
    }
}
impl From<store::Error> for Refusal {
    fn from(error: store::Error) -> Self {
        Self::Fault(error.into())
    }
}
impl From<KeyFault> for Refusal {
    fn from(fault: KeyFault) -> Self {
        Self::Fault(Problem::fault(fault))
    }
}

/// A grant: what only it does.
pub struct Grant {
    pub name: GrantType,
    /// Whether a confidential client must show its secret.
    pub requires_secret: bool,
    pub authorize: for<'a> fn(&'a Attempt<'a>) -> BoxFuture<'a, Result<Outcome, Refusal>>,
}

const GRANTS: &[Grant] = &[
    authorization_code::GRANT,
    refresh_token::GRANT,
    client_credentials::GRANT,
    client_credentials::PASSWORD,
    device_code::GRANT,
    token_exchange::GRANT,
];

/// `POST /application/o/token/`
pub async fn token(State(app): State<App>, form: Form) -> Response {
    let asked = &form.asked;
    let clients = Clients::of(&app);
    let (client, result) = match &form.fields {
        Ok(fields) => {
            let auth = asked.client_auth(fields);
            let client = find(&clients, &auth);
            (client, redeem(&app, asked, client, &auth, fields).await)
        }
        Err(error) => (None, Err(Refusal::Client(Error::new("invalid_request", error.to_string())))),
    };
    metrics::token_request(&app, result.is_ok());
    let mut response = match result {
        Ok(response) => uncached(StatusCode::OK, &response),
        Err(refusal) => refuse(&app, asked, refusal).await,
    };
    if let Some(client) = client {
        cors::allow(&asked.headers, &mut response, &cors::Readers::Client(client));
    }
    response
}

/// What a browser asks before it lets a page send a request: no client is named, so any client's origin will do.
pub async fn preflight(State(app): State<App>, asked: Asked) -> Response {
    let mut response = uncached(StatusCode::OK, &json!({}));
    cors::allow(&asked.headers, &mut response, &cors::Readers::Clients(&Clients::of(&app)));
    response
}

/// The client that a request names.
pub fn find<'c>(clients: &'c Clients, auth: &ClientAuth) -> Option<&'c Arc<Client>> {
    auth.client_ids().into_iter().find_map(|id| clients.by_client_id(id))
}

/// What a request sends as the client's secret.
pub fn secrets(auth: &ClientAuth, client: &Client) -> Vec<String> {
    match auth {
        ClientAuth::Basic(credentials) => {
            let own = credentials.candidates().filter(|(id, _)| *id == client.client_id());
            own.map(|(_, secret)| secret.to_owned()).filter(|s| !s.is_empty()).collect()
        }
        ClientAuth::Post { client_secret, .. } => client_secret.iter().cloned().collect(),
        ClientAuth::Assertion { .. } | ClientAuth::Missing => Vec::new(),
    }
}

pub async fn redeem(
    app: &App,
    asked: &Asked,
    client: Option<&Arc<Client>>,
    auth: &ClientAuth,
    fields: &Params,
) -> Result<oauth2_wire::TokenResponse, Refusal> {
    let client = client.ok_or(TokenError::InvalidClient)?;
    fields
        .check_repeated(&TokenRequest::REPEATABLE)
        .map_err(|error| Refusal::Client(Error::new(TokenError::InvalidRequest.code(), error.to_string())))?;
    let mut request = TokenRequest::parse(fields);
    // RFC 6749 §3.3: what the client is not set up for is left out, not an error.
    let wished = request.scope.clone();
    request.scope = request.scope.intersection(&client.scopes);
    let grant = GRANTS.iter().find(|grant| Some(grant.name) == request.grant_type);
    let grant = grant.ok_or(TokenError::UnsupportedGrantType)?;
    let secrets = secrets(auth, client);
    let has_secret = secrets.iter().any(|secret| client.has_secret(secret));
    if grant.requires_secret && client.is_confidential() && !has_secret {
        return Err(TokenError::InvalidClient.into());
    }
    let attempt = Attempt { app, asked, client, request, wished, secrets, has_secret };
    let outcome = (grant.authorize)(&attempt).await?;
    conclude(&attempt, grant, outcome).await
}

/// The checks that no grant can skip, then one write, then the answer.
async fn conclude(
    attempt: &Attempt<'_>,
    grant: &Grant,
    mut outcome: Outcome,
) -> Result<oauth2_wire::TokenResponse, Refusal> {
    let Attempt { app, asked, client, request, .. } = attempt;
    let client = outcome.target.as_ref().unwrap_or(client);
    let granted = &mut outcome.granted;
    // SECURITY: scopes that were taken from the client since the grant was made are gone from it, and none come in. Those of
    // GitHub's interface are no client's to be set up for.
    granted.scope =
        granted.scope.iter().filter(|s| client.scopes.contains(s) || names::SCOPES_GITHUB.contains(s)).collect();
    let context = policy::Context::default();
    context.set("oauth_scopes", expr::Value::list(granted.scope.iter().map(expr::Value::str).collect()));
    context.set("oauth_grant_type", grant.name.as_str());
    let verifier = request.code_verifier.as_deref();
    context.set("oauth_code_verifier", verifier.map_or(expr::Value::None, expr::Value::str));
    for (name, value) in &outcome.context {
        context.set(name, expr::from_json(value));
    }
    // SECURITY: an agent gets no further than both itself and the person it acts for.
    if let Some(acting) = &granted.acting {
        context.set("oauth_actor", acting.user.username());
        context.set("oauth_subject", granted.user.username());
        if !issue::is_allowed(app, client, &acting.user, Some(&asked.http), context.clone()).await? {
            return Err(TokenError::InvalidGrant.into());
        }
    }
    if !issue::is_allowed(app, client, &granted.user, Some(&asked.http), context).await? {
        return Err(TokenError::InvalidGrant.into());
    }
    let issuer = Issuer { app, client, base: &asked.base, http: Some(&asked.http) };
    let (response, mut writes) = issuer.respond(granted, outcome.refresh).await?;
    let is_single = !outcome.consume.is_empty();
    writes.splice(0..0, outcome.consume.into_iter().chain(outcome.provided));
    // The record is kept at the same moment as the token, so that both wait for the same commit.
    let record = async {
        if let Some(event) = outcome.event {
            event.by(&asked.caller).record(app).await;
        }
    };
    let (kept, ()) = tokio::join!(app.store().apply(writes), record);
    match kept {
        Ok(_) => {}
        // Somebody else was quicker with the same code or token.
        Err(store::Error::Guard) if is_single => {
            let (family, user) = (granted.family, granted.user.key());
            return Err(Refusal::Reused { family, what: grant.name.as_str(), user });
        }
        Err(store::Error::Guard) => return Err(TokenError::InvalidGrant.into()),
        Err(error) => return Err(error.into()),
    }
    Ok(response)
}

pub async fn refuse(app: &App, asked: &Asked, refusal: Refusal) -> Response {
    let error = match refusal {
        Refusal::Client(error) => error,
        Refusal::Reused { family, what, user } => {
            // RFC 9700 §4.14.2: of two that hold the same token one is a thief, and nobody can tell which.
            if let Err(error) = app.store().apply(issue::end_family(family)).await {
                return axum::response::IntoResponse::into_response(Problem::from(error));
            }
            let subject = match user {
                Some(pk) => Subject::load(app, pk).await.ok().flatten(),
                None => None,
            };
            let mut draft = Draft::new(Action::SuspiciousRequest, "authentik.providers.oauth2.views.token")
                .with("message", format!("A grant was used a second time ({what}); all its tokens were revoked."));
            if let Some(subject) = subject {
                draft = draft.user(&named(&subject));
            }
            draft.by(&asked.caller).record(app).await;
            TokenError::InvalidGrant.into()
        }
        Refusal::Wait(wait) => {
            let text = format!("Too many wrong passwords. Try again in {}.", wait.words());
            let error = Error::new(TokenError::InvalidGrant.code(), text);
            return too_many(wait, &error.with_request_id(asked.caller.request_id.clone()));
        }
        Refusal::Fault(problem) => return axum::response::IntoResponse::into_response(problem),
    };
    let status = StatusCode::BAD_REQUEST;
    tracing::info!(error = %error.error, "No tokens: {error}");
    uncached(status, &error.with_request_id(asked.caller.request_id.clone()))
}

/// A user as events name one.
pub fn named(user: &Subject) -> events::Subject {
    events::Subject {
        pk: user.key().unwrap_or_default(),
        username: user.username().to_owned(),
        email: user.record().text("email").to_owned(),
    }
}

/// The user of a grant, who must still be there and active.
pub async fn user_of(app: &App, pk: i64) -> Result<Arc<Subject>, Refusal> {
    let user = Subject::load(app, pk).await?.ok_or(TokenError::InvalidGrant)?;
    // SECURITY: asked again at every redemption; a deactivated user gets nothing out of an older grant.
    if user.record().get("is_active").as_bool() != Some(true) {
        return Err(TokenError::InvalidGrant.into());
    }
    Ok(user)
}

/// A kept list of scopes as a set.
pub fn scope_set(scope: &[String]) -> ScopeSet {
    scope.iter().map(String::as_str).collect()
}
