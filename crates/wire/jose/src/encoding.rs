//! base64url without padding (RFC 7515 §2), and splitting of compact tokens.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::de::DeserializeOwned;

use crate::Error;

/// Longer tokens are refused before any work is done on them.
const MAX_TOKEN_LENGTH: usize = 256 * 1024;

pub(crate) fn encode(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Strict: no padding, no white space, no stray bits, so that a value has one spelling only.
pub(crate) fn decode(text: &str) -> Result<Vec<u8>, Error> {
    URL_SAFE_NO_PAD.decode(text).map_err(|_| Error::Malformed("a part is not base64url"))
}

/// A member of a JWK.
pub(crate) fn decode_member(name: &str, text: Option<&String>) -> Result<Vec<u8>, Error> {
    let text = text.ok_or_else(|| Error::key(format!("the member {name} is missing")))?;
    URL_SAFE_NO_PAD
        .decode(text.trim_end_matches('='))
        .map_err(|_| Error::key(format!("the member {name} is not base64url")))
}

/// Read a JSON object. serde alone would take an array for the members in their order.
pub(crate) fn parse_object<T: DeserializeOwned>(json: &[u8]) -> Result<T, String> {
    if !json.trim_ascii_start().starts_with(b"{") {
        return Err("not a JSON object".to_owned());
    }
    serde_json::from_slice(json).map_err(|error| error.to_string())
}

/// Exactly `N` parts.
pub(crate) fn split<const N: usize>(token: &str) -> Result<[&str; N], Error> {
    if token.len() > MAX_TOKEN_LENGTH {
        return Err(Error::Malformed("too long"));
    }
    let mut parts = [""; N];
    let mut rest = token.split('.');
    for part in &mut parts {
        *part = rest.next().ok_or(Error::Malformed("too few parts"))?;
    }
    if rest.next().is_some() {
        return Err(Error::Malformed("too many parts"));
    }
    Ok(parts)
}
