//! Values for people and for records: what the trial of a mapping shows and what events keep.

use expr::Value;
use serde_json::{Map, Value as Json, json};

const MAX_DEPTH: usize = 20;

/// The value as JSON that never fails: objects are named, functions described.
///
/// COMPAT: upstream leaves empty values out of lists, false and zero among them; trials show that.
pub fn show(value: &Value) -> Json {
    level(value, 0)
}

fn level(value: &Value, depth: usize) -> Json {
    if depth > MAX_DEPTH {
        return json!("…");
    }
    let list = |items: Vec<Value>| {
        items.iter().map(|item| level(item, depth + 1)).filter(|shown| !is_empty(shown)).collect::<Vec<_>>().into()
    };
    match value {
        Value::None => Json::Null,
        Value::Bool(_) | Value::Int(_) | Value::Big(_) | Value::Float(_) => value.to_json_lenient().unwrap_or_default(),
        Value::Str(text) => Json::String(text.replace('\0', "")),
        Value::List(items) => list(items.to_vec()),
        Value::Tuple(items) => list(items.items().to_vec()),
        Value::Set(items) => list(items.get().iter().map(|k| k.value().clone()).collect()),
        Value::Dict(dict) => {
            let entries: Vec<(Value, Value)> = dict.get().iter().map(|(k, v)| (k.value().clone(), v.clone())).collect();
            Json::Object(entries.iter().map(|(k, v)| (text(k), level(v, depth + 1))).collect::<Map<_, _>>())
        }
        Value::Host(object) => object.to_json().unwrap_or_else(|| Json::String(text(value))),
        Value::HostFn(function) => {
            json!({"type": "callable", "name": function.name, "module": function.module})
        }
        Value::Func(function) => json!({"type": "callable", "name": function.code.name, "module": null}),
        Value::Lib(object) => match object.json_text() {
            // COMPAT: UUIDs are shown without dashes.
            Some(id) if object.lib_type().name == "UUID" => Json::String(id.replace('-', "")),
            Some(text) => Json::String(text),
            None => Json::String(text(value)),
        },
        other => Json::String(text(other)),
    }
}

fn is_empty(json: &Json) -> bool {
    match json {
        Json::Null | Json::Bool(false) => true,
        Json::Number(n) => n.as_f64() == Some(0.0),
        Json::String(s) => s.is_empty(),
        Json::Array(items) => items.is_empty(),
        Json::Object(map) => map.is_empty(),
        Json::Bool(true) => false,
    }
}

/// `str(value)`, as far as that needs nothing to be loaded.
pub fn text(value: &Value) -> String {
    match value {
        Value::Str(text) => text.to_string(),
        Value::Host(object) => match object.to_str() {
            expr::HostResult::Ready(Value::Str(text)) => text.to_string(),
            _ => format!("<{} object>", object.type_name()),
        },
        Value::Lib(object) => object.json_text().unwrap_or_else(|| format!("{value:?}")),
        other => format!("{other:?}"),
    }
}

/// The value as the trial of a mapping shows it: Python's JSON, with `\u` for what is not ASCII.
pub fn show_text(value: &Value, indented: bool) -> String {
    let mut out = String::new();
    write(&show(value), indented, 0, &mut out);
    out
}

fn write(json: &Json, indented: bool, depth: usize, out: &mut String) {
    let (open, close, items): (char, char, Vec<(Option<&String>, &Json)>) = match json {
        Json::String(text) => return quote(text, out),
        Json::Array(items) => ('[', ']', items.iter().map(|i| (None, i)).collect()),
        Json::Object(map) => ('{', '}', map.iter().map(|(k, v)| (Some(k), v)).collect()),
        other => return out.push_str(&other.to_string()),
    };
    out.push(open);
    let line = |depth: usize, out: &mut String| {
        if indented {
            out.push('\n');
            out.push_str(&"    ".repeat(depth));
        }
    };
    for (i, (name, item)) in items.iter().enumerate() {
        if i > 0 {
            out.push_str(if indented { "," } else { ", " });
        }
        line(depth + 1, out);
        if let Some(name) = name {
            quote(name, out);
            out.push_str(": ");
        }
        write(item, indented, depth + 1, out);
    }
    if !items.is_empty() {
        line(depth, out);
    }
    out.push(close);
}

fn quote(text: &str, out: &mut String) {
    for c in Json::from(text).to_string().chars() {
        if c.is_ascii() {
            out.push(c);
        } else {
            let mut units = [0; 2];
            for unit in c.encode_utf16(&mut units) {
                out.push_str(&format!("\\u{unit:04x}"));
            }
        }
    }
}
