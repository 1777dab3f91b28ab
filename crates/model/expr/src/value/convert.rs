//! Between values and JSON.

use std::fmt;
use std::sync::Arc;

use num_traits::ToPrimitive;
use serde_json::{Map, Number};

use super::{Dict, DictData, Key, Value};
use crate::format::float;

const MAX_DEPTH: usize = 100;

/// Why a value has no JSON, in CPython's words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ToJsonError(pub String);

impl fmt::Display for ToJsonError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for ToJsonError {}

impl From<&serde_json::Value> for Value {
    fn from(json: &serde_json::Value) -> Self {
        match json {
            serde_json::Value::Null => Self::None,
            serde_json::Value::Bool(flag) => Self::Bool(*flag),
            serde_json::Value::Number(number) => from_number(number),
            serde_json::Value::String(text) => Self::str(text),
            serde_json::Value::Array(items) => Self::list(items.iter().map(Self::from).collect()),
            serde_json::Value::Object(map) => {
                let data: DictData = map.iter().map(|(key, value)| (Key::str(key), Self::from(value))).collect();
                Self::Dict(Arc::new(Dict::new(data)))
            }
        }
    }
}

impl From<serde_json::Value> for Value {
    fn from(json: serde_json::Value) -> Self {
        Self::from(&json)
    }
}

fn from_number(number: &Number) -> Value {
    if let Some(small) = number.as_i64() {
        return Value::Int(small);
    }
    if let Some(large) = number.as_u64() {
        return Value::int128(i128::from(large));
    }
    Value::Float(number.as_f64().unwrap_or(0.0))
}

impl Value {
    /// The JSON of this value; what JSON cannot hold is an error, as with `json.dumps`.
    pub fn to_json(&self) -> Result<serde_json::Value, ToJsonError> {
        convert(self, 0, false)
    }

    /// The JSON of this value; datetimes, UUIDs, sets and the like become text or lists.
    pub fn to_json_lenient(&self) -> Result<serde_json::Value, ToJsonError> {
        convert(self, 0, true)
    }
}

fn convert(value: &Value, depth: usize, lenient: bool) -> Result<serde_json::Value, ToJsonError> {
    use serde_json::Value as Json;
    if depth > MAX_DEPTH {
        return Err(ToJsonError("Circular reference detected".to_owned()));
    }
    let list = |items: &[Value]| -> Result<Json, ToJsonError> {
        items.iter().map(|item| convert(item, depth + 1, lenient)).collect::<Result<_, _>>().map(Json::Array)
    };
    Ok(match value {
        Value::None | Value::Unbound => Json::Null,
        Value::Bool(flag) => Json::Bool(*flag),
        Value::Int(number) => Json::from(*number),
        // COMPAT: JSON numbers beyond 64 bits are held as floats here; CPython keeps their digits.
        Value::Big(number) => match number.to_u64() {
            Some(number) => Json::from(number),
            None => Json::from(number.to_f64().unwrap_or(f64::MAX)),
        },
        Value::Float(number) => match Number::from_f64(*number) {
            Some(number) => Json::Number(number),
            None if lenient => Json::Null,
            None => {
                return Err(ToJsonError(format!(
                    "Out of range float values are not JSON compliant: {}",
                    float::repr(*number)
                )));
            }
        },
        Value::Str(text) => Json::String(text.to_string()),
        Value::List(items) => list(&items.to_vec())?,
        Value::Tuple(tuple) => list(tuple.items())?,
        Value::Dict(dict) => {
            let mut map = Map::new();
            for (key, value) in dict.get().iter() {
                let name = json_key(key.value(), lenient)?;
                map.insert(name, convert(value, depth + 1, lenient)?);
            }
            Json::Object(map)
        }
        Value::Set(set) if lenient => {
            let items: Vec<Value> = set.get().iter().map(|key| key.value().clone()).collect();
            list(&items)?
        }
        Value::Lib(object) if lenient && object.json_text().is_some() => {
            Json::String(object.json_text().unwrap_or_default())
        }
        Value::Host(object) => match object.to_json() {
            Some(json) => json,
            None => return Err(unserialisable(value)),
        },
        other if lenient => {
            Json::String(crate::ops::repr::pure_repr(other).unwrap_or_else(|| format!("<{}>", other.type_name())))
        }
        other => return Err(unserialisable(other)),
    })
}

fn unserialisable(value: &Value) -> ToJsonError {
    ToJsonError(format!("Object of type {} is not JSON serializable", value.type_name()))
}

/// A dict key as the name of a JSON member.
pub(crate) fn json_key(key: &Value, lenient: bool) -> Result<String, ToJsonError> {
    Ok(match key {
        Value::Str(text) => text.to_string(),
        Value::Int(number) => number.to_string(),
        Value::Big(number) => number.to_string(),
        Value::Float(number) => float::repr(*number),
        Value::Bool(true) => "true".to_owned(),
        Value::Bool(false) => "false".to_owned(),
        Value::None => "null".to_owned(),
        Value::Lib(object) if lenient && object.json_text().is_some() => object.json_text().unwrap_or_default(),
        other => {
            return Err(ToJsonError(format!("keys must be str, int, float, bool or None, not {}", other.type_name())));
        }
    })
}
