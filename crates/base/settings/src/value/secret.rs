//! A text that is never printed and is wiped from memory when dropped.

use std::fmt;

use serde_json::{Value as Json, json};
use zeroize::Zeroizing;

use super::{Raw, Value, one};

/// A secret setting. `Debug` shows no part of it; there is no `Display`.
#[derive(Clone)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Wraps a text.
    pub fn new(text: String) -> Self {
        Self(Zeroizing::new(text))
    }

    /// The text itself. Call it where the secret is used, not before.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Secret(***)")
    }
}

impl Value for Secret {
    const SECRET: bool = true;

    fn parse(raw: &Raw) -> Result<Self, String> {
        Ok(Self::new(one(raw)?.to_owned()))
    }

    fn allowed() -> String {
        "a text".to_owned()
    }

    fn schema() -> Json {
        json!({"type": "string", "writeOnly": true})
    }
}
