//! Consent.

use apps::{Application, UserConsent};
use flow::context::CONSENT_PERMISSIONS;
use object::Object as _;
use serde_json::{Value as Json, json};

use super::world::{Browser, World, component};
use crate::ConsentStage;

/// A redirect that fills in what a provider would, then the consent stage.
async fn world(mode: &str) -> (World, Browser, object::Uuid) {
    let world = World::new().await;
    world.login_flow().await;
    let app = world.create(Application::model(), json!({"name": "App", "slug": "app"})).await;
    let stage =
        world.create(ConsentStage::model(), json!({"name": "c", "mode": mode, "consent_expire_in": "hours=1"})).await;
    world.flow("consent", json!({"title": "To %(app)s"}), &[&stage]).await;
    let mut browser = world.browser();
    browser.open("login").await;
    browser.answer("login", json!({"component": "ak-stage-identification", "uid_field": "ann"})).await;
    browser.answer("login", json!({"component": "ak-stage-password", "password": "secret"})).await;
    (world, browser, app.parse().unwrap())
}

/// Puts the application and the permissions into the plan, as a provider does when it begins one.
async fn begin(world: &World, browser: &mut Browser, app: object::Uuid, ids: &[&str]) -> Json {
    browser.open("consent").await;
    let store = world.app.store();
    let ann = world.user("ann").await.unwrap().pk;
    let mut session: directory::Session = store.first(store::Filter::eq("user", ann)).await.unwrap().unwrap();
    let sealer = world.app.root_key().sealer("flow plans", world.app.random().clone());
    let opened = sealer.open_text(b"consent", session.data["flow/consent"].as_str().unwrap()).unwrap();
    let mut plan: flow::Plan = serde_json::from_slice(opened.expose()).unwrap();
    plan.context.set_application(app);
    let permissions: Json = ids.iter().map(|id| json!({"id": id, "name": id})).collect();
    plan.context.set(CONSENT_PERMISSIONS, permissions);
    let sealed = sealer.seal_text(b"consent", &serde_json::to_vec(&plan).unwrap());
    session.data.insert("flow/consent".into(), sealed.into());
    store.update(&session).await.unwrap();
    browser.open("consent").await
}

#[tokio::test]
async fn consent_is_asked_for_and_kept() {
    let (world, mut browser, app) = world("expiring").await;
    let asked = begin(&world, &mut browser, app, &["openid", "email"]).await;
    assert_eq!(component(&asked), "ak-stage-consent");
    assert_eq!(asked["flow_info"]["title"], "To App");
    assert_eq!(asked["permissions"].as_array().unwrap().len(), 2);
    let bad = browser.answer("consent", json!({"component": "ak-stage-consent", "token": "nope"})).await;
    assert_eq!(bad["response_errors"]["token"][0]["string"], "Invalid consent token, re-showing prompt");
    let none = browser.answer("consent", json!({"component": "ak-stage-consent"})).await;
    assert_eq!(none["response_errors"]["token"][0]["code"], "required");
    let end = browser.answer("consent", json!({"component": "ak-stage-consent", "token": asked["token"]})).await;
    assert_eq!(end["to"], "/");
    let kept: UserConsent = world.app.store().first(store::Filter::True).await.unwrap().unwrap();
    assert_eq!((kept.permissions.as_str(), kept.expiring), ("openid email", true));
    // Asked for again with no more: passed. With more: what is new stands apart.
    assert_eq!(begin(&world, &mut browser, app, &["email", "openid"]).await["to"], "/");
    let more = begin(&world, &mut browser, app, &["openid", "email", "groups"]).await;
    assert_eq!(more["additional_permissions"], json!([{"id": "groups", "name": "groups"}]));
    assert_eq!(component(&browser.open("consent").await), "ak-stage-consent", "looking again is not agreeing");
    let end = browser.answer("consent", json!({"component": "ak-stage-consent", "token": more["token"]})).await;
    assert_eq!(end["to"], "/");
    // When it has run out it is asked for again.
    world.app.clock().advance(std::time::Duration::from_secs(3601));
    assert_eq!(component(&begin(&world, &mut browser, app, &["openid"]).await), "ak-stage-consent");
}

#[tokio::test]
async fn some_are_asked_every_time() {
    let (world, mut browser, app) = world("always_require").await;
    for _ in 0..2 {
        let asked = begin(&world, &mut browser, app, &["openid"]).await;
        let end = browser.answer("consent", json!({"component": "ak-stage-consent", "token": asked["token"]})).await;
        assert_eq!(end["to"], "/");
    }
    assert_eq!(world.app.store().count(UserConsent::model(), &store::Filter::True).await.unwrap(), 0);
}
