//! What a person sends back, and what is wrong with it.

use indexmap::IndexMap;
use serde_json::{Map, Value as Json, json};

/// The hidden field of a form that ties it to one stage of one plan.
pub const FORM_TOKEN: &str = "csrfmiddlewaretoken";

/// An answer to a challenge: JSON from a program, or the fields of a form.
#[derive(Debug, Clone, Default)]
pub struct Answer {
    pub fields: Map<String, Json>,
    /// From a form, the hidden field that ties it to one stage of one plan. `None` for the API, where the content type
    /// keeps other sites from sending anything.
    pub form_token: Option<String>,
    pub is_form: bool,
}

impl Answer {
    pub fn json(fields: Map<String, Json>) -> Self {
        Self { fields, form_token: None, is_form: false }
    }
    /// Out of the decoded pairs of a form. The field `csrfmiddlewaretoken` is the form's token.
    pub fn form(pairs: impl IntoIterator<Item = (String, String)>) -> Self {
        let mut fields = Map::new();
        let mut form_token = None;
        for (name, value) in pairs {
            if name == FORM_TOKEN {
                form_token = Some(value);
            } else {
                fields.insert(name, Json::String(value));
            }
        }
        Self { fields, form_token, is_form: true }
    }
    pub fn component(&self) -> Option<&str> {
        self.fields.get("component").and_then(Json::as_str)
    }
    /// Whether nothing was sent but perhaps the component's name.
    pub fn is_empty(&self) -> bool {
        self.fields.keys().all(|k| k == "component")
    }
    /// What the page may fill in again when the answer will not do: not what is secret, not what is fixed.
    pub(crate) fn to_fill_in(&self) -> Map<String, Json> {
        let is_open = |name: &str| {
            let name = name.to_ascii_lowercase();
            !["password", "token", "secret", "component", "code"].iter().any(|part| name.contains(part))
        };
        let fields = self.fields.iter().filter(|(name, _)| self.is_form && is_open(name));
        fields.map(|(name, value)| (name.clone(), value.clone())).collect()
    }
    pub fn get(&self, name: &str) -> Option<&Json> {
        self.fields.get(name)
    }

    /// A text that must be there and must not be empty.
    pub fn text(&self, name: &str, errors: &mut Errors) -> String {
        let found = match self.fields.get(name) {
            None => Err(("This field is required.", "required")),
            Some(Json::Null) => Err(("This field may not be null.", "null")),
            Some(value) => text_of(value).ok_or(("Not a valid string.", "invalid")),
        };
        match found {
            Ok(text) if text.is_empty() => {
                errors.add(name, "This field may not be blank.", "blank");
                text
            }
            Ok(text) => text,
            Err((message, code)) => {
                errors.add(name, message, code);
                String::new()
            }
        }
    }
    /// A text that may be missing; an error only for what is no text.
    pub fn optional_text(&self, name: &str, errors: &mut Errors) -> Option<String> {
        match self.fields.get(name) {
            None | Some(Json::Null) => None,
            Some(value) => {
                let text = text_of(value);
                if text.is_none() {
                    errors.add(name, "Not a valid string.", "invalid");
                }
                text.filter(|t| !t.is_empty())
            }
        }
    }
    /// Whether something is ticked; `None` when it is missing. A form leaves out what is not ticked.
    pub fn flag(&self, name: &str, errors: &mut Errors) -> Option<bool> {
        match self.fields.get(name) {
            None => self.is_form.then_some(false),
            Some(value) => {
                let flag = flag_of(value);
                if flag.is_none() {
                    errors.add(name, "Must be a valid boolean.", "invalid");
                }
                flag
            }
        }
    }
}

/// A text or a number as text, without blanks around it.
pub fn text_of(value: &Json) -> Option<String> {
    match value {
        Json::String(s) => Some(s.trim().to_owned()),
        Json::Number(n) => Some(n.to_string()),
        _ => None,
    }
}

/// The values that mean yes and no.
pub fn flag_of(value: &Json) -> Option<bool> {
    match value {
        Json::Bool(b) => Some(*b),
        Json::Number(n) => match n.as_i64() {
            Some(1) => Some(true),
            Some(0) => Some(false),
            _ => None,
        },
        Json::String(s) => match s.to_ascii_lowercase().as_str() {
            "true" | "t" | "y" | "yes" | "on" | "1" => Some(true),
            "false" | "f" | "n" | "no" | "off" | "0" => Some(false),
            _ => None,
        },
        _ => None,
    }
}

/// What is wrong with an answer, by field; `non_field_errors` for the answer as a whole.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Errors(IndexMap<String, Vec<(String, String)>>);

impl Errors {
    pub fn add(&mut self, field: &str, message: impl Into<String>, code: &str) {
        self.0.entry(field.to_owned()).or_default().push((message.into(), code.to_owned()));
    }
    /// Something about the answer as a whole.
    pub fn add_general(&mut self, message: impl Into<String>) {
        self.add("non_field_errors", message, "invalid");
    }
    pub fn one(field: &str, message: impl Into<String>, code: &str) -> Self {
        let mut errors = Self::default();
        errors.add(field, message, code);
        errors
    }
    pub fn general(message: impl Into<String>) -> Self {
        Self::one("non_field_errors", message, "invalid")
    }
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
    pub fn has(&self, field: &str) -> bool {
        self.0.contains_key(field)
    }
    pub fn to_json(&self) -> Json {
        let list = |messages: &Vec<(String, String)>| -> Json {
            messages.iter().map(|(string, code)| json!({ "string": string, "code": code })).collect()
        };
        Json::Object(self.0.iter().map(|(field, messages)| (field.clone(), list(messages))).collect())
    }
}
