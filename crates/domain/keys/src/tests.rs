//! Pairs made, read, checked and signed with.

use std::sync::Arc;

use feature::change::{Context, Options};
use feature::{App, Caller, Feature, Registry, change};
use jose::{Curve, KeyKind};
use object::Object;
use serde_json::{Map, Value as Json, json};

use crate::{CertificateKeyPair, DEFAULT_NAME, Facts, KeyFault, Request, ensure_default, kid, load, signing};

async fn app() -> App {
    static FEATURES: &[&Feature] = &[&events::FEATURE, &crate::FEATURE];
    let registry = Registry::new(FEATURES).unwrap();
    testkit::app!(registry)
}

fn made() -> crate::Generated {
    let request = Request {
        common_name: "a, \"b\"".into(),
        alt_names: vec!["a.example".into(), "10.0.0.1".into()],
        days: 10,
        kind: KeyKind::Ec(Curve::P256),
    };
    request.run("2023-11-14T22:13:20Z".parse().unwrap(), [1; 16]).unwrap()
}

async fn create(app: &App, input: Json) -> Result<object::Record, Json> {
    testkit::create!(app, CertificateKeyPair::model(), input)
}

#[test]
fn a_certificate_tells_its_facts() {
    let made = made();
    let facts = Facts::read(&made.certificate).unwrap();
    assert_eq!(facts.subject, "OU=Self-signed,O=authentik,CN=a\\, \\\"b\\\"");
    assert_eq!(facts.not_after.to_string(), "2023-11-24T22:13:20Z");
    assert_eq!(facts.key_type, Some("ec"));
    assert_eq!(facts.sha256().len(), 32 * 3 - 1);
    assert_eq!(facts.sha1().len(), 20 * 3 - 1);
    assert_eq!(Facts::read("nope"), None);
    assert_eq!(Facts::read(&made.key), None);
}

#[test]
fn a_name_that_no_certificate_can_carry_is_refused() {
    let request = Request { common_name: "x".into(), alt_names: vec!["ü".into()], days: 1, kind: KeyKind::Ed25519 };
    assert!(request.run(jiff::Timestamp::UNIX_EPOCH, [1; 16]).is_err());
}

#[test]
fn ids_of_keys_are_those_of_upstream() {
    assert_eq!(kid(""), "");
    assert_eq!(kid("abc"), "900150983cd24fb0d6963f7d28e17f72");
}

#[tokio::test]
async fn unreadable_text_is_refused_field_by_field() {
    let app = app().await;
    let errors = create(&app, json!({"name": "x", "certificate_data": "nope", "key_data": "nope"})).await.unwrap_err();
    assert_eq!(
        errors,
        json!({
            "certificate_data": ["Unable to load certificate."],
            "key_data": ["Unable to load private key (possibly encrypted?)."],
        })
    );
}

#[tokio::test]
async fn a_pair_signs_until_it_is_changed() {
    let app = app().await;
    let made = made();
    let record =
        create(&app, json!({"name": "x", "certificate_data": made.certificate, "key_data": made.key})).await.unwrap();
    let pair: CertificateKeyPair = record.clone().to().unwrap();
    let snapshot = app.store().snapshot();
    let key = signing(&snapshot, pair.pk).unwrap();
    assert!(Arc::ptr_eq(&key, &signing(&snapshot, pair.pk).unwrap()));
    assert_eq!(key.kid(), Some(kid(&pair.key_data).as_str()));
    let jwk = serde_json::to_value(load(&snapshot, pair.pk).unwrap().signing_jwk().unwrap()).unwrap();
    let names: Vec<&str> = jwk.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(names, ["alg", "kid", "kty", "use", "x", "y", "crv", "x5c", "x5t", "x5t#S256"]);

    let caller = Caller::system();
    let context = Context { app: &app, store: app.store(), caller: &caller, options: Options::default() };
    change::update(context, &record, &Map::from_iter([("key_data".to_owned(), json!(""))]), true).await.unwrap();
    let fault = signing(&app.store().snapshot(), pair.pk).unwrap_err();
    assert_eq!(fault, KeyFault::NoPrivateKey("x".into()));
}

#[tokio::test]
async fn the_default_pair_is_made_once() {
    let app = app().await;
    ensure_default(&app).await.unwrap();
    ensure_default(&app).await.unwrap();
    let snapshot = app.store().snapshot();
    let all = snapshot.all::<CertificateKeyPair>();
    assert_eq!(all.len(), 1);
    assert_eq!(all[0].name, DEFAULT_NAME);
    assert_eq!(signing(&snapshot, all[0].pk).unwrap().algorithm(), jose::Algorithm::Rs256);
}
