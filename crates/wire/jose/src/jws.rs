//! Signed tokens in compact form (RFC 7515 §7.1).

use serde::{Deserialize, Serialize};

use crate::encoding::{decode, encode, parse_object, split};
use crate::{Algorithm, Error, JwkSet, SigningKey, VerifyingKey};

/// The header members this crate understands, in the order authentik writes them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    pub alg: Algorithm,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cty: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kid: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub typ: Option<String>,
}

/// A token whose signature was right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    pub header: Header,
    pub payload: Vec<u8>,
}

/// Sign `payload` as a token of type `typ` (`JWT`, `logout+jwt`, …) with the key's `kid`.
pub fn sign(payload: &[u8], typ: &str, key: &SigningKey) -> Result<String, Error> {
    let header =
        Header { alg: key.algorithm(), cty: None, kid: key.kid().map(str::to_owned), typ: Some(typ.to_owned()) };
    sign_with_header(&header, payload, key)
}

/// Sign with a header of one's own; its `alg` must be the key's.
pub fn sign_with_header(header: &Header, payload: &[u8], key: &SigningKey) -> Result<String, Error> {
    if header.alg != key.algorithm() {
        return Err(Error::KeyMismatch(header.alg.as_str()));
    }
    let header = serde_json::to_vec(header).map_err(|error| Error::Header(error.to_string()))?;
    let mut token = format!("{}.{}", encode(header), encode(payload));
    let signature = key.sign(token.as_bytes())?;
    token.push('.');
    token.push_str(&encode(signature));
    Ok(token)
}

/// Verify `token` with `key`, accepting the `allowed` algorithms only.
pub fn verify(token: &str, key: &VerifyingKey, allowed: &[Algorithm]) -> Result<Verified, Error> {
    verify_with(token, std::slice::from_ref(key), allowed)
}

/// Verify `token` with a published set of keys: the one with its `kid`, or when it has none, any.
pub fn verify_with_set(token: &str, set: &JwkSet, allowed: &[Algorithm]) -> Result<Verified, Error> {
    // Keys for other purposes or of unknown kinds are normal in a set.
    let keys: Vec<VerifyingKey> = set.keys.iter().filter_map(|jwk| VerifyingKey::from_jwk(jwk).ok()).collect();
    let header = peek_header(token)?;
    let keys: Vec<VerifyingKey> = keys
        .into_iter()
        .filter(|key| match (&header.kid, key.kid()) {
            (Some(wanted), Some(kid)) => wanted == kid,
            // A key without `kid` may still be the one (RFC 7515 §4.1.4 makes it optional).
            (Some(_), None) | (None, _) => true,
        })
        .collect();
    verify_with(token, &keys, allowed)
}

/// The header of a token that has **not** been verified, to find the key with.
pub fn peek_header(token: &str) -> Result<Header, Error> {
    let [header, _, _] = split(token)?;
    parse_header(header)
}

/// The payload of a token that has **not** been verified. SECURITY: good for logs and for finding
/// the issuer's keys, never for a decision.
pub fn peek_payload(token: &str) -> Result<Vec<u8>, Error> {
    let [_, payload, _] = split(token)?;
    decode(payload)
}

fn verify_with(token: &str, keys: &[VerifyingKey], allowed: &[Algorithm]) -> Result<Verified, Error> {
    let [encoded_header, payload, signature] = split(token)?;
    let header = parse_header(encoded_header)?;
    if !allowed.contains(&header.alg) {
        return Err(Error::AlgorithmNotAllowed(header.alg.to_string()));
    }
    let signature = decode(signature)?;
    // `split` found both dots, so the last one ends the signed part.
    let message = &token.as_bytes()[..encoded_header.len() + 1 + payload.len()];
    let mut outcome = Err(Error::NoKey);
    for key in keys {
        outcome = key.verify(header.alg, message, &signature);
        if outcome.is_ok() {
            break;
        }
    }
    outcome?;
    Ok(Verified { header, payload: decode(payload)? })
}

fn parse_header(encoded: &str) -> Result<Header, Error> {
    #[derive(Deserialize)]
    struct Raw {
        alg: String,
        #[serde(default)]
        crit: Option<serde_json::Value>,
        #[serde(default)]
        cty: Option<String>,
        #[serde(default)]
        kid: Option<String>,
        #[serde(default)]
        typ: Option<String>,
    }
    let raw: Raw = parse_object(&decode(encoded)?).map_err(Error::Header)?;
    if raw.crit.is_some() {
        // RFC 7515 §4.1.11: what must be understood and is not makes the token invalid.
        return Err(Error::Header("it demands extensions (crit), and none are known".to_owned()));
    }
    Ok(Header { alg: raw.alg.parse()?, cty: raw.cty, kid: raw.kid, typ: raw.typ })
}

#[cfg(test)]
mod tests;
