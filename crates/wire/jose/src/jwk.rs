//! JSON Web Keys as published (RFC 7517): the public members only.
//!
//! The order of the members is the one authentik serves.

use aws_lc_rs::digest::{SHA256, digest};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use crate::encoding::{encode, parse_object};
use crate::{Error, PublicKey};

/// A public key with what is said about it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Jwk {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alg: Option<String>,
    /// The content encryption to use with an encryption key; not in RFC 7517, but authentik says it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enc: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kid: Option<String>,
    pub kty: String,
    /// `sig` or `enc`.
    #[serde(rename = "use", skip_serializing_if = "Option::is_none")]
    pub usage: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key_ops: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub n: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub e: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub x: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub y: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub crv: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub x5c: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub x5t: Option<String>,
    #[serde(rename = "x5t#S256", skip_serializing_if = "Option::is_none")]
    pub x5t_s256: Option<String>,
}

impl Jwk {
    /// Add the certificate of the key: `x5c`, `x5t` and `x5t#S256` (RFC 7517 §4.7–4.9).
    pub fn with_certificate(mut self, der: &[u8]) -> Self {
        use aws_lc_rs::digest::SHA1_FOR_LEGACY_USE_ONLY as SHA1;
        use base64::Engine as _;
        self.x5c = Some(vec![base64::engine::general_purpose::STANDARD.encode(der)]);
        self.x5t = Some(encode(digest(&SHA1, der)));
        self.x5t_s256 = Some(encode(digest(&SHA256, der)));
        self
    }

    /// The SHA-256 thumbprint (RFC 7638 §3).
    pub fn thumbprint(&self) -> Result<String, Error> {
        // Through the key, so that the members have their canonical form.
        let key = PublicKey::from_jwk(self)?.to_jwk();
        let member = |value: &Option<String>| value.clone().unwrap_or_default();
        // RFC 7638 §3.2: the required members in lexicographic order, no white space. The values are
        // base64url and registered names, so nothing needs escaping.
        let canonical = match key.kty.as_str() {
            "RSA" => format!(r#"{{"e":"{}","kty":"RSA","n":"{}"}}"#, member(&key.e), member(&key.n)),
            "EC" => format!(
                r#"{{"crv":"{}","kty":"EC","x":"{}","y":"{}"}}"#,
                member(&key.crv),
                member(&key.x),
                member(&key.y)
            ),
            // RFC 8037 §2
            _ => format!(r#"{{"crv":"{}","kty":"OKP","x":"{}"}}"#, member(&key.crv), member(&key.x)),
        };
        Ok(encode(digest(&SHA256, canonical.as_bytes())))
    }
}

/// A set of keys (RFC 7517 §5).
///
/// COMPAT: authentik leaves `keys` out of an empty set (recorded: `jwks` of a provider without key).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct JwkSet {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub keys: Vec<Jwk>,
}

impl JwkSet {
    pub fn parse(json: &[u8]) -> Result<Self, Error> {
        parse_object(json).map_err(Error::Key)
    }
}

impl<'de> Deserialize<'de> for JwkSet {
    /// RFC 7517 §5: keys that are not understood are left out, not an error for the others.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Raw {
            #[serde(default)]
            keys: Vec<Value>,
        }
        let raw = Raw::deserialize(deserializer)?;
        let keys = raw.keys.into_iter().filter_map(|key| serde_json::from_value(key).ok());
        Ok(Self { keys: keys.collect() })
    }
}

#[cfg(test)]
mod tests;
