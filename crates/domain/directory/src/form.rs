//! Reads the JSON body of an operation field by field, with the messages that objects' fields have.

use feature::{Call, Problem};
use jiff::Timestamp;
use object::{Default as FieldDefault, Field, FieldErrors, Value, parse_field};
use serde_json::{Map, Value as Json};

/// A body being read. All mistakes are reported together by [`Form::finish`].
pub struct Form<'a> {
    input: &'a Map<String, Json>,
    errors: FieldErrors,
}

impl<'a> Form<'a> {
    /// # Errors
    /// The body is no mapping.
    pub fn of(call: &'a Call) -> Result<Self, Problem> {
        Ok(Self { input: call.input()?, errors: FieldErrors::default() })
    }
    /// One value by the rules of a field; nothing when it was not given or is wrong.
    pub fn value(&mut self, field: &Field) -> Option<Value> {
        let Some(json) = self.input.get(field.wire) else {
            if matches!(field.default, FieldDefault::Required) {
                self.errors.add(field.wire, "This field is required.");
            }
            return None;
        };
        parse_field(field, json).map_err(|messages| self.errors.set(field.wire, messages)).ok()
    }
    /// A text that must be given and may not be blank.
    pub fn text(&mut self, name: &'static str) -> String {
        match self.value(&Field::of::<String>(name, "")) {
            Some(Value::Text(text)) => text,
            _ => String::new(),
        }
    }
    /// As [`Form::text`], with blanks kept around it: passwords and keys.
    pub fn secret(&mut self, name: &'static str) -> String {
        match self.value(&Field::of::<String>(name, "").keep_blanks()) {
            Some(Value::Text(text)) => text,
            _ => String::new(),
        }
    }
    /// A text that may be left out or empty.
    pub fn optional_text(&mut self, name: &'static str) -> String {
        match self.value(&Field::of::<String>(name, "").blank()) {
            Some(Value::Text(text)) => text,
            _ => String::new(),
        }
    }
    /// A number that must be given.
    pub fn int(&mut self, name: &'static str) -> i64 {
        self.value(&Field::of::<i64>(name, "")).and_then(|v| v.as_int()).unwrap_or_default()
    }
    pub fn flag(&mut self, name: &'static str, default: bool) -> bool {
        self.value(&Field::of::<bool>(name, "")).and_then(|v| v.as_bool()).unwrap_or(default)
    }
    pub fn time(&mut self, name: &'static str) -> Option<Timestamp> {
        self.value(&Field::of::<Option<Timestamp>>(name, "")).and_then(|v| v.as_time())
    }
    pub fn add_error(&mut self, name: &str, message: impl Into<String>) {
        self.errors.add(name, message);
    }
    /// Whether the field has been read without a mistake.
    pub fn is_fine(&self, name: &str) -> bool {
        !self.errors.0.contains_key(name)
    }
    /// # Errors
    /// Everything that is wrong with the body.
    pub fn finish(self) -> Result<(), Problem> {
        self.errors.into_result().map_err(Problem::from)
    }
}
