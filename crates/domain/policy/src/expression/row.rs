//! Rows as objects: fields are attributes, references lead on to other rows, many-to-many fields are query sets.

use std::any::Any;
use std::sync::Arc;

use expr::{HostArgs, HostObject, HostResult, Value};
use object::{Key, Kind, Model, Record, Value as Cell};

use super::environment::env;
use super::{classes, convert, functions, lookup, related, show};
use crate::subject::{Extra, Subject, USER, get_extra, set_extra};

/// A row of any model but the user's, which is [`Subject`].
pub struct Row {
    pub record: Arc<Record>,
    extra: Extra,
}

/// A row as an expression sees it.
pub fn value_of(record: Arc<Record>) -> Value {
    if record.model.name() == USER {
        return super::user::value(&Subject::new(record));
    }
    Value::host(Row { record, extra: Extra::default() })
}

/// The row behind a value.
pub fn record_of(value: &Value) -> Option<&Arc<Record>> {
    if let Some(subject) = value.downcast_host::<Subject>() {
        return Some(subject.record());
    }
    value.downcast_host::<Row>().map(|row| &row.record)
}

/// The key of the row behind a value.
pub fn key_of(value: &Value) -> Option<Key> {
    record_of(value)?.key()
}

/// What people call a row.
pub fn title(record: &Record) -> String {
    match record.model.root().model_name() {
        "group" => format!("Group {}", record.text("name")),
        "user" => record.text("username").to_owned(),
        _ if record.model.field("name").is_some() => record.text("name").to_owned(),
        _ => {
            let key = record.key().map_or_else(|| "None".to_owned(), |k| k.to_string());
            format!("{} object ({key})", record.model.schema.api_name)
        }
    }
}

/// `repr` of a value as a query set shows its elements.
pub fn repr(value: &Value) -> String {
    match record_of(value) {
        Some(record) => described(record),
        None => format!("{value:?}"),
    }
}

pub fn described(record: &Record) -> String {
    format!("<{}: {}>", record.model.schema.api_name, title(record))
}

/// An attribute that follows from the row alone: a field, a reference, what points here.
pub fn attribute(record: &Arc<Record>, extra: &Extra, name: &str) -> HostResult {
    if let Some(value) = get_extra(extra, name) {
        return HostResult::Ready(value);
    }
    let model = record.model;
    if let Some(field) = lookup::field_of(model, name) {
        let cell = record.get(field.name);
        return match field.kind {
            // `provider_id` is the key, `provider` the row.
            Kind::Ref { .. } if field.name != name => HostResult::Ready(convert::cell(cell)),
            Kind::Ref { target, .. } => related::follow(target, cell),
            Kind::Many { target } | Kind::Reverse { target, .. } => related::many(record, field, target),
            Kind::Json(_) | Kind::List(_) => {
                // Kept, so that what an expression puts in is there when it looks again.
                let value = match cell {
                    Cell::Null => Value::None,
                    _ => convert::cell(cell),
                };
                set_extra(extra, name, value.clone());
                HostResult::Ready(value)
            }
            _ => HostResult::Ready(convert::cell(cell)),
        };
    }
    match name {
        "_meta" => HostResult::Ready(meta(model)),
        "__class__" => HostResult::Ready(classes::class_of(model)),
        "verbose_name" => HostResult::Ready(Value::str(model.schema.verbose_name)),
        _ => related::reverse(record, name),
    }
}

fn meta(model: &Model) -> Value {
    super::Namespace::new("Options")
        .with("app_label", model.schema.app_label())
        .with("model_name", model.schema.model_name())
        .with("object_name", model.schema.api_name)
        .with("verbose_name", model.schema.verbose_name)
        .with("verbose_name_plural", model.schema.verbose_name_plural)
        .value()
}

/// Whether a row is of the model that an imported class stands for.
pub fn is_kind(model: &Model, type_name: &str) -> bool {
    model.chain.iter().any(|s| s.api_name == type_name)
}

pub fn same(record: &Record, other: &Value) -> bool {
    record_of(other).is_some_and(|o| {
        o.key().is_some() && o.key() == record.key() && std::ptr::eq(o.model.chain[0], record.model.chain[0])
    })
}

pub fn hash(record: &Record) -> Option<u64> {
    match record.key()? {
        Key::Int(n) => Some(n as u64),
        Key::Uuid(u) => Some(u.as_u64_pair().0 ^ u.as_u64_pair().1),
    }
}

/// Methods that would write.
pub const WRITING: &[&str] = &["save", "delete", "refresh_from_db", "full_clean", "clean", "asave", "adelete"];

pub fn refuse_writing(name: &str) -> HostResult {
    functions::refuse(&format!("{name}() is not available: expressions only read objects."))
}

impl std::fmt::Debug for Row {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&described(&self.record))
    }
}

impl HostObject for Row {
    fn as_any(&self) -> &dyn Any {
        self
    }
    fn type_name(&self) -> &str {
        self.record.model.schema.api_name
    }
    fn attr(&self, name: &str) -> HostResult {
        attribute(&self.record, &self.extra, name)
    }
    fn set_attr(&self, name: &str, value: &Value) -> HostResult {
        set_extra(&self.extra, name, value.clone());
        HostResult::Ready(Value::None)
    }
    fn has_method(&self, name: &str) -> bool {
        WRITING.contains(&name) || (name == "is_member" && self.record.model.root().model_name() == "group")
    }
    fn call_method(&self, name: &str, args: &HostArgs<'_>) -> HostResult {
        if name == "is_member" && self.record.model.root().model_name() == "group" {
            let Some(user) = args.positional.first().and_then(super::user::subject_of) else {
                return HostResult::type_error("is_member() needs a user");
            };
            let Some(key) = self.record.key() else { return HostResult::Ready(Value::Bool(false)) };
            return env(|env| {
                super::user::with_membership(&env, &user, move |membership, _| {
                    Value::Bool(membership.all.contains(&key))
                })
            });
        }
        refuse_writing(name)
    }
    fn to_str(&self) -> HostResult {
        HostResult::Ready(Value::from(title(&self.record)))
    }
    fn to_repr(&self) -> HostResult {
        HostResult::Ready(Value::from(described(&self.record)))
    }
    fn equals(&self, other: &Value) -> bool {
        same(&self.record, other)
    }
    fn hash_key(&self) -> Option<u64> {
        hash(&self.record)
    }
    fn is_instance(&self, type_name: &str) -> bool {
        is_kind(self.record.model, type_name)
    }
    fn to_json(&self) -> Option<serde_json::Value> {
        let schema = self.record.model.schema;
        Some(serde_json::json!({
            "app": schema.app_label(), "model_name": schema.model_name(),
            "pk": self.record.key().map(|k| match k {
                Key::Int(n) => serde_json::Value::from(n),
                Key::Uuid(u) => u.simple().to_string().into(),
            }),
            "name": show::text(&Value::from(
                if self.record.model.field("name").is_some() { self.record.text("name").to_owned() } else { title(&self.record) }
            )),
        }))
    }
}
