//! What is kept, and what is not.

use feature::change::{self, Context, Options};
use feature::{App, Caller, Feature, Kind, Registry};
use object::{Id, Object};
use serde_json::{Map, Value as Json, json};
use store::Query;

use crate::{Audit, Draft, Event, HIDDEN};

/// A thing.
#[derive(Debug, Clone, Object)]
#[object(model = "t.thing", table = "t_thing", verbose = "Thing")]
struct Thing {
    #[field(key)]
    pk: Id<Self>,
    name: String,
    #[field(secret, default_text = "")]
    code: String,
}

const THINGS: Feature = Feature::new("t").kinds(&[Kind::of::<Thing>()]);

async fn app() -> App {
    static FEATURES: &[&Feature] = &[&crate::FEATURE, &THINGS];
    let registry = Registry::new(FEATURES).unwrap();
    testkit::app!(registry)
}

fn map(json: Json) -> Map<String, Json> {
    json.as_object().unwrap().clone()
}

#[tokio::test]
async fn changes_are_recorded_with_their_difference() {
    let app = app().await;
    app.observe(vec![Box::new(Audit)]);
    let caller = Caller { user: Some(3), username: "akadmin".into(), superuser: true, ..Caller::default() };
    let context = Context { app: &app, store: app.store(), caller: &caller, options: Options::default() };
    let one = change::create(context, Thing::model(), &map(json!({"name": "one"}))).await.unwrap();
    change::update(context, &one, &map(json!({"name": "two", "code": "x"})), true).await.unwrap();
    let events: Vec<Event> = app.store().find(&Query::all().order(&["created"])).await.unwrap();
    assert_eq!(events.len(), 2);
    assert_eq!(events[0].action, "model_created");
    assert_eq!(events[0].user["username"], "akadmin");
    assert_eq!(events[0].context["model"]["model_name"], "thing");
    let update = events.iter().find(|e| e.action == "model_updated").unwrap();
    assert_eq!(update.context["diff"]["name"], json!({"previous_value": "one", "new_value": "two"}));
    assert_eq!(update.context["diff"]["code"]["new_value"], HIDDEN);
}

#[tokio::test]
async fn secrets_are_hidden_and_own_actions_marked() {
    let app = app().await;
    let draft = Draft::custom("thing_done", "test")
        .with("client_secret", "s")
        .with("deep", json!({"password": "p", "n": "a\0b"}));
    draft.emit(&app, app.store()).await.unwrap();
    let event: Event = app.store().first(store::Filter::True).await.unwrap().unwrap();
    assert_eq!(event.action, "custom_thing_done");
    assert_eq!(Json::Object(event.context), json!({"client_secret": HIDDEN, "deep": {"password": HIDDEN, "n": "ab"}}));
}
