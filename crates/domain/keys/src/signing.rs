//! The pairs of the snapshot, read once and kept ready for signing, decrypting and publishing.
//!
//! Reading an RSA key costs about as much as a signature. What was read hangs on the snapshot it came from, so that a
//! changed pair is read anew and an old one vanishes.

use std::collections::HashMap;
use std::sync::Arc;

use jose::jwe::DecryptionKey;
use jose::{Jwk, PublicKey, SigningKey};
use md5::{Digest as _, Md5};
use object::Id;
use parking_lot::Mutex;
use store::Snapshot;

use crate::certificate::Facts;
use crate::key_pair::CertificateKeyPair;

/// Why a pair is of no use for what it is meant for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyFault {
    #[error("the certificate-key pair {0} does not exist")]
    Missing(String),
    #[error("the certificate-key pair “{0}” has no private key; choose one that has")]
    NoPrivateKey(String),
    #[error("the private key of “{name}” cannot be used: {reason}")]
    Unusable { name: String, reason: String },
    #[error("the certificate of “{name}” cannot be used: {reason}")]
    Certificate { name: String, reason: String },
}

/// A pair as it is used.
#[derive(Debug)]
pub struct Loaded {
    pub pair: Arc<CertificateKeyPair>,
    /// Id of the key in tokens; empty without a private key.
    pub kid: String,
    /// The certificate in DER, if it can be read.
    pub certificate: Option<Vec<u8>>,
    signing: Result<Arc<SigningKey>, KeyFault>,
}

impl Loaded {
    /// Reads a pair that need not be in a snapshot (any more).
    pub fn new(pair: Arc<CertificateKeyPair>) -> Self {
        let kid = kid(&pair.key_data);
        let name = || pair.name.clone();
        let signing = if pair.key_data.trim().is_empty() {
            Err(KeyFault::NoPrivateKey(name()))
        } else {
            SigningKey::from_pem(&pair.key_data)
                .map(|k| Arc::new(k.with_kid(kid.clone())))
                .map_err(|e| KeyFault::Unusable { name: name(), reason: e.to_string() })
        };
        let certificate = Facts::read(&pair.certificate_data).map(|f| f.der);
        Self { pair, kid, certificate, signing }
    }
    /// The key to sign with, with its id.
    pub fn signing(&self) -> Result<Arc<SigningKey>, KeyFault> {
        self.signing.clone()
    }
    /// The key to decrypt with what was encrypted for us.
    pub fn decryption(&self) -> Result<DecryptionKey, KeyFault> {
        self.signing()?;
        DecryptionKey::from_pem(&self.pair.key_data)
            .map_err(|e| KeyFault::Unusable { name: self.pair.name.clone(), reason: e.to_string() })
    }
    /// The public key: that of the private key, or of the certificate where there is none.
    pub fn public_key(&self) -> Result<PublicKey, KeyFault> {
        if let Ok(key) = &self.signing
            && let Some(public) = key.public_key()
        {
            return Ok(public);
        }
        let fault = |reason: String| KeyFault::Certificate { name: self.pair.name.clone(), reason };
        let der = self.certificate.as_deref().ok_or_else(|| fault("it is no PEM certificate".into()))?;
        PublicKey::from_certificate(der).map_err(|e| fault(e.to_string()))
    }
    /// The public half for a JWKS, as the key that signatures are checked with.
    pub fn signing_jwk(&self) -> Result<Jwk, KeyFault> {
        let key = self.signing()?;
        let mut jwk = self.jwk()?;
        jwk.alg = Some(key.algorithm().as_str().to_owned());
        jwk.usage = Some("sig".to_owned());
        Ok(jwk)
    }
    /// The public half with id and certificate; the caller says what it is for.
    pub fn jwk(&self) -> Result<Jwk, KeyFault> {
        let mut jwk = self.public_key()?.to_jwk();
        jwk.kid = Some(self.kid.clone()).filter(|k| !k.is_empty());
        Ok(match &self.certificate {
            Some(der) => jwk.with_certificate(der),
            None => jwk,
        })
    }
}

/// The id of a private key: MD5 of its PEM text in hexadecimal, as upstream has it, so that an imported key keeps its id.
// COMPAT: authentik; MD5 serves as a name here, not as protection.
pub fn kid(key_data: &str) -> String {
    if key_data.is_empty() { String::new() } else { data_encoding::HEXLOWER.encode(&Md5::digest(key_data.as_bytes())) }
}

#[derive(Default)]
struct Cache(Mutex<HashMap<Id<CertificateKeyPair>, Arc<Loaded>>>);

/// A pair, read once a snapshot.
pub fn load(snapshot: &Snapshot, id: Id<CertificateKeyPair>) -> Result<Arc<Loaded>, KeyFault> {
    let cache = snapshot.derive(|_| Cache::default());
    if let Some(found) = cache.0.lock().get(&id) {
        return Ok(Arc::clone(found));
    }
    let pair = snapshot.get(id).ok_or_else(|| KeyFault::Missing(id.to_string()))?;
    // Read outside the lock: two at once may read the same key, which costs less than everybody waiting.
    let loaded = Arc::new(Loaded::new(pair));
    Ok(Arc::clone(cache.0.lock().entry(id).or_insert(loaded)))
}

/// The signing key of a pair.
pub fn signing(snapshot: &Snapshot, id: Id<CertificateKeyPair>) -> Result<Arc<SigningKey>, KeyFault> {
    load(snapshot, id)?.signing()
}
