//! A small running program for the tests of this crate.

use feature::{App, Feature, Kind, Registry};
use object::{Id, Key, Object, Record, Uuid, Value};
use serde_json::{Map, Value as Json, json};

use crate::{Evaluation, Policy, PolicyBinding, PolicyBindingModel, PolicyException, PolicyRequest, PolicyResult};

/// Something to bind policies to.
#[derive(Debug, Clone, Object)]
#[object(model = "t.door", table = "t_door", cached)]
pub struct Door {
    pub base: PolicyBindingModel,
    pub name: String,
}

/// A policy that does as it is told.
#[derive(Debug, Clone, Object)]
#[object(model = "t.told", table = "t_told", cached)]
pub struct Told {
    pub base: Policy,
    /// `pass`, `deny`, `raise` or `hang`.
    pub how: String,
}

fn told<'a>(app: &'a App, policy: &'a Record, request: &'a PolicyRequest) -> Evaluation<'a> {
    Box::pin(async move {
        match policy.text("how") {
            "pass" => Ok(PolicyResult::pass()),
            "deny" => Ok(PolicyResult::deny("no")),
            "hang" => {
                tokio::time::sleep(std::time::Duration::from_hours(1)).await;
                Ok(PolicyResult::pass())
            }
            "self" => {
                let mut request = request.clone();
                request.depth += 1;
                crate::engine::passes(app, policy, &request).await
            }
            _ => Err(PolicyException::new("broken")),
        }
    })
}

const TESTS: Feature = Feature::new("tests").kinds(&[Kind::of::<Door>(), Kind::of::<Told>()]);

pub async fn app() -> App {
    static FEATURES: &[&Feature] = &[&events::FEATURE, &directory::FEATURE, &crate::FEATURE, &TESTS];
    let registry = Registry::new(FEATURES).expect("the declarations agree");
    let app = testkit::app!(registry, clock: clock::Clock::system());
    crate::register(&app, Told::MODEL, told);
    app
}

/// Writes a row with defaults for what is not given.
pub async fn insert<T: Object>(app: &App, values: Json) -> Record {
    let model = T::model();
    let mut record = Record::empty(model);
    let mut make = |how| {
        let random = app.random();
        object::generate(how, app.clock().now(), &mut |n| random.token(n), random.uuid_v7(app.clock().now()))
    };
    for (i, field) in model.fields.iter().enumerate() {
        record.values[i] = object::default_value(field, &mut make).unwrap_or_default();
    }
    let empty = Map::new();
    for (name, value) in values.as_object().unwrap_or(&empty) {
        let field = model.field(name).unwrap_or_else(|| panic!("{name} is a field"));
        let parsed = object::parse_field(field, value).unwrap_or_else(|e| panic!("{name}: {e}"));
        record.set(name, parsed);
    }
    app.store().insert_record(&mut record).await.expect("the row is written");
    record
}

pub async fn group(app: &App, name: &str, parents: &[Key]) -> Key {
    let parents: Vec<Json> = parents.iter().map(|k| json!(k)).collect();
    insert::<directory::Group>(app, json!({"name": name, "parents": parents})).await.key().expect("a key")
}

pub async fn user(app: &App, name: &str, groups: &[Key]) -> i64 {
    let mut record = insert::<directory::User>(app, json!({"username": name, "name": name})).await;
    record.set("groups", Value::Keys(groups.to_vec()));
    app.store().update_record(&record).await.expect("the groups are written");
    record.get("pk").as_int().expect("a key")
}

/// A door with these bindings, each in the next order.
pub async fn door(app: &App, mode: &str, bindings: &[Json]) -> Uuid {
    let door = insert::<Door>(app, json!({"name": "d", "policy_engine_mode": mode})).await;
    let Some(Key::Uuid(target)) = door.key() else { panic!("doors have UUIDs") };
    for (order, binding) in bindings.iter().enumerate() {
        let mut values = binding.clone();
        values["target"] = json!(target);
        values["order"] = json!(order);
        insert::<PolicyBinding>(app, values).await;
    }
    target
}

pub async fn policy(app: &App, how: &str) -> Id<Policy> {
    let record = insert::<Told>(app, json!({"name": app.random().token(8), "how": how})).await;
    record.key().and_then(Id::from_key).expect("a key")
}
