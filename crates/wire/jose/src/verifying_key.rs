//! Keys that verify signatures: a public key, or a shared secret.

use aws_lc_rs::hmac;
use zeroize::Zeroizing;

use crate::public_key::Material;
use crate::{Algorithm, Error, Jwk, PublicKey};

/// A key with which signatures are verified, and what it may be used for.
#[derive(Clone)]
pub struct VerifyingKey {
    material: Verifier,
    algorithm: Option<Algorithm>,
    kid: Option<String>,
}

#[derive(Clone)]
enum Verifier {
    Public(PublicKey),
    /// SECURITY: its own variant, so that the bytes of a public key can never become an HMAC key
    /// (the "algorithm confusion" attack).
    Shared(Zeroizing<Vec<u8>>),
}

impl VerifyingKey {
    pub fn new(key: PublicKey) -> Self {
        Self { material: Verifier::Public(key), algorithm: None, kid: None }
    }

    /// A secret both sides know, for HS256 and its kin.
    pub fn shared_secret(secret: &[u8]) -> Result<Self, Error> {
        if secret.is_empty() {
            return Err(Error::key("the shared secret is empty"));
        }
        let material = Verifier::Shared(Zeroizing::new(secret.to_vec()));
        Ok(Self { material, algorithm: None, kid: None })
    }

    /// A key of a published set. Its `use`, `key_ops` and `alg` are held to.
    pub fn from_jwk(jwk: &Jwk) -> Result<Self, Error> {
        if jwk.usage.as_deref().is_some_and(|usage| usage != "sig") {
            return Err(Error::key("the key is not for signatures"));
        }
        if jwk.key_ops.as_ref().is_some_and(|ops| !ops.iter().any(|op| op == "verify")) {
            return Err(Error::key("the key is not for verifying"));
        }
        let algorithm = jwk.alg.as_deref().map(str::parse).transpose()?;
        Ok(Self { material: Verifier::Public(PublicKey::from_jwk(jwk)?), algorithm, kid: jwk.kid.clone() })
    }

    /// A `PUBLIC KEY` or `CERTIFICATE` block.
    pub fn from_pem(text: &str) -> Result<Self, Error> {
        PublicKey::from_pem(text).map(Self::new)
    }

    pub fn with_kid(mut self, kid: impl Into<String>) -> Self {
        self.kid = Some(kid.into());
        self
    }

    pub fn kid(&self) -> Option<&str> {
        self.kid.as_deref()
    }

    /// Verify a raw signature. The key decides which algorithms are possible, not the token.
    pub fn verify(&self, algorithm: Algorithm, message: &[u8], signature: &[u8]) -> Result<(), Error> {
        let mismatch = || Error::KeyMismatch(algorithm.as_str());
        if self.algorithm.is_some_and(|only| only != algorithm) {
            return Err(mismatch());
        }
        let verified = match &self.material {
            Verifier::Shared(secret) => {
                let key = hmac::Key::new(algorithm.hmac().ok_or_else(mismatch)?, secret);
                hmac::verify(&key, message, signature)
            }
            Verifier::Public(PublicKey(Material::Rsa(key))) => {
                let parameters = algorithm.rsa_verifying().ok_or_else(mismatch)?;
                key.verify(parameters, message, signature)
            }
            Verifier::Public(PublicKey(Material::Ec { curve, parsed, .. })) => {
                if algorithm.curve() != Some(*curve) {
                    return Err(mismatch());
                }
                parsed.verify_sig(message, signature)
            }
            Verifier::Public(PublicKey(Material::Ed25519 { parsed, .. })) => {
                if algorithm != Algorithm::EdDsa {
                    return Err(mismatch());
                }
                parsed.verify_sig(message, signature)
            }
        };
        verified.map_err(|_| Error::Signature)
    }
}

impl From<PublicKey> for VerifyingKey {
    fn from(key: PublicKey) -> Self {
        Self::new(key)
    }
}

impl std::fmt::Debug for VerifyingKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("VerifyingKey").field("kid", &self.kid).finish_non_exhaustive()
    }
}
