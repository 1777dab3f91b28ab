//! Valid objects of any kind, by the types of their fields.

use std::future::Future;
use std::pin::Pin;

use object::{Access, Default, Field, Key, Kind, Model, Record, Shape, Value, generate};
use serde_json::{Map, Value as Json, json};

use crate::client::Client;

/// Makes objects; each gets values of its own, so that unique fields never clash.
pub struct Maker<'c> {
    client: &'c Client,
    count: std::sync::atomic::AtomicU32,
}

/// What a kind needs beside what its fields say, because a hook looks at it.
fn extra(model: &str) -> Json {
    match model {
        "authentik_crypto.certificatekeypair" => json!({ "certificate_data": CERTIFICATE }),
        "authentik_blueprints.blueprintinstance" => json!({ "content": "version: 1\nentries: []\n" }),
        "authentik_events.event" => json!({ "action": "login", "app": "contract" }),
        "authentik_stages_identification.identificationstage" => json!({ "user_fields": ["username"] }),
        "authentik_outposts.dockerserviceconnection" => json!({ "url": "https://docker.example.com:2376" }),
        "authentik_outposts.kubernetesserviceconnection" => json!({ "local": true }),
        "authentik_providers_proxy.proxyprovider" => json!({ "internal_host": "https://inside.example.com" }),
        "authentik_stages_redirect.redirectstage" => json!({ "target_static": "https://example.com/" }),
        _ => json!({}),
    }
}

const CERTIFICATE: &str = include_str!("certificate.pem");

impl<'c> Maker<'c> {
    pub fn new(client: &'c Client) -> Self {
        Self { client, count: std::sync::atomic::AtomicU32::new(0) }
    }

    fn number(&self) -> u32 {
        self.count.fetch_add(1, std::sync::atomic::Ordering::Relaxed)
    }

    /// The least that has to be given to create an object over the API. References lead to new objects.
    pub async fn input(&self, model: &'static Model) -> Map<String, Json> {
        let mut input = Map::new();
        for field in model.fields.iter().skip(1) {
            let settable = matches!(field.access, Access::ReadWrite | Access::WriteOnly | Access::CreateOnly);
            if settable && matches!(field.default, Default::Required) {
                input.insert(field.wire.to_owned(), self.given(field).await);
            }
        }
        if model.is_a("authentik_policies.policybinding") {
            input.insert("policy".to_owned(), self.reference("authentik_policies.policy").await);
        }
        if model.is_a("authentik_outposts.outpost") {
            // Not any provider will do: an outpost is of one type.
            input.insert(
                "providers".to_owned(),
                json!([self.reference("authentik_providers_proxy.proxyprovider").await]),
            );
        }
        if let Json::Object(extra) = extra(model.name()) {
            input.extend(extra);
        }
        input
    }

    async fn given(&self, field: &'static Field) -> Json {
        match field.kind {
            Kind::Ref { target, .. } => self.reference(target).await,
            Kind::Many { target } | Kind::Reverse { target, .. } => json!([self.reference(target).await]),
            _ => value(field, self.number()),
        }
    }

    /// The key of a new object of this model, or of some kind of it.
    fn reference<'a>(&'a self, target: &'static str) -> Pin<Box<dyn Future<Output = Json> + 'a>> {
        Box::pin(async move {
            let catalogue = self.client.app.registry().catalogue;
            let kinds = catalogue.kinds(target);
            let simple = |m: &&&'static Model| m.fields.iter().filter(|f| f.target().is_some()).count();
            let Some(model) = kinds.iter().min_by_key(simple) else { panic!("{target} has no kinds") };
            let record = self.record(model).await;
            match record.key() {
                Some(Key::Int(n)) => n.into(),
                Some(Key::Uuid(u)) => u.to_string().into(),
                None => panic!("{target} was inserted without a key"),
            }
        })
    }

    /// An object put straight into the store, for kinds that cannot be created over the API.
    pub async fn record(&self, model: &'static Model) -> Record {
        let app = &self.client.app;
        let mut record = Record::empty(model);
        for (position, field) in model.fields.iter().enumerate() {
            let mut make = |how| {
                let random = app.random();
                generate(how, app.clock().now(), &mut |n| random.token(n), random.uuid_v7(app.clock().now()))
            };
            record.values[position] = match object::default_value(field, &mut make) {
                Some(value) => value,
                None if position == 0 => Value::Null,
                None => {
                    let json = self.given(field).await;
                    object::parse_field(field, &json).unwrap_or_else(|e| panic!("{}.{}: {e}", model.name(), field.name))
                }
            };
            // Nullable columns that the API asks for are filled too.
            if record.values[position].is_null() && matches!(field.default, Default::Required) {
                let json = self.given(field).await;
                record.values[position] = object::parse_field(field, &json).unwrap_or_default();
            }
            let unique_empty = field.unique && position > 0 && record.values[position] == Value::Text(String::new());
            if unique_empty {
                record.values[position] = Value::Text(format!("value-{}", self.number()));
            }
        }
        app.store().insert_record(&mut record).await.unwrap_or_else(|e| panic!("{}: {e}", model.name()));
        record
    }
}

/// A valid value that is another for every number.
pub fn value(field: &Field, number: u32) -> Json {
    of_kind(field.kind, field.wire, number)
}

fn of_kind(kind: Kind, name: &str, number: u32) -> Json {
    let cut = |text: String, max: Option<u32>| -> Json {
        let keep = max.map_or(usize::MAX, |m| m as usize);
        let from = text.len().saturating_sub(keep);
        text[from..].into()
    };
    match kind {
        Kind::Bool => true.into(),
        Kind::Int { min, max } => min.max(1).saturating_add(i64::from(number)).min(max).into(),
        Kind::Float => 1.5.into(),
        Kind::Text { max } | Kind::Slug { max } => cut(format!("{name}-{number}"), max),
        Kind::Email => format!("u{number}@example.com").into(),
        Kind::Url => format!("https://example.com/{number}").into(),
        Kind::Duration => format!("minutes={}", number + 1).into(),
        Kind::Code => "return True".into(),
        Kind::Uuid => uuid::Uuid::from_u128(u128::from(number)).to_string().into(),
        Kind::Time => "2024-01-01T00:00:00Z".into(),
        Kind::Choice(choices) => choices.first().map_or(Json::Null, |c| c.value.into()),
        Kind::List(item) => json!([of_kind(*item, name, number)]),
        Kind::Json(Shape::Any | Shape::Object | Shape::Component { .. }) => json!({}),
        Kind::Json(Shape::Array | Shape::ArrayOf { .. }) => json!([]),
        Kind::Ref { .. } | Kind::Many { .. } | Kind::Reverse { .. } => Json::Null,
    }
}
