//! One parameter's values by the type of its field.

use feature::Problem;
use object::{Field, Key, KeyKind, Kind, Value, parse_key};
use store::{Filter, Op, Store};

use super::Outcome;

pub const NO_CHOICE: &str = "Select a valid choice. That choice is not one of the available choices.";

pub async fn condition(
    store: &Store,
    path: &str,
    field: &'static Field,
    word: &str,
    values: &[&str],
) -> Result<Outcome, Problem> {
    let last = values[values.len() - 1];
    if word == "isnull" {
        let null = boolean(values);
        return Ok(Ok(null.map_or(Filter::True, |null| Filter::IsNull { path: path.to_owned().into(), null })));
    }
    if field.target().is_some() {
        let many = word == "in" || !matches!(field.kind, Kind::Ref { .. });
        return references(store, path, field, many, values).await;
    }
    if let Kind::Bool = field.kind {
        // COMPAT: anything that is no boolean leaves the list as it is.
        return Ok(Ok(boolean(values).map_or(Filter::True, |b| Filter::eq(path.to_owned(), b))));
    }
    let mut parsed = Vec::with_capacity(values.len());
    for text in values {
        match parse(field, text) {
            Ok(value) => parsed.push(value),
            Err(message) => return Ok(Err(message)),
        }
    }
    if word == "in" || (word.is_empty() && parsed.len() > 1) {
        return Ok(Ok(Filter::any_of(path.to_owned(), parsed)));
    }
    let value = parsed.pop().unwrap_or_else(|| Value::from(last));
    Ok(Ok(Filter::compare(path.to_owned(), Op::of_word(word).unwrap_or(Op::Eq), value)))
}

/// The last value as a boolean.
pub fn boolean(values: &[&str]) -> Option<bool> {
    match values.last()?.to_ascii_lowercase().as_str() {
        "true" | "1" => Some(true),
        "false" | "0" => Some(false),
        _ => None,
    }
}

fn parse(field: &Field, text: &str) -> Result<Value, String> {
    if text.contains('\0') {
        return Err("Null characters are not allowed.".to_owned());
    }
    match field.kind {
        Kind::Int { .. } => text.trim().parse().map(Value::Int).map_err(|_| "Enter a number.".to_owned()),
        Kind::Float => match text.trim().parse::<f64>() {
            Ok(n) if n.is_finite() => Ok(Value::Float(n)),
            _ => Err("Enter a number.".to_owned()),
        },
        Kind::Uuid => match parse_key(KeyKind::Uuid, text.trim()) {
            Some(key) => Ok(key.into()),
            None => Err("Enter a valid UUID.".to_owned()),
        },
        Kind::Time => time(text.trim()).map(Value::Time).ok_or_else(|| "Enter a valid date/time.".to_owned()),
        Kind::Choice(choices) if choices.iter().all(|c| c.value != text) => {
            Err(format!("Select a valid choice. {text} is not one of the available choices."))
        }
        _ => Ok(Value::from(text)),
    }
}

fn time(text: &str) -> Option<jiff::Timestamp> {
    // A plus sign in a query that was not escaped arrives as a blank.
    let text = text.replace(' ', "+");
    if let Ok(t) = text.parse() {
        return Some(t);
    }
    let naive: jiff::civil::DateTime = text.parse().ok()?;
    naive.to_zoned(jiff::tz::TimeZone::UTC).ok().map(|z| z.timestamp())
}

/// Keys of other objects, which must exist.
async fn references(
    store: &Store,
    path: &str,
    field: &'static Field,
    many: bool,
    values: &[&str],
) -> Result<Outcome, Problem> {
    let Some(target) = field.target().and_then(|label| store.catalogue().model(label)) else {
        return Ok(Ok(Filter::False));
    };
    let mut keys: Vec<Key> = Vec::new();
    for text in if many { values } else { &values[values.len() - 1..] } {
        match parse_key(target.root().key, text.trim()) {
            Some(key) => keys.push(key),
            None if many && target.root().key == KeyKind::Uuid => {
                return Ok(Err(format!("“{text}” is not a valid UUID.")));
            }
            None => return Ok(Err(NO_CHOICE.to_owned())),
        }
    }
    for key in &keys {
        if !store.exists(target, Filter::eq(target.key_field().name, *key)).await? {
            let message = format!("Select a valid choice. {key} is not one of the available choices.");
            return Ok(Err(if many { message } else { NO_CHOICE.to_owned() }));
        }
    }
    Ok(Ok(Filter::any_of(path.to_owned(), keys)))
}
