//! Applications listed, made with their provider, and opened by whom they are meant for.

use feature::{App, Body, Call, Caller, Feature, Kind, Operation, Problem, Registry, Rendering, Reply};
use object::{Id, Key, Object, Record};
use serde_json::{Value as Json, json};

use crate::{Application, Provider, by_slug, check, entitlements, of_provider, register_launch_url, request_of};

/// A provider.
#[derive(Debug, Clone, Object)]
#[object(
    model = "t.door",
    table = "t_door",
    verbose = "Door",
    plural = "Doors",
    component = "t-door-form",
    path = "providers/door",
    cached
)]
struct Door {
    base: Provider,
    address: String,
}

const T: Feature = Feature::new("t").kinds(&[Kind::of::<Door>()]);

async fn app() -> App {
    static FEATURES: &[&Feature] =
        &[&events::FEATURE, &keys::FEATURE, &directory::FEATURE, &policy::FEATURE, &flow::FEATURE, &crate::FEATURE, &T];
    let registry = Registry::new(FEATURES).unwrap();
    let app = testkit::app!(registry);
    register_launch_url(&app, "t.door", |record| Some(record.text("address").to_owned()));
    app
}

async fn create<T: Object>(app: &App, input: Json) -> Result<Record, Json> {
    testkit::create!(app, T::model(), input)
}

async fn flow(app: &App) -> String {
    let flow = json!({"name": "f", "title": "f", "slug": "f", "designation": "authorization"});
    create::<flow::Flow>(app, flow).await.unwrap().key().unwrap().to_string()
}

async fn user(app: &App, name: &str) -> i64 {
    match create::<directory::User>(app, json!({"username": name, "name": name})).await.unwrap().key() {
        Some(Key::Int(key)) => key,
        other => panic!("{other:?}"),
    }
}

fn call(app: &App, caller: Caller, body: Json) -> Call {
    Call {
        app: app.clone(),
        caller,
        path: Vec::new(),
        query: Vec::new(),
        headers: http::HeaderMap::new(),
        origin: net::Origin { scheme: net::Scheme::Http, host: "localhost".into() },
        target: None,
        body: Body::Json(body),
        extensions: http::Extensions::new(),
    }
}

async fn run(operation: &Operation, call: &Call) -> Result<Json, Problem> {
    match (operation.run)(call).await? {
        Reply::Json(_, json) => Ok(json),
        _ => panic!("no JSON"),
    }
}

#[tokio::test]
async fn a_provider_knows_its_application_and_lends_its_address() {
    let app = app().await;
    let flow = flow(&app).await;
    let door = json!({"name": "d", "address": "https://d", "authorization_flow": flow, "invalidation_flow": flow});
    let door = create::<Door>(&app, door).await.unwrap();
    let provider = Id::<Provider>::from_key(door.key().unwrap()).unwrap();
    let record = create::<Application>(&app, json!({"name": "A", "slug": "a", "provider": provider})).await.unwrap();
    let snapshot = app.store().snapshot();
    assert_eq!(of_provider(&snapshot, provider).unwrap().slug, "a");
    let application = by_slug(&snapshot, "a").unwrap();
    assert_eq!(application.launch_url(&app, &snapshot, None).as_deref(), Some("https://d"));
    let shown = crate::provider::shown(&snapshot, provider.key());
    assert_eq!(shown["component"], "t-door-form");
    assert_eq!(shown["assigned_application_slug"], "a");
    assert_eq!(shown["meta_model_name"], "t.door");
    assert!(shown.get("address").is_none());

    let taken = create::<Application>(&app, json!({"name": "A", "slug": "a", "provider": provider})).await.unwrap_err();
    let message = |field| json!([format!("Application with this {field} already exists.")]);
    assert_eq!(taken, json!({"slug": message("slug"), "provider": message("provider")}));
    let reserved = create::<Application>(&app, json!({"name": "A", "slug": "token"})).await.unwrap_err();
    assert_eq!(reserved, json!({"slug": ["The slug 'token' is reserved and cannot be used for applications."]}));
    let null = json!({"name": "e", "address": "x", "authorization_flow": null});
    let null = create::<Door>(&app, null).await.unwrap_err();
    assert_eq!(null["authorization_flow"], json!(["This field may not be null."]));
    assert_eq!(null["invalidation_flow"], json!(["This field is required."]));
    drop(record);
}

#[tokio::test]
async fn people_see_and_open_what_is_bound_to_them() {
    let app = app().await;
    let (ann, bob) = (user(&app, "ann").await, user(&app, "bob").await);
    let application = create::<Application>(&app, json!({"name": "A", "slug": "a"})).await.unwrap();
    let free =
        create::<Application>(&app, json!({"name": "B", "slug": "b", "meta_launch_url": "https://b"})).await.unwrap();
    let entitlement = json!({"name": "right", "app": application.key()});
    let entitlement = create::<crate::ApplicationEntitlement>(&app, entitlement).await.unwrap();
    for target in [&application, &entitlement] {
        let binding = json!({"target": target.key(), "user": ann, "order": 0});
        create::<policy::PolicyBinding>(&app, binding).await.unwrap();
    }
    let found = by_slug(&app.store().snapshot(), "a").unwrap();
    for (user, passes) in [(ann, true), (bob, false)] {
        let request = request_of(&app, user, None).await.unwrap();
        assert_eq!(check(&app, &found, &request).await.passing, passes);
        assert_eq!(entitlements(&app, found.base.pk.0, &request).await.len(), usize::from(passes));
    }

    let listed = async |caller: &Caller, query: &[(&str, &str)]| {
        let query: Vec<_> = query.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        let store = app.store();
        let rendering = Rendering { app: &app, store, caller, base_url: "http://x", query: &query, detail: false };
        let listing = crate::application::access::listing(&rendering).await.map_err(|p| p.body)?;
        assert!(listing.open);
        let mut found: Vec<_> = store.find::<Application>(&store::Query::filter(listing.filter)).await.unwrap();
        found.sort_by(|a, b| a.slug.cmp(&b.slug));
        Ok::<_, Json>(found.into_iter().map(|a| a.slug).collect::<Vec<_>>())
    };
    let caller = |user| Caller { user: Some(user), ..Caller::default() };
    assert_eq!(listed(&caller(ann), &[]).await.unwrap(), ["a", "b"]);
    assert_eq!(listed(&caller(bob), &[]).await.unwrap(), ["b"]);
    assert_eq!(listed(&caller(ann), &[("only_with_launch_url", "true")]).await.unwrap(), ["b"]);
    // Asking for more than one may see changes nothing.
    assert_eq!(listed(&caller(bob), &[("superuser_full_list", "true")]).await.unwrap(), ["b"]);
    let other = ann.to_string();
    assert_eq!(listed(&caller(bob), &[("for_user", &other)]).await.unwrap_err(), json!({"for_user": "User not found"}));
    let admin = Caller { superuser: true, ..caller(bob) };
    assert_eq!(listed(&admin, &[("superuser_full_list", "true")]).await.unwrap(), ["a", "b"]);
    assert_eq!(listed(&admin, &[("for_user", &other)]).await.unwrap(), ["a", "b"]);
    drop(free);
}

#[tokio::test]
async fn an_application_is_made_wholly_or_not_at_all() {
    let app = app().await;
    let flow = flow(&app).await;
    let ann = user(&app, "ann").await;
    let body = json!({
        "app": {"name": "A", "slug": "a"},
        "provider_model": "t.door",
        "provider": {"name": "d", "address": "x", "authorization_flow": flow, "invalidation_flow": flow},
        "policy_bindings": [{"user": ann, "order": 0}],
    });
    let put =
        async |body: &Json| run(&crate::transactional::OPERATION, &call(&app, Caller::system(), body.clone())).await;
    let count = async || app.store().count(Application::model(), &store::Filter::True).await.unwrap();

    let empty = put(&json!({})).await.unwrap_err().body;
    let required = json!(["This field is required."]);
    assert_eq!(empty, json!({"app": required, "provider_model": required, "provider": required}));
    let mut bad = body.clone();
    bad["provider"] = json!({"name": "d", "address": "x"});
    let bad = put(&bad).await.unwrap_err().body;
    assert_eq!(bad, json!({"provider": {"authorization_flow": required, "invalidation_flow": required}}));
    let mut bad = body.clone();
    bad["policy_bindings"][0] = json!({"user": 999_999, "order": 0});
    assert!(put(&bad).await.unwrap_err().body.get("policy_bindings").is_some());
    assert_eq!(count().await, 0);
    assert_eq!(app.store().count(Door::model(), &store::Filter::True).await.unwrap(), 0);

    assert_eq!(put(&body).await.unwrap(), json!({"applied": true, "logs": []}));
    let snapshot = app.store().snapshot();
    let made = by_slug(&snapshot, "a").unwrap();
    assert!(made.provider.is_some());
    assert!(policy::engine::is_bound(&snapshot, made.base.pk.0));
    let mut again = body.clone();
    again["provider_model"] = json!("x.y");
    let again = put(&again).await.unwrap_err().body;
    let slug = json!({"slug": ["Application with this slug already exists."]});
    assert_eq!(again, json!({"app": slug, "provider_model": ["\"x.y\" is not a valid choice."]}));
    let mut other = body.clone();
    other["app"]["slug"] = json!("b");
    let nobody = run(&crate::transactional::OPERATION, &call(&app, Caller::default(), other)).await.unwrap_err();
    assert_eq!(nobody.status, http::StatusCode::FORBIDDEN);
    assert_eq!(count().await, 1);
}
