//! Logging in.

use object::Object as _;
use serde_json::json;

use super::world::{Seen, World, component};

const WHO: &str = "ak-stage-identification";
const PW: &str = "ak-stage-password";

#[tokio::test]
async fn two_stages_lead_in() {
    let world = World::new().await;
    world.login_flow().await;
    let mut browser = world.browser();
    let first = browser.open("login?next=%2Fif%2Fuser%2F").await;
    assert_eq!(component(&first), WHO);
    assert_eq!(first["flow_info"]["cancel_url"], "/flows/-/cancel/?next=%2Fif%2Fuser%2F");
    assert_eq!(first["user_fields"], json!(["username", "email"]));
    assert_eq!(first["primary_action"], "Log in");
    let path = "login?next=%2Fif%2Fuser%2F";
    let seen = browser.post(path, json!({"component": WHO, "uid_field": "ANN@example.com"})).await;
    assert_eq!(seen, Seen::Again);
    let second = browser.open(path).await;
    assert_eq!((component(&second), &second["pending_user"]), (PW, &json!("ann")));
    assert_eq!(second["flow_info"]["title"], "Hello ann");
    let before = browser.cookie.clone();
    let end = browser.answer(path, json!({"component": PW, "password": "secret"})).await;
    assert_eq!(end, json!({"component": "xak-flow-redirect", "to": "/if/user/"}));
    assert_ne!(browser.cookie, before, "the session has a new key");
    assert!(world.user("ann").await.unwrap().last_login.is_some());
}

#[tokio::test]
async fn one_stage_leads_in() {
    let world = World::new().await;
    let (_, bindings) = world.login_flow().await;
    let snapshot = world.app.store().snapshot();
    let who = snapshot.all::<crate::IdentificationStage>()[0].clone();
    let password = snapshot.all::<crate::PasswordStage>()[0].base.pk.0;
    let both = crate::IdentificationStage { password_stage: Some(object::Id(password)), ..(*who).clone() };
    world.app.store().update(&both).await.unwrap();
    // The password was asked for already, so its own stage is left out.
    world.bind(&bindings[1], "authenticated").await;
    let mut browser = world.browser();
    assert_eq!(browser.open("login").await["password_fields"], true);
    for (name, password) in [("ann", "wrong"), ("ann", ""), ("bob", "secret")] {
        let body = json!({"component": WHO, "uid_field": name, "password": password});
        let wrong = browser.answer("login", body).await;
        assert_eq!(wrong["response_errors"]["non_field_errors"][0]["string"], "Failed to authenticate.");
    }
    let end = browser.answer("login", json!({"component": WHO, "uid_field": "ann", "password": "secret"})).await;
    assert_eq!(end["to"], "/");
}

#[tokio::test]
async fn nobody_can_tell_who_exists() {
    let world = World::new().await;
    world.login_flow().await;
    let mut seen = Vec::new();
    for name in ["ann", "bob"] {
        let mut browser = world.browser();
        browser.open("login").await;
        let asked = browser.answer("login", json!({"component": WHO, "uid_field": name})).await;
        let wrong = browser.answer("login", json!({"component": PW, "password": "wrong"})).await;
        assert_eq!(wrong["response_errors"], json!({"password": [{"string": "Invalid password", "code": "invalid"}]}));
        let strip = |mut json: serde_json::Value| {
            json["pending_user_avatar"] = "".into();
            json.to_string().replace(name, "?")
        };
        seen.push((strip(asked), strip(wrong)));
    }
    assert_eq!(seen[0], seen[1]);
}

#[tokio::test]
async fn too_many_wrong_answers_end_the_flow() {
    let world = World::new().await;
    world.login_flow().await;
    let mut browser = world.browser();
    browser.open("login").await;
    browser.answer("login", json!({"uid_field": "ann"})).await;
    for body in [
        json!({"component": PW, "password": "x"}),
        json!({"component": PW, "password": ""}),
        json!({}),
        json!({"component": WHO, "uid_field": "ann"}),
    ] {
        assert_eq!(component(&browser.answer("login", body).await), PW);
    }
    let end = browser.answer("login", json!({"component": PW, "password": "x"})).await;
    assert_eq!((component(&end), &end["error_message"]), ("ak-stage-access-denied", &json!("Invalid password")));
    assert_eq!(end["pending_user"], "ann");
    let anew = browser.answer("login", json!({"component": PW, "password": "secret"})).await;
    assert_eq!(component(&anew), WHO);
    assert_eq!(anew["response_errors"]["non_field_errors"][0]["string"], "No identification data provided.");
}

#[tokio::test]
async fn a_new_session_does_not_start_to_count_afresh() {
    let world = World::new().await;
    world.login_flow().await;
    for (name, known) in [("ann", true), ("nobody", false)] {
        let mut answers = Vec::new();
        for _ in 0..25 {
            let mut browser = world.browser();
            browser.open("login").await;
            browser.answer("login", json!({"component": WHO, "uid_field": name})).await;
            let wrong = browser.answer("login", json!({"component": PW, "password": "wrong"})).await;
            answers.push(wrong["response_errors"]["password"][0].clone());
        }
        let invalid = json!({"string": "Invalid password", "code": "invalid"});
        let throttled = json!({"string": "Too many wrong passwords. Try again in 3 minutes.", "code": "throttled"});
        assert!(answers[..20].iter().all(|a| *a == invalid), "{answers:?}");
        assert!(answers[20..].iter().all(|a| *a == throttled), "{answers:?}");
        let mut browser = world.browser();
        browser.open("login").await;
        browser.answer("login", json!({"component": WHO, "uid_field": name})).await;
        let right = browser.answer("login", json!({"component": PW, "password": "secret"})).await;
        assert_eq!(right["response_errors"]["password"][0], throttled, "the right one is not looked at either");
        world.app.clock().advance(std::time::Duration::from_mins(3));
        let end = browser.answer("login", json!({"component": PW, "password": "secret"})).await;
        assert_eq!(end["to"] == "/", known, "{end}");
    }
    let failed = store::Query::filter(store::Filter::eq("action", "login_failed"));
    assert_eq!(world.app.store().find::<events::Event>(&failed).await.unwrap().len(), 41);
    let suspicious = store::Query::filter(store::Filter::eq("action", "suspicious_request"));
    assert_eq!(world.app.store().find::<events::Event>(&suspicious).await.unwrap().len(), 2);
}

#[tokio::test]
async fn inactive_people_stay_out_with_either_kind_of_password() {
    let world = World::new().await;
    world.login_flow().await;
    let mut ann = world.user("ann").await.unwrap();
    let token = directory::Token {
        pk: object::Id::unsaved(),
        managed: None,
        identifier: "t".into(),
        intent: directory::Intent::AppPassword,
        user: ann.pk,
        description: String::new(),
        expires: None,
        expiring: false,
        key: "app-password".into(),
    };
    world.app.store().insert(&token).await.unwrap();
    let mut browser = world.browser();
    browser.open("login").await;
    browser.answer("login", json!({"component": WHO, "uid_field": "ann"})).await;
    let end = browser.answer("login", json!({"component": PW, "password": "app-password"})).await;
    assert_eq!(end["to"], "/");
    ann.is_active = false;
    world.app.store().update(&ann).await.unwrap();
    for password in ["secret", "app-password"] {
        let mut browser = world.browser();
        browser.open("login").await;
        browser.answer("login", json!({"component": WHO, "uid_field": "ann"})).await;
        let no = browser.answer("login", json!({"component": PW, "password": password})).await;
        assert_eq!(no["response_errors"]["password"][0]["string"], "Invalid password");
    }
}

#[tokio::test]
async fn failed_logins_are_recorded() {
    let world = World::new().await;
    world.login_flow().await;
    let mut browser = world.browser();
    browser.open("login").await;
    browser.answer("login", json!({"component": WHO, "uid_field": "ann"})).await;
    browser.answer("login", json!({"component": PW, "password": "wrong"})).await;
    let filter = store::Filter::eq("action", "login_failed");
    let event: events::Event = world.app.store().first(filter).await.unwrap().unwrap();
    assert_eq!(event.context["username"], "ann");
    assert!(!serde_json::Value::Object(event.context).to_string().contains("wrong"));
}

#[tokio::test]
async fn staying_logged_in_is_asked_for_where_it_is_offered() {
    let world = World::new().await;
    world.login_flow().await;
    let stage = world.app.store().snapshot().all::<crate::UserLoginStage>()[0].clone();
    let offers = crate::UserLoginStage { remember_me_offset: "days=30".into(), ..(*stage).clone() };
    world.app.store().update(&offers).await.unwrap();
    let mut browser = world.browser();
    browser.open("login").await;
    browser.answer("login", json!({"component": WHO, "uid_field": "ann"})).await;
    let asked = browser.answer("login", json!({"component": PW, "password": "secret"})).await;
    assert_eq!(component(&asked), "ak-stage-user-login");
    let again = browser.answer("login", json!({"component": "ak-stage-user-login"})).await;
    assert_eq!(again["response_errors"]["remember_me"][0]["code"], "required");
    let end = browser.answer("login", json!({"component": "ak-stage-user-login", "remember_me": true})).await;
    assert_eq!(end["to"], "/");
    let session: directory::Session = world.app.store().first(store::Filter::True).await.unwrap().unwrap();
    assert_eq!(session.expires, world.app.clock().after(jiff::SignedDuration::from_hours(30 * 24)));
    assert!(crate::UserLoginStage::model().schema.cached);
}
