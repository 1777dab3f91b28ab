//! Outposts, their accounts and what they are told.

mod accounts;
mod addresses;
mod configs;
mod telling;

use std::sync::Arc;

use apps::Provider;
use feature::change::{self, Context, Options};
use feature::{App, Caller, Feature, Kind, Problem, Registry};
use keys::CertificateKeyPair;
use object::{Id, Object, Record};
use serde_json::{Map, Value as Json, json};

use crate::{Outpost, Watch, embedded};

/// A provider of the kind that outposts of type proxy serve.
#[derive(Debug, Clone, Object)]
#[object(
    model = "authentik_providers_proxy.proxyprovider",
    table = "t_proxy",
    verbose = "Proxy Provider",
    plural = "Proxy Providers",
    api_name = "ProxyProvider",
    component = "t-proxy-form",
    path = "providers/proxy",
    cached
)]
struct Proxy {
    base: Provider,
    #[field(set_null)]
    certificate: Option<Id<CertificateKeyPair>>,
}

/// A provider that no outpost serves.
#[derive(Debug, Clone, Object)]
#[object(
    model = "t.door",
    table = "t_door",
    verbose = "Door",
    plural = "Doors",
    api_name = "DoorProvider",
    component = "t-door-form",
    path = "providers/door",
    cached
)]
struct Door {
    base: Provider,
}

const T: Feature = Feature::new("t").kinds(&[Kind::of::<Proxy>(), Kind::of::<Door>()]);

async fn app_with(variables: &[(&str, &str)]) -> App {
    static FEATURES: &[&Feature] = &[
        &events::FEATURE,
        &keys::FEATURE,
        &directory::FEATURE,
        &access::FEATURE,
        &policy::FEATURE,
        &flow::FEATURE,
        &apps::FEATURE,
        &brand::FEATURE,
        &crate::FEATURE,
        &T,
    ];
    let registry = Registry::new(FEATURES).unwrap();
    let app = testkit::app!(registry, variables: variables.iter().copied());
    app.observe(vec![Box::new(Watch)]);
    app
}

async fn app() -> App {
    app_with(&[]).await
}

fn map(json: Json) -> Map<String, Json> {
    json.as_object().cloned().unwrap()
}

fn context<'a>(app: &'a App, caller: &'a Caller) -> Context<'a> {
    Context { app, store: app.store(), caller, options: Options::default() }
}

/// An administrator who comes over the API.
fn person() -> Caller {
    Caller { user: Some(1), superuser: true, ..Caller::default() }
}

async fn create<T: Object>(app: &App, input: Json) -> Result<Record, Json> {
    change::create(context(app, &person()), T::model(), &map(input)).await.map_err(|p| p.body)
}

async fn update(app: &App, record: &Record, input: Json) -> Result<Record, Json> {
    change::update(context(app, &person()), record, &map(input), true).await.map_err(|p| p.body)
}

async fn delete(app: &App, record: &Record) -> Result<(), Problem> {
    change::delete(context(app, &person()), record).await
}

async fn provider<T: Object>(app: &App, name: &str) -> Record {
    let snapshot = app.store().snapshot();
    let flow = if let Some(flow) = snapshot.all::<flow::Flow>().first() {
        flow.key()
    } else {
        let flow = json!({"name": "f", "title": "f", "slug": "f", "designation": "authorization"});
        create::<flow::Flow>(app, flow).await.unwrap().key().unwrap()
    };
    create::<T>(app, json!({"name": name, "authorization_flow": flow, "invalidation_flow": flow})).await.unwrap()
}

async fn outpost(app: &App, name: &str, providers: &[&Record]) -> Outpost {
    let keys: Vec<_> = providers.iter().filter_map(|p| p.key()).collect();
    let input = json!({"name": name, "type": "proxy", "providers": keys, "config": {}});
    create::<Outpost>(app, input).await.unwrap().to().unwrap()
}

async fn ready(app: &App) -> Arc<Outpost> {
    embedded::ensure(app).await.unwrap();
    crate::embedded(app).unwrap()
}
