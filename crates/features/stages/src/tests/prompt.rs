//! Prompts, and writing what they collect.

use object::Object as _;
use serde_json::{Map, Value as Json, json};

use super::world::{Seen, TestPolicy, World, component};
use crate::{Prompt, PromptStage, UserWriteStage};

async fn fields(world: &World, fields: &[Json]) -> Vec<String> {
    let mut keys = Vec::new();
    for (order, field) in fields.iter().enumerate() {
        let mut input: Map<String, Json> = field.as_object().unwrap().clone();
        let key = input["field_key"].as_str().unwrap().to_owned();
        for (name, value) in [("name", json!(key)), ("label", json!(key)), ("order", json!(order))] {
            input.entry(name).or_insert(value);
        }
        keys.push(world.create(Prompt::model(), Json::Object(input)).await);
    }
    keys
}

#[tokio::test]
async fn every_field_is_checked_with_its_own_message() {
    let world = World::new().await;
    let keys = fields(
        &world,
        &[
            json!({"field_key": "t", "type": "text", "initial_value": "return 'init-' + (user.username if user.is_authenticated else 'anon')", "initial_value_expression": true}),
            json!({"field_key": "ro", "type": "text_read_only", "initial_value": "fixed"}),
            json!({"field_key": "u", "type": "username"}),
            json!({"field_key": "e", "type": "email"}),
            json!({"field_key": "n", "type": "number"}),
            json!({"field_key": "c", "type": "checkbox"}),
            json!({"field_key": "d", "type": "dropdown", "placeholder": "return ['a', {'label': 'B', 'value': 'b'}]", "placeholder_expression": true}),
            json!({"field_key": "day", "type": "date"}),
            json!({"field_key": "at", "type": "date-time"}),
            json!({"field_key": "l", "type": "ak-locale"}),
            json!({"field_key": "h", "type": "hidden", "initial_value": "hid"}),
        ],
    )
    .await;
    let stage = world.create(PromptStage::model(), json!({"name": "p", "fields": keys})).await;
    world.flow("p", json!({}), &[&stage]).await;
    let mut browser = world.browser();
    let shown = browser.open("p").await;
    assert_eq!(shown["fields"][0]["initial_value"], "init-anon");
    assert_eq!(shown["fields"][6]["choices"], json!([{"value": "a", "label": "a"}, {"value": "b", "label": "B"}]));
    assert_eq!(shown["fields"][6]["initial_value"], "a");
    let empty = browser.answer("p", json!({"component": "ak-stage-prompt"})).await;
    let mut missing: Vec<_> = empty["response_errors"].as_object().unwrap().keys().cloned().collect();
    missing.sort();
    assert_eq!(missing, ["at", "day", "e", "l", "n", "u"]);
    let bad = json!({"component": "ak-stage-prompt", "t": "", "u": "ANN", "e": "nope", "n": "abc", "c": "maybe", "d": "zzz",
        "day": "31.12.2020", "at": "nope", "l": "!", "ro": "tampered"});
    let bad = browser.answer("p", bad).await;
    let said = |name: &str| bad["response_errors"][name][0]["string"].as_str().unwrap_or_default().to_owned();
    assert_eq!(said("t"), "This field may not be blank.");
    assert_eq!(said("u"), "Username is already taken.");
    assert_eq!(said("e"), "Enter a valid email address.");
    assert_eq!(said("n"), "A valid integer is required.");
    assert_eq!(said("c"), "Must be a valid boolean.");
    assert_eq!(said("d"), "\"zzz\" is not a valid choice.");
    assert_eq!(said("day"), "Date has wrong format. Use one of these formats instead: YYYY-MM-DD.");
    assert!(said("at").starts_with("Datetime has wrong format."));
    let fine = json!({"component": "ak-stage-prompt", "u": "new", "e": "a@b.cd", "n": 3, "d": "b", "day": "2020-12-31",
        "at": "2020-12-31T10:00:00Z", "l": "en"});
    assert_eq!(browser.answer("p", fine).await["to"], "/");
}

async fn enrollment(world: &World, mode: &str, authentication: &str) {
    let keys = fields(
        world,
        &[
            json!({"field_key": "username", "type": "username"}),
            json!({"field_key": "name", "type": "text"}),
            json!({"field_key": "email", "type": "email"}),
            json!({"field_key": "password", "type": "password"}),
            json!({"field_key": "password_repeat", "type": "password"}),
            json!({"field_key": "attributes.dept", "type": "text"}),
            json!({"field_key": "groups", "type": "hidden", "initial_value": "admins"}),
        ],
    )
    .await;
    let policy = world.create(TestPolicy::model(), json!({"name": "long", "outcome": "short password"})).await;
    let prompt = json!({"name": "p", "fields": keys, "validation_policies": [policy]});
    let prompt = world.create(PromptStage::model(), prompt).await;
    let write = json!({"name": "w", "user_creation_mode": mode, "create_users_as_inactive": false});
    let write = world.create(UserWriteStage::model(), write).await;
    let more = json!({"authentication": authentication, "designation": "enrollment"});
    world.flow("enroll", more, &[&prompt, &write]).await;
}

fn person(name: &str, password: &str, repeat: &str) -> Json {
    json!({"component": "ak-stage-prompt", "username": name, "name": "N", "email": format!("{name}@example.com"),
        "password": password, "password_repeat": repeat, "attributes.dept": "eng"})
}

#[tokio::test]
async fn people_enroll_themselves() {
    let world = World::new().await;
    enrollment(&world, "always_create", "none").await;
    let mut browser = world.browser();
    browser.open("enroll").await;
    let no = browser.answer("enroll", person("bob", "long-enough", "other")).await;
    assert_eq!(
        no["response_errors"]["non_field_errors"],
        json!([{"string": "Passwords don't match.", "code": "invalid"}])
    );
    let no = browser.answer("enroll", person("bob", "a", "a")).await;
    assert_eq!(no["response_errors"]["non_field_errors"][0]["string"], "Too short.");
    assert_eq!(browser.post("enroll", person("bob", "long-enough", "long-enough")).await, Seen::Again);
    assert_eq!(browser.open("enroll").await["to"], "/");
    let bob = world.user("bob").await.unwrap();
    assert!(bob.is_active && bob.groups.is_empty() && bob.has_usable_password());
    assert_eq!(bob.attributes["dept"], "eng");
    assert_eq!((bob.path.as_str(), bob.r#type), ("users", directory::UserType::External));
    // Nobody else gets the name or the address.
    let mut other = world.browser();
    other.open("enroll").await;
    let taken = json!({"email": "BOB@example.com"});
    let mut input = person("carl", "long-enough", "long-enough");
    input.as_object_mut().unwrap().extend(super::world::map(taken));
    let no = other.answer("enroll", input).await;
    assert_eq!(no["error_message"], "Failed to update user. Please try again later.");
    assert!(world.user("carl").await.is_none());
}

#[tokio::test]
async fn strangers_change_nothing() {
    let world = World::new().await;
    enrollment(&world, "never_create", "none").await;
    let mut browser = world.browser();
    browser.open("enroll").await;
    let no = browser.answer("enroll", person("bob", "long-enough", "long-enough")).await;
    assert_eq!(
        (component(&no), &no["error_message"]),
        ("ak-stage-access-denied", &json!("No user found and can't create new user."))
    );
    assert!(world.user("bob").await.is_none());
}

#[tokio::test]
async fn whoever_is_logged_in_changes_their_own_account() {
    let world = World::new().await;
    world.login_flow().await;
    enrollment(&world, "never_create", "require_authenticated").await;
    let mut browser = world.browser();
    browser.open("login").await;
    browser.answer("login", json!({"component": "ak-stage-identification", "uid_field": "ann"})).await;
    browser.answer("login", json!({"component": "ak-stage-password", "password": "secret"})).await;
    browser.open("enroll").await;
    assert_eq!(browser.answer("enroll", person("anna", "long-enough", "long-enough")).await["to"], "/");
    assert!(world.user("ann").await.is_none());
    let anna = world.user("anna").await.unwrap();
    assert!(directory::password::verify(&world.app, Some(&anna), "long-enough").await.unwrap());
    // The own session goes on.
    assert_eq!(component(&browser.open("enroll").await), "ak-stage-prompt");
}
