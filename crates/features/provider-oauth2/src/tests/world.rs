//! A small installation: a key, a user, a client.

use std::sync::OnceLock;

use axum::Router;
use axum::body::{Body, to_bytes};
use base64::Engine as _;
use feature::change::{self, Context, Options};
use feature::{App, Caller, Feature, Registry};
use http::{Request, StatusCode, header};
use object::{Catalogue, Id, Key, Object, Record};
use serde_json::{Map, Value as Json, json};
use store::Store;
use tower::ServiceExt as _;

use crate::tokens::{self, RefreshToken};

pub const NOW: i64 = 1_700_000_000;

pub struct World {
    pub app: App,
    pub router: Router,
    pub user: i64,
    pub provider: i64,
    /// What further clients are made of.
    template: Json,
    pub application: String,
}

impl World {
    /// A confidential client `c` with the secret `s` that signs with an RSA key.
    pub async fn new() -> Self {
        Self::with(json!({})).await
    }

    pub async fn with(provider: Json) -> Self {
        Self::on(Store::open_temporary(catalogue()).await.unwrap(), provider).await
    }

    pub async fn on(store: Store, provider: Json) -> Self {
        let app = app(store);
        let key = jose::KeyKind::Rsa2048.generate().unwrap();
        let pair = keys::CertificateKeyPair {
            pk: Id::unsaved(),
            name: "pair".into(),
            certificate_data: String::new(),
            key_data: key.to_string(),
            managed: None,
        };
        let key = app.store().insert(&pair).await.unwrap().to_string();
        let flow = json!({"name": "f", "title": "f", "slug": "f", "designation": "authorization"});
        let flow = text(&create::<flow::Flow>(&app, flow).await);
        let user = int(&create::<directory::User>(
            &app,
            json!({"username": "u", "name": "U", "email": "u@example.com"}),
        )
        .await);
        let mut mappings = Vec::new();
        for (name, expression) in [
            ("openid", "return {}"),
            ("profile", "return {'name': request.user.name, 'sub': 'forged', 'groups': ['a']}"),
            ("groups", "return ['a', 'b']"),
            ("offline_access", "return {}"),
            ("broken", "return 1 / 0"),
        ] {
            let input = json!({"name": name, "scope_name": name, "expression": expression});
            mappings.push(text(&create::<crate::ScopeMapping>(&app, input).await));
        }
        let mut input = json!({
            "name": "p", "client_id": "c", "client_secret": "s", "authorization_flow": flow, "invalidation_flow": flow,
            "signing_key": key, "property_mappings": mappings,
            "redirect_uris": [{"matching_mode": "strict", "url": "https://app.example.com/cb"}],
        });
        input.as_object_mut().unwrap().extend(provider.as_object().unwrap().clone());
        if input["encryption_key"] == "same" {
            input["encryption_key"] = key.clone().into();
        }
        let template = input.clone();
        let provider = int(&create::<crate::OAuth2Provider>(&app, input).await);
        let application = json!({"name": "App", "slug": "app", "provider": provider});
        let application = text(&create::<apps::Application>(&app, application).await);
        let router = crate::endpoints::routes(&app);
        Self { app, router, user, provider, template, application }
    }

    /// A further client like the first one, with an application of the same name: the keys of both.
    pub async fn client(&self, name: &str, more: Json) -> (i64, String) {
        let mut input = self.template.clone();
        let fields = input.as_object_mut().unwrap();
        fields.insert("name".to_owned(), name.into());
        fields.insert("client_id".to_owned(), name.into());
        fields.extend(more.as_object().unwrap().clone());
        let provider = int(&create::<crate::OAuth2Provider>(&self.app, input).await);
        let application = json!({"name": name, "slug": name, "provider": provider});
        (provider, text(&create::<apps::Application>(&self.app, application).await))
    }

    pub async fn get(&self, path: &str, bearer: Option<&str>) -> (StatusCode, Json) {
        let mut request = Request::get(path);
        if let Some(token) = bearer {
            request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        }
        self.send(request.body(Body::empty()).unwrap()).await
    }

    pub async fn post(&self, path: &str, fields: &[(&str, &str)]) -> (StatusCode, Json) {
        let body = oauth2_wire::url_encode(fields);
        let request = Request::post(path).header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        self.send(request.body(Body::from(body)).unwrap()).await
    }

    /// A request for tokens with the client's credentials.
    pub async fn token(&self, fields: &[(&str, &str)]) -> (StatusCode, Json) {
        let mut all = vec![("client_id", "c"), ("client_secret", "s")];
        all.extend_from_slice(fields);
        self.post("/application/o/token/", &all).await
    }

    async fn send(&self, request: Request<Body>) -> (StatusCode, Json) {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let status = response.status();
        let body = to_bytes(response.into_body(), 1 << 20).await.unwrap();
        (status, serde_json::from_slice(&body).unwrap_or(Json::Null))
    }

    /// A refresh token of the user.
    pub async fn refresh_token(&self) -> String {
        self.refresh_token_for(&["openid", "profile", "offline_access"]).await
    }

    pub async fn refresh_token_for(&self, scope: &[&str]) -> String {
        let token = self.app.random().token(128);
        let now = self.app.clock().now();
        let row = RefreshToken {
            pk: Id::unsaved(),
            provider: Id(self.provider),
            user: Id(self.user),
            expires: Some(clock::TimeDelta::parse("days=30").unwrap().after(now)),
            expiring: true,
            scope: scope.iter().map(|scope| (*scope).to_owned()).collect(),
            id_token: Map::new(),
            revoked: false,
            token_hash: tokens::hash(&token),
            family: self.app.random().uuid_v4(),
            auth_time: now,
            session: None,
        };
        self.app.store().insert(&row).await.unwrap();
        token
    }

    pub async fn is_active(&self, token: &str) -> bool {
        let (_, answer) = self
            .post("/application/o/introspect/", &[("token", token), ("client_id", "c"), ("client_secret", "s")])
            .await;
        answer["active"] == true
    }
}

/// The claims of a token, unverified.
pub fn claims(token: &Json) -> Json {
    let payload = token.as_str().unwrap().split('.').nth(1).unwrap();
    serde_json::from_slice(&base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap()
}

/// The one registry of all tests: stores are made for its catalogue.
fn registry() -> &'static Registry {
    static REGISTRY: OnceLock<&'static Registry> = OnceLock::new();
    REGISTRY.get_or_init(|| Registry::new(FEATURES).unwrap())
}

pub fn catalogue() -> &'static Catalogue {
    registry().catalogue
}

static FEATURES: &[&Feature] = &[
    &events::FEATURE,
    &keys::FEATURE,
    &directory::FEATURE,
    &access::FEATURE,
    &policy::FEATURE,
    &flow::FEATURE,
    &apps::FEATURE,
    &brand::FEATURE,
    &crate::FEATURE,
];

fn app(store: Store) -> App {
    let app = testkit::app!(registry(), store: store);
    app.set_up();
    app
}

pub async fn create<T: Object>(app: &App, input: Json) -> Record {
    testkit::create!(app, T::model(), input).unwrap()
}

pub async fn change<T: Object>(app: &App, id: Id<T>, input: Json) {
    let caller = Caller::system();
    let before: T = app.store().get(id).await.unwrap().unwrap();
    let before = before.to_record();
    let tx = app.store().begin().await.unwrap();
    let context = Context { app, store: &tx, caller: &caller, options: Options::default() };
    let input: Map<String, Json> = input.as_object().unwrap().clone();
    change::update(context, &before, &input, true).await.map_err(|p| p.body).unwrap();
    tx.commit().await.unwrap();
}

pub fn int(record: &Record) -> i64 {
    match record.key() {
        Some(Key::Int(key)) => key,
        other => panic!("{other:?}"),
    }
}

pub fn text(record: &Record) -> String {
    record.key().unwrap().to_string()
}
