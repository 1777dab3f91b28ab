//! The Rust types that a field may have, and their way to a [`Value`] and back.

use jiff::Timestamp;
use uuid::Uuid;

use crate::choice::Choices;
use crate::field::{Default, Kind, OnDelete};
use crate::id::{Id, Refs};
use crate::json::{Json, JsonShape, Shape};
use crate::record::{Mismatch, Object};
use crate::value::Value;

/// A Rust type that can be a field.
pub trait FieldType: Sized {
    const KIND: Kind;
    const NULL: bool = false;
    const DEFAULT: Default = Default::Required;
    const ENUM_NAME: &'static str = "";
    fn to_value(&self) -> Value;
    /// # Errors
    /// The value is of another kind: the database does not match the schema.
    fn from_value(value: Value) -> Result<Self, Mismatch>;
}

/// Hands out a row's values one by one to the derived `from_values`.
pub struct ValueReader {
    values: std::vec::IntoIter<Value>,
}

impl ValueReader {
    pub fn new(values: Vec<Value>) -> Self {
        Self { values: values.into_iter() }
    }
    /// The next value as field `name`.
    pub fn next<T: FieldType>(&mut self, name: &'static str) -> Result<T, Mismatch> {
        let value = self.values.next().ok_or(Mismatch { field: name, expected: "a value" })?;
        T::from_value(value).map_err(|m| Mismatch { field: name, ..m })
    }
}

fn wrong<T>(expected: &'static str) -> Result<T, Mismatch> {
    Err(Mismatch { field: "", expected })
}

impl FieldType for bool {
    const KIND: Kind = Kind::Bool;
    const DEFAULT: Default = Default::Bool(false);
    fn to_value(&self) -> Value {
        Value::Bool(*self)
    }
    fn from_value(value: Value) -> Result<Self, Mismatch> {
        match value {
            Value::Bool(b) => Ok(b),
            Value::Int(n) => Ok(n != 0),
            _ => wrong("a boolean"),
        }
    }
}

macro_rules! integer {
    ($($t:ty: $min:expr, $max:expr;)*) => {$(
        impl FieldType for $t {
            const KIND: Kind = Kind::Int { min: $min, max: $max };
            fn to_value(&self) -> Value {
                Value::Int(i64::from(*self))
            }
            fn from_value(value: Value) -> Result<Self, Mismatch> {
                match value {
                    Value::Int(n) => <$t>::try_from(n).or_else(|_| wrong("a number in range")),
                    _ => wrong("a whole number"),
                }
            }
        }
    )*};
}
integer! {
    i64: i64::MIN, i64::MAX;
    i32: i32::MIN as i64, i32::MAX as i64;
    u32: 0, i32::MAX as i64;
}

impl FieldType for f64 {
    const KIND: Kind = Kind::Float;
    fn to_value(&self) -> Value {
        Value::Float(*self)
    }
    fn from_value(value: Value) -> Result<Self, Mismatch> {
        match value {
            Value::Float(f) => Ok(f),
            Value::Int(n) => Ok(n as f64),
            _ => wrong("a number"),
        }
    }
}

impl FieldType for String {
    const KIND: Kind = Kind::Text { max: None };
    fn to_value(&self) -> Value {
        Value::Text(self.clone())
    }
    fn from_value(value: Value) -> Result<Self, Mismatch> {
        match value {
            Value::Text(s) => Ok(s),
            _ => wrong("a text"),
        }
    }
}

impl FieldType for Uuid {
    const KIND: Kind = Kind::Uuid;
    fn to_value(&self) -> Value {
        Value::Uuid(*self)
    }
    fn from_value(value: Value) -> Result<Self, Mismatch> {
        match value {
            Value::Uuid(u) => Ok(u),
            _ => wrong("a UUID"),
        }
    }
}

impl FieldType for Timestamp {
    const KIND: Kind = Kind::Time;
    fn to_value(&self) -> Value {
        Value::Time(*self)
    }
    fn from_value(value: Value) -> Result<Self, Mismatch> {
        match value {
            Value::Time(t) => Ok(t),
            _ => wrong("a time"),
        }
    }
}

impl FieldType for serde_json::Value {
    const KIND: Kind = Kind::Json(Shape::Any);
    const DEFAULT: Default = Default::Json("{}");
    fn to_value(&self) -> Value {
        Value::Json(self.clone())
    }
    fn from_value(value: Value) -> Result<Self, Mismatch> {
        match value {
            Value::Json(j) => Ok(j),
            Value::Null => Ok(Self::Null),
            _ => wrong("JSON"),
        }
    }
}

impl FieldType for serde_json::Map<String, serde_json::Value> {
    const KIND: Kind = Kind::Json(Shape::Object);
    const DEFAULT: Default = Default::Json("{}");
    fn to_value(&self) -> Value {
        Value::Json(serde_json::Value::Object(self.clone()))
    }
    fn from_value(value: Value) -> Result<Self, Mismatch> {
        match value {
            Value::Json(serde_json::Value::Object(map)) => Ok(map),
            Value::Json(serde_json::Value::Null) | Value::Null => Ok(Self::new()),
            _ => wrong("a JSON object"),
        }
    }
}

impl<T: JsonShape> FieldType for Json<T> {
    const KIND: Kind = Kind::Json(T::SHAPE);
    const DEFAULT: Default = T::DEFAULT;
    fn to_value(&self) -> Value {
        Value::Json(serde_json::to_value(&self.0).unwrap_or_default())
    }
    fn from_value(value: Value) -> Result<Self, Mismatch> {
        let json = match value {
            Value::Json(json) => json,
            Value::Null => serde_json::Value::Null,
            _ => return wrong("JSON"),
        };
        serde_json::from_value(json).map(Self).or_else(|_| wrong("JSON of this shape"))
    }
}

impl<T: FieldType> FieldType for Vec<T> {
    const KIND: Kind = Kind::List(&T::KIND);
    const DEFAULT: Default = Default::Json("[]");
    const ENUM_NAME: &'static str = T::ENUM_NAME;
    fn to_value(&self) -> Value {
        let item = |v: &T| match v.to_value() {
            Value::Text(s) => serde_json::Value::String(s),
            Value::Int(n) => n.into(),
            Value::Bool(b) => b.into(),
            Value::Float(f) => f.into(),
            Value::Uuid(u) => u.to_string().into(),
            Value::Time(t) => t.to_string().into(),
            Value::Json(j) => j,
            Value::Null | Value::Keys(_) => serde_json::Value::Null,
        };
        Value::Json(self.iter().map(item).collect())
    }
    fn from_value(value: Value) -> Result<Self, Mismatch> {
        let items = match value {
            Value::Json(serde_json::Value::Array(items)) => items,
            Value::Json(serde_json::Value::Null) | Value::Null => return Ok(Self::new()),
            _ => return wrong("a list"),
        };
        let one = |json| {
            T::from_value(match json {
                serde_json::Value::String(s) => Value::Text(s),
                serde_json::Value::Bool(b) => Value::Bool(b),
                serde_json::Value::Number(n) => match n.as_i64() {
                    Some(n) => Value::Int(n),
                    None => Value::Float(n.as_f64().unwrap_or_default()),
                },
                other => Value::Json(other),
            })
        };
        items.into_iter().map(one).collect()
    }
}

impl<T: FieldType> FieldType for Option<T> {
    const KIND: Kind = match T::KIND {
        Kind::Ref { target, .. } => Kind::Ref { target, on_delete: OnDelete::SetNull },
        kind => kind,
    };
    const NULL: bool = true;
    const ENUM_NAME: &'static str = T::ENUM_NAME;
    fn to_value(&self) -> Value {
        self.as_ref().map_or(Value::Null, T::to_value)
    }
    fn from_value(value: Value) -> Result<Self, Mismatch> {
        match value {
            Value::Null => Ok(None),
            value => T::from_value(value).map(Some),
        }
    }
}

impl<T: Object> FieldType for Id<T> {
    const KIND: Kind = Kind::Ref { target: T::MODEL, on_delete: OnDelete::Cascade };
    fn to_value(&self) -> Value {
        if self.is_unsaved() { Value::Null } else { self.key().into() }
    }
    fn from_value(value: Value) -> Result<Self, Mismatch> {
        match value.as_key().and_then(Self::from_key) {
            Some(id) => Ok(id),
            None if value.is_null() => Ok(Self::unsaved()),
            None => wrong("a key"),
        }
    }
}

impl<T: Object> FieldType for Refs<T> {
    const KIND: Kind = Kind::Many { target: T::MODEL };
    const DEFAULT: Default = Default::Empty;
    fn to_value(&self) -> Value {
        Value::Keys(self.0.iter().map(|id| id.key()).collect())
    }
    fn from_value(value: Value) -> Result<Self, Mismatch> {
        match value {
            Value::Keys(keys) => {
                let ids = keys.into_iter().map(|k| Id::from_key(k).map_or_else(|| wrong("a key"), Ok));
                ids.collect::<Result<_, _>>().map(Self)
            }
            Value::Null => Ok(Self::default()),
            _ => wrong("keys"),
        }
    }
}

impl<C: Choices> FieldType for C {
    const KIND: Kind = Kind::Choice(C::CHOICES);
    const ENUM_NAME: &'static str = C::NAME;
    fn to_value(&self) -> Value {
        Value::Text(self.as_str().to_owned())
    }
    fn from_value(value: Value) -> Result<Self, Mismatch> {
        match value {
            Value::Text(s) => C::parse(&s).map_or_else(|| wrong("one of the choices"), Ok),
            _ => wrong("one of the choices"),
        }
    }
}
