//! Who gets through which door.

use object::Key;
use serde_json::{Value as Json, json};
use store::{Filter, Query};

use crate::testing::{app, door, group, policy, user};
use crate::{PolicyEngineMode, PolicyRequest, PolicyResult, Subject, check, check_or};

async fn ask(app: &feature::App, mode: PolicyEngineMode, target: object::Uuid, who: i64) -> PolicyResult {
    let subject = Subject::load(app, who).await.unwrap();
    check(app, target, mode, &PolicyRequest::new(subject)).await
}

#[tokio::test]
async fn the_truth_table_of_any_and_all() {
    let app = app().await;
    let who = user(&app, "a", &[]).await;
    let (pass, deny) = (policy(&app, "pass").await, policy(&app, "deny").await);
    let yes = || json!({"policy": pass});
    let no = || json!({"policy": deny});
    let not = |mut binding: Json| {
        binding["negate"] = json!(true);
        binding
    };
    let off = |mut binding: Json| {
        binding["enabled"] = json!(false);
        binding
    };
    let table: [(Vec<Json>, bool, bool); 11] = [
        (vec![], true, true),
        (vec![yes()], true, true),
        (vec![no()], false, false),
        (vec![yes(), no()], true, false),
        (vec![yes(), yes()], true, true),
        (vec![no(), no()], false, false),
        (vec![not(yes())], false, false),
        (vec![not(no())], true, true),
        (vec![not(yes()), yes()], true, false),
        (vec![off(no())], true, true),
        (vec![off(no()), yes()], true, true),
    ];
    for (i, (bindings, any, all)) in table.into_iter().enumerate() {
        let target = door(&app, "any", &bindings).await;
        assert_eq!(ask(&app, PolicyEngineMode::Any, target, who).await.passing, any, "row {i}, any");
        assert_eq!(ask(&app, PolicyEngineMode::All, target, who).await.passing, all, "row {i}, all");
    }
}

#[tokio::test]
async fn users_and_groups_and_the_groups_above() {
    let app = app().await;
    let top = group(&app, "top", &[]).await;
    let below = group(&app, "below", &[top]).await;
    let other = group(&app, "other", &[]).await;
    let member = user(&app, "member", &[below]).await;
    let stranger = user(&app, "stranger", &[other]).await;
    let bound = door(&app, "any", &[json!({"group": top})]).await;
    assert!(ask(&app, PolicyEngineMode::Any, bound, member).await.passing);
    assert!(!ask(&app, PolicyEngineMode::Any, bound, stranger).await.passing);
    let down = door(&app, "any", &[json!({"group": below})]).await;
    assert!(ask(&app, PolicyEngineMode::Any, down, member).await.passing);
    let personal = door(&app, "any", &[json!({"user": stranger})]).await;
    assert!(!ask(&app, PolicyEngineMode::Any, personal, member).await.passing);
    assert!(ask(&app, PolicyEngineMode::Any, personal, stranger).await.passing);
    let both = door(&app, "all", &[json!({"group": top}), json!({"group": other})]).await;
    assert!(!ask(&app, PolicyEngineMode::All, both, member).await.passing, "all means all, of groups too");
    // Nobody is in no group and is no user, and does not pass by negation of who they are not either.
    let nobody = PolicyRequest::new(None);
    assert!(!check(&app, bound, PolicyEngineMode::Any, &nobody).await.passing);
    assert!(!check_or(&app, object::Uuid::from_u128(1), PolicyEngineMode::Any, &nobody, false).await.passing);
}

#[tokio::test(start_paused = true)]
async fn what_fails_denies() {
    let app = app().await;
    let who = user(&app, "a", &[]).await;
    let (broken, hangs, circle) = (policy(&app, "raise").await, policy(&app, "hang").await, policy(&app, "self").await);
    for (binding, passing, message) in [
        (json!({"policy": broken}), false, "broken"),
        (json!({"policy": broken, "negate": true}), false, "broken"),
        (json!({"policy": broken, "failure_result": true}), true, "broken"),
        (json!({"policy": hangs, "timeout": 2}), false, "The policy took longer than 2 seconds."),
        (json!({"policy": circle}), false, "Policies call each other too deeply."),
    ] {
        let target = door(&app, "any", &[binding]).await;
        let result = ask(&app, PolicyEngineMode::Any, target, who).await;
        assert_eq!((result.passing, result.messages), (passing, vec![message.to_owned()]));
    }
    let model = app.store().model("authentik_events.event").unwrap();
    let query = Query::filter(Filter::eq("action", "policy_exception"));
    let events = app.store().records(model, &query).await.unwrap();
    assert_eq!(events.len(), 5);
    let context = events[0].get("context").as_json().unwrap();
    assert_eq!(context["message"], "broken");
    assert_eq!(events[0].get("user").as_json().unwrap()["pk"], who);
}

#[tokio::test]
async fn messages_come_in_the_order_of_the_bindings() {
    let app = app().await;
    let who = user(&app, "a", &[]).await;
    let (deny, pass) = (policy(&app, "deny").await, policy(&app, "pass").await);
    let target = door(&app, "any", &[json!({"policy": deny}), json!({"policy": pass})]).await;
    let result = ask(&app, PolicyEngineMode::Any, target, who).await;
    assert!(result.passing);
    assert_eq!(result.messages, ["no"]);
    assert_eq!(result.sources.len(), 2);
    let row = app.store().snapshot().row("t.door", Key::Uuid(target)).cloned().unwrap();
    let subject = Subject::load(&app, who).await.unwrap();
    assert!(crate::check_row(&app, &row, &PolicyRequest::new(subject)).await.passing);
}
