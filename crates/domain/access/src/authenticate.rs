//! From a request to its caller.

use std::sync::Arc;

use directory::{LazySession, User, UserType, WebSession, guessing};
use feature::{App, Caller, Problem, RequestLine, Through};
use http::{Method, StatusCode, header::USER_AGENT, request::Parts};
use net::{ClientAddress, Origin};
use serde_json::{Map, Value as Json};
use telemetry::RequestId;

use crate::{bearer, grants};

/// Whether a request of this method may change something.
fn is_safe(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS | Method::TRACE)
}

/// Who asks for something of the API: by a token, else by the browser's session, else nobody.
///
/// # Errors
/// 403: the token is no good, or an unsafe call under a session does not carry the CSRF token.
pub async fn authenticate(app: &App, parts: &Parts) -> Result<Caller, Problem> {
    if let Some(token) = bearer::token(&parts.headers) {
        let Some(bearer) = bearer::resolve(app, token).await? else { return Err(Problem::bad_credentials()) };
        let through = Through::Token { identifier: bearer.identifier };
        return Ok(of_user(app, &bearer.user, through, nobody(parts)));
    }
    let caller = by_session(app, parts).await?;
    if caller.user.is_none()
        && let Err(wait) = guessing::request(app, "api", &app.settings().throttle.default, caller.address)
    {
        let text = format!("Request was throttled. Expected available in {}.", wait.words());
        let refusal = Problem::detail(StatusCode::TOO_MANY_REQUESTS, text);
        return Err(Problem { retry_after: Some(wait.seconds), ..refusal });
    }
    if caller.user.is_some() && !is_safe(&parts.method) {
        LazySession::load_from(&parts.extensions).await?.check_csrf(&parts.headers)?;
    }
    Ok(caller)
}

/// Who sits at the browser, for pages and for the executor of flows: tokens count for nothing, and a page guards its forms
/// by itself.
pub async fn by_session(app: &App, parts: &Parts) -> Result<Caller, Problem> {
    let Some(lazy) = parts.extensions.get::<LazySession>() else { return Ok(nobody(parts)) };
    if !lazy.is_likely() {
        return Ok(nobody(parts));
    }
    Ok(of_session(app, &lazy.load().await?, parts))
}

/// The caller of a session that has been read: again after a login in the same request.
pub fn of_session(app: &App, session: &WebSession, parts: &Parts) -> Caller {
    let Some(user) = session.user() else { return nobody(parts) };
    let mut caller = of_user(app, &user, Through::Session, nobody(parts));
    caller.session = session.login_id().map(|login| login.0);
    caller.impersonator = session.impersonator().map(|real| (real.pk.0, real.username.clone()));
    caller
}

/// The user as a caller, with what `base` tells of the request.
pub fn of_user(app: &App, user: &User, through: Through, base: Caller) -> Caller {
    let snapshot = app.store().snapshot();
    Caller {
        user: Some(user.pk.0),
        username: user.username.clone(),
        name: user.name.clone(),
        email: user.email.clone(),
        superuser: user.is_superuser(&snapshot),
        internal: user.r#type == UserType::InternalServiceAccount,
        through,
        grants: grants::of(&snapshot, user),
        ..base
    }
}

/// The caller of a request when nobody is known: only where it came from and what was asked for.
pub fn nobody(parts: &Parts) -> Caller {
    let origin = parts.extensions.get::<Origin>();
    let agent = parts.headers.get(USER_AGENT).and_then(|v| v.to_str().ok()).unwrap_or_default();
    Caller {
        address: parts.extensions.get::<ClientAddress>().map(|a| a.0),
        request_id: parts.extensions.get::<RequestId>().map(ToString::to_string).unwrap_or_default(),
        user_agent: agent.chars().take(1024).collect(),
        request: Some(Arc::new(RequestLine {
            method: parts.method.to_string(),
            path: parts.uri.path().to_owned(),
            host: origin.map(|o| o.host.clone()).unwrap_or_default(),
            args: arguments(parts.uri.query().unwrap_or_default()),
        })),
        ..Caller::default()
    }
}

/// The parameters of the query; of several with one name the last.
fn arguments(query: &str) -> Map<String, Json> {
    let pairs = form_urlencoded::parse(query.as_bytes()).take(64);
    pairs.map(|(name, value)| (name.into_owned(), Json::from(value.chars().take(512).collect::<String>()))).collect()
}
