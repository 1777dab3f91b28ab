//! What the evaluation does with plain values: truth, merging, iteration, size.

use serde_json::{Map, Value};

/// Truth as Python sees it: null, false, zero and everything empty is false.
pub fn is_truthy(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(value) => *value,
        Value::Number(number) => number.as_f64().is_none_or(|number| number != 0.0),
        Value::String(text) => !text.is_empty(),
        Value::Array(items) => !items.is_empty(),
        Value::Object(fields) => !fields.is_empty(),
    }
}

/// Lays a value over another: mappings are merged, sequences joined, the rest replaced.
pub fn merge(base: &mut Value, over: Value) {
    match (base, over) {
        (Value::Object(fields), Value::Object(added)) => {
            for (key, value) in added {
                match fields.get_mut(&key) {
                    Some(field) => merge(field, value),
                    None => {
                        fields.insert(key, value);
                    }
                }
            }
        }
        (Value::Array(items), Value::Array(added)) => items.extend(added),
        (base, over) => *base = over,
    }
}

/// The pairs of index and value that `!Enumerate` goes through, if the value can be gone through.
pub fn pairs(value: Value) -> Option<Vec<(Value, Value)>> {
    let numbered =
        |items: Vec<Value>| items.into_iter().enumerate().map(|(at, item)| (Value::from(at), item)).collect();
    match value {
        Value::Object(fields) => Some(fields.into_iter().map(|(key, value)| (Value::String(key), value)).collect()),
        Value::Array(items) => Some(numbered(items)),
        Value::String(text) => Some(numbered(text.chars().map(|letter| Value::String(letter.into())).collect())),
        _ => None,
    }
}

/// The value as a key of a JSON object, if it can be one.
pub fn to_key(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Null | Value::Bool(_) | Value::Number(_) => Some(value.to_string()),
        Value::Array(_) | Value::Object(_) => None,
    }
}

/// What one item of an `!Enumerate` to a mapping adds: a pair of key and value, or a mapping.
pub fn to_fields(item: Value) -> Option<Map<String, Value>> {
    match item {
        Value::Object(fields) => Some(fields),
        Value::Array(items) => {
            let mut items = items.into_iter();
            let key = to_key(&items.next()?)?;
            Some(Map::from_iter([(key, items.next()?)]))
        }
        _ => None,
    }
}

/// A measure of the memory that a value takes.
pub fn size(value: &Value) -> usize {
    32 + match value {
        Value::String(text) => text.len(),
        Value::Array(items) => items.iter().map(size).sum(),
        Value::Object(fields) => fields.iter().map(|(key, value)| key.len() + size(value)).sum(),
        _ => 0,
    }
}

/// What the value is, in words.
pub fn describe(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Array(items) => format!("a sequence of {}", items.len()),
        Value::Object(fields) => format!("a mapping of {}", fields.len()),
        Value::String(text) => format!("the text {:?}", text.chars().take(60).collect::<String>()),
        other => other.to_string(),
    }
}
