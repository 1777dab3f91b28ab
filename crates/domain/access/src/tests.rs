//! Tokens, sessions, and what they let somebody do.

use directory::{Group, Intent, Role, Token, User, role};
use feature::{App, BoxFuture, Caller, Feature, Problem, Registry, Through};
use http::{Method, Request};
use object::{Id, Key, Object, Refs};
use store::Filter;

use crate::{Authenticator, Bearer, Bearers, authenticate};

async fn app() -> App {
    static FEATURES: &[&Feature] = &[&events::FEATURE, &directory::FEATURE, &crate::FEATURE];
    let registry = Registry::new(FEATURES).unwrap();
    let app = testkit::app!(registry);
    app.set_up();
    app
}

async fn user(app: &App, name: &str, groups: Vec<Id<Group>>, roles: Vec<Id<Role>>) -> User {
    let input = serde_json::json!({"username": name, "name": name, "groups": groups, "roles": roles});
    testkit::create!(app, User::model(), input).unwrap().to().unwrap()
}

async fn token(app: &App, user: &User, key: &str, intent: Intent) {
    let token = Token {
        pk: Id::unsaved(),
        managed: None,
        identifier: key.to_owned(),
        intent,
        user: user.pk,
        description: String::new(),
        expires: Some(app.clock().after(jiff::SignedDuration::from_hours(1))),
        expiring: true,
        key: key.to_owned(),
    };
    app.store().insert(&token).await.unwrap();
}

async fn ask(app: &App, authorization: &str) -> Result<Caller, Problem> {
    let request = Request::builder().method(Method::POST).uri("/x?a=b").header("authorization", authorization);
    authenticate(app, &request.body(()).unwrap().into_parts().0).await
}

#[tokio::test]
async fn tokens_open_the_api_while_they_are_good() {
    let app = app().await;
    let one = user(&app, "u", vec![], vec![]).await;
    token(&app, &one, "api", Intent::Api).await;
    token(&app, &one, "app", Intent::AppPassword).await;
    let caller = ask(&app, "bearer api").await.unwrap();
    assert_eq!((caller.user, &caller.through), (Some(one.pk.0), &Through::Token { identifier: "api".into() }));
    assert_eq!(caller.request.unwrap().args["a"], "b");
    for bad in ["Bearer nope", "Bearer app", "Bearer api extra"] {
        assert_eq!(ask(&app, bad).await.unwrap_err(), Problem::bad_credentials(), "{bad}");
    }
    for none in ["Basic YTpi", "Token api", "Bearer", "Bearer ", "api"] {
        assert_eq!(ask(&app, none).await.unwrap().user, None, "{none}");
    }
    app.store().change(User::model(), Filter::eq("pk", one.pk), vec![("is_active", false.into())]).await.unwrap();
    assert!(ask(&app, "Bearer api").await.is_err());
    app.store().change(User::model(), Filter::eq("pk", one.pk), vec![("is_active", true.into())]).await.unwrap();
    app.clock().advance(std::time::Duration::from_secs(3601));
    assert!(ask(&app, "Bearer api").await.is_err());
}

#[tokio::test]
async fn roles_of_groups_above_permit_too() {
    let app = app().await;
    let role = app.store().insert(&Role { pk: Id::unsaved(), name: "r".into(), managed: None }).await.unwrap();
    role::give(app.store(), role, &["authentik_core.view_user".into()], "").await.unwrap();
    role::give(app.store(), role, &["authentik_core.change_user".into()], "7").await.unwrap();
    let group = |name: &str, parents, roles| Group {
        pk: Id::unsaved(),
        name: name.into(),
        is_superuser: false,
        parents: Refs(parents),
        attributes: serde_json::Map::new(),
        roles: Refs(roles),
    };
    let top = app.store().insert(&group("top", vec![], vec![role])).await.unwrap();
    let low = app.store().insert(&group("low", vec![top], vec![])).await.unwrap();
    let one = user(&app, "u", vec![low], vec![]).await;
    token(&app, &one, "t", Intent::Api).await;
    let caller = ask(&app, "Bearer t").await.unwrap();
    assert!(caller.may("authentik_core.view_user") && !caller.superuser);
    assert!(caller.may_on("authentik_core.change_user", Key::Int(7)));
    assert!(!caller.may_on("authentik_core.change_user", Key::Int(8)));
    role::take(app.store(), role, &["authentik_core.view_user".into()], "").await.unwrap();
    assert!(!ask(&app, "Bearer t").await.unwrap().may("authentik_core.view_user"));
}

struct Foreign(User);

impl Authenticator for Foreign {
    fn authenticate<'a>(&'a self, _: &'a App, token: &'a str) -> BoxFuture<'a, Result<Option<Bearer>, Problem>> {
        let found = (token == "oauth").then(|| Bearer { user: self.0.clone(), identifier: "oauth".into() });
        Box::pin(async move { Ok(found) })
    }
}

#[tokio::test]
async fn other_tokens_are_handed_in() {
    let app = app().await;
    let one = user(&app, "u", vec![], vec![]).await;
    app.service::<Bearers>().unwrap().add(Foreign(one.clone()));
    assert_eq!(ask(&app, "Bearer oauth").await.unwrap().user, Some(one.pk.0));
    assert!(ask(&app, "Bearer other").await.is_err());
}

#[tokio::test]
async fn every_permission_has_a_name() {
    let app = app().await;
    let all = crate::permissions(app.registry());
    let view = all.iter().find(|e| e.full() == "authentik_core.view_user").unwrap();
    assert_eq!(
        (view.name.as_str(), view.to_json()["app_label_verbose"].as_str()),
        ("Can view User", Some("authentik Core"))
    );
    assert!(all.iter().any(|e| e.full() == "authentik_core.reset_user_password"));
}
