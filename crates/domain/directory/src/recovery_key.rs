//! Links that log a person in once, made on the command line for those who are locked out.

use axum::Router;
use axum::extract::{Path, Request, State};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use feature::{App, Caller, Problem};
use http::{HeaderValue, StatusCode, header};
use jiff::SignedDuration;
use object::Id;
use serde_json::Map;
use store::Filter;

use crate::session::{LazySession, Login};
use crate::token::{Intent, Token};
use crate::user::User;

/// Makes a link for the user and returns its path.
pub async fn create(app: &App, user: &User, minutes: i64) -> Result<String, Problem> {
    let key = app.random().token(60);
    let token = Token {
        pk: Id::unsaved(),
        managed: None,
        identifier: format!("recovery-{}-{}", user.pk, app.random().token(8)),
        intent: Intent::Recovery,
        user: user.pk,
        description: "Made on the command line".into(),
        expires: Some(app.clock().after(SignedDuration::from_mins(minutes))),
        expiring: true,
        key: key.clone(),
    };
    app.store().insert(&token).await?;
    Ok(format!("/recovery/use-token/{key}/"))
}

pub fn routes(app: &App) -> Router {
    Router::new().route("/recovery/use-token/{key}/", get(use_link)).with_state(app.clone())
}

async fn use_link(State(app): State<App>, Path(key): Path<String>, request: Request) -> Response {
    match log_in(&app, &key, request.extensions().clone()).await {
        Ok(true) => {
            let to = [
                (header::LOCATION, HeaderValue::from_static("/if/user/")),
                (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
                (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
            ];
            (StatusCode::SEE_OTHER, to).into_response()
        }
        Ok(false) => Problem::not_found().into_response(),
        Err(problem) => problem.into_response(),
    }
}

/// SECURITY: the token is taken by one statement, so that a link works once however often it is opened at the same time.
async fn log_in(app: &App, key: &str, extensions: http::Extensions) -> Result<bool, Problem> {
    if key.is_empty() || key.len() > 1024 {
        return Ok(false);
    }
    let meant = Filter::eq("key", key).and(Filter::eq("intent", "recovery"));
    let Some(token) = app.store().take::<Token>(meant).await? else { return Ok(false) };
    if !token.is_good(app.clock().now()) {
        return Ok(false);
    }
    let user = app.store().get::<User>(token.user).await?.filter(|u| u.is_active);
    let Some(user) = user else { return Ok(false) };
    let browser = LazySession::load_from(&extensions).await?;
    let caller = extensions.get::<Caller>().cloned().unwrap_or_default();
    let how =
        Login { caller: &caller, method: "recovery", method_args: Map::new(), duration: std::time::Duration::ZERO };
    browser.login(&user, how).await?;
    Ok(true)
}
