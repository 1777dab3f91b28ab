//! Texts, numbers, booleans, paths, networks and URLs.

use std::path::PathBuf;

use ipnet::IpNet;
use serde_json::{Value as Json, json};
use url::Url;

use super::{Raw, Value, one};

impl Value for String {
    const EMPTY_IS_VALUE: bool = false;

    fn parse(raw: &Raw) -> Result<Self, String> {
        Ok(one(raw)?.to_owned())
    }

    fn allowed() -> String {
        "a text".to_owned()
    }

    fn schema() -> Json {
        json!({"type": "string"})
    }
}

impl Value for PathBuf {
    fn parse(raw: &Raw) -> Result<Self, String> {
        match one(raw)? {
            "" => Err("nothing".to_owned()),
            text => Ok(Self::from(text)),
        }
    }

    fn allowed() -> String {
        "a path".to_owned()
    }

    fn schema() -> Json {
        json!({"type": "string"})
    }
}

impl Value for bool {
    fn parse(raw: &Raw) -> Result<Self, String> {
        let text = one(raw)?;
        match text.to_lowercase().as_str() {
            "true" | "yes" | "on" | "1" => Ok(true),
            "false" | "no" | "off" | "0" => Ok(false),
            _ => Err(text.to_owned()),
        }
    }

    fn allowed() -> String {
        "true or false".to_owned()
    }

    fn schema() -> Json {
        json!({"type": "boolean"})
    }
}

macro_rules! numbers {
    ($($number:ty),+) => {$(
        impl Value for $number {
            fn parse(raw: &Raw) -> Result<Self, String> {
                let text = one(raw)?;
                text.trim().parse().map_err(|_| text.to_owned())
            }

            fn allowed() -> String {
                format!("a whole number from 0 to {}", Self::MAX)
            }

            fn schema() -> Json {
                json!({"type": "integer", "minimum": 0, "maximum": Self::MAX})
            }
        }
    )+};
}

numbers!(u16, u32, u64);

impl Value for IpNet {
    fn parse(raw: &Raw) -> Result<Self, String> {
        let text = one(raw)?;
        let address = || text.parse::<std::net::IpAddr>().map(Self::from);
        text.parse().or_else(|_| address()).map_err(|_| text.to_owned())
    }

    fn allowed() -> String {
        "a network such as 10.0.0.0/8 or fe80::/10".to_owned()
    }

    fn schema() -> Json {
        json!({"type": "string"})
    }
}

impl Value for Url {
    fn parse(raw: &Raw) -> Result<Self, String> {
        let text = one(raw)?;
        match Self::parse(text) {
            Ok(url) if matches!(url.scheme(), "http" | "https") && url.has_host() => Ok(url),
            _ => Err(text.to_owned()),
        }
    }

    fn allowed() -> String {
        "a URL such as https://id.example.com".to_owned()
    }

    fn schema() -> Json {
        json!({"type": "string", "format": "uri"})
    }
}
