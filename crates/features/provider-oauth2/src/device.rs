//! The page where people enter the code of a device (RFC 8628 §3.3), and its two stages.
//!
//! With a code in the address the flow of its application begins at once; without one, the brand's flow asks for it.

use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use directory::guessing::{self, Guessed};
use feature::{App, Problem};
use flow::{
    Answer, Challenge, Circumstances, Context, Errors, Flow, Next, NotPlanned, StageKind, Visit, context, next,
};
use http::StatusCode;
use object::{Id, Object};
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::{Filter, Write};

use crate::authorize::{CONSENT, LoggedIn, begin_with, of_browser, see, will_ask};
use crate::client::{Client, Clients};
use crate::endpoints::page;
use crate::grants::scope_set;
use crate::issue;
use crate::request::Asked;
use crate::tokens::DeviceToken;

/// Names under which the stages are registered.
pub const CODE: &str = "provider_oauth2/device_code";
pub const FINISH: &str = "provider_oauth2/device_code_finish";
const UNKNOWN: &str = "Invalid code";

/// `GET /device`
pub async fn entry(State(app): State<App>, asked: Asked) -> Response {
    match enter(&app, &asked).await {
        Ok(response) => response,
        Err(problem) => problem.into_response(),
    }
}

async fn enter(app: &App, asked: &Asked) -> Result<Response, Problem> {
    let at = asked.circumstances(app).await?;
    let Some(session) = of_browser(app, &at.browser).await? else {
        let own = if asked.query.is_empty() { "/device".to_owned() } else { format!("/device?{}", asked.query) };
        return Ok(see(
            StatusCode::FOUND,
            &next::with_query("/flows/-/default/authentication/", [(next::NEXT, own.as_str())]),
        ));
    };
    let snapshot = app.store().snapshot();
    let brand = brand::of_host(&snapshot, at.origin.domain());
    let flow = brand.flow_device_code.and_then(|pk| snapshot.get::<Flow>(Id(pk)));
    let Some(flow) = flow else {
        let text = "No flow for device codes is set up for this address.";
        return Ok(page(StatusCode::NOT_FOUND, "Not Found", text));
    };
    if let Some(code) = at.parameter("code").filter(|code| !code.is_empty()) {
        return Ok(match begin(&at, &session, code, Entered::ByLink).await? {
            Ok(to) => see(StatusCode::FOUND, &to),
            Err(message) => page(StatusCode::OK, "Permission denied", &message),
        });
    }
    match flow::plan(&at, &flow, Context::default(), true).await {
        Ok(mut plan) => {
            plan.append_in_memory(CODE, json!({}));
            Ok(see(StatusCode::FOUND, &flow::begin(&at, &flow, &plan)))
        }
        Err(NotPlanned::Fault(problem)) => Err(problem),
        Err(refusal) => Ok(page(StatusCode::OK, "Permission denied", &refusal.message())),
    }
}

/// How a code came to us.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Entered {
    ByLink,
    ByHand,
}

/// The request that waits under a code.
async fn waiting(app: &App, code: &str) -> Result<Option<(DeviceToken, Arc<Client>)>, Problem> {
    let digits: String = code.chars().filter(char::is_ascii_digit).collect();
    let found: Option<DeviceToken> = app.store().first(Filter::eq("user_code", digits)).await?;
    let now = app.clock().now();
    let found = found.filter(|token| token.user.is_none() && token.expires.is_none_or(|at| at > now));
    Ok(found.and_then(|token| {
        let client = Clients::of(app).by_pk(token.provider.0).cloned()?;
        Some((token, client))
    }))
}

/// Begins the application's flow for the device behind a code: the address to go to, or why not.
async fn begin(
    at: &Circumstances,
    session: &LoggedIn,
    code: &str,
    entered: Entered,
) -> Result<Result<String, String>, Problem> {
    let app = &at.app;
    // SECURITY: nine digits can be guessed by whoever may try long enough (RFC 8628 §5.1).
    let guess = match guessing::begin(app, Guessed::DeviceCode, session.user.username(), &at.caller).await {
        Ok(guess) => guess,
        Err(wait) => return Ok(Err(format!("Too many codes were tried. Try again in {}.", wait.words()))),
    };
    let Some((token, client)) = waiting(app, code).await? else { return Ok(Err(UNKNOWN.to_owned())) };
    guess.was_right();
    let scope = scope_set(&token.scope);
    if !is_allowed(at, &client, session, &token).await? {
        return Ok(Err("Request has been denied.".to_owned()));
    }
    let snapshot = app.store().snapshot();
    let flow = client.provider.base.authorization_flow.and_then(|pk| snapshot.get::<Flow>(Id(pk)));
    let Some(flow) = flow else { return Ok(Err("The application has no authorization flow.".to_owned())) };
    let mut plan = match flow::plan(at, &flow, begin_with(&client, &scope), true).await {
        Ok(plan) => plan,
        Err(NotPlanned::Fault(problem)) => return Err(problem),
        Err(refusal) => return Ok(Err(refusal.message())),
    };
    // SECURITY: a link can be anybody's (RFC 8628 §5.4). Whoever follows one has not let a device in by that alone.
    if entered == Entered::ByLink && !will_ask(at, &client, session, &plan).await? {
        let name = client.application.as_ref().map_or("", |application| application.name.as_str());
        let header = format!("A device that shows the code {} is about to sign into {name}.", token.user_code);
        plan.context.set(context::CONSENT_HEADER, header);
        plan.append_in_memory(CONSENT, json!({}));
    }
    let waiting = Waiting { token: token.pk.0, user: session.user.key().unwrap_or_default() };
    plan.append_in_memory(FINISH, json!(waiting));
    Ok(Ok(flow::begin(at, &flow, &plan)))
}

async fn is_allowed(
    at: &Circumstances,
    client: &Client,
    session: &LoggedIn,
    token: &DeviceToken,
) -> Result<bool, Problem> {
    let context = policy::Context::default();
    context.set("oauth_scopes", expr::Value::list(token.scope.iter().map(expr::Value::str).collect()));
    context.set("oauth_grant_type", oauth2_wire::GrantType::DeviceCode.as_str());
    issue::is_allowed(&at.app, client, &session.user, at.http.as_ref(), context).await
}

/// Asks for the code.
pub struct CodeStage;

/// The stage needs no configuration.
#[derive(Debug, Clone, Deserialize)]
pub struct Nothing {}

impl StageKind for CodeStage {
    type Config = Nothing;
    const COMPONENT: &'static str = "ak-provider-oauth2-device-code";

    async fn challenge(&self, _: &mut Visit, _: &Nothing) -> Result<Challenge, Problem> {
        Ok(Challenge::new(Self::COMPONENT))
    }

    async fn missing(&self, _: &mut Visit, _: &Nothing) -> Result<Errors, Problem> {
        Ok(Errors::one("code", "This field is required.", "required"))
    }

    async fn answer(&self, visit: &mut Visit, _: &Nothing, answer: &Answer) -> Result<Next, Problem> {
        let mut errors = Errors::default();
        let code = answer.text("code", &mut errors);
        if !errors.is_empty() {
            return Ok(Next::Wrong(errors));
        }
        let at = visit.at.clone();
        let Some(session) = of_browser(&at.app, &at.browser).await? else { return Ok(Next::Deny(None)) };
        Ok(match begin(&at, &session, &code, Entered::ByHand).await? {
            Ok(to) => Next::Leave(to),
            Err(message) => Next::Wrong(Errors::one("code", message, "invalid")),
        })
    }
}

/// What the last stage has to grant.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Waiting {
    token: i64,
    user: i64,
}

/// Grants the device its request and says that it is done.
pub struct FinishStage;

impl StageKind for FinishStage {
    type Config = Waiting;
    const COMPONENT: &'static str = "ak-provider-oauth2-device-code-finish";

    async fn enter(&self, visit: &mut Visit, waiting: &Waiting) -> Result<Next, Problem> {
        if visit.plan.notes.get("granted").is_some() {
            return Ok(Next::Ask);
        }
        let at = visit.at.clone();
        let app = &at.app;
        let session = of_browser(app, &at.browser).await?.filter(|s| s.user.key() == Some(waiting.user));
        let Some(session) = session else { return Ok(Next::Deny(Some("Another user is logged in now.".to_owned()))) };
        let token: Option<DeviceToken> = app.store().get(Id::<DeviceToken>(waiting.token)).await?;
        let client = token.as_ref().and_then(|token| Clients::of(app).by_pk(token.provider.0).cloned());
        let (Some(token), Some(client)) = (token, client) else { return Ok(Next::Deny(Some(UNKNOWN.to_owned()))) };
        if !is_allowed(&at, &client, &session, &token).await? {
            return Ok(Next::Deny(Some("Request has been denied.".to_owned())));
        }
        let granted = Write::Change {
            model: DeviceToken::model(),
            filter: Filter::eq(DeviceToken::model().key_field().name, token.pk)
                .and(Filter::IsNull { path: "user".into(), null: true }),
            set: vec![
                ("user", waiting.user.into()),
                ("auth_time", session.authentication.at.into()),
                ("amr", json!(session.authentication.methods).into()),
                ("session", session.authentication.session.map_or(object::Value::Null, object::Value::Uuid)),
            ],
            guard: true,
        };
        match app.store().apply(vec![granted]).await {
            Ok(_) => {}
            Err(store::Error::Guard) => return Ok(Next::Deny(Some(UNKNOWN.to_owned()))),
            Err(error) => return Err(error.into()),
        }
        visit.plan.notes = json!({ "granted": true });
        Ok(Next::Ask)
    }

    async fn challenge(&self, _: &mut Visit, _: &Waiting) -> Result<Challenge, Problem> {
        Ok(Challenge::new(Self::COMPONENT))
    }

    async fn answer(&self, _: &mut Visit, _: &Waiting, _: &Answer) -> Result<Next, Problem> {
        Ok(Next::Pass)
    }
}
