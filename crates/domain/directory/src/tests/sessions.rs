//! Browsers.

use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use axum::body::Body;
use axum::extract::State;
use axum::middleware::Next;
use axum::routing::{get, post};
use axum::{Extension, Router, middleware};
use feature::{App, Caller, Problem};
use http::{Request, Response, StatusCode, header};
use net::ClientAddress;
use object::Object;
use serde_json::{Map, json};
use store::{Filter, Query};
use tower::ServiceExt as _;

use super::{app, update, user};
use crate::{AuthenticatedSession, LazySession, Login, Session, User, password, sessions};

fn router(app: &App) -> Router {
    let login = {
        let app = app.clone();
        move |Extension(lazy): Extension<LazySession>| async move {
            let user: User = app.store().first(Filter::eq("username", "u")).await?.unwrap();
            let caller = Caller::default();
            let how = Login { caller: &caller, method: "password", method_args: Map::new(), duration: Duration::ZERO };
            lazy.load().await?.login(&user, how).await?;
            Ok::<_, Problem>("in")
        }
    };
    Router::new()
        .route("/plain", get(async || "plain"))
        .route(
            "/note",
            post(async |Extension(lazy): Extension<LazySession>| {
                lazy.load().await?.set("note", json!("kept"));
                Ok::<_, Problem>("noted")
            }),
        )
        .route(
            "/who",
            get(async |Extension(lazy): Extension<LazySession>| {
                let session = lazy.load().await?;
                let name = session.user().map(|u| u.username.clone()).unwrap_or_default();
                Ok::<_, Problem>(format!("{name} {}", session.get("note").unwrap_or_default()))
            }),
        )
        .route("/login", post(login))
        .route(
            "/logout",
            post(async |Extension(lazy): Extension<LazySession>| {
                lazy.load().await?.logout(&Caller::default()).await?;
                Ok::<_, Problem>("out")
            }),
        )
        .route(
            "/guarded",
            post(async |Extension(lazy): Extension<LazySession>, headers: http::HeaderMap| {
                lazy.load().await?.check_csrf(&headers)?;
                Ok::<_, Problem>("done")
            }),
        )
        .layer(middleware::from_fn_with_state(app.clone(), async |State(app): State<App>, request, next: Next| {
            sessions(&app, request, async |request| next.run(request).await).await
        }))
}

/// A browser that keeps cookies.
struct Browser {
    router: Router,
    session: String,
    csrf: String,
}

impl Browser {
    fn new(app: &App) -> Self {
        Self { router: router(app), session: String::new(), csrf: String::new() }
    }
    async fn go(&mut self, method: &str, path: &str) -> (StatusCode, String) {
        self.send(Request::builder().method(method).uri(path)).await
    }
    async fn send(&mut self, request: http::request::Builder) -> (StatusCode, String) {
        let request = request
            .header(header::COOKIE, format!("authentik_session={}", self.session))
            .header(header::USER_AGENT, "python-requests/2.34.2")
            .extension(ClientAddress(IpAddr::V4(Ipv4Addr::LOCALHOST)))
            .body(Body::empty())
            .unwrap();
        let response = self.router.clone().oneshot(request).await.unwrap();
        self.keep(&response);
        let status = response.status();
        let body = axum::body::to_bytes(response.into_body(), 10_000).await.unwrap();
        (status, String::from_utf8(body.to_vec()).unwrap())
    }
    fn keep(&mut self, response: &Response<Body>) {
        for cookie in response.headers().get_all(header::SET_COOKIE) {
            let text = cookie.to_str().unwrap();
            let (name, rest) = text.split_once('=').unwrap();
            let value = rest.split(';').next().unwrap().trim_matches('"').to_owned();
            match name {
                "authentik_session" => {
                    assert!(text.contains("HttpOnly") && text.contains("SameSite=Lax"), "{text}");
                    self.session = value;
                }
                "authentik_csrf" => self.csrf = value,
                other => panic!("unknown cookie {other}"),
            }
        }
    }
}

#[tokio::test]
async fn a_session_is_made_only_when_something_is_kept() {
    let app = app().await;
    let mut browser = Browser::new(&app);
    browser.go("GET", "/plain").await;
    browser.go("GET", "/who").await;
    assert_eq!(browser.session, "");
    browser.go("POST", "/note").await;
    assert!(!browser.session.is_empty());
    assert_eq!(browser.go("GET", "/who").await.1, " \"kept\"");
    // Nobody can make a cookie, and one that is no good is taken away.
    let good = std::mem::replace(&mut browser.session, "a.b".into());
    assert_eq!(browser.go("GET", "/who").await.1, " null");
    assert_eq!(browser.session, "");
    browser.session = good;
    app.clock().advance(Duration::from_hours(25));
    assert_eq!(browser.go("GET", "/who").await.1, " null");
}

#[tokio::test]
async fn a_login_changes_the_key_and_keeps_what_was_begun() {
    let app = app().await;
    let one = user(&app, "u").await;
    let mut browser = Browser::new(&app);
    browser.go("POST", "/note").await;
    let before = browser.session.clone();
    browser.go("POST", "/login").await;
    assert_ne!(browser.session, before);
    assert_eq!(browser.go("GET", "/who").await.1, "u \"kept\"");
    let mut thief = Browser::new(&app);
    thief.session = before;
    assert_eq!(thief.go("GET", "/who").await.1, " null");
    let logins: Vec<AuthenticatedSession> = app.store().find(&Query::all()).await.unwrap();
    assert_eq!((logins.len(), logins[0].user), (1, one.pk));
    let one: User = app.store().get(one.pk).await.unwrap().unwrap();
    assert!(one.last_login.is_some());
    let kept: Vec<events::Event> = app.store().find(&Query::all()).await.unwrap();
    assert_eq!(kept.iter().map(|e| e.action.as_str()).collect::<Vec<_>>(), ["login"]);

    let csrf = browser.csrf.clone();
    let said = browser.go("POST", "/guarded").await;
    assert_eq!((said.0, said.1.as_str()), (StatusCode::FORBIDDEN, r#"{"detail":"CSRF Failed: CSRF token missing."}"#));
    for (token, status) in [("bad", 403), ("0".repeat(32).as_str(), 403), (csrf.as_str(), 200)] {
        let request = Request::builder().method("POST").uri("/guarded").header("X-authentik-CSRF", token);
        assert_eq!(browser.send(request).await.0, status, "{token}");
    }
    let foreign = Request::builder().method("POST").uri("/guarded").header("X-authentik-CSRF", csrf);
    assert_eq!(browser.send(foreign.header(header::ORIGIN, "https://evil.example")).await.0, 403);

    browser.go("POST", "/logout").await;
    assert_eq!(browser.session, "");
    assert_eq!(app.store().count(Session::model(), &Filter::True).await.unwrap(), 0);
}

#[tokio::test]
async fn sessions_end_with_what_they_rest_on() {
    let app = app().await;
    let one = user(&app, "u").await;
    let system = Caller::system();
    let mut browser = Browser::new(&app);

    // The login is deleted through the API.
    browser.go("POST", "/login").await;
    let login: AuthenticatedSession = app.store().first(Filter::True).await.unwrap().unwrap();
    let context = feature::change::Context {
        app: &app,
        store: app.store(),
        caller: &system,
        options: feature::change::Options::default(),
    };
    feature::change::delete(context, &login.to_record()).await.unwrap();
    assert_eq!(browser.go("GET", "/who").await.1, " null");

    // The password is changed by somebody else.
    browser.go("POST", "/login").await;
    password::set(&app, &system, &one, "new", None).await.unwrap();
    assert_eq!(browser.go("GET", "/who").await.1, " null");

    // The account is deactivated, and deleted.
    browser.go("POST", "/login").await;
    let record = app.store().record(User::model(), one.pk.key()).await.unwrap().unwrap();
    let record = update(&app, &system, &record, json!({"is_active": false})).await.unwrap();
    assert_eq!(browser.go("GET", "/who").await.1, " null");
    assert_eq!(browser.go("POST", "/login").await.0, 403);
    update(&app, &system, &record, json!({"is_active": true})).await.unwrap();
    browser.go("POST", "/login").await;
    assert_eq!(browser.go("GET", "/who").await.1, "u null");
    app.store().delete(User::model(), one.pk).await.unwrap();
    assert_eq!(browser.go("GET", "/who").await.1, " null");
    assert_eq!(app.store().count(AuthenticatedSession::model(), &Filter::True).await.unwrap(), 0);
}

#[test]
fn browsers_are_told_apart() {
    let python = crate::session::agent::describe("python-requests/2.34.2");
    assert_eq!(python["user_agent"], json!({"family": "Python Requests", "major": "2", "minor": "34", "patch": null}));
    let firefox =
        crate::session::agent::describe("Mozilla/5.0 (X11; Linux x86_64; rv:109.0) Gecko/20100101 Firefox/115.0");
    assert_eq!((&firefox["user_agent"]["family"], &firefox["os"]["family"]), (&json!("Firefox"), &json!("Linux")));
    for odd in ["", ";;;", "Windows NT ", "Version/", "iPhone OS"] {
        crate::session::agent::describe(odd);
    }
}
