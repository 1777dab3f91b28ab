//! Content encryption (`enc`, RFC 7518 §5): AES-CBC with HMAC, and AES-GCM.

use aws_lc_rs::aead::{AES_128_GCM, AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::cipher::{
    AES_128, AES_256, AES_CBC_IV_LEN, DecryptionContext, EncryptionContext, PaddedBlockDecryptingKey,
    PaddedBlockEncryptingKey, UnboundCipherKey,
};
use aws_lc_rs::hmac;
use aws_lc_rs::iv::FixedLength;
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq as _;

use crate::Error;

const BLOCK: usize = 16;
const GCM_TAG: usize = 16;

/// How the content is encrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum ContentAlgorithm {
    #[serde(rename = "A128CBC-HS256")]
    A128CbcHs256,
    /// What authentik uses.
    #[serde(rename = "A256CBC-HS512")]
    A256CbcHs512,
    #[serde(rename = "A128GCM")]
    A128Gcm,
    #[serde(rename = "A256GCM")]
    A256Gcm,
}

impl ContentAlgorithm {
    pub const ALL: [Self; 4] = [Self::A128CbcHs256, Self::A256CbcHs512, Self::A128Gcm, Self::A256Gcm];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::A128CbcHs256 => "A128CBC-HS256",
            Self::A256CbcHs512 => "A256CBC-HS512",
            Self::A128Gcm => "A128GCM",
            Self::A256Gcm => "A256GCM",
        }
    }

    /// Bytes of the content key.
    pub fn key_length(self) -> usize {
        match self {
            Self::A128Gcm => 16,
            Self::A128CbcHs256 | Self::A256Gcm => 32,
            Self::A256CbcHs512 => 64,
        }
    }

    pub(super) fn iv_length(self) -> usize {
        if self.mac().is_some() { AES_CBC_IV_LEN } else { NONCE_LEN }
    }

    /// Ciphertext and tag.
    pub(super) fn encrypt(
        self,
        cek: &[u8],
        iv: &[u8],
        aad: &[u8],
        plaintext: &[u8],
    ) -> Result<(Vec<u8>, Vec<u8>), Error> {
        self.check_lengths(cek, iv)?;
        let refused = |_| Error::Crypto("encrypting the content");
        let mut body = plaintext.to_vec();
        let Some(mac) = self.mac() else {
            let tag =
                self.gcm(cek)?.seal_in_place_separate_tag(nonce(iv)?, Aad::from(aad), &mut body).map_err(refused)?;
            return Ok((body, tag.as_ref().to_vec()));
        };
        let (mac_key, enc_key) = cek.split_at(cek.len() / 2);
        let key = cbc_key(enc_key)?;
        PaddedBlockEncryptingKey::cbc_pkcs7(key)
            .and_then(|key| key.less_safe_encrypt(&mut body, EncryptionContext::Iv128(iv128(iv)?)))
            .map_err(refused)?;
        let tag = cbc_tag(mac, mac_key, aad, iv, &body);
        Ok((body, tag))
    }

    pub(super) fn decrypt(
        self,
        cek: &[u8],
        iv: &[u8],
        aad: &[u8],
        ciphertext: &[u8],
        tag: &[u8],
    ) -> Result<Vec<u8>, Error> {
        self.check_lengths(cek, iv)?;
        let mut body = ciphertext.to_vec();
        let Some(mac) = self.mac() else {
            if tag.len() != GCM_TAG {
                return Err(Error::Decryption);
            }
            body.extend_from_slice(tag);
            let length = self
                .gcm(cek)?
                .open_in_place(nonce(iv)?, Aad::from(aad), &mut body)
                .map_err(|_| Error::Decryption)?
                .len();
            body.truncate(length);
            return Ok(body);
        };
        let (mac_key, enc_key) = cek.split_at(cek.len() / 2);
        // SECURITY: the tag comes first (RFC 7518 §5.2.2.2), so nobody learns about the padding.
        let expected = cbc_tag(mac, mac_key, aad, iv, &body);
        if !bool::from(expected.ct_eq(tag)) || body.is_empty() || !body.len().is_multiple_of(BLOCK) {
            return Err(Error::Decryption);
        }
        let key = cbc_key(enc_key)?;
        let length = PaddedBlockDecryptingKey::cbc_pkcs7(key)
            .and_then(|key| {
                let context = DecryptionContext::Iv128(iv128(iv)?);
                key.decrypt(&mut body, context).map(|plaintext| plaintext.len())
            })
            .map_err(|_| Error::Decryption)?;
        body.truncate(length);
        Ok(body)
    }

    fn mac(self) -> Option<hmac::Algorithm> {
        match self {
            Self::A128CbcHs256 => Some(hmac::HMAC_SHA256),
            Self::A256CbcHs512 => Some(hmac::HMAC_SHA512),
            Self::A128Gcm | Self::A256Gcm => None,
        }
    }

    fn gcm(self, cek: &[u8]) -> Result<LessSafeKey, Error> {
        let algorithm = if self == Self::A128Gcm { &AES_128_GCM } else { &AES_256_GCM };
        UnboundKey::new(algorithm, cek).map(LessSafeKey::new).map_err(|_| Error::KeyMismatch(self.as_str()))
    }

    fn check_lengths(self, cek: &[u8], iv: &[u8]) -> Result<(), Error> {
        if cek.len() != self.key_length() {
            return Err(Error::KeyMismatch(self.as_str()));
        }
        if iv.len() == self.iv_length() { Ok(()) } else { Err(Error::Decryption) }
    }
}

/// RFC 7518 §5.2.2.1: HMAC over AAD, IV, ciphertext and the AAD's length in bits; half of it.
fn cbc_tag(algorithm: hmac::Algorithm, key: &[u8], aad: &[u8], iv: &[u8], ciphertext: &[u8]) -> Vec<u8> {
    let mut context = hmac::Context::with_key(&hmac::Key::new(algorithm, key));
    context.update(aad);
    context.update(iv);
    context.update(ciphertext);
    context.update(&(aad.len() as u64 * 8).to_be_bytes());
    let tag = context.sign();
    tag.as_ref()[..tag.as_ref().len() / 2].to_vec()
}

fn cbc_key(key: &[u8]) -> Result<UnboundCipherKey, Error> {
    let algorithm = if key.len() == 16 { &AES_128 } else { &AES_256 };
    UnboundCipherKey::new(algorithm, key).map_err(|_| Error::Crypto("the content key"))
}

fn iv128(iv: &[u8]) -> Result<FixedLength<AES_CBC_IV_LEN>, aws_lc_rs::error::Unspecified> {
    FixedLength::try_from(iv)
}

fn nonce(iv: &[u8]) -> Result<Nonce, Error> {
    Nonce::try_assume_unique_for_key(iv).map_err(|_| Error::Decryption)
}

#[cfg(test)]
mod tests;
