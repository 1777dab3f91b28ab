//! A field's value outside its Rust type: what the store, the API and blueprints pass around.

use jiff::Timestamp;
use uuid::Uuid;

use crate::id::Key;

/// One value of one field. `Null` stands for every kind's null.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum Value {
    #[default]
    Null,
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(String),
    Uuid(Uuid),
    Time(Timestamp),
    Json(serde_json::Value),
    /// The keys of a many-to-many field.
    Keys(Vec<Key>),
}

impl Value {
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::Text(s) => Some(s),
            _ => None,
        }
    }
    pub fn as_bool(&self) -> Option<bool> {
        match self {
            Self::Bool(b) => Some(*b),
            _ => None,
        }
    }
    pub fn as_int(&self) -> Option<i64> {
        match self {
            Self::Int(n) => Some(*n),
            _ => None,
        }
    }
    pub fn as_json(&self) -> Option<&serde_json::Value> {
        match self {
            Self::Json(j) => Some(j),
            _ => None,
        }
    }
    pub fn as_time(&self) -> Option<Timestamp> {
        match self {
            Self::Time(t) => Some(*t),
            _ => None,
        }
    }
    /// The value as a key of an object.
    pub fn as_key(&self) -> Option<Key> {
        match self {
            Self::Int(n) => Some(Key::Int(*n)),
            Self::Uuid(u) => Some(Key::Uuid(*u)),
            _ => None,
        }
    }
    pub fn as_keys(&self) -> &[Key] {
        match self {
            Self::Keys(keys) => keys,
            _ => &[],
        }
    }
}

impl From<Key> for Value {
    fn from(key: Key) -> Self {
        match key {
            Key::Int(n) => Self::Int(n),
            Key::Uuid(u) => Self::Uuid(u),
        }
    }
}
impl From<&str> for Value {
    fn from(s: &str) -> Self {
        Self::Text(s.to_owned())
    }
}
impl From<String> for Value {
    fn from(s: String) -> Self {
        Self::Text(s)
    }
}
impl From<&String> for Value {
    fn from(s: &String) -> Self {
        Self::Text(s.clone())
    }
}
impl From<bool> for Value {
    fn from(b: bool) -> Self {
        Self::Bool(b)
    }
}
impl From<i64> for Value {
    fn from(n: i64) -> Self {
        Self::Int(n)
    }
}
impl From<Uuid> for Value {
    fn from(u: Uuid) -> Self {
        Self::Uuid(u)
    }
}
impl From<Timestamp> for Value {
    fn from(t: Timestamp) -> Self {
        Self::Time(t)
    }
}
impl From<serde_json::Value> for Value {
    fn from(j: serde_json::Value) -> Self {
        Self::Json(j)
    }
}
impl<T: crate::Object> From<crate::Id<T>> for Value {
    fn from(id: crate::Id<T>) -> Self {
        id.key().into()
    }
}
