//! Who is there: a session, its rights, and whether the login is recent enough (OpenID Connect Core §3.1.2.3).

use std::sync::Arc;

use clock::Timestamp;
use directory::WebSession;
use feature::Problem;
use flow::{Circumstances, Context, Designation, Flow, NotPlanned, next};
use jose::jwt::Claims;
use oauth2_wire::{AuthorizeError, Prompt};
use object::{Id, Uuid};
use policy::Subject;

use super::{Answerable, Authorization, Refusal, interaction, is_silent};
use crate::id_token::{self, Authentication};
use crate::{issue, keys};

/// Carried along through a login that was demanded: proves on return that there has been one.
const MARK: &str = "keywright_login";
/// Seconds that a demanded login may take.
const MARK_AGE: i64 = 3600;

/// Somebody who is logged in.
pub struct LoggedIn {
    pub user: Arc<Subject>,
    pub authentication: Authentication,
}

/// The login of a browser session.
pub async fn of_browser(app: &feature::App, browser: &WebSession) -> Result<Option<LoggedIn>, Problem> {
    let (Some(user), Some(login)) = (browser.user(), browser.login_id()) else { return Ok(None) };
    let Some(subject) = Subject::load(app, user.pk.0).await? else { return Ok(None) };
    let authentication = Authentication {
        at: time_of(login.0).unwrap_or_else(|| app.clock().now()),
        methods: methods(browser),
        session: Some(login.0),
    };
    Ok(Some(LoggedIn { user: subject, authentication }))
}

/// The ids of logins are made of the time (RFC 9562 §5.7).
fn time_of(login: Uuid) -> Option<Timestamp> {
    let (seconds, nanos) = login.get_timestamp()?.to_unix();
    Timestamp::new(i64::try_from(seconds).ok()?, i32::try_from(nanos).ok()?).ok()
}

/// RFC 8176, from how the login was made.
fn methods(browser: &WebSession) -> Vec<String> {
    use oauth2_wire::names;
    let Some((method, args)) = browser.login_method() else { return Vec::new() };
    let known = [
        (method == "password", names::AMR_PASSWORD),
        (method == "auth_webauthn_pwl", names::AMR_WEBAUTHN),
        (args.contains_key("certificate"), names::AMR_SMART_CARD),
        (args.contains_key("mfa_devices"), names::AMR_MFA),
    ];
    known.into_iter().filter(|(holds, _)| *holds).map(|(_, name)| name.to_owned()).collect()
}

/// Somebody must be logged in; else to the login, and back here.
pub async fn is_logged_in(
    known: &Answerable<'_>,
    authorization: &Authorization,
    at: &Circumstances,
) -> Result<LoggedIn, Refusal> {
    if let Some(session) = of_browser(&at.app, &at.browser).await? {
        return Ok(session);
    }
    if is_silent(authorization) {
        return Err(known.refuse(interaction(AuthorizeError::LoginRequired)));
    }
    // Who logs in now has done what `prompt=login` wants.
    Err(to_login(known, authorization, at, None).await?)
}

/// The application's policies decide.
pub async fn may_enter(
    known: &Answerable<'_>,
    authorization: &Authorization,
    session: &LoggedIn,
    at: &Circumstances,
) -> Result<(), Refusal> {
    if is_allowed(known.client, authorization, &session.user, at).await? {
        Ok(())
    } else {
        Err(denied(known.client, None))
    }
}

/// The same question, asked again when the flow is over.
pub async fn is_allowed(
    client: &crate::client::Client,
    authorization: &Authorization,
    user: &Arc<Subject>,
    at: &Circumstances,
) -> Result<bool, Problem> {
    let context = policy::Context::default();
    let text = |text: Option<&str>| text.map_or(expr::Value::None, expr::Value::str);
    let pkce = authorization.pkce.as_ref();
    context.set("oauth_scopes", expr::Value::list(authorization.scope.iter().map(expr::Value::str).collect()));
    context.set("oauth_grant_type", authorization.response_type.flow());
    context.set("oauth_code_challenge", text(pkce.map(|p| p.challenge.as_str())));
    context.set("oauth_code_challenge_method", text(pkce.map(|p| p.method.as_str())));
    let max_age = authorization.max_age.and_then(|age| i64::try_from(age).ok());
    context.set("oauth_max_age", max_age.map_or(expr::Value::None, expr::Value::Int));
    context.set("oauth_redirect_uri", authorization.redirect_uri.as_str());
    context.set("oauth_response_type", authorization.response_type.as_str());
    issue::is_allowed(&at.app, client, user, at.http.as_ref(), context).await
}

/// The client's application may not be used.
pub fn denied(client: &crate::client::Client, message: Option<String>) -> Refusal {
    let text = message.filter(|m| !m.is_empty()).unwrap_or_else(|| "Request has been denied.".to_owned());
    Refusal::Denied { text, application: client.application.as_ref().map(|application| application.name.clone()) }
}

/// `prompt=login` and `max_age`: the login must be new enough, else there is another one.
pub async fn is_recent(
    known: &Answerable<'_>,
    authorization: &Authorization,
    session: &LoggedIn,
    at: &Circumstances,
) -> Result<(), Refusal> {
    let age = at.now().duration_since(session.authentication.at).as_secs();
    let is_old = authorization.max_age.is_some_and(|max| max > 0 && age > i64::try_from(max).unwrap_or(i64::MAX));
    if !is_old && (!is_demanded(authorization) || has_logged_in_since(at, session)) {
        return Ok(());
    }
    // COMPAT: `none` beside `login` asks all the same (recorded); alone it must not.
    if is_silent(authorization) && !authorization.prompt.contains(Prompt::Login) {
        return Err(known.refuse(interaction(AuthorizeError::LoginRequired)));
    }
    Err(to_login(known, authorization, at, session.authentication.session).await?)
}

/// Whether the client wants a login now, whoever is logged in.
fn is_demanded(authorization: &Authorization) -> bool {
    authorization.prompt.contains(Prompt::Login) || authorization.max_age == Some(0)
}

/// OpenID Connect Core §3.1.2.1: with `prompt=none` and a hint at somebody else, nobody is logged in as far as the client
/// is concerned.
pub fn is_hinted(known: &Answerable<'_>, session: &LoggedIn, at: &Circumstances) -> Result<(), Refusal> {
    let Some(hint) = &known.request.id_token_hint else { return Ok(()) };
    if !known.request.prompt.contains(Prompt::None) {
        return Ok(());
    }
    let app = &at.app;
    let hinted = hint_of(app, known.client, hint);
    let is_same = hinted.is_some_and(|claims| claims.sub == Some(id_token::subject(app, known.client, &session.user)));
    if is_same { Ok(()) } else { Err(known.refuse(interaction(AuthorizeError::LoginRequired))) }
}

/// The claims of an ID token that we issued to the client, whether or not it is still good.
pub fn hint_of(app: &feature::App, client: &crate::client::Client, hint: &str) -> Option<Claims> {
    let verified = keys::verify(app, client, hint).ok()?;
    let claims: Claims = jose::jwt::parse(&verified.payload).ok()?;
    claims.aud.as_ref().is_some_and(|aud| aud.contains(client.client_id())).then_some(claims)
}

/// To the login, and back here. `before` is the login that is not good enough.
async fn to_login(
    known: &Answerable<'_>,
    authorization: &Authorization,
    at: &Circumstances,
    before: Option<Uuid>,
) -> Result<Refusal, Problem> {
    let snapshot = at.app.store().snapshot();
    let own = known.client.provider.base.authentication_flow.and_then(|pk| snapshot.get::<Flow>(Id(pk)));
    let flow = match own {
        Some(flow) => Some(flow),
        None => flow::default_flow(at, Designation::Authentication).await?,
    };
    let Some(flow) = flow else { return Ok(Refusal::NotFound) };
    let mut at = at.clone();
    at.query.retain(|(name, _)| name != MARK && name != next::NEXT);
    let path = at.http.as_ref().map_or("/application/o/authorize/", |http| http.path.as_str()).to_owned();
    let mut back = at.query.clone();
    if is_demanded(authorization) {
        back.push((MARK.to_owned(), mark(&at, before)));
    }
    let back = next::with_query(&path, back.iter().map(|(k, v)| (k.as_str(), v.as_str())));
    at.query.push((next::NEXT.to_owned(), back));
    let mut context = Context::default();
    if let Some(application) = &known.client.application {
        context.set_application(application.base.pk.0);
    }
    let plan = match flow::plan(&at, &flow, context, false).await {
        Ok(plan) => plan,
        // A flow for those who are not logged in refuses whoever is: the address alone will do, upstream's way.
        Err(NotPlanned::NotApplicable(_) | NotPlanned::Empty) => {
            let query = at.query.iter().map(|(k, v)| (k.as_str(), v.as_str()));
            return Ok(Refusal::Leave(next::with_query(&format!("/if/flow/{}/", flow.slug), query)));
        }
        Err(NotPlanned::Fault(problem)) => return Err(problem),
    };
    Ok(Refusal::Leave(flow::begin(&at, &flow, &plan)))
}

/// What the mark vouches for: which login was not good enough, when, and for which request.
fn message(at: &Circumstances, before: &str, when: &str) -> String {
    let mut query: Vec<String> = at
        .query
        .iter()
        .filter(|(name, _)| name != MARK && name != next::NEXT)
        .map(|(k, v)| format!("{k}={v}"))
        .collect();
    query.sort();
    format!("{before}\n{when}\n{}", query.join("\n"))
}

fn mark(at: &Circumstances, before: Option<Uuid>) -> String {
    let before = before.map_or_else(|| "none".to_owned(), |login| login.simple().to_string());
    let when = at.app.clock().unix().to_string();
    let tag = at.app.root_key().signer("oauth2 demanded login").sign(message(at, &before, &when).as_bytes());
    format!("{before}.{when}.{tag}")
}

/// Whether the login is another one than the one that was not good enough, and newer than the demand.
///
/// SECURITY: the mark is signed over the whole request, so a client cannot make one, nor use one for another request.
fn has_logged_in_since(at: &Circumstances, session: &LoggedIn) -> bool {
    let Some(mark) = at.parameter(MARK) else { return false };
    let mut parts = mark.splitn(3, '.');
    let (Some(before), Some(when), Some(tag)) = (parts.next(), parts.next(), parts.next()) else { return false };
    let signer = at.app.root_key().signer("oauth2 demanded login");
    if !signer.verify(message(at, before, when).as_bytes(), tag) {
        return false;
    }
    let Ok(when) = when.parse::<i64>() else { return false };
    let login = session.authentication.session.map(|login| login.simple().to_string());
    let now = at.app.clock().unix();
    login.as_deref() != Some(before) && session.authentication.at.as_second() >= when && now - when <= MARK_AGE
}
