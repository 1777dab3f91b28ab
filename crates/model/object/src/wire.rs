//! JSON of the API to values and back, with the messages that API clients know.
//!
//! The texts are those of Django REST framework, because clients and their tests match on them. One field is looked at
//! at a time; whoever calls collects all errors before refusing, so that a person sees everything at once.

mod parse;

use indexmap::IndexMap;
use jiff::Timestamp;
use serde_json::{Value as Json, json};

use crate::field::{Default, Field, Generated};
use crate::id::{Key, KeyKind};
use crate::value::Value;

pub use parse::{parse_field, python_repr, python_type};

/// Errors by field, as the API answers them with status 400. Insertion order is kept.
#[derive(Debug, Clone, PartialEq, std::default::Default)]
pub struct FieldErrors(pub IndexMap<String, Json>);

/// The key under which errors of the whole object stand.
pub const NON_FIELD: &str = "non_field_errors";

impl FieldErrors {
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
    /// Adds a message to a field.
    pub fn add(&mut self, field: &str, message: impl Into<String>) {
        let entry = self.0.entry(field.to_owned()).or_insert_with(|| json!([]));
        if let Json::Array(messages) = entry {
            messages.push(Json::String(message.into()));
        }
    }
    /// Adds an error of the object as a whole.
    pub fn add_general(&mut self, message: impl Into<String>) {
        self.add(NON_FIELD, message);
    }
    /// Sets a nested error (an item of a list, a key of a mapping).
    pub fn set(&mut self, field: &str, errors: Json) {
        self.0.insert(field.to_owned(), errors);
    }
    /// One error, as a value to return.
    pub fn one(field: &str, message: impl Into<String>) -> Self {
        let mut errors = Self::default();
        errors.add(field, message);
        errors
    }
    pub fn merge(&mut self, other: Self) {
        for (field, errors) in other.0 {
            match (self.0.get_mut(&field), errors) {
                (Some(Json::Array(mine)), Json::Array(theirs)) => mine.extend(theirs),
                (_, errors) => {
                    self.0.insert(field, errors);
                }
            }
        }
    }
    pub fn into_result(self) -> Result<(), Self> {
        if self.is_empty() { Ok(()) } else { Err(self) }
    }
    pub fn to_json(&self) -> Json {
        Json::Object(self.0.iter().map(|(k, v)| (k.clone(), v.clone())).collect())
    }
}

/// A value as the API shows it.
pub fn render_value(value: &Value) -> Json {
    match value {
        Value::Null => Json::Null,
        Value::Bool(b) => Json::Bool(*b),
        Value::Int(n) => (*n).into(),
        Value::Float(f) => serde_json::Number::from_f64(*f).map_or(Json::Null, Json::Number),
        Value::Text(s) => Json::String(s.clone()),
        Value::Uuid(u) => Json::String(u.hyphenated().to_string()),
        Value::Time(t) => Json::String(render_time(*t)),
        Value::Json(j) => j.clone(),
        Value::Keys(keys) => keys.iter().map(render_key).collect(),
    }
}

fn render_key(key: &Key) -> Json {
    match key {
        Key::Int(n) => (*n).into(),
        Key::Uuid(u) => Json::String(u.hyphenated().to_string()),
    }
}

/// ISO 8601 in UTC with microseconds, which are left out when zero, as Django writes it.
fn render_time(t: Timestamp) -> String {
    let micros = t.subsec_nanosecond() / 1000;
    let whole = t.strftime("%Y-%m-%dT%H:%M:%S");
    if micros == 0 { format!("{whole}Z") } else { format!("{whole}.{micros:06}Z") }
}

/// A key out of a URL's segment.
pub fn parse_key(kind: KeyKind, text: &str) -> Option<Key> {
    match kind {
        KeyKind::Int => text.parse().ok().map(Key::Int),
        KeyKind::Uuid => uuid::Uuid::try_parse(text).ok().map(Key::Uuid),
    }
}

/// The value a field has when none was given; `None` when it must be given. Generated values come from `make`.
pub fn default_value(field: &Field, make: &mut dyn FnMut(Generated) -> Value) -> Option<Value> {
    Some(match field.default {
        Default::Required => return None,
        Default::Null => Value::Null,
        Default::Bool(b) => Value::Bool(b),
        Default::Int(n) => Value::Int(n),
        Default::Float(f) => Value::Float(f),
        Default::Text(s) => Value::Text(s.to_owned()),
        Default::Json(text) => Value::Json(serde_json::from_str(text).unwrap_or_default()),
        Default::Empty => Value::Keys(Vec::new()),
        Default::Generated(how) => make(how),
    })
}

/// Carries out a [`Generated`] with the caller's present and randomness (`random(n)` gives n letters and digits).
pub fn generate(how: Generated, now: Timestamp, random: &mut dyn FnMut(usize) -> String, uuid: uuid::Uuid) -> Value {
    match how {
        Generated::Uuid => Value::Uuid(uuid),
        Generated::Now => Value::Time(now),
        Generated::Token(n) => Value::Text(random(n as usize)),
        Generated::InMinutes(n) => {
            Value::Time(now.checked_add(jiff::SignedDuration::from_mins(n)).unwrap_or(Timestamp::MAX))
        }
        Generated::Prefixed(prefix, n) => Value::Text(format!("{prefix}{}", random(n as usize))),
    }
}
