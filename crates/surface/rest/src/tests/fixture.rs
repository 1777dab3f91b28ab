//! The registry, the callers and a client without a network.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use axum::Router;
use axum::body::Body;
use feature::{
    BoxFuture, Call, Caller, Feature, Grants, Kind, Method, Operation, Permission, Problem, Registry, Reply, Through,
};
use http::{Request, StatusCode, header};
use http_body_util::BodyExt as _;
use object::{Choices, Id, Key, Object, Refs};
use serde_json::{Map, Value as Json, json};
use store::Filter;
use tower::ServiceExt as _;
use uuid::Uuid;

/// Something alive.
#[derive(Debug, Clone, Object)]
#[object(
    model = "t.animal", table = "t_animal", path = "t/animals/all", verbose = "Animal", plural = "Animals", api_name = "Animal",
    verbs = ["list", "retrieve", "destroy", "used_by"], search = ["name"], ordering = ["name"], family
)]
struct Animal {
    #[field(key, label = "Animal uuid")]
    pk: Id<Self>,
    /// What it is called.
    #[field(unique)]
    name: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Choices)]
#[choices(name = "ColourEnum")]
enum Colour {
    /// Black.
    Black,
    /// Red.
    Red,
}

/// A cat.
#[derive(Debug, Clone, Object)]
#[object(
    model = "t.cat", table = "t_cat", path = "t/animals/cats", verbose = "Cat", plural = "Cats", api_name = "Cat",
    component = "ak-cat-form", filters = ["name", "colour", "lives", "toys", "born", "attributes", "friend", "animal_uuid"],
    search = ["name", "colour"], ordering = ["name"]
)]
struct Cat {
    base: Animal,
    /// Colour of the fur.
    colour: Colour,
    #[field(default_int = 9, min_value = 0)]
    lives: i32,
    toys: Refs<Toy>,
    friend: Option<Id<Animal>>,
    born: Option<jiff::Timestamp>,
    attributes: Map<String, Json>,
}

/// A dog.
#[derive(Debug, Clone, Object)]
#[object(model = "t.dog", table = "t_dog", verbose = "Dog", plural = "Dogs", api_name = "Dog")]
struct Dog {
    base: Animal,
}

/// Something to play with.
#[derive(Debug, Clone, Object)]
#[object(
    model = "t.toy", table = "t_toy", path = "t/toys", lookup = "slug", verbose = "Toy", plural = "Toys", api_name = "Toy",
    filters = ["name", "cat_name=cat__name", "cat__isnull"], search = ["name"], ordering = ["name"]
)]
struct Toy {
    #[field(key)]
    pk: Id<Self>,
    name: String,
    #[field(unique, slug)]
    slug: String,
}

/// A note of somebody.
#[derive(Debug, Clone, Object)]
#[object(model = "t.note", table = "t_note", path = "t/notes", verbose = "Note", plural = "Notes", api_name = "Note")]
struct Note {
    #[field(key, counted)]
    pk: Id<Self>,
    text: String,
    owner: i64,
    #[field(secret, default_text = "s")]
    secret: String,
    #[field(write_only, default_text = "k")]
    key: String,
    #[field(internal, default_text = "h")]
    hash: String,
}

fn own(caller: &Caller) -> Filter {
    caller.user.map_or(Filter::False, |user| Filter::eq("owner", user))
}

fn squeak(call: &Call) -> BoxFuture<'_, Result<Reply, Problem>> {
    Box::pin(async move { Ok(Reply::ok(json!({ "squeak": call.target()?.text("name") }))) })
}
fn hello(call: &Call) -> BoxFuture<'_, Result<Reply, Problem>> {
    Box::pin(async move { Ok(Reply::ok(json!({ "hello": call.caller.username }))) })
}
fn open(_: &Call) -> BoxFuture<'_, Result<Reply, Problem>> {
    Box::pin(async move { Ok(Reply::ok("open".into())) })
}

const fn get(
    id: &'static str,
    path: &'static str,
    permission: Permission,
    run: for<'a> fn(&'a Call) -> BoxFuture<'a, Result<Reply, Problem>>,
) -> Operation {
    Operation {
        id,
        method: Method::Get,
        path,
        permission,
        summary: "",
        request: "",
        response: "",
        status: 200,
        parameters: &[],
        run,
    }
}

static FEATURE: Feature = Feature::new("t")
    .kinds(&[
        Kind::of::<Animal>(),
        Kind::of::<Cat>(),
        Kind::of::<Dog>(),
        Kind::of::<Toy>().operations(&[get(
            "squeak",
            "t/toys/{slug}/squeak/",
            Permission::Target("t.squeak_toy"),
            squeak,
        )]),
        Kind::of::<Note>().own_rows(own).own_changes(),
    ])
    .operations(&[
        get("hello", "t/hello/", Permission::Authenticated, hello),
        get("open", "t/open/", Permission::Anonymous, open),
    ]);

pub fn registry() -> &'static Registry {
    static FEATURES: &[&Feature] = &[&FEATURE];
    static REGISTRY: OnceLock<&'static Registry> = OnceLock::new();
    REGISTRY.get_or_init(|| Registry::new(FEATURES).unwrap())
}

#[derive(Clone, Copy)]
pub enum Who {
    Admin,
    Nobody,
    /// Logged in, with nothing.
    Other,
    /// Logged in, with a permission on one object.
    On(&'static str, Uuid),
}

impl Who {
    fn caller(self) -> Caller {
        let user = |id, name: &str| Caller {
            user: Some(id),
            username: name.to_owned(),
            through: Through::Session,
            ..Caller::default()
        };
        match self {
            Self::Nobody => Caller::default(),
            Self::Admin => Caller { superuser: true, ..user(1, "admin") },
            Self::Other => user(7, "other"),
            Self::On(codename, key) => {
                let on_objects = HashMap::from([(codename.to_owned(), [Key::Uuid(key)].into_iter().collect())]);
                Caller { grants: Arc::new(Grants { on_objects, ..Grants::default() }), ..user(9, "single") }
            }
        }
    }
}

pub struct Api {
    router: Router,
}

#[derive(Debug)]
pub struct Got {
    pub status: StatusCode,
    pub allow: String,
    pub body: Json,
}

pub async fn api() -> Api {
    let registry = registry();
    let app = testkit::app!(registry);
    Api { router: crate::router(app) }
}

impl Api {
    pub async fn send(&self, who: Who, method: &str, path: &str, body: Option<Json>) -> Got {
        let body = body.map(|b| b.to_string()).unwrap_or_default();
        self.raw(who, method, path, "application/json", &body).await
    }
    pub async fn raw(&self, who: Who, method: &str, path: &str, content_type: &str, body: &str) -> Got {
        let mut request = Request::builder().method(method).uri(format!("/api/v3/{path}"));
        if !body.is_empty() {
            request = request.header(header::CONTENT_TYPE, content_type);
        }
        let request = request.extension(who.caller()).body(Body::from(body.to_owned())).unwrap();
        let response = self.router.clone().oneshot(request).await.unwrap();
        let status = response.status();
        let allow = response.headers().get(header::ALLOW).map(|v| v.to_str().unwrap().to_owned()).unwrap_or_default();
        let bytes = response.into_body().collect().await.unwrap().to_bytes();
        Got { status, allow, body: serde_json::from_slice(&bytes).unwrap_or_default() }
    }
    pub async fn get(&self, who: Who, path: &str) -> Got {
        self.send(who, "GET", path, None).await
    }
    /// Creates an object that must be accepted.
    pub async fn make(&self, path: &str, body: Json) -> Json {
        let got = self.send(Who::Admin, "POST", path, Some(body)).await;
        assert_eq!(got.status, StatusCode::CREATED, "{path}: {}", got.body);
        got.body
    }
}
