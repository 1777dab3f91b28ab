//! One field of a form.

use askama::Template;
use serde_json::Value as Json;

use crate::challenge::PromptField;

pub struct Choice {
    pub value: String,
    pub label: String,
}

#[derive(Template)]
#[template(path = "stage/field.html")]
pub struct Field {
    pub kind: &'static str,
    pub name: String,
    pub label: String,
    pub value: String,
    pub placeholder: String,
    pub help: String,
    pub autocomplete: &'static str,
    pub required: bool,
    pub read_only: bool,
    pub autofocus: bool,
    pub choices: Vec<Choice>,
    pub errors: Vec<String>,
}

impl Field {
    pub fn new(kind: &'static str, name: &str, label: &str) -> Self {
        Self {
            kind,
            name: name.to_owned(),
            label: label.to_owned(),
            value: String::new(),
            placeholder: String::new(),
            help: String::new(),
            autocomplete: "",
            required: false,
            read_only: false,
            autofocus: false,
            choices: Vec::new(),
            errors: Vec::new(),
        }
    }
    pub fn autocomplete(mut self, hint: &'static str) -> Self {
        self.autocomplete = hint;
        self
    }
    pub fn required(mut self) -> Self {
        self.required = true;
        self
    }
    pub fn value(mut self, value: String) -> Self {
        self.value = value;
        self
    }
    /// Whether a person types into it, so that it may have the focus.
    pub fn takes_text(&self) -> bool {
        !matches!(self.kind, "hidden" | "separator" | "static" | "note" | "checkbox" | "radio" | "select")
    }

    /// A field of a prompt stage, by authentik's types.
    pub fn of_prompt(prompt: &PromptField) -> Self {
        let (kind, autocomplete) = match prompt.kind.as_str() {
            "username" => ("text", "username"),
            "email" => ("email", "email"),
            "password" => ("password", "new-password"),
            "number" => ("number", ""),
            "date" => ("date", ""),
            "date-time" => ("datetime-local", ""),
            "checkbox" => ("checkbox", ""),
            "radio-button-group" => ("radio", ""),
            "dropdown" => ("select", ""),
            "text_area" | "text_area_read_only" => ("textarea", ""),
            "hidden" => ("hidden", ""),
            "separator" => ("separator", ""),
            "static" => ("static", ""),
            "alert_info" | "alert_warning" | "alert_danger" => ("note", ""),
            "ak-locale" => ("text", "language"),
            _ => ("text", ""),
        };
        let text = |v: &Json| v.as_str().map_or_else(|| v.to_string(), str::to_owned);
        let choices = prompt.choices.iter().flatten().map(|choice| match choice {
            Json::Object(map) => Choice {
                value: map.get("value").map(text).unwrap_or_default(),
                label: map.get("label").or_else(|| map.get("value")).map(text).unwrap_or_default(),
            },
            other => Choice { value: text(other), label: text(other) },
        });
        Self {
            placeholder: prompt.placeholder.clone(),
            help: prompt.sub_text.clone(),
            autocomplete,
            required: prompt.required,
            read_only: prompt.kind.ends_with("_read_only"),
            choices: choices.collect(),
            value: prompt.initial_value.clone(),
            ..Self::new(kind, &prompt.field_key, &prompt.label)
        }
    }
}
