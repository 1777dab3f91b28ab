//! Secrets as settings: read like a text, never shown.

use secret::Secret;
use serde_json::{Value as Json, json};

use super::{Raw, Value, one};

impl Value for Secret<String> {
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
