//! A program with a user, flows to be put together, and a browser.

use axum::Router;
use axum::body::Body;
use axum::extract::{Path, Request, State};
use axum::response::{IntoResponse, Response};
use directory::User;
use feature::{App, Feature, Kind, Registry};
use flow::{Answer, Circumstances, Mode, RequestLine, Step, step};
use http::StatusCode;
use http_body_util::BodyExt as _;
use net::{ClientAddress, Origin, Scheme};
use object::{Model, Object, Record};
use policy::{Evaluation, Policy, PolicyException, PolicyRequest, PolicyResult};
use serde_json::{Map, Value as Json, json};
use store::Filter;
use tower::ServiceExt as _;

/// A policy whose outcome is written down.
#[derive(Debug, Clone, PartialEq, Object)]
#[object(model = "test.policy", table = "test_policy", verbose = "Test Policy", cached)]
pub struct TestPolicy {
    pub base: Policy,
    pub outcome: String,
}

fn outcome<'a>(_: &'a App, policy: &'a Record, request: &'a PolicyRequest) -> Evaluation<'a> {
    Box::pin(async move {
        match policy.text("outcome") {
            "pass" => Ok(PolicyResult::pass()),
            "deny" => Ok(PolicyResult::deny("Because.")),
            "short password" => {
                let data = request.context.get("prompt_data").map(|v| expr::to_json(&v).unwrap_or_default());
                let length = data.unwrap_or_default()["password"].as_str().unwrap_or_default().len();
                Ok(if length < 8 { PolicyResult::deny("Too short.") } else { PolicyResult::pass() })
            }
            "authenticated" => {
                Ok(PolicyResult::of(request.user.as_ref().is_none_or(|u| u.attached("backend").is_none())))
            }
            _ => Err(PolicyException::new("It broke.")),
        }
    })
}

fn setup(app: &App) {
    policy::register(app, TestPolicy::MODEL, outcome);
}

const TEST: Feature = Feature::new("test").kinds(&[Kind::of::<TestPolicy>()]).setup(setup);

pub struct World {
    pub app: App,
}

impl World {
    pub async fn new() -> Self {
        static FEATURES: &[&Feature] = &[
            &events::FEATURE,
            &keys::FEATURE,
            &directory::FEATURE,
            &policy::FEATURE,
            &flow::FEATURE,
            &apps::FEATURE,
            &crate::FEATURE,
            &TEST,
        ];
        let registry = Registry::new(FEATURES).unwrap();
        let app = testkit::app!(registry);
        app.set_up();
        let world = Self { app };
        let ann = json!({"username": "ann", "name": "Ann", "email": "Ann@Example.com", "password": "secret"});
        world.create(User::model(), ann).await;
        world
    }
    pub async fn create(&self, model: &'static Model, input: Json) -> String {
        let record = testkit::create!(self.app, model, input).unwrap();
        record.key().unwrap().to_string()
    }
    pub async fn user(&self, name: &str) -> Option<User> {
        self.app.store().first(Filter::eq("username", name)).await.unwrap()
    }
    /// A flow with these stages; the answer holds the keys of the bindings.
    pub async fn flow(&self, slug: &str, more: Json, stages: &[&str]) -> (String, Vec<String>) {
        let mut input = json!({"name": slug, "slug": slug, "title": "Hello %(user)s", "designation": "authentication"});
        input.as_object_mut().unwrap().extend(map(more));
        let flow = self.create(flow::Flow::model(), input).await;
        let mut bindings = Vec::new();
        for (order, stage) in stages.iter().enumerate() {
            let input = json!({"target": flow, "stage": stage, "order": order});
            bindings.push(self.create(flow::FlowStageBinding::model(), input).await);
        }
        (flow, bindings)
    }
    pub async fn bind(&self, target: &str, outcome: &str) {
        let name = format!("{outcome} {target}");
        let policy = self.create(TestPolicy::model(), json!({"name": name, "outcome": outcome})).await;
        self.create(policy::PolicyBinding::model(), json!({"target": target, "policy": policy, "order": 0})).await;
    }
    /// The usual login: who, password, in.
    pub async fn login_flow(&self) -> (String, Vec<String>) {
        let who = self
            .create(crate::IdentificationStage::model(), json!({"name": "who", "user_fields": ["username", "email"]}))
            .await;
        let password = json!({"name": "pw", "backends": ["authentik.core.auth.InbuiltBackend", "authentik.core.auth.TokenBackend"]});
        let password = self.create(crate::PasswordStage::model(), password).await;
        let login = self.create(crate::UserLoginStage::model(), json!({"name": "in"})).await;
        self.flow("login", json!({}), &[&who, &password, &login]).await
    }
    pub fn browser(&self) -> Browser {
        let router = Router::new()
            .route("/{slug}", axum::routing::any(handle))
            .layer(axum::middleware::from_fn_with_state(
                self.app.clone(),
                async |State(app): State<App>, request, next: axum::middleware::Next| {
                    directory::sessions(&app, request, async |request| next.run(request).await).await
                },
            ))
            .with_state(self.app.clone());
        Browser { router, cookie: None }
    }
}

pub fn map(json: Json) -> Map<String, Json> {
    json.as_object().unwrap().clone()
}

/// The executor behind a request, without the API around it.
async fn handle(State(app): State<App>, Path(slug): Path<String>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    let is_page = parts.headers.contains_key("x-page");
    let answer = (parts.method == http::Method::POST).then(|| {
        if is_page {
            Answer::form(flow::next::parse_query(std::str::from_utf8(&body).unwrap()))
        } else {
            Answer::json(serde_json::from_slice(&body).unwrap())
        }
    });
    let query = parts.uri.query().unwrap_or_default();
    let line = RequestLine { method: parts.method.as_str(), path: "/", query };
    let at = Circumstances::of_request(&app, &parts.extensions, &parts.headers, line, query).await.unwrap();
    match step(at, &slug, answer, if is_page { Mode::Page } else { Mode::Api }).await {
        Ok(Step::Again) => StatusCode::FOUND.into_response(),
        Ok(Step::Show(shown)) => {
            axum::Json(json!({"json": shown.json, "token": shown.form_token, "notice": shown.notice})).into_response()
        }
        Err(problem) => problem.into_response(),
    }
}

/// What came back.
#[derive(Debug, Clone, PartialEq)]
pub enum Seen {
    Again,
    Challenge(Json),
    Problem(StatusCode),
}

pub struct Browser {
    router: Router,
    pub cookie: Option<String>,
}

impl Browser {
    async fn send(&mut self, path: &str, body: Option<String>, page: bool) -> (StatusCode, Json) {
        let mut request = http::Request::builder()
            .uri(format!("/{path}"))
            .extension(Origin { scheme: Scheme::Https, host: "id.example.com".to_owned() });
        request = request.extension(ClientAddress("192.0.2.1".parse().unwrap())).header("user-agent", "test");
        if let Some(cookie) = &self.cookie {
            request = request.header("cookie", cookie);
        }
        if page {
            request = request.header("x-page", "1");
        }
        let method = if body.is_some() { "POST" } else { "GET" };
        let request = request.method(method).body(Body::from(body.unwrap_or_default())).unwrap();
        let response = self.router.clone().oneshot(request).await.unwrap();
        for cookie in response.headers().get_all("set-cookie") {
            let pair = cookie.to_str().unwrap().split(';').next().unwrap().to_owned();
            if pair.contains("session") {
                self.cookie = Some(pair);
            }
        }
        let status = response.status();
        let bytes = response.into_body().collect().await.unwrap().to_bytes();
        (status, serde_json::from_slice(&bytes).unwrap_or_default())
    }
    fn seen((status, json): (StatusCode, Json)) -> Seen {
        match status {
            StatusCode::OK => Seen::Challenge(json["json"].clone()),
            StatusCode::FOUND => Seen::Again,
            other => Seen::Problem(other),
        }
    }
    pub async fn get(&mut self, path: &str) -> Seen {
        Self::seen(self.send(path, None, false).await)
    }
    /// The challenge, stages that are passed followed through.
    pub async fn open(&mut self, path: &str) -> Json {
        for _ in 0..20 {
            if let Seen::Challenge(json) = self.get(path).await {
                return json;
            }
        }
        panic!("no challenge");
    }
    pub async fn post(&mut self, path: &str, answer: Json) -> Seen {
        Self::seen(self.send(path, Some(answer.to_string()), false).await)
    }
    /// The challenge after an answer.
    pub async fn answer(&mut self, path: &str, answer: Json) -> Json {
        match self.post(path, answer).await {
            Seen::Challenge(json) => json,
            Seen::Again => self.open(path).await,
            Seen::Problem(status) => panic!("{status}"),
        }
    }
    /// The page: the challenge, the form's token and the notice.
    pub async fn page(&mut self, path: &str, form: Option<&str>) -> Option<(Json, String, bool)> {
        let (status, json) = self.send(path, form.map(str::to_owned), true).await;
        (status == StatusCode::OK).then(|| {
            let token = json["token"].as_str().unwrap_or_default().to_owned();
            (json["json"].clone(), token, !json["notice"].is_null())
        })
    }
}

/// The component of a challenge.
pub fn component(json: &Json) -> &str {
    json["component"].as_str().unwrap_or_default()
}
