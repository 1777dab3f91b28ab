//! One JSON value into one field.

use serde_json::{Value as Json, json};

use crate::field::{Field, Kind};
use crate::id::Key;
use crate::json::Shape;
use crate::value::Value;

/// What is wrong with a value: a list of messages, or messages by index or key.
pub type Wrong = Json;

fn wrong<T>(message: impl Into<String>) -> Result<T, Wrong> {
    Err(json!([message.into()]))
}

/// Python's name of a JSON value's type, as Django REST framework puts it in messages.
pub fn python_type(value: &Json) -> &'static str {
    match value {
        Json::Null => "NoneType",
        Json::Bool(_) => "bool",
        Json::Number(n) if n.is_f64() => "float",
        Json::Number(_) => "int",
        Json::String(_) => "str",
        Json::Array(_) => "list",
        Json::Object(_) => "dict",
    }
}

/// A JSON value as Python prints it, which is how messages repeat what was given.
pub fn python_repr(value: &Json) -> String {
    let list = |items: Vec<String>| items.join(", ");
    match value {
        Json::Null => "None".to_owned(),
        Json::Bool(true) => "True".to_owned(),
        Json::Bool(false) => "False".to_owned(),
        Json::Number(n) => n.to_string(),
        Json::String(s) => {
            let quote = if s.contains('\'') && !s.contains('"') { '"' } else { '\'' };
            let escaped = s.replace('\\', "\\\\").replace('\n', "\\n");
            let escaped = if quote == '\'' { escaped.replace('\'', "\\'") } else { escaped };
            format!("{quote}{escaped}{quote}")
        }
        Json::Array(items) => format!("[{}]", list(items.iter().map(python_repr).collect())),
        Json::Object(map) => {
            let pairs =
                map.iter().map(|(k, v)| format!("{}: {}", python_repr(&Json::from(k.as_str())), python_repr(v)));
            format!("{{{}}}", list(pairs.collect()))
        }
    }
}

/// Reads one field. References are only read, not looked up: whether their target exists is the store's to say.
///
/// # Errors
/// The messages for the field, in the API's form.
pub fn parse_field(field: &Field, value: &Json) -> Result<Value, Wrong> {
    if value.is_null() {
        return match field.kind {
            Kind::Json(Shape::Any) => Ok(Value::Json(Json::Null)),
            _ if field.wire_null => Ok(Value::Null),
            _ => wrong("This field may not be null."),
        };
    }
    parse_kind(field, &field.kind, value)
}

fn parse_kind(field: &Field, kind: &Kind, value: &Json) -> Result<Value, Wrong> {
    match kind {
        Kind::Bool => parse_bool(value),
        Kind::Int { min, max } => parse_int(value, *min, *max),
        Kind::Float => match value {
            Json::Number(n) => Ok(Value::Float(n.as_f64().unwrap_or_default())),
            Json::String(s) => s.trim().parse().map(Value::Float).or_else(|_| wrong("A valid number is required.")),
            _ => wrong("A valid number is required."),
        },
        Kind::Text { max } => parse_text(field, value, *max),
        Kind::Code => parse_text(field, value, None),
        Kind::Slug { max } => {
            let text = parse_text(field, value, *max)?;
            let ok = text.as_str().is_some_and(|s| s.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b)));
            if ok {
                return Ok(text);
            }
            wrong("Enter a valid “slug” consisting of letters, numbers, underscores or hyphens.")
        }
        Kind::Email => {
            let text = parse_text(field, value, Some(254))?;
            if text.as_str().is_some_and(|s| s.is_empty() || is_email(s)) {
                Ok(text)
            } else {
                wrong("Enter a valid email address.")
            }
        }
        Kind::Url => {
            let text = parse_text(field, value, None)?;
            if text.as_str().is_some_and(|s| s.is_empty() || is_url(s)) {
                Ok(text)
            } else {
                wrong("Enter a valid URL.")
            }
        }
        Kind::Duration => {
            let text = parse_text(field, value, None)?;
            match text.as_str() {
                Some(s) if is_duration(s) => Ok(text),
                Some(s) => wrong(format!("{s} is not in the correct format of 'hours=3;minutes=1'.")),
                None => wrong("Not a valid string."),
            }
        }
        Kind::Uuid => match value.as_str().map(uuid::Uuid::try_parse) {
            Some(Ok(u)) => Ok(Value::Uuid(u)),
            _ => wrong("Must be a valid UUID."),
        },
        Kind::Time => parse_time(value),
        Kind::Choice(choices) => {
            let text = match value {
                Json::String(s) => s.clone(),
                other => python_repr(other),
            };
            if choices.iter().any(|c| c.value == text) || (field.blank && text.is_empty()) {
                return Ok(Value::Text(text));
            }
            wrong(format!("\"{text}\" is not a valid choice."))
        }
        Kind::List(item) => parse_list(field, item, value),
        Kind::Json(shape) => match (shape, value) {
            (Shape::Object, Json::Object(_)) | (Shape::Any | Shape::Component { .. }, _) => {
                Ok(Value::Json(value.clone()))
            }
            (Shape::Object, _) => wrong("Value must be a dictionary, and not have any duplicate keys."),
            (Shape::Array | Shape::ArrayOf { .. }, Json::Array(_)) => Ok(Value::Json(value.clone())),
            (Shape::ArrayOf { .. }, _) => Err(
                json!({"non_field_errors": [format!("Expected a list of items but got type \"{}\".", python_type(value))]}),
            ),
            (Shape::Array, _) => wrong(format!("Expected a list of items but got type \"{}\".", python_type(value))),
        },
        Kind::Ref { .. } => parse_reference(value).map(Value::from),
        Kind::Many { .. } | Kind::Reverse { .. } => {
            match value {
                Json::Array(items) => items.iter().map(parse_reference).collect::<Result<_, _>>().map(Value::Keys),
                // COMPAT: a mapping is read as the list of its keys, as Python does.
                Json::Object(map) => map
                    .keys()
                    .map(|k| parse_reference(&Json::from(k.as_str())))
                    .collect::<Result<_, _>>()
                    .map(Value::Keys),
                _ => wrong(format!("Expected a list of items but got type \"{}\".", python_type(value))),
            }
        }
    }
}

fn parse_bool(value: &Json) -> Result<Value, Wrong> {
    match value {
        Json::Bool(b) => return Ok(Value::Bool(*b)),
        Json::Number(n) if n.as_i64() == Some(1) => return Ok(Value::Bool(true)),
        Json::Number(n) if n.as_i64() == Some(0) => return Ok(Value::Bool(false)),
        Json::String(s) => match s.trim().to_ascii_lowercase().as_str() {
            "t" | "y" | "yes" | "true" | "on" | "1" => return Ok(Value::Bool(true)),
            "f" | "n" | "no" | "false" | "off" | "0" => return Ok(Value::Bool(false)),
            _ => {}
        },
        _ => {}
    }
    wrong("Must be a valid boolean.")
}

fn parse_int(value: &Json, min: i64, max: i64) -> Result<Value, Wrong> {
    let number = match value {
        Json::Number(n) => {
            n.as_i64().or_else(|| n.as_f64().filter(|f| f.fract() == 0.0 && f.abs() < 9e15).map(|f| f as i64))
        }
        Json::String(s) => s.trim().parse().ok(),
        _ => None,
    };
    match number {
        Some(n) if n < min => wrong(format!("Ensure this value is greater than or equal to {min}.")),
        Some(n) if n > max => wrong(format!("Ensure this value is less than or equal to {max}.")),
        Some(n) => Ok(Value::Int(n)),
        None => wrong("A valid integer is required."),
    }
}

fn parse_text(field: &Field, value: &Json, max: Option<u32>) -> Result<Value, Wrong> {
    let text = match value {
        Json::String(s) => s.clone(),
        Json::Number(n) => n.to_string(),
        _ => return wrong("Not a valid string."),
    };
    if text.contains('\0') {
        return wrong("Null characters are not allowed.");
    }
    let text = if field.keep_blanks || matches!(field.kind, Kind::Code) { text } else { text.trim().to_owned() };
    if text.is_empty() && !field.blank {
        return wrong("This field may not be blank.");
    }
    if let Some(max) = max
        && text.chars().count() > max as usize
    {
        return wrong(format!("Ensure this field has no more than {max} characters."));
    }
    Ok(Value::Text(text))
}

fn parse_time(value: &Json) -> Result<Value, Wrong> {
    let text = value.as_str().map(str::trim).unwrap_or_default();
    if let Ok(t) = text.parse::<jiff::Timestamp>() {
        return Ok(Value::Time(t));
    }
    // A time without an offset is UTC, the server's time zone.
    let naive = text.parse::<jiff::civil::DateTime>().ok().and_then(|d| d.to_zoned(jiff::tz::TimeZone::UTC).ok());
    match naive {
        Some(z) if text.len() > 10 => Ok(Value::Time(z.timestamp())),
        _ => wrong(
            "Datetime has wrong format. Use one of these formats instead: \
             YYYY-MM-DDThh:mm[:ss[.uuuuuu]][+HH:MM|-HH:MM|Z].",
        ),
    }
}

fn parse_list(field: &Field, item: &Kind, value: &Json) -> Result<Value, Wrong> {
    let Json::Array(items) = value else {
        return wrong(format!("Expected a list of items but got type \"{}\".", python_type(value)));
    };
    let mut out = Vec::with_capacity(items.len());
    let mut errors = serde_json::Map::new();
    for (i, one) in items.iter().enumerate() {
        let parsed = if one.is_null() { wrong("This field may not be null.") } else { parse_kind(field, item, one) };
        match parsed {
            Ok(v) => out.push(super::render_value(&v)),
            Err(e) => {
                errors.insert(i.to_string(), e);
            }
        }
    }
    if errors.is_empty() { Ok(Value::Json(Json::Array(out))) } else { Err(Json::Object(errors)) }
}

fn parse_reference(value: &Json) -> Result<Key, Wrong> {
    match value {
        Json::Number(n) => match n.as_i64() {
            Some(n) => Ok(Key::Int(n)),
            None => wrong("Incorrect type. Expected pk value, received float."),
        },
        Json::String(s) => match (uuid::Uuid::try_parse(s), s.parse()) {
            (Ok(u), _) => Ok(Key::Uuid(u)),
            (_, Ok(n)) => Ok(Key::Int(n)),
            _ => wrong(format!("“{s}” is not a valid UUID.")),
        },
        other => wrong(format!("Incorrect type. Expected pk value, received {}.", python_type(other))),
    }
}

fn is_email(text: &str) -> bool {
    let Some((local, domain)) = text.rsplit_once('@') else { return false };
    let local_ok = !local.is_empty()
        && local.len() <= 64
        && !local.starts_with('.')
        && !local.ends_with('.')
        && !local.contains("..")
        && local.chars().all(|c| c.is_ascii_alphanumeric() || "!#$%&'*+/=?^_`{}|~.-".contains(c));
    let label_ok = |l: &str| {
        !l.is_empty()
            && l.len() <= 63
            && !l.starts_with('-')
            && !l.ends_with('-')
            && l.chars().all(|c| c.is_alphanumeric() || c == '-')
    };
    local_ok && (domain == "localhost" || (domain.contains('.') && domain.split('.').all(label_ok)))
}

fn is_url(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once("://") else { return false };
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    matches!(scheme.to_ascii_lowercase().as_str(), "http" | "https" | "ftp" | "ftps")
        && !host.is_empty()
        && !text.chars().any(|c| c.is_whitespace() || c.is_control())
}

/// `key=number` pairs between semicolons with the keys of Python's `timedelta`.
fn is_duration(text: &str) -> bool {
    const KEYS: [&str; 7] = ["microseconds", "milliseconds", "seconds", "minutes", "hours", "days", "weeks"];
    !text.is_empty()
        && text.split(';').all(|pair| {
            pair.split_once('=').is_some_and(|(k, v)| {
                KEYS.contains(&k.trim().to_ascii_lowercase().as_str()) && v.trim().parse::<f64>().is_ok()
            })
        })
}
