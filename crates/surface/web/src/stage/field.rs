//! One field of a form. Apart from the steps, because prompt stages make fields of every type.

use askama::Template;
use serde_json::Value as Json;

use crate::challenge::PromptField;
use crate::language::Language;

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
    /// Holds a code that is copied digit by digit.
    pub code: bool,
    pub choices: Vec<Choice>,
    pub errors: Vec<String>,
    pub t: Language,
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
            code: false,
            choices: Vec::new(),
            errors: Vec::new(),
            t: Language::English,
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
    pub fn code(mut self) -> Self {
        self.code = true;
        self
    }
    /// Puts what it says into another language, as far as the catalogue knows it.
    pub fn translate(&mut self, t: Language) {
        self.t = t;
        for text in [&mut self.label, &mut self.placeholder, &mut self.help] {
            *text = t.say(text);
        }
        for choice in &mut self.choices {
            choice.label = t.say(&choice.label);
        }
    }
    /// Whether a person types into it, so that it may have the focus.
    pub fn takes_text(&self) -> bool {
        !matches!(self.kind, "hidden" | "account" | "separator" | "static" | "checkbox" | "radio" | "select" | "file")
            && !self.read_only
    }
    /// Puts in what was given before. Passwords never come back, and what cannot be changed stays what it is.
    pub fn refill(&mut self, given: &serde_json::Map<String, Json>) {
        let is_open = !self.read_only
            && !matches!(self.kind, "hidden" | "account" | "separator" | "static" | "password" | "file");
        if let Some(value) = given.get(&self.name).and_then(Json::as_str).filter(|_| is_open) {
            value.clone_into(&mut self.value);
        }
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
            "file" => ("file", ""),
            "ak-locale" => ("select", ""),
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
        let mut choices: Vec<Choice> = choices.collect();
        if prompt.kind == "ak-locale" {
            choices = languages(&prompt.initial_value);
        }
        let value = match kind {
            "checkbox" => prompt.initial_value.to_ascii_lowercase(),
            // The control knows neither zones nor a blank before the time.
            "datetime-local" => prompt.initial_value.chars().take(16).collect::<String>().replace(' ', "T"),
            _ => prompt.initial_value.clone(),
        };
        Self {
            placeholder: prompt.placeholder.clone(),
            help: prompt.sub_text.clone(),
            autocomplete,
            required: prompt.required,
            read_only: prompt.kind.ends_with("_read_only"),
            choices,
            value,
            ..Self::new(kind, &prompt.field_key, &prompt.label)
        }
    }
}

/// Languages to choose from, each called as its speakers call it.
const LANGUAGES: [(&str, &str); 19] = [
    ("cs-CZ", "Čeština"),
    ("de-DE", "Deutsch"),
    ("en", "English"),
    ("es-ES", "Español"),
    ("fi-FI", "Suomi"),
    ("fr-FR", "Français"),
    ("it-IT", "Italiano"),
    ("ja-JP", "日本語"),
    ("ko-KR", "한국어"),
    ("nl-NL", "Nederlands"),
    ("nb-NO", "Norsk bokmål"),
    ("pl-PL", "Polski"),
    ("pt-BR", "Português (Brasil)"),
    ("ru-RU", "Русский"),
    ("sv-SE", "Svenska"),
    ("tr-TR", "Türkçe"),
    ("uk-UA", "Українська"),
    ("zh-Hans", "简体中文"),
    ("zh-Hant", "繁體中文"),
];

/// A value that is not listed stays a choice: a form does not change what nobody touched.
fn languages(present: &str) -> Vec<Choice> {
    let choice = |value: &str, label: &str| Choice { value: value.to_owned(), label: label.to_owned() };
    let mut all = vec![choice("", "As the browser says")];
    if !present.is_empty() && LANGUAGES.iter().all(|(value, _)| *value != present) {
        all.push(choice(present, present));
    }
    all.extend(LANGUAGES.iter().map(|(value, label)| choice(value, label)));
    all
}
