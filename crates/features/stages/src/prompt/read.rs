//! Reading what was filled in, field by field, with the messages that clients know.

use flow::{Answer, Errors, flag_of};
use serde_json::{Map, Value as Json};

use super::field::{FieldType, Prompt};
use super::show::{Shown, text};

const REQUIRED: (&str, &str) = ("This field is required.", "required");
const BLANK: (&str, &str) = ("This field may not be blank.", "blank");
const NULL: (&str, &str) = ("This field may not be null.", "null");
const DATETIME: &str = "Datetime has wrong format. Use one of these formats instead: \
                        YYYY-MM-DDThh:mm[:ss[.uuuuuu]][+HH:MM|-HH:MM|Z].";

/// Reads one field into `data`; what is wrong goes to `errors`.
pub fn read(field: &Prompt, shown: &Shown, answer: &Answer, data: &mut Map<String, Json>, errors: &mut Errors) {
    let key = field.field_key.as_str();
    if field.is_fixed() {
        // SECURITY: whatever was sent, these hold what they were shown with.
        data.insert(key.to_owned(), shown.initial.clone());
        return;
    }
    if field.kind == FieldType::Separator {
        return;
    }
    let given = answer.get(key);
    // A form sends every field it has, empty or not, but for boxes that are not ticked.
    if given.is_none() && answer.is_form && field.kind == FieldType::Checkbox {
        data.insert(key.to_owned(), Json::Bool(false));
        return;
    }
    let Some(given) = given else {
        match absent(field, shown) {
            Ok(Some(value)) => _ = data.insert(key.to_owned(), value),
            Ok(None) => {}
            Err((message, code)) => errors.add(key, message, code),
        }
        return;
    };
    if given.is_null() {
        if field.required {
            errors.add(key, NULL.0, NULL.1);
        }
        return;
    }
    match value_of(field, shown, given) {
        Ok(value) => _ = data.insert(key.to_owned(), value),
        Err((message, code)) => errors.add(key, message, code),
    }
}

type Wrong = (String, &'static str);

fn wrong<T>(pair: (&str, &'static str)) -> Result<T, Wrong> {
    Err((pair.0.to_owned(), pair.1))
}

fn invalid<T>(message: &str) -> Result<T, Wrong> {
    wrong((message, "invalid"))
}

/// A field that was left out holds its initial value, if it has one.
fn absent(field: &Prompt, shown: &Shown) -> Result<Option<Json>, (&'static str, &'static str)> {
    if field.kind == FieldType::Checkbox {
        return Ok(Some(Json::Bool(flag_of(&shown.initial).unwrap_or(false))));
    }
    if !text(&shown.initial).is_empty() {
        return Ok(Some(shown.initial.clone()));
    }
    if field.required { Err(REQUIRED) } else { Ok(None) }
}

fn value_of(field: &Prompt, shown: &Shown, given: &Json) -> Result<Json, Wrong> {
    match field.kind {
        FieldType::Checkbox => flag_of(given).map(Json::Bool).map_or_else(|| invalid("Must be a valid boolean."), Ok),
        FieldType::Number => number(field, given),
        FieldType::RadioButtonGroup | FieldType::Dropdown => choice(field, shown, given),
        FieldType::Text | FieldType::TextArea | FieldType::Password => kept(field, given),
        _ => trimmed(field, given),
    }
}

fn string(given: &Json) -> Result<String, Wrong> {
    match given {
        Json::String(s) if s.contains('\0') => invalid("Null characters are not allowed."),
        Json::String(s) => Ok(s.clone()),
        Json::Number(n) => Ok(n.to_string()),
        _ => invalid("Not a valid string."),
    }
}

/// A text with the blanks around it.
fn kept(field: &Prompt, given: &Json) -> Result<Json, Wrong> {
    let text = string(given)?;
    if text.is_empty() && field.required { wrong(BLANK) } else { Ok(text.into()) }
}

fn trimmed(field: &Prompt, given: &Json) -> Result<Json, Wrong> {
    let text = string(given)?.trim().to_owned();
    if text.is_empty() {
        return if field.required { wrong(BLANK) } else { Ok(text.into()) };
    }
    match field.kind {
        FieldType::Email if !is_email(&text) => invalid("Enter a valid email address."),
        FieldType::Date if text.parse::<jiff::civil::Date>().is_err() || text.len() != 10 => {
            invalid("Date has wrong format. Use one of these formats instead: YYYY-MM-DD.")
        }
        FieldType::DateTime if !is_datetime(&text) => invalid(DATETIME),
        FieldType::File if !is_data_uri(&text) => invalid("Invalid data URI"),
        FieldType::AkLocale if !is_locale(&text) => {
            Err((format!("\"{text}\" is not a valid choice."), "invalid_choice"))
        }
        _ => Ok(text.into()),
    }
}

fn number(field: &Prompt, given: &Json) -> Result<Json, Wrong> {
    let parsed = match given {
        Json::Number(n) => {
            n.as_i64().or_else(|| n.as_f64().filter(|f| f.fract() == 0.0 && f.abs() < 9e15).map(|f| f as i64))
        }
        // An empty box of a form is nothing filled in.
        Json::String(s) if s.trim().is_empty() && !field.required => return Ok(Json::Null),
        Json::String(s) => s.trim().parse().ok(),
        _ => None,
    };
    parsed.map(Json::from).map_or_else(|| invalid("A valid integer is required."), Ok)
}

fn choice(field: &Prompt, shown: &Shown, given: &Json) -> Result<Json, Wrong> {
    let choices = shown.choices.as_deref().unwrap_or_default();
    let wanted = text(given);
    if let Some(found) = choices.iter().find(|c| c.value == *given || text(&c.value) == wanted) {
        return Ok(found.value.clone());
    }
    if wanted.is_empty() {
        return if field.required { wrong(BLANK) } else { Ok(wanted.into()) };
    }
    Err((format!("\"{wanted}\" is not a valid choice."), "invalid_choice"))
}

/// As the e-mail fields of objects are checked.
fn is_email(text: &str) -> bool {
    static FIELD: object::Field = object::Field::of::<String>("email", "").email();
    object::parse_field(&FIELD, &Json::String(text.to_owned())).is_ok()
}

fn is_datetime(text: &str) -> bool {
    text.len() > 10 && (text.parse::<jiff::Timestamp>().is_ok() || text.parse::<jiff::civil::DateTime>().is_ok())
}

fn is_data_uri(text: &str) -> bool {
    text.strip_prefix("data:").is_some_and(|rest| rest.contains(','))
}

fn is_locale(text: &str) -> bool {
    let mut parts = text.split(['-', '_']);
    let language = parts.next().unwrap_or_default();
    (2..=3).contains(&language.len())
        && text.len() <= 20
        && language.chars().all(|c| c.is_ascii_alphabetic())
        && parts.all(|p| (2..=8).contains(&p.len()) && p.chars().all(|c| c.is_ascii_alphanumeric()))
}
