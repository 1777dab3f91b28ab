//! Proof Key for Code Exchange (RFC 7636).

use std::fmt;
use std::str::FromStr;

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq as _;

/// How the challenge is made of the verifier (§4.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum PkceMethod {
    #[serde(rename = "plain")]
    Plain,
    S256,
}

impl PkceMethod {
    pub const ALL: [Self; 2] = [Self::Plain, Self::S256];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::S256 => "S256",
        }
    }

    /// The challenge a client makes of its verifier (§4.2).
    pub fn challenge(self, verifier: &str) -> String {
        match self {
            Self::Plain => verifier.to_owned(),
            Self::S256 => URL_SAFE_NO_PAD.encode(digest(&SHA256, verifier.as_bytes())),
        }
    }
}

impl FromStr for PkceMethod {
    type Err = ();

    fn from_str(name: &str) -> Result<Self, ()> {
        Self::ALL.into_iter().find(|method| method.as_str() == name).ok_or(())
    }
}

impl fmt::Display for PkceMethod {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The challenge of an authorization request, kept with the code.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CodeChallenge {
    pub challenge: String,
    pub method: PkceMethod,
}

impl CodeChallenge {
    /// Whether `verifier` is the one the challenge was made of, in constant time (§4.6).
    ///
    /// COMPAT: the form of the verifier is not looked at, because authentik lets clients with short
    /// ones pass; where that is not wanted, ask [`is_well_formed`](Self::is_well_formed) first.
    pub fn verify(&self, verifier: &str) -> bool {
        let challenge = self.method.challenge(verifier);
        challenge.as_bytes().ct_eq(self.challenge.as_bytes()).into()
    }

    /// §4.1: 43 to 128 unreserved characters. Challenges have the same form (§4.2).
    pub fn is_well_formed(verifier: &str) -> bool {
        (43..=128).contains(&verifier.len())
            && verifier.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte))
    }
}

#[cfg(test)]
mod tests {
    //! Tests with the example of RFC 7636, appendix B.

    use super::*;

    const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";

    #[test]
    fn the_example_of_the_rfc_verifies() {
        let challenge = CodeChallenge {
            challenge: "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM".to_owned(),
            method: PkceMethod::S256,
        };
        assert!(challenge.verify(VERIFIER));
        assert!(!challenge.verify(&VERIFIER[1..]));
        assert!(!challenge.verify(""));
        // The challenge itself is public and must not pass as verifier.
        assert!(!challenge.verify(&challenge.challenge));
    }

    #[test]
    fn plain_compares_the_text() {
        let challenge = CodeChallenge { challenge: VERIFIER.to_owned(), method: PkceMethod::Plain };
        assert!(challenge.verify(VERIFIER));
        assert!(!challenge.verify(&format!("{VERIFIER}x")));
    }

    #[test]
    fn length_and_characters_are_those_of_the_rfc() {
        assert!(CodeChallenge::is_well_formed(VERIFIER));
        assert!(CodeChallenge::is_well_formed(&"~".repeat(128)));
        for verifier in ["", &VERIFIER[1..], &"a".repeat(129), &"a b".repeat(20), &"é".repeat(30)] {
            assert!(!CodeChallenge::is_well_formed(verifier), "{verifier}");
        }
        assert!("s256".parse::<PkceMethod>().is_err());
    }
}
