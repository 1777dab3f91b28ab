//! JSON Web Signature, Encryption, Key and Token (RFC 7515–7519, 7638, 8037).
//!
//! Separate because it is pure: bytes to types and back, with all cryptography by AWS-LC. It fetches
//! nothing, so the headers that point to keys elsewhere (`jku`, `jwk`, `x5u`, `x5c`) are never looked
//! at, and it reads no clock: whoever checks a token says what time it is.

mod algorithm;
mod encoding;
mod error;
mod hash;
pub mod jwe;
mod jwk;
pub mod jws;
pub mod jwt;
pub mod pem;
mod public_key;
mod signing_key;
mod verifying_key;

pub use algorithm::{Algorithm, Curve};
pub use error::Error;
pub use hash::half_hash;
pub use jwk::{Jwk, JwkSet};
pub use public_key::PublicKey;
pub use signing_key::{KeyKind, SigningKey};
pub use verifying_key::VerifyingKey;
