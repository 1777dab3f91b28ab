//! Keys that sign, parsed once, and the making of new ones.

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::hmac;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{EcdsaKeyPair, Ed25519KeyPair, KeyPair as _, RsaKeyPair};
use zeroize::Zeroizing;

use crate::{Algorithm, Curve, Error, PublicKey, VerifyingKey, pem};

/// A key with which tokens are signed, and the algorithm it signs with.
pub struct SigningKey {
    material: Signer,
    algorithm: Algorithm,
    kid: Option<String>,
}

enum Signer {
    Rsa(Box<RsaKeyPair>),
    Ec(Curve, EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
    Shared(Zeroizing<Vec<u8>>),
}

impl SigningKey {
    /// The first private key block: PKCS#8 (`PRIVATE KEY`), PKCS#1 (`RSA PRIVATE KEY`) or SEC 1
    /// (`EC PRIVATE KEY`). RSA keys sign with RS256, the others with the one algorithm they have.
    pub fn from_pem(text: &str) -> Result<Self, Error> {
        for block in pem::parse(text)? {
            match block.label.as_str() {
                "PRIVATE KEY" => return Self::from_pkcs8(&block.der),
                "RSA PRIVATE KEY" => {
                    let pair = RsaKeyPair::from_der(&block.der)
                        .map_err(|_| Error::key("not an RSA private key of 2048 to 8192 bits"))?;
                    return Ok(Self::new(Signer::Rsa(Box::new(pair)), Algorithm::Rs256));
                }
                "EC PRIVATE KEY" => {
                    return Self::ec(&block.der)
                        .ok_or_else(|| Error::key("not an elliptic curve key on P-256, P-384 or P-521"));
                }
                "ENCRYPTED PRIVATE KEY" => {
                    return Err(Error::key("the key is encrypted; remove its passphrase first"));
                }
                _ => {}
            }
        }
        Err(Error::key("there is no PRIVATE KEY block"))
    }

    /// A DER PKCS#8 key (RFC 5958).
    pub fn from_pkcs8(der: &[u8]) -> Result<Self, Error> {
        if let Ok(pair) = RsaKeyPair::from_pkcs8(der) {
            return Ok(Self::new(Signer::Rsa(Box::new(pair)), Algorithm::Rs256));
        }
        if let Some(key) = Self::ec(der) {
            return Ok(key);
        }
        // Version 1 files carry no public key to compare with; it is computed.
        Ed25519KeyPair::from_pkcs8_maybe_unchecked(der)
            .map(|pair| Self::new(Signer::Ed25519(pair), Algorithm::EdDsa))
            .map_err(|_| Error::key("the key must be RSA (2048 to 8192 bits), P-256, P-384, P-521 or Ed25519"))
    }

    /// A secret both sides know, signing with HS256.
    pub fn shared_secret(secret: &[u8]) -> Result<Self, Error> {
        if secret.is_empty() {
            return Err(Error::key("the shared secret is empty"));
        }
        Ok(Self::new(Signer::Shared(Zeroizing::new(secret.to_vec())), Algorithm::Hs256))
    }

    /// Sign with another algorithm than the default one of the key.
    pub fn with_algorithm(mut self, algorithm: Algorithm) -> Result<Self, Error> {
        let fits = match &self.material {
            Signer::Rsa(_) => algorithm.rsa_signing().is_some(),
            Signer::Ec(curve, _) => algorithm.curve() == Some(*curve),
            Signer::Ed25519(_) => algorithm == Algorithm::EdDsa,
            Signer::Shared(_) => algorithm.is_symmetric(),
        };
        if !fits {
            return Err(Error::KeyMismatch(algorithm.as_str()));
        }
        self.algorithm = algorithm;
        Ok(self)
    }

    /// The `kid` to put into headers.
    pub fn with_kid(mut self, kid: impl Into<String>) -> Self {
        self.kid = Some(kid.into());
        self
    }

    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    pub fn kid(&self) -> Option<&str> {
        self.kid.as_deref()
    }

    /// The public half; a shared secret has none.
    pub fn public_key(&self) -> Option<PublicKey> {
        match &self.material {
            Signer::Rsa(pair) => PublicKey::from_pkcs1(pair.public_key().as_ref()).ok(),
            Signer::Ec(curve, pair) => PublicKey::ec(*curve, pair.public_key().as_ref()).ok(),
            Signer::Ed25519(pair) => PublicKey::ed25519(pair.public_key().as_ref()).ok(),
            Signer::Shared(_) => None,
        }
    }

    /// The key that verifies what this one signs, with the same `kid`.
    pub fn verifying_key(&self) -> Result<VerifyingKey, Error> {
        let key = match &self.material {
            Signer::Shared(secret) => VerifyingKey::shared_secret(secret)?,
            _ => self.public_key().map(VerifyingKey::new).ok_or(Error::Crypto("public key"))?,
        };
        Ok(match &self.kid {
            Some(kid) => key.with_kid(kid.clone()),
            None => key,
        })
    }

    /// A raw signature of `message`, in the form JWS has it (RFC 7518 §3).
    pub fn sign(&self, message: &[u8]) -> Result<Vec<u8>, Error> {
        let mismatch = || Error::KeyMismatch(self.algorithm.as_str());
        let refused = |_| Error::Crypto("signing");
        match &self.material {
            Signer::Rsa(pair) => {
                let encoding = self.algorithm.rsa_signing().ok_or_else(mismatch)?;
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(encoding, &SystemRandom::new(), message, &mut signature).map_err(refused)?;
                Ok(signature)
            }
            Signer::Ec(_, pair) => {
                let signature = pair.sign(&SystemRandom::new(), message).map_err(refused)?;
                Ok(signature.as_ref().to_vec())
            }
            Signer::Ed25519(pair) => Ok(pair.try_sign(message).map_err(refused)?.as_ref().to_vec()),
            Signer::Shared(secret) => {
                let key = hmac::Key::new(self.algorithm.hmac().ok_or_else(mismatch)?, secret);
                Ok(hmac::sign(&key, message).as_ref().to_vec())
            }
        }
    }

    fn new(material: Signer, algorithm: Algorithm) -> Self {
        Self { material, algorithm, kid: None }
    }

    /// PKCS#8 or SEC 1; the curve is the one of the three with which it parses.
    fn ec(der: &[u8]) -> Option<Self> {
        Curve::ALL.into_iter().find_map(|curve| {
            let pair = EcdsaKeyPair::from_private_key_der(curve.signing(), der).ok()?;
            Some(Self::new(Signer::Ec(curve, pair), curve.algorithm()))
        })
    }
}

impl std::fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SigningKey").field("algorithm", &self.algorithm).field("kid", &self.kid).finish_non_exhaustive()
    }
}

/// What to generate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyKind {
    Rsa2048,
    Rsa4096,
    Ec(Curve),
    Ed25519,
}

impl KeyKind {
    /// A new private key as PKCS#8 PEM.
    pub fn generate(self) -> Result<Zeroizing<String>, Error> {
        let refused = |_| Error::Crypto("generating a key");
        let der: Vec<u8> = match self {
            Self::Rsa2048 => rsa_pkcs8(KeySize::Rsa2048)?,
            Self::Rsa4096 => rsa_pkcs8(KeySize::Rsa4096)?,
            Self::Ec(curve) => EcdsaKeyPair::generate(curve.signing())
                .and_then(|pair| pair.to_pkcs8v1())
                .map_err(refused)?
                .as_ref()
                .to_vec(),
            Self::Ed25519 => {
                Ed25519KeyPair::generate().and_then(|pair| pair.to_pkcs8v1()).map_err(refused)?.as_ref().to_vec()
            }
        };
        Ok(Zeroizing::new(pem::write("PRIVATE KEY", &Zeroizing::new(der))))
    }
}

fn rsa_pkcs8(size: KeySize) -> Result<Vec<u8>, Error> {
    let der: Pkcs8V1Der<'_> =
        RsaKeyPair::generate(size).and_then(|pair| pair.as_der()).map_err(|_| Error::Crypto("generating a key"))?;
    Ok(der.as_ref().to_vec())
}

#[cfg(test)]
mod tests;
