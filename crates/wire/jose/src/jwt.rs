//! Claims of signed tokens (RFC 7519 §4.1) and the checks on them.

use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};

use crate::encoding::parse_object;
use crate::{Algorithm, Error, SigningKey, VerifyingKey, jws};

/// Sign `claims` as a token of type `JWT`.
pub fn sign<T: Serialize>(claims: &T, key: &SigningKey) -> Result<String, Error> {
    let payload = serde_json::to_vec(claims).map_err(|error| Error::Payload(error.to_string()))?;
    jws::sign(&payload, "JWT", key)
}

/// Verify signature and claims of `token`.
pub fn verify(token: &str, key: &VerifyingKey, allowed: &[Algorithm], checks: &Checks<'_>) -> Result<Claims, Error> {
    let claims: Claims = parse(&jws::verify(token, key, allowed)?.payload)?;
    claims.check(checks)?;
    Ok(claims)
}

/// Read a payload as JSON.
pub fn parse<T: DeserializeOwned>(payload: &[u8]) -> Result<T, Error> {
    parse_object(payload).map_err(Error::Payload)
}

/// The registered claims, and all others as they came.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Claims {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub iss: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sub: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub aud: Option<Audience>,
    #[serde(default, deserialize_with = "numeric_date", skip_serializing_if = "Option::is_none")]
    pub exp: Option<i64>,
    #[serde(default, deserialize_with = "numeric_date", skip_serializing_if = "Option::is_none")]
    pub nbf: Option<i64>,
    #[serde(default, deserialize_with = "numeric_date", skip_serializing_if = "Option::is_none")]
    pub iat: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jti: Option<String>,
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

impl Claims {
    pub fn check(&self, checks: &Checks<'_>) -> Result<(), ClaimError> {
        let Checks { now, leeway, .. } = *checks;
        match self.exp {
            // RFC 7519 §4.1.4: "on or after which" it must not be accepted.
            Some(exp) if now >= exp.saturating_add(leeway) => return Err(ClaimError::Expired),
            None if checks.requires_exp => return Err(ClaimError::Missing("exp")),
            _ => {}
        }
        if self.nbf.is_some_and(|nbf| now < nbf.saturating_sub(leeway)) {
            return Err(ClaimError::NotYetValid);
        }
        if self.iat.is_some_and(|iat| now < iat.saturating_sub(leeway)) {
            return Err(ClaimError::IssuedInFuture);
        }
        if let Some(issuers) = checks.issuers {
            let iss = self.iss.as_deref().ok_or(ClaimError::Missing("iss"))?;
            if !issuers.contains(&iss) {
                return Err(ClaimError::Issuer);
            }
        }
        if let Some(audiences) = checks.audiences {
            let aud = self.aud.as_ref().ok_or(ClaimError::Missing("aud"))?;
            if !audiences.iter().any(|audience| aud.contains(audience)) {
                return Err(ClaimError::Audience);
            }
        }
        Ok(())
    }
}

/// What to hold a token to. `None` means: not looked at.
#[derive(Clone, Copy, Debug)]
pub struct Checks<'a> {
    /// Seconds since the epoch.
    pub now: i64,
    /// Seconds by which the clocks of issuer and reader may differ.
    pub leeway: i64,
    pub requires_exp: bool,
    /// The issuer must be one of these.
    pub issuers: Option<&'a [&'a str]>,
    /// One of these must be among the audience.
    pub audiences: Option<&'a [&'a str]>,
}

impl<'a> Checks<'a> {
    /// Only the times, `exp` being required.
    pub fn at(now: i64) -> Self {
        Self { now, leeway: 0, requires_exp: true, issuers: None, audiences: None }
    }

    pub fn leeway(self, leeway: i64) -> Self {
        Self { leeway: leeway.max(0), ..self }
    }

    pub fn issuers(self, issuers: &'a [&'a str]) -> Self {
        Self { issuers: Some(issuers), ..self }
    }

    pub fn audiences(self, audiences: &'a [&'a str]) -> Self {
        Self { audiences: Some(audiences), ..self }
    }
}

/// A claim that does not hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ClaimError {
    #[error("the token has no {0}")]
    Missing(&'static str),
    #[error("the token has expired")]
    Expired,
    #[error("the token is not valid yet")]
    NotYetValid,
    #[error("the token was issued in the future")]
    IssuedInFuture,
    #[error("the token is of another issuer")]
    Issuer,
    #[error("the token is for another audience")]
    Audience,
}

/// `aud`: one name or several (RFC 7519 §4.1.3).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Audience {
    One(String),
    Several(Vec<String>),
}

impl Audience {
    pub fn contains(&self, name: &str) -> bool {
        match self {
            Self::One(one) => one == name,
            Self::Several(several) => several.iter().any(|one| one == name),
        }
    }
}

/// A NumericDate (RFC 7519 §2) may have a fraction; whole seconds are kept.
fn numeric_date<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<i64>, D::Error> {
    match Option::<Value>::deserialize(deserializer)? {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Number(number)) => match (number.as_i64(), number.as_f64()) {
            (Some(whole), _) => Ok(Some(whole)),
            (None, Some(fraction)) if fraction.abs() < i64::MAX as f64 => Ok(Some(fraction.floor() as i64)),
            _ => Err(D::Error::custom("the time is out of range")),
        },
        Some(_) => Err(D::Error::custom("a time must be a number")),
    }
}

#[cfg(test)]
mod tests;
