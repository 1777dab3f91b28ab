//! Links into flows, and the flow that runs only once.

use net::{Origin, Scheme};
use object::Object as _;
use serde_json::json;

use super::world::{World, component};
use crate::{IdentificationStage, Prompt, PromptStage, UserLoginStage, UserWriteStage};

const INVALID: &str = "This link is not valid any more. Please ask for a new one.";

/// Who, a new password, write it, in.
async fn recovery(world: &World, slug: &str) {
    let name = |what: &str| format!("{slug} {what}");
    let who = json!({"name": name("who"), "user_fields": ["username"]});
    let who = world.create(IdentificationStage::model(), who).await;
    let field = json!({"name": name("f"), "field_key": "password", "label": "P", "type": "password"});
    let field = world.create(Prompt::model(), field).await;
    let prompt = world.create(PromptStage::model(), json!({"name": name("p"), "fields": [field]})).await;
    let write = json!({"name": name("w"), "user_creation_mode": "never_create"});
    let write = world.create(UserWriteStage::model(), write).await;
    let login = world.create(UserLoginStage::model(), json!({"name": name("in")})).await;
    world.flow(slug, json!({"designation": "recovery"}), &[&who, &prompt, &write, &login]).await;
}

async fn link(world: &World, slug: &str) -> String {
    let flow = flow::by_slug(&world.app.store().snapshot(), slug).unwrap();
    let origin = Origin { scheme: Scheme::Https, host: "id.example.com".to_owned() };
    let ann = world.user("ann").await.unwrap();
    let link = flow::create_link(&world.app, &flow, &ann, &origin).await.unwrap();
    link.strip_prefix(&format!("https://id.example.com/if/flow/{slug}/?")).unwrap().to_owned()
}

#[tokio::test]
async fn a_link_is_good_once_for_one_person_and_one_flow() {
    let world = World::new().await;
    recovery(&world, "recovery").await;
    recovery(&world, "other").await;
    let query = link(&world, "recovery").await;
    let path = format!("recovery?{query}");
    // Looking does not use it up, however often.
    let (mut one, mut two) = (world.browser(), world.browser());
    for browser in [&mut one, &mut two] {
        assert_eq!(component(&browser.open(&path).await), "ak-stage-prompt", "nobody is asked for a name");
    }
    assert_eq!(world.browser().open(&format!("other?{query}")).await["error_message"], INVALID);
    let end = one.answer(&path, json!({"component": "ak-stage-prompt", "password": "brand-new"})).await;
    assert_eq!(end["to"], "/");
    let late = two.answer(&path, json!({"component": "ak-stage-prompt", "password": "mine-now"})).await;
    assert_eq!(late["error_message"], INVALID);
    let ann = world.user("ann").await.unwrap();
    assert!(directory::password::verify(&world.app, Some(&ann), "brand-new").await.unwrap());
    assert_eq!(world.browser().open(&path).await["error_message"], INVALID);
}

#[tokio::test]
async fn a_link_runs_out() {
    let world = World::new().await;
    recovery(&world, "recovery").await;
    let path = format!("recovery?{}", link(&world, "recovery").await);
    let mut browser = world.browser();
    browser.open(&path).await;
    world.app.clock().advance(std::time::Duration::from_secs(24 * 3600 + 1));
    let late = browser.answer(&path, json!({"component": "ak-stage-prompt", "password": "brand-new"})).await;
    assert_eq!(late["error_message"], INVALID);
    assert_eq!(world.browser().open(&path).await["error_message"], INVALID);
}

#[tokio::test]
async fn the_initial_setup_is_finished_once() {
    let world = World::new().await;
    let field = json!({"name": "f", "field_key": "password", "label": "P", "type": "password"});
    let field = world.create(Prompt::model(), field).await;
    let name = json!({"name": "n", "field_key": "username", "label": "N", "type": "text"});
    let name = world.create(Prompt::model(), name).await;
    let prompt = world.create(PromptStage::model(), json!({"name": "p", "fields": [field, name]})).await;
    let write =
        world.create(UserWriteStage::model(), json!({"name": "w", "user_creation_mode": "always_create"})).await;
    world.flow(flow::INITIAL_SETUP, json!({}), &[&prompt, &write]).await;
    let (mut one, mut two) = (world.browser(), world.browser());
    for browser in [&mut one, &mut two] {
        assert_eq!(component(&browser.open(flow::INITIAL_SETUP).await), "ak-stage-prompt");
    }
    let answer = |name: &str| json!({"component": "ak-stage-prompt", "password": "first-password", "username": name});
    assert_eq!(one.answer(flow::INITIAL_SETUP, answer("root")).await["to"], "/");
    let late = two.answer(flow::INITIAL_SETUP, answer("toor")).await;
    assert_eq!(component(&late), "ak-stage-access-denied");
    assert!(world.user("root").await.is_some() && world.user("toor").await.is_none());
    let closed = world.browser().open(flow::INITIAL_SETUP).await;
    assert_eq!(closed["error_message"], "Flow does not apply to current user.");
}
