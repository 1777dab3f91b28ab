//! Brands found by host, and settings changed.

use feature::{App, Feature, Registry};
use object::Object;
use serde_json::{Value as Json, json};

use crate::{Brand, app_name, current_json, of_host, tenant};

async fn app() -> App {
    static FEATURES: &[&Feature] = &[
        &events::FEATURE,
        &keys::FEATURE,
        &directory::FEATURE,
        &policy::FEATURE,
        &flow::FEATURE,
        &apps::FEATURE,
        &crate::FEATURE,
    ];
    let registry = Registry::new(FEATURES).unwrap();
    testkit::app!(registry)
}

async fn create(app: &App, input: Json) -> Result<object::Record, Json> {
    testkit::create!(app, Brand::model(), input)
}

#[tokio::test]
async fn the_longest_domain_wins_by_whole_labels() {
    let app = app().await;
    assert_eq!(of_host(&app.store().snapshot(), "localhost:9000").domain, "fallback");
    for domain in ["example.com", "login.example.com", "10.0.0.1:9000"] {
        create(&app, json!({"domain": domain})).await.unwrap();
    }
    create(&app, json!({"domain": "default", "default": true})).await.unwrap();
    let snapshot = app.store().snapshot();
    let found = |host: &str| of_host(&snapshot, host).domain.clone();
    assert_eq!(found("example.com"), "example.com");
    assert_eq!(found("X.Example.com:9443"), "example.com");
    assert_eq!(found("a.login.example.com"), "login.example.com");
    assert_eq!(found("evil-example.com"), "default");
    assert_eq!(found("10.0.0.1:9000"), "10.0.0.1:9000");
    assert_eq!(found("10.0.0.1:9001"), "default");
    assert_eq!(found("com"), "default");
}

#[tokio::test]
async fn one_brand_is_the_default_and_domains_are_taken_once() {
    let app = app().await;
    create(&app, json!({"domain": "a", "default": true})).await.unwrap();
    let second = create(&app, json!({"domain": "b", "default": true})).await.unwrap_err();
    assert_eq!(second, json!({"default": ["Only a single brand can be set as default."]}));
    assert_eq!(
        create(&app, json!({"domain": "a"})).await.unwrap_err(),
        json!({"domain": ["This field must be unique."]})
    );
}

#[tokio::test]
async fn the_pages_learn_theme_and_locale() {
    let app = app().await;
    let attributes = json!({"settings": {"theme": {"base": "dark"}, "locale": "de"}});
    create(&app, json!({"domain": "a", "branding_logo": "/l-%(theme)s.svg", "attributes": attributes})).await.unwrap();
    let json = current_json(&app.store().snapshot(), "a");
    assert_eq!(json["ui_theme"], "dark");
    assert_eq!(json["default_locale"], "de");
    assert_eq!(json["branding_logo_themed_urls"], json!({"light": "/l-light.svg", "dark": "/l-dark.svg"}));
    assert!(json.get("flow_recovery").is_none());
    assert_eq!(tenant(&app.store().snapshot()).default_token_length, 60);
}

#[test]
fn parts_are_named_as_upstream_names_them() {
    assert_eq!(app_name("authentik_stages_user_login"), "authentik.stages.user_login");
    assert_eq!(app_name("authentik_policies"), "authentik.policies");
    assert_eq!(app_name("authentik_events"), "authentik.events");
}

#[tokio::test]
async fn a_brand_names_its_flows() {
    let app = app().await;
    let input = json!({"name": "f", "title": "f", "slug": "f", "designation": "recovery"});
    let flow = testkit::create!(app, flow::Flow::model(), input).unwrap();
    create(&app, json!({"domain": "a", "flow_recovery": flow.key()})).await.unwrap();
    assert_eq!(current_json(&app.store().snapshot(), "a")["flow_recovery"], "f");
    let origin = net::Origin { scheme: net::Scheme::Http, host: "x.a:9000".into() };
    let named = crate::flow_of(&app, &origin, flow::Designation::Recovery);
    assert_eq!(named.map(object::Id::key), flow.key());
    assert_eq!(crate::flow_of(&app, &origin, flow::Designation::Authentication), None);
}
