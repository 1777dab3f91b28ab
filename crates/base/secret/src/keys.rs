//! Keys derived from the server's secret key, one per purpose, and what is done with them.
//!
//! One secret key in the settings serves cookies, CSRF tokens and stored secrets. HKDF (RFC 5869)
//! with the purpose as label keeps them apart: a value made for one purpose is noise to another.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::hkdf::{HKDF_SHA256, KeyType, Prk, Salt};
use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use clock::Random;

use crate::Secret;

const SALT: &[u8] = b"keywright secret key v1";
/// First byte of everything sealed, so that the format can change.
const VERSION: u8 = 1;

/// The server's secret key, ready to derive from.
#[derive(Clone)]
pub struct RootKey(Prk);

impl RootKey {
    pub fn new(secret_key: &Secret<String>) -> Self {
        Self(Salt::new(HKDF_SHA256, SALT).extract(secret_key.expose().as_bytes()))
    }

    /// `N` bytes for `purpose`; the same input always gives the same bytes.
    pub fn derive<const N: usize>(&self, purpose: &str) -> Secret<[u8; N]> {
        let mut key = [0; N];
        self.derive_into(purpose, &mut key);
        Secret::new(key)
    }

    /// Encryption for `purpose`.
    pub fn sealer(&self, purpose: &str, random: Random) -> Sealer {
        let key = self.derive::<32>(purpose);
        let unbound = UnboundKey::new(&AES_256_GCM, key.expose())
            // AES-256 takes exactly the 32 bytes derived one line up.
            .expect("32 bytes are an AES-256 key");
        Sealer { key: std::sync::Arc::new(LessSafeKey::new(unbound)), random }
    }

    /// Authentication for `purpose`.
    pub fn signer(&self, purpose: &str) -> Signer {
        let key = self.derive::<32>(purpose);
        Signer(hmac::Key::new(hmac::HMAC_SHA256, key.expose()))
    }

    fn derive_into(&self, purpose: &str, key: &mut [u8]) {
        let label = [purpose.as_bytes()];
        // HKDF-SHA256 gives up to 8160 bytes (RFC 5869 §2.3); asking for more is a mistake in the
        // source, caught by whoever runs it once.
        self.0
            .expand(&label, Length(key.len()))
            .and_then(|okm| okm.fill(key))
            .expect("HKDF-SHA256 gives at most 8160 bytes");
    }
}

impl std::fmt::Debug for RootKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("RootKey(***)")
    }
}

struct Length(usize);

impl KeyType for Length {
    fn len(&self) -> usize {
        self.0
    }
}

/// AES-256-GCM with random nonces.
#[derive(Clone)]
pub struct Sealer {
    key: std::sync::Arc<LessSafeKey>,
    random: Random,
}

impl Sealer {
    /// Encrypt `plaintext`. `context` is not stored but must be the same on opening: put the id of
    /// the owning record there, so that a sealed value cannot be moved to another record.
    pub fn seal(&self, context: &[u8], plaintext: &[u8]) -> Vec<u8> {
        let nonce: [u8; NONCE_LEN] = self.random.bytes();
        let mut body = plaintext.to_vec();
        self.key
            .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::from(context), &mut body)
            // GCM refuses only plaintexts of 64 GiB and more.
            .expect("the plaintext is shorter than 64 GiB");
        let mut sealed = Vec::with_capacity(1 + NONCE_LEN + body.len());
        sealed.push(VERSION);
        sealed.extend_from_slice(&nonce);
        sealed.append(&mut body);
        sealed
    }

    /// Decrypt what [`seal`](Self::seal) made with the same key and context.
    pub fn open(&self, context: &[u8], sealed: &[u8]) -> Result<Secret<Vec<u8>>, SealError> {
        let (version, rest) = sealed.split_first().ok_or(SealError)?;
        let (nonce, body) = rest.split_at_checked(NONCE_LEN).ok_or(SealError)?;
        if *version != VERSION {
            return Err(SealError);
        }
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| SealError)?;
        let mut body = body.to_vec();
        let length = self.key.open_in_place(nonce, Aad::from(context), &mut body).map_err(|_| SealError)?.len();
        body.truncate(length);
        Ok(Secret::new(body))
    }

    /// [`seal`](Self::seal) as text for cookies and columns (base64url, no padding).
    pub fn seal_text(&self, context: &[u8], plaintext: &[u8]) -> String {
        URL_SAFE_NO_PAD.encode(self.seal(context, plaintext))
    }

    /// Open what [`seal_text`](Self::seal_text) made.
    pub fn open_text(&self, context: &[u8], sealed: &str) -> Result<Secret<Vec<u8>>, SealError> {
        self.open(context, &URL_SAFE_NO_PAD.decode(sealed).map_err(|_| SealError)?)
    }
}

impl std::fmt::Debug for Sealer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Sealer(***)")
    }
}

/// A sealed value was damaged, made with another key, or for another context. Which of them is not
/// told, to nobody.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the sealed value cannot be opened with this key")]
pub struct SealError;

/// HMAC-SHA256 for values that may be read but not made by others.
#[derive(Clone)]
pub struct Signer(hmac::Key);

impl Signer {
    /// The tag of `message`, base64url without padding.
    pub fn sign(&self, message: &[u8]) -> String {
        URL_SAFE_NO_PAD.encode(hmac::sign(&self.0, message))
    }

    /// Whether `tag` is the tag of `message`, in constant time.
    pub fn verify(&self, message: &[u8], tag: &str) -> bool {
        URL_SAFE_NO_PAD.decode(tag).is_ok_and(|tag| hmac::verify(&self.0, message, &tag).is_ok())
    }

    /// `value` with its tag behind a dot.
    pub fn attach(&self, value: &str) -> String {
        format!("{value}.{}", self.sign(value.as_bytes()))
    }

    /// The value of something [`attach`](Self::attach) made, if the tag is right.
    pub fn detach<'value>(&self, signed: &'value str) -> Option<&'value str> {
        let (value, tag) = signed.rsplit_once('.')?;
        self.verify(value.as_bytes(), tag).then_some(value)
    }
}

impl std::fmt::Debug for Signer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Signer(***)")
    }
}

#[cfg(test)]
mod tests;
