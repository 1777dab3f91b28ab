//! Policies on flows and on bindings.

use object::Object as _;
use serde_json::json;

use super::world::{World, component};
use crate::DummyStage;

#[tokio::test]
async fn a_refused_flow_says_why_or_goes_on() {
    let world = World::new().await;
    let one = world.create(DummyStage::model(), json!({"name": "one"})).await;
    for (action, to) in [("message", None), ("message_continue", None), ("continue", Some("/"))] {
        let (flow, _) = world.flow(action, json!({"denied_action": action}), &[&one]).await;
        world.bind(&flow, "deny").await;
        let seen = world.browser().open(action).await;
        match to {
            Some(to) => assert_eq!(seen, json!({"component": "xak-flow-redirect", "to": to})),
            None => assert_eq!(seen["error_message"], "Because."),
        }
    }
}

#[tokio::test]
async fn a_refused_stage_is_left_out_and_a_failed_policy_denies() {
    let world = World::new().await;
    let one = world.create(DummyStage::model(), json!({"name": "one"})).await;
    let two = world.create(DummyStage::model(), json!({"name": "two"})).await;
    let (_, bindings) = world.flow("left-out", json!({}), &[&one, &two]).await;
    world.bind(&bindings[0], "deny").await;
    assert_eq!(world.browser().open("left-out").await["name"], "two");

    let (_, bindings) = world.flow("broken", json!({}), &[&one, &two]).await;
    world.bind(&bindings[0], "raise").await;
    let no = world.browser().open("broken").await;
    assert_eq!((component(&no), &no["error_message"]), ("ak-stage-access-denied", &json!("It broke.")));

    let (flow, _) = world.flow("broken-flow", json!({}), &[&one]).await;
    world.bind(&flow, "raise").await;
    assert_eq!(component(&world.browser().open("broken-flow").await), "ak-stage-access-denied");

    let (flow, _) = world.flow("planned", json!({}), &[]).await;
    let input =
        json!({"target": flow, "stage": one, "order": 0, "evaluate_on_plan": true, "re_evaluate_policies": false});
    let binding = world.create(flow::FlowStageBinding::model(), input).await;
    world.bind(&binding, "raise").await;
    assert_eq!(component(&world.browser().open("planned").await), "ak-stage-access-denied");
}
