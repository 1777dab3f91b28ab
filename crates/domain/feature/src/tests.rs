//! Creating, changing and deleting through the one path.

use object::{Id, Object};
use serde_json::{Map, Value as Json, json};

use crate::change::{self, Context, Options};
use crate::{App, BoxFuture, Caller, Change, Feature, Kind, Problem, Registry};

/// A thing.
#[derive(Debug, Clone, Object)]
#[object(model = "t.thing", table = "t_thing", verbose = "Thing")]
struct Thing {
    #[field(key)]
    pk: Id<Self>,
    #[field(unique, max = 10)]
    name: String,
    #[field(default_int = 5, min_value = 1)]
    size: i32,
    friend: Option<Id<Thing>>,
}

fn no_evil<'a>(change: &'a mut Change<'_>) -> BoxFuture<'a, Result<(), Problem>> {
    Box::pin(async move {
        if change.record.text("name") == "evil" { Err(Problem::field("name", "No evil.")) } else { Ok(()) }
    })
}

const FEATURE: Feature = Feature::new("t").kinds(&[Kind::of::<Thing>().check(no_evil)]);

async fn app() -> App {
    static FEATURES: &[&Feature] = &[&FEATURE];
    let registry = Registry::new(FEATURES).unwrap();
    testkit::app!(registry)
}

fn map(json: Json) -> Map<String, Json> {
    json.as_object().unwrap().clone()
}

#[tokio::test]
async fn every_field_error_comes_at_once_and_nothing_is_written() {
    let app = app().await;
    let caller = Caller::system();
    let context = Context {
        app: &app,
        store: app.store(),
        caller: &caller,
        options: Options { refuse_unknown: true, privileged: false },
    };
    let input = map(json!({"size": 0, "friend": "x", "sise": 1}));
    let problem = change::create(context, Thing::model(), &input).await.unwrap_err();
    assert_eq!(
        problem.body,
        json!({
            "name": ["This field is required."],
            "size": ["Ensure this value is greater than or equal to 1."],
            "friend": ["“x” is not a valid UUID."],
            "sise": ["Thing has no field “sise”. Did you mean “size”?"],
        })
    );
    assert_eq!(app.store().count(Thing::model(), &store::Filter::True).await.unwrap(), 0);
}

#[tokio::test]
async fn a_change_goes_through_checks() {
    let app = app().await;
    let caller = Caller::system();
    let context = Context { app: &app, store: app.store(), caller: &caller, options: Options::default() };
    let one = change::create(context, Thing::model(), &map(json!({"name": "one"}))).await.unwrap();
    assert_eq!(one.get("size").as_int(), Some(5));
    let again = change::create(context, Thing::model(), &map(json!({"name": "one"}))).await.unwrap_err();
    assert_eq!(again.body, json!({"name": ["Thing with this name already exists."]}));
    let evil = change::update(context, &one, &map(json!({"name": "evil"})), true).await.unwrap_err();
    assert_eq!(evil.body, json!({"name": ["No evil."]}));
    let ghost = map(json!({"friend": "6d0c8ab0-62b6-4e59-b6ab-7c8b4b4ac5a6"}));
    let ghost = change::update(context, &one, &ghost, true).await.unwrap_err();
    assert_eq!(
        ghost.body,
        json!({"friend": ["Invalid pk \"6d0c8ab0-62b6-4e59-b6ab-7c8b4b4ac5a6\" - object does not exist."]})
    );
    let two = change::update(context, &one, &map(json!({"size": 7})), true).await.unwrap();
    assert_eq!(change::difference(&one, &two)[0].0.name, "size");
    change::delete(context, &two).await.unwrap();
    assert!(change::delete(context, &two).await.is_err());
}

#[tokio::test]
async fn what_is_shared_is_there_once() {
    #[derive(Default)]
    struct Seen(parking_lot::Mutex<u8>);
    let app = app().await;
    *app.shared::<Seen>().0.lock() += 1;
    assert_eq!(*app.shared::<Seen>().0.lock(), 1);
    assert!(app.service::<Seen>().is_some());
}
