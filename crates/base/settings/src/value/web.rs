//! The path below the host.

use std::fmt;

use serde_json::{Value as Json, json};

use super::{Raw, Value, one};

/// A path that starts and ends with a slash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BasePath(String);

impl BasePath {
    /// The path with both slashes, `/` for the root.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The path without the last slash, to put before another path; empty for the root.
    pub fn prefix(&self) -> &str {
        self.0.trim_end_matches('/')
    }
}

impl fmt::Display for BasePath {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

impl Value for BasePath {
    fn parse(raw: &Raw) -> Result<Self, String> {
        let text = one(raw)?;
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/-_.~".contains(&byte);
        let is_right = text.starts_with('/') && text.ends_with('/') && text.bytes().all(is_plain);
        let has_odd_parts = text.contains("//") || text.split('/').any(|part| matches!(part, "." | ".."));
        if is_right && !has_odd_parts { Ok(Self(text.to_owned())) } else { Err(text.to_owned()) }
    }

    fn allowed() -> String {
        "a path that starts and ends with a slash, such as / or /id/".to_owned()
    }

    fn schema() -> Json {
        json!({"type": "string", "pattern": "^/([A-Za-z0-9._~-]+/)*$"})
    }
}
