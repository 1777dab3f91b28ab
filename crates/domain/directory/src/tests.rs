//! A program with nobody else in it, and what the tests share.

mod people;
mod sessions;

use std::sync::Arc;

use feature::change::{self, Context, Options};
use feature::{App, Caller, Feature, Problem, Registry};
use object::{Model, Object, Record};
use serde_json::{Map, Value as Json, json};
use store::Filter;

use crate::User;

pub(crate) async fn app_with(variables: &[(&str, &str)]) -> App {
    static FEATURES: &[&Feature] = &[&events::FEATURE, &crate::FEATURE];
    let registry = Registry::new(FEATURES).unwrap();
    let app = testkit::app!(registry, variables: variables.iter().copied());
    app.observe(vec![Box::new(events::Audit)]);
    app
}

async fn app() -> App {
    app_with(&[]).await
}

fn map(json: Json) -> Map<String, Json> {
    json.as_object().unwrap().clone()
}

async fn create(app: &App, caller: &Caller, model: &'static Model, input: Json) -> Result<Record, Problem> {
    let context = Context { app, store: app.store(), caller, options: Options::default() };
    change::create(context, model, &map(input)).await
}

async fn update(app: &App, caller: &Caller, record: &Record, input: Json) -> Result<Record, Problem> {
    let context = Context { app, store: app.store(), caller, options: Options::default() };
    change::update(context, record, &map(input), true).await
}

async fn user(app: &App, name: &str) -> User {
    let input = json!({"username": name, "name": name, "email": format!("{name}@example.com"), "password": "pw"});
    create(app, &Caller::system(), User::model(), input).await.unwrap();
    app.store().first(Filter::eq("username", name)).await.unwrap().unwrap()
}

/// Somebody who may change users and groups, and is no superuser.
fn delegate(user: &User) -> Caller {
    let global = ["authentik_core.change_user", "authentik_core.change_group", "authentik_core.add_group"];
    let grants = feature::Grants { global: global.iter().map(ToString::to_string).collect(), ..Default::default() };
    Caller { user: Some(user.pk.0), username: user.username.clone(), grants: Arc::new(grants), ..Caller::default() }
}
