//! What is taken out of an event's context before it is kept.

use object::Value;
use serde_json::{Map, Value as Json};

/// What stands in place of a secret.
pub const HIDDEN: &str = "********************";

/// Parts of names that hold secrets.
const SECRET: [&str; 7] = ["api", "token", "key", "secret", "pass", "signature", "cookie"];
/// Names that look like secrets and are none.
const HARMLESS: [&str; 8] =
    ["passing", "password_change_date", "token_endpoint", "token_type", "key_pk", "public_key", "signing_key", "apply"];
/// Deeper nested values are cut off: nobody reads them, and a context is bounded by it.
const DEPTH: usize = 12;
/// Longer texts are cut off.
const LENGTH: usize = 16_384;

fn is_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let harmless =
        HARMLESS.contains(&name.as_str()) || name.starts_with("auth_method") || name.starts_with("mfa_devices");
    !harmless && SECRET.iter().any(|part| name.contains(part))
}

/// A context without secrets.
pub fn clean_map(map: &Map<String, Json>) -> Map<String, Json> {
    clean_level(map, DEPTH)
}

/// A value without secrets.
pub fn clean(json: &Json) -> Json {
    clean_value(json, DEPTH)
}

fn clean_level(map: &Map<String, Json>, depth: usize) -> Map<String, Json> {
    let one = |(name, value): (&String, &Json)| {
        let hidden = is_secret(name) && !matches!(value, Json::Null | Json::Bool(_) | Json::Object(_));
        (name.clone(), if hidden { Json::from(HIDDEN) } else { clean_value(value, depth) })
    };
    map.iter().map(one).collect()
}

fn clean_value(json: &Json, depth: usize) -> Json {
    match json {
        Json::Object(_) | Json::Array(_) if depth == 0 => Json::from("…"),
        Json::Object(map) => Json::Object(clean_level(map, depth - 1)),
        Json::Array(items) => items.iter().map(|item| clean_value(item, depth - 1)).collect(),
        Json::String(text) => Json::String(clean_text(text)),
        other => other.clone(),
    }
}

/// Without NUL, which PostgreSQL cannot keep, and of bounded length.
fn clean_text(text: &str) -> String {
    let mut out: String = text.chars().filter(|c| *c != '\0').take(LENGTH + 1).collect();
    if out.chars().count() > LENGTH {
        out.pop();
        out.push('…');
    }
    out
}

/// One field's value as the audit record shows it.
pub fn field_value(field: &object::Field, value: &Value) -> Json {
    let secret = field.secret || field.access == object::Access::Internal && is_secret(field.name);
    if secret && !value.is_null() { Json::from(HIDDEN) } else { clean(&object::render_value(value)) }
}
