//! Tokens of other issuers, with keys that are fetched: how long they count.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use feature::{App, Feature, Registry};
use jose::{Algorithm, KeyKind, SigningKey};
use object::{Id, Object};
use serde_json::{Value as Json, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::source::OAuthSource;

const AUDIENCE: &str = "us";

/// An issuer on an address of its own.
struct Issuer {
    base: String,
    /// Its keys; without any it does not answer.
    keys: Arc<Mutex<Vec<Json>>>,
    asked: Arc<AtomicUsize>,
}

impl Issuer {
    async fn new(keys: Vec<Json>) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let issuer = Self { base, keys: Arc::new(Mutex::new(keys)), asked: Arc::default() };
        let (base, keys, asked) = (issuer.base.clone(), Arc::clone(&issuer.keys), Arc::clone(&issuer.asked));
        tokio::spawn(async move {
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                let mut request = vec![0; 4096];
                let read = stream.read(&mut request).await.unwrap();
                let is_keys = String::from_utf8_lossy(&request[..read]).starts_with("GET /jwks");
                let set = keys.lock().unwrap().clone();
                let (status, body) = match (set.is_empty(), is_keys) {
                    (true, _) => ("503 Service Unavailable", String::new()),
                    (_, true) => {
                        asked.fetch_add(1, Ordering::Relaxed);
                        ("200 OK", json!({ "keys": set }).to_string())
                    }
                    _ => ("200 OK", json!({"issuer": base, "jwks_uri": format!("{base}/jwks")}).to_string()),
                };
                let head = format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", body.len());
                stream.write_all((head + &body).as_bytes()).await.unwrap();
            }
        });
        issuer
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::Relaxed)
    }
}

fn key(kid: &str) -> SigningKey {
    let pem = KeyKind::Ec(jose::Curve::P256).generate().unwrap();
    SigningKey::from_pem(&pem).unwrap().with_kid(kid)
}

fn jwk(key: &SigningKey) -> Json {
    let mut jwk = key.public_key().unwrap().to_jwk();
    jwk.kid = key.kid().map(str::to_owned);
    json!(jwk)
}

fn token(app: &App, key: &SigningKey, iss: &str) -> String {
    let now = app.clock().unix();
    jose::jwt::sign(&json!({"iss": iss, "sub": "w", "aud": AUDIENCE, "iat": now, "exp": now + 60}), key).unwrap()
}

async fn app() -> App {
    static FEATURES: &[&Feature] = &[
        &events::FEATURE,
        &keys::FEATURE,
        &directory::FEATURE,
        &policy::FEATURE,
        &flow::FEATURE,
        &apps::FEATURE,
        &brand::FEATURE,
        &crate::FEATURE,
    ];
    let registry = Registry::new(FEATURES).unwrap();
    let app = testkit::app!(registry);
    app.set_up();
    app
}

async fn source(app: &App, fields: Json) -> Id<apps::Source> {
    let mut input = json!({
        "name": "s", "slug": "s", "provider_type": "openidconnect", "consumer_key": "k", "consumer_secret": "s",
    });
    input.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    let record = testkit::create!(app, OAuthSource::model(), input).unwrap();
    Id::from_key(record.key().unwrap()).unwrap()
}

async fn is_good(app: &App, source: Id<apps::Source>, token: &str) -> bool {
    let audiences = [AUDIENCE.to_owned()];
    let presented = apps::Presented { token, audiences: &audiences };
    apps::verify_token(app, source, presented).await.map_err(|p| p.body).unwrap().is_some()
}

#[tokio::test]
async fn a_key_that_the_issuer_dropped_is_good_for_minutes_at_most() {
    let (old, new) = (key("old"), key("new"));
    let issuer = Issuer::new(vec![jwk(&old)]).await;
    let app = app().await;
    let well_known = format!("{}/.well-known/openid-configuration", issuer.base);
    let source = source(&app, json!({"oidc_well_known_url": well_known})).await;
    for _ in 0..3 {
        assert!(is_good(&app, source, &token(&app, &old, &issuer.base)).await);
    }
    assert_eq!(issuer.asked(), 1);
    assert!(!is_good(&app, source, &token(&app, &old, "https://elsewhere.example")).await);

    *issuer.keys.lock().unwrap() = vec![jwk(&new)];
    // A key that nobody has seen makes us look again, but not each time that somebody makes one up.
    assert!(!is_good(&app, source, &token(&app, &new, &issuer.base)).await);
    app.clock().advance(Duration::from_secs(31));
    for kid in ["a", "b", "c"] {
        assert!(!is_good(&app, source, &token(&app, &key(kid), &issuer.base)).await);
    }
    assert_eq!(issuer.asked(), 2);
    assert!(is_good(&app, source, &token(&app, &new, &issuer.base)).await);
    assert!(!is_good(&app, source, &token(&app, &old, &issuer.base)).await);

    // Without any new key around, the set is fetched anew after minutes.
    *issuer.keys.lock().unwrap() = vec![jwk(&old)];
    app.clock().advance(Duration::from_mins(6));
    assert!(!is_good(&app, source, &token(&app, &new, &issuer.base)).await);
}

#[tokio::test]
async fn while_the_issuer_is_silent_its_keys_count_for_an_hour() {
    let only = key("only");
    let issuer = Issuer::new(vec![jwk(&only)]).await;
    let app = app().await;
    let source = source(&app, json!({"oidc_jwks_url": format!("{}/jwks", issuer.base)})).await;
    assert!(is_good(&app, source, &token(&app, &only, "whoever")).await);
    issuer.keys.lock().unwrap().clear();
    app.clock().advance(Duration::from_mins(50));
    assert!(is_good(&app, source, &token(&app, &only, "whoever")).await);
    app.clock().advance(Duration::from_mins(11));
    assert!(!is_good(&app, source, &token(&app, &only, "whoever")).await);
}

#[tokio::test]
async fn clocks_may_differ_by_half_a_minute() {
    let only = key("only");
    let app = app().await;
    let source = source(&app, json!({"oidc_jwks": {"keys": [jwk(&only)]}})).await;
    let token = token(&app, &only, "whoever");
    app.clock().advance(Duration::from_secs(60 + 29));
    assert!(is_good(&app, source, &token).await);
    app.clock().advance(Duration::from_secs(2));
    assert!(!is_good(&app, source, &token).await);
    assert_eq!(only.algorithm(), Algorithm::Es256);
}
