//! The types a setting can have: how each is read, described and shown.

mod address;
mod basic;
mod secret;
mod time;
mod web;

pub use address::ListenAddress;
pub use time::Rate;
pub use web::BasePath;

use serde_json::{Value as Json, json};

/// A value as written: one text, or a list of texts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Raw {
    /// A variable or a YAML scalar.
    Text(String),
    /// A YAML sequence.
    List(Vec<String>),
}

/// A type a setting can have.
pub trait Value: Sized {
    /// Whether the value must never be shown.
    const SECRET: bool = false;
    /// Whether an empty text is a value. If not, an empty variable counts as not set: compose files
    /// and charts write empty variables for everything the user left out.
    const EMPTY_IS_VALUE: bool = false;

    /// Reads a value; the error is the part of it that is wrong.
    fn parse(raw: &Raw) -> Result<Self, String>;
    /// Words for what may be written.
    fn allowed() -> String;
    /// JSON schema.
    fn schema() -> Json;
    /// The value when nothing was written and there is no default; `None` makes the setting required.
    fn absent() -> Option<Self> {
        None
    }
}

/// An enum written as a word; implemented by the `choices!` macro.
pub trait Choice: Copy {
    /// The words, without synonyms.
    const WORDS: &'static [&'static str];
    /// The variant for a lower-case word or synonym.
    fn from_word(word: &str) -> Option<Self>;
    /// The word of the variant.
    fn word(self) -> &'static str;
}

impl<T: Choice> Value for T {
    fn parse(raw: &Raw) -> Result<Self, String> {
        let text = one(raw)?;
        Self::from_word(&text.to_lowercase()).ok_or_else(|| text.to_owned())
    }

    fn allowed() -> String {
        format!("one of {}", Self::WORDS.join(", "))
    }

    fn schema() -> Json {
        json!({"enum": Self::WORDS})
    }
}

impl<T: Value> Value for Option<T> {
    const SECRET: bool = T::SECRET;
    const EMPTY_IS_VALUE: bool = true;

    fn parse(raw: &Raw) -> Result<Self, String> {
        match raw {
            Raw::Text(text) if text.is_empty() => Ok(None),
            _ => T::parse(raw).map(Some),
        }
    }

    fn allowed() -> String {
        T::allowed()
    }

    fn schema() -> Json {
        json!({"anyOf": [T::schema(), {"type": "null"}]})
    }

    fn absent() -> Option<Self> {
        Some(None)
    }
}

impl<T: Value> Value for Vec<T> {
    const SECRET: bool = T::SECRET;
    // SECURITY: an empty list of trusted proxies must not become the default list.
    const EMPTY_IS_VALUE: bool = true;

    fn parse(raw: &Raw) -> Result<Self, String> {
        let parts: Vec<&str> = match raw {
            Raw::Text(text) if text.trim().is_empty() => return Ok(Self::new()),
            Raw::Text(text) => text.split(',').map(str::trim).collect(),
            Raw::List(parts) => parts.iter().map(String::as_str).collect(),
        };
        parts.into_iter().map(|part| T::parse(&Raw::Text(part.to_owned()))).collect()
    }

    fn allowed() -> String {
        format!("a list, comma separated in a variable, of: {}", T::allowed())
    }

    fn schema() -> Json {
        json!({"anyOf": [{"type": "array", "items": T::schema()}, {"type": "string"}]})
    }

    fn absent() -> Option<Self> {
        Some(Self::new())
    }
}

/// The single text of a value that cannot be a list.
pub(crate) fn one(raw: &Raw) -> Result<&str, String> {
    match raw {
        Raw::Text(text) => Ok(text),
        Raw::List(_) => Err("a list".to_owned()),
    }
}

#[cfg(test)]
mod tests;
