//! What the executor sees to for every stage.

use object::Object as _;
use serde_json::{Value as Json, json};

use super::world::{Seen, World, component};
use crate::{
    ConsentStage, DenyStage, DummyStage, IdentificationStage, PasswordStage, RedirectStage, UserLoginStage,
    UserLogoutStage, UserWriteStage,
};

async fn dummy(world: &World, name: &str) -> String {
    world.create(DummyStage::model(), json!({"name": name})).await
}

#[tokio::test]
async fn an_empty_answer_passes_no_stage() {
    let world = World::new().await;
    let after = dummy(&world, "after").await;
    let prompt = json!({"name": "f", "field_key": "f", "label": "F", "type": "text", "required": false});
    let prompt = world.create(crate::Prompt::model(), prompt).await;
    let stages = [
        ("dummy", dummy(&world, "d").await),
        ("consent", world.create(ConsentStage::model(), json!({"name": "c"})).await),
        ("who", world.create(IdentificationStage::model(), json!({"name": "i", "user_fields": ["username"]})).await),
        (
            "pw",
            world
                .create(
                    PasswordStage::model(),
                    json!({"name": "p", "backends": ["authentik.core.auth.InbuiltBackend"]}),
                )
                .await,
        ),
        ("prompt", world.create(crate::PromptStage::model(), json!({"name": "q", "fields": [prompt]})).await),
        ("login", world.create(UserLoginStage::model(), json!({"name": "l", "remember_me_offset": "days=1"})).await),
        ("write", world.create(UserWriteStage::model(), json!({"name": "w"})).await),
        ("deny", world.create(DenyStage::model(), json!({"name": "n"})).await),
        (
            "to",
            world
                .create(
                    RedirectStage::model(),
                    json!({"name": "r", "mode": "static", "target_static": "https://a.example/"}),
                )
                .await,
        ),
    ];
    for (slug, stage) in &stages {
        world.flow(slug, json!({}), &[stage, &after]).await;
        for body in [
            json!({}),
            json!({"component": "ak-stage-something"}),
            json!({"component": "ak-stage-dummy2", "token": "x"}),
        ] {
            let mut browser = world.browser();
            browser.open(slug).await;
            let seen = browser.post(slug, body).await;
            assert_ne!(seen, Seen::Again, "{slug}");
            let now = browser.open(slug).await;
            assert_ne!(now["name"], "after", "{slug}");
        }
    }
}

#[tokio::test]
async fn a_dummy_passes_and_a_broken_one_says_so() {
    let world = World::new().await;
    let one = dummy(&world, "one").await;
    let two = world.create(DummyStage::model(), json!({"name": "two", "throw_error": true})).await;
    world.flow("d", json!({}), &[&one, &two]).await;
    let mut browser = world.browser();
    assert_eq!(browser.open("d").await["name"], "one");
    let broken = browser.answer("d", json!({"component": "ak-stage-dummy"})).await;
    assert_eq!(component(&broken), "ak-stage-flow-error");
    assert!(broken.get("request_id").is_some() && broken.get("flow_info").is_none());
}

#[tokio::test]
async fn the_end_leads_only_to_our_own_pages() {
    let world = World::new().await;
    let one = dummy(&world, "one").await;
    world.flow("d", json!({}), &[&one]).await;
    world.flow("empty", json!({}), &[]).await;
    for (next, to) in [
        ("%2Fif%2Fuser%2F", Some("/if/user/")),
        ("https%3A%2F%2Fevil.example%2F", None),
        ("%2F%2Fevil", None),
        ("%2F%5Cevil", None),
    ] {
        let path = format!("d?next={next}");
        let mut browser = world.browser();
        browser.open(&path).await;
        let end = browser.answer(&path, json!({"component": "ak-stage-dummy"})).await;
        match to {
            Some(to) => assert_eq!(end["to"], to),
            None => assert_eq!(
                (component(&end), &end["error_message"]),
                ("ak-stage-access-denied", &json!("Invalid next URL"))
            ),
        }
    }
    assert_eq!(
        world.browser().open("empty?next=%2Ffoo").await,
        json!({"component": "xak-flow-redirect", "to": "/foo"})
    );
    assert_eq!(world.browser().get("nope").await, Seen::Problem(http::StatusCode::NOT_FOUND));
}

#[tokio::test]
async fn requirements_are_kept() {
    let world = World::new().await;
    let one = dummy(&world, "one").await;
    for need in ["require_authenticated", "require_superuser", "require_redirect", "require_outpost"] {
        world.flow(need, json!({"authentication": need, "title": "T"}), &[&one]).await;
        let no = world.browser().open(need).await;
        assert_eq!(no["error_message"], "Flow does not apply to current user.");
        assert_eq!(no["pending_user"], "");
        assert_eq!(no["pending_user_avatar"], "/static/dist/assets/images/user_default.png");
    }
    world.flow("a", json!({"authentication": "require_unauthenticated"}), &[&one]).await;
    assert_eq!(world.browser().open("a").await["name"], "one");
    // Another flow opens the door that stays shut otherwise.
    let target = world.app.store().snapshot();
    let target = flow::by_slug(&target, "require_redirect").unwrap().base.pk.0;
    let redirect = json!({"name": "r", "mode": "flow", "target_flow": target});
    let redirect = world.create(RedirectStage::model(), redirect).await;
    world.flow("over", json!({"title": "O"}), &[&redirect]).await;
    let mut browser = world.browser();
    let over = browser.open("over?a=b").await;
    assert_eq!((component(&over), &over["to"]), ("xak-flow-redirect", &json!("/if/flow/require_redirect/?a=b")));
    assert_eq!(browser.open("require_redirect").await["name"], "one");
}

#[tokio::test]
async fn a_deny_stage_says_why() {
    let world = World::new().await;
    let deny = world.create(DenyStage::model(), json!({"name": "n", "deny_message": "You shall not pass"})).await;
    world.flow("d", json!({}), &[&deny]).await;
    assert_eq!(world.browser().open("d").await["error_message"], "You shall not pass");
}

#[tokio::test]
async fn a_wrong_answer_can_start_the_flow_anew() {
    let world = World::new().await;
    let (_, bindings) = world.login_flow().await;
    let binding: flow::FlowStageBinding = world
        .app
        .store()
        .get(object::Id::<flow::FlowStageBinding>(bindings[1].parse().unwrap()))
        .await
        .unwrap()
        .unwrap();
    for (action, shown) in [
        (flow::InvalidResponseAction::Restart, "ak-stage-identification"),
        (flow::InvalidResponseAction::RestartWithContext, "ak-stage-identification"),
    ] {
        let changed = flow::FlowStageBinding { invalid_response_action: action, ..binding.clone() };
        world.app.store().update(&changed).await.unwrap();
        let mut browser = world.browser();
        browser.open("login").await;
        browser.answer("login", json!({"component": "ak-stage-identification", "uid_field": "ann"})).await;
        let seen = browser.post("login", json!({"component": "ak-stage-password", "password": "x"})).await;
        assert_eq!(seen, Seen::Again);
        assert_eq!(component(&browser.open("login").await), shown);
    }
}

#[tokio::test]
async fn logging_out_ends_the_session() {
    let world = World::new().await;
    world.login_flow().await;
    let out = world.create(UserLogoutStage::model(), json!({"name": "out"})).await;
    world.flow("out", json!({}), &[&out]).await;
    let one = dummy(&world, "one").await;
    world.flow("members", json!({"authentication": "require_authenticated"}), &[&one]).await;
    let mut browser = world.browser();
    browser.open("login").await;
    browser.answer("login", json!({"component": "ak-stage-identification", "uid_field": "ann"})).await;
    browser.answer("login", json!({"component": "ak-stage-password", "password": "secret"})).await;
    assert_eq!(browser.open("members").await["name"], "one");
    assert_eq!(browser.open("out").await["to"], "/");
    assert_eq!(component(&browser.open("members").await), "ak-stage-access-denied");
}

#[tokio::test]
async fn forms_belong_to_one_stage_of_one_plan() {
    let world = World::new().await;
    world.login_flow().await;
    let mut browser = world.browser();
    let (first, token, _) = browser.page("login?next=%2Fx", None).await.unwrap();
    assert_eq!(component(&first), "ak-stage-identification");
    // From another site, without the token: not looked at.
    let (_, _, stale) = browser.page("login?next=%2Fx", Some("uid_field=ann")).await.unwrap();
    assert!(stale);
    let form = format!("csrfmiddlewaretoken={token}&component=ak-stage-identification&uid_field=ann");
    assert!(browser.page("login?next=%2Fx", Some(&form)).await.is_none(), "a redirect follows an accepted form");
    // The back button, or the other tab: the old form again.
    let (now, token, stale) = browser.page("login?next=%2Fx", Some(&form)).await.unwrap();
    assert!(stale && component(&now) == "ak-stage-password");
    let form = format!("csrfmiddlewaretoken={token}&component=ak-stage-password&password=secret");
    assert!(browser.page("login?next=%2Fx", Some(&form)).await.is_none());
    let (end, ..) = browser.page("login?next=%2Fx", None).await.unwrap();
    assert_eq!(end["to"], "/x");
    // The session that the form was made for is gone: begin again, with the target kept.
    let mut other = world.browser();
    let (anew, _, stale) = other.page("login?next=%2Fx", Some(&form)).await.unwrap();
    assert!(stale && component(&anew) == "ak-stage-identification");
    assert_eq!(anew["flow_info"]["cancel_url"], "/flows/-/cancel/?next=%2Fx");
}

#[tokio::test]
async fn what_is_typed_is_not_readable_in_the_session() {
    let world = World::new().await;
    let field = json!({"name": "f", "field_key": "password", "label": "P", "type": "password"});
    let field = world.create(crate::Prompt::model(), field).await;
    let stage = world.create(crate::PromptStage::model(), json!({"name": "q", "fields": [field]})).await;
    let one = dummy(&world, "one").await;
    world.flow("p", json!({}), &[&stage, &one]).await;
    let mut browser = world.browser();
    browser.open("p").await;
    browser.answer("p", json!({"component": "ak-stage-prompt", "password": "hunter2"})).await;
    let session: directory::Session = world.app.store().first(store::Filter::True).await.unwrap().unwrap();
    assert!(!Json::Object(session.data).to_string().contains("hunter2"));
}
