//! Requests to the API in the same process.

use axum::Router;
use axum::body::Body;
use feature::{App, Caller, Through};
use http::{Request, StatusCode, header};
use http_body_util::BodyExt as _;
use serde_json::Value as Json;
use tower::ServiceExt as _;

/// Who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Who {
    Admin,
    Nobody,
    /// Logged in without any permission.
    Stranger,
}

#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub body: Json,
    pub text: String,
}

/// An installation without anything in it but an administrator and a stranger.
pub struct Client {
    pub app: App,
    router: Router,
    admin: Caller,
    stranger: Caller,
}

impl Client {
    /// On a temporary SQLite database.
    pub async fn new() -> Self {
        let store = store::Store::open_temporary(crate::registry().catalogue).await;
        Self::on(store.unwrap_or_else(|error| panic!("no store: {error}"))).await
    }

    /// On a store that holds nothing yet.
    pub async fn on(store: store::Store) -> Self {
        let registry = crate::registry();
        let app = testkit::app!(registry, store: store);
        app.provide(settings::Sources::default());
        app.set_up();
        app.observe(vec![Box::new(events::Audit)]);
        let router = rest::router(app.clone());
        let mut client = Self { app, router, admin: Caller::system(), stranger: Caller::default() };
        client.admin = client.user("admin", true).await;
        client.stranger = client.user("stranger", false).await;
        client
    }

    /// A user, made as the program itself makes one.
    async fn user(&self, name: &str, superuser: bool) -> Caller {
        let made = self.post("core/users/", serde_json::json!({ "username": name, "name": name })).await;
        assert_eq!(made.status, StatusCode::CREATED, "{}", made.text);
        let through = Through::Token { identifier: name.to_owned() };
        Caller { user: made.body["pk"].as_i64(), username: name.to_owned(), superuser, through, ..Caller::default() }
    }

    fn caller(&self, who: Who) -> Caller {
        match who {
            Who::Admin => self.admin.clone(),
            Who::Stranger => self.stranger.clone(),
            Who::Nobody => Caller::default(),
        }
    }

    pub async fn send(&self, who: Who, method: &str, path: &str, body: Option<&Json>) -> Answer {
        let mut request = Request::builder().method(method).uri(format!("/api/v3/{path}"));
        if body.is_some() {
            request = request.header(header::CONTENT_TYPE, "application/json");
        }
        let body = body.map(ToString::to_string).unwrap_or_default();
        let request = request.extension(self.caller(who)).body(Body::from(body));
        let request = request.unwrap_or_else(|error| panic!("{method} {path}: {error}"));
        let Ok(response) = self.router.clone().oneshot(request).await;
        let status = response.status();
        let bytes = response.into_body().collect().await.map(http_body_util::Collected::to_bytes).unwrap_or_default();
        let text = String::from_utf8_lossy(&bytes).into_owned();
        Answer { status, body: serde_json::from_str(&text).unwrap_or_default(), text }
    }
    pub async fn get(&self, path: &str) -> Answer {
        self.send(Who::Admin, "GET", path, None).await
    }
    pub async fn post(&self, path: &str, body: Json) -> Answer {
        self.send(Who::Admin, "POST", path, Some(&body)).await
    }
}
