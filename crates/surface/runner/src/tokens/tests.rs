//! Unit tests of ID tokens, with keys published by a server in the same process.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::routing::get;
use axum::{Json, Router};
use clock::Clock;
use gate::{Fault, Login, Site};
use jose::{Jwk, JwkSet, KeyKind, SigningKey, jwt};
use parking_lot::Mutex;
use serde_json::{Value, json};
use settings::{Settings, Sources};
use tokio::net::TcpListener;

use super::{KeySets, login_id};
use crate::server::{Server, site_config};

const NOW: i64 = 1_800_000_000;

struct World {
    server: Server,
    site: Site,
    sets: KeySets,
    clock: Clock,
    published: Arc<Mutex<JwkSet>>,
    fetched: Arc<AtomicUsize>,
}

fn key(kid: &str) -> SigningKey {
    SigningKey::from_pem(&KeyKind::Ec(jose::Curve::P256).generate().unwrap()).unwrap().with_kid(kid)
}

fn jwk(key: &SigningKey) -> Jwk {
    let mut jwk = key.public_key().unwrap().to_jwk();
    jwk.kid = key.kid().map(str::to_owned);
    jwk
}

async fn world(algorithms: &[&str]) -> World {
    let published = Arc::new(Mutex::new(JwkSet::default()));
    let fetched = Arc::new(AtomicUsize::new(0));
    let shown = {
        let (published, fetched) = (published.clone(), fetched.clone());
        move || {
            fetched.fetch_add(1, Ordering::Relaxed);
            std::future::ready(Json(serde_json::to_value(&*published.lock()).unwrap()))
        }
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let host = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, Router::new().route("/jwks/", get(shown))).await.unwrap() });
    let env = [("AUTHENTIK_HOST", host.as_str()), ("AUTHENTIK_TOKEN", "key")];
    let settings = Settings::load(&Sources::from_env(env)).unwrap().settings;
    let config = site_config(json!({
        "pk": 1, "name": "a", "mode": "forward_single", "external_host": "https://a.example",
        "client_id": "client", "cookie_secret": "a secret of the cookies that is long", "client_secret": "a secret of the client that is long",
        "oidc_configuration": {
            "issuer": "issuer", "jwks_uri": format!("{host}/jwks/"),
            "id_token_signing_alg_values_supported": algorithms,
        },
    }));
    World {
        server: Server::new(&settings, "1").unwrap(),
        site: Site::compile(config.unwrap()).unwrap(),
        sets: KeySets::default(),
        clock: Clock::fake_at(NOW),
        published,
        fetched,
    }
}

impl World {
    async fn login(&self, token: &str) -> Result<Login, Fault> {
        self.sets.login(&self.server, &self.site, token, &["issuer"], &self.clock).await
    }
    fn publish(&self, keys: &[&SigningKey]) {
        self.published.lock().keys = keys.iter().map(|key| jwk(key)).collect();
    }
}

fn claims(change: Value) -> Value {
    let mut claims = json!({
        "iss": "issuer", "aud": "client", "exp": NOW + 600, "iat": NOW, "sub": "ada", "sid": "login",
        "preferred_username": "ada", "groups": ["readers"], "email": null,
        "ak_proxy": {"user_attributes": {"a": 1}, "is_superuser": true},
    });
    for (name, value) in change.as_object().unwrap() {
        claims[name] = value.clone();
    }
    claims
}

#[tokio::test]
async fn a_good_token_says_who_is_there() {
    let (world, key) = (world(&["ES256"]).await, key("one"));
    world.publish(&[&key]);
    let token = jwt::sign(&claims(json!({})), &key).unwrap();
    let login = world.login(&token).await.unwrap();
    assert_eq!((login.claims.sub.as_str(), login.claims.groups.as_slice()), ("ada", ["readers".to_owned()].as_slice()));
    assert!(login.claims.ak_proxy.is_superuser);
    assert_eq!((login.expires.as_second(), login.session), (NOW + 600, Some(login_id("login"))));
    world.login(&token).await.unwrap();
    assert_eq!(world.fetched.load(Ordering::Relaxed), 1, "keys are kept");
}

#[tokio::test]
async fn tokens_for_others_of_others_or_of_yesterday_are_refused() {
    let (world, key) = (world(&["ES256"]).await, key("one"));
    world.publish(&[&key]);
    for change in [json!({"iss": "other"}), json!({"aud": "other"}), json!({"exp": NOW - 61}), json!({"iat": NOW + 61})]
    {
        let token = jwt::sign(&claims(change.clone()), &key).unwrap();
        assert!(matches!(world.login(&token).await, Err(Fault::Refused(_))), "{change}");
    }
    // Signed with what everybody knows: the public client's own secret where keys are asymmetric.
    let secret = SigningKey::shared_secret(b"a secret of the client that is long").unwrap();
    let token = jwt::sign(&claims(json!({})), &secret).unwrap();
    assert!(matches!(world.login(&token).await, Err(Fault::Refused(_))));
}

#[tokio::test]
async fn a_new_key_is_found_and_an_unknown_one_named() {
    let (world, old, new) = (world(&["ES256"]).await, key("old"), key("new"));
    world.publish(&[&old]);
    world.login(&jwt::sign(&claims(json!({})), &old).unwrap()).await.unwrap();
    let token = jwt::sign(&claims(json!({})), &new).unwrap();
    let Err(Fault::Refused(why)) = world.login(&token).await else { panic!("the key is unknown") };
    assert!(why.contains("\"new\"") && why.contains("/jwks/"), "{why}");
    world.publish(&[&old, &new]);
    world.clock.advance(std::time::Duration::from_secs(11));
    world.login(&token).await.unwrap();
    assert_eq!(world.fetched.load(Ordering::Relaxed), 2, "unknown keys are not looked for without pause");
}

#[tokio::test]
async fn the_client_secret_signs_where_the_provider_says_so() {
    let world = world(&["HS256"]).await;
    let secret = SigningKey::shared_secret(b"a secret of the client that is long").unwrap();
    world.login(&jwt::sign(&claims(json!({})), &secret).unwrap()).await.unwrap();
    let other = SigningKey::shared_secret(b"another secret that is long as well").unwrap();
    assert!(world.login(&jwt::sign(&claims(json!({})), &other).unwrap()).await.is_err());
}
