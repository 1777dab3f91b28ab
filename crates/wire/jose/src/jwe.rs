//! Encrypted tokens in compact form (RFC 7516 §7.1).

mod content;

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rand;
use aws_lc_rs::rsa::{
    OAEP_SHA1_MGF1SHA1, OAEP_SHA256_MGF1SHA256, OaepAlgorithm, OaepPrivateDecryptingKey, OaepPublicEncryptingKey,
    PrivateDecryptingKey, PublicEncryptingKey,
};
use aws_lc_rs::signature::RsaKeyPair;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::encoding::{decode, encode, parse_object, split};
use crate::public_key::Material;
use crate::{Error, PublicKey, pem};

pub use content::ContentAlgorithm;

/// How the content key reaches the recipient (`alg`, RFC 7518 §4.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum KeyAlgorithm {
    /// RSA with SHA-256 padding: what authentik uses.
    #[serde(rename = "RSA-OAEP-256")]
    RsaOaep256,
    /// RSA with SHA-1 padding, for clients that know no better.
    #[serde(rename = "RSA-OAEP")]
    RsaOaep,
    /// The shared secret is the content key itself.
    #[serde(rename = "dir")]
    Direct,
}

impl KeyAlgorithm {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::RsaOaep256 => "RSA-OAEP-256",
            Self::RsaOaep => "RSA-OAEP",
            Self::Direct => "dir",
        }
    }

    fn oaep(self) -> Result<&'static OaepAlgorithm, Error> {
        match self {
            Self::RsaOaep256 => Ok(&OAEP_SHA256_MGF1SHA256),
            Self::RsaOaep => Ok(&OAEP_SHA1_MGF1SHA1),
            Self::Direct => Err(Error::KeyMismatch("dir")),
        }
    }
}

/// The header members this crate understands, in the order authentik writes them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Header {
    pub alg: KeyAlgorithm,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cty: Option<String>,
    pub enc: ContentAlgorithm,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kid: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub typ: Option<String>,
}

impl Header {
    /// authentik's combination: RSA-OAEP-256 with A256CBC-HS512, type `JWE`.
    pub fn authentik(kid: impl Into<String>) -> Self {
        Self {
            alg: KeyAlgorithm::RsaOaep256,
            cty: None,
            enc: ContentAlgorithm::A256CbcHs512,
            kid: Some(kid.into()),
            typ: Some("JWE".to_owned()),
        }
    }
}

/// A key to encrypt to.
pub enum EncryptionKey {
    Rsa(OaepPublicEncryptingKey),
    Shared(Zeroizing<Vec<u8>>),
}

impl EncryptionKey {
    /// The recipient's RSA key.
    pub fn rsa(key: &PublicKey) -> Result<Self, Error> {
        let Material::Rsa(components) = &key.0 else {
            return Err(Error::KeyMismatch("RSA-OAEP-256"));
        };
        let key: PublicEncryptingKey =
            components.clone().try_into().map_err(|_| Error::key("not an RSA public key"))?;
        OaepPublicEncryptingKey::new(key).map(Self::Rsa).map_err(|_| Error::key("not an RSA public key"))
    }

    /// A shared content key, as long as the `enc` algorithm wants it.
    pub fn shared_secret(secret: &[u8]) -> Self {
        Self::Shared(Zeroizing::new(secret.to_vec()))
    }
}

/// A key to decrypt with.
pub enum DecryptionKey {
    Rsa(OaepPrivateDecryptingKey),
    Shared(Zeroizing<Vec<u8>>),
}

impl DecryptionKey {
    /// The first RSA private key block, PKCS#8 or PKCS#1.
    pub fn from_pem(text: &str) -> Result<Self, Error> {
        for block in pem::parse(text)? {
            match block.label.as_str() {
                "PRIVATE KEY" => return Self::from_pkcs8(&block.der),
                "RSA PRIVATE KEY" => {
                    let der: Pkcs8V1Der<'_> = RsaKeyPair::from_der(&block.der)
                        .ok()
                        .and_then(|pair| pair.as_der().ok())
                        .ok_or_else(|| Error::key("not an RSA private key"))?;
                    return Self::from_pkcs8(der.as_ref());
                }
                _ => {}
            }
        }
        Err(Error::key("there is no PRIVATE KEY block"))
    }

    pub fn from_pkcs8(der: &[u8]) -> Result<Self, Error> {
        PrivateDecryptingKey::from_pkcs8(der)
            .ok()
            .and_then(|key| OaepPrivateDecryptingKey::new(key).ok())
            .map(Self::Rsa)
            .ok_or_else(|| Error::key("not an RSA private key"))
    }

    pub fn shared_secret(secret: &[u8]) -> Self {
        Self::Shared(Zeroizing::new(secret.to_vec()))
    }
}

/// A token that could be decrypted. That says nothing of who made it: anybody can encrypt to a
/// public key, so verify the signature of what is inside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decrypted {
    pub header: Header,
    pub plaintext: Vec<u8>,
}

/// Encrypt `plaintext` as `header` says.
pub fn encrypt(plaintext: &[u8], header: &Header, key: &EncryptionKey) -> Result<String, Error> {
    let mut cek = Zeroizing::new(vec![0; header.enc.key_length()]);
    let encrypted_key = match (header.alg, key) {
        (KeyAlgorithm::Direct, EncryptionKey::Shared(secret)) => {
            cek.clone_from(secret);
            Vec::new()
        }
        (alg, EncryptionKey::Rsa(key)) => {
            random(&mut cek)?;
            let mut output = vec![0; key.ciphertext_size()];
            key.encrypt(alg.oaep()?, &cek, &mut output, None)
                .map_err(|_| Error::Crypto("encrypting the content key"))?;
            output
        }
        (alg, EncryptionKey::Shared(_)) => return Err(Error::KeyMismatch(alg.as_str())),
    };
    let mut iv = vec![0; header.enc.iv_length()];
    random(&mut iv)?;
    let header_json = serde_json::to_vec(header).map_err(|error| Error::Header(error.to_string()))?;
    let protected = encode(header_json);
    let (ciphertext, tag) = header.enc.encrypt(&cek, &iv, protected.as_bytes(), plaintext)?;
    Ok(format!("{protected}.{}.{}.{}.{}", encode(encrypted_key), encode(iv), encode(ciphertext), encode(tag)))
}

/// Decrypt `token`, accepting the allowed algorithms only.
pub fn decrypt(
    token: &str,
    key: &DecryptionKey,
    allowed_alg: &[KeyAlgorithm],
    allowed_enc: &[ContentAlgorithm],
) -> Result<Decrypted, Error> {
    let [protected, encrypted_key, iv, ciphertext, tag] = split(token)?;
    let header = parse_header(protected)?;
    if !allowed_alg.contains(&header.alg) {
        return Err(Error::AlgorithmNotAllowed(header.alg.as_str().to_owned()));
    }
    if !allowed_enc.contains(&header.enc) {
        return Err(Error::AlgorithmNotAllowed(header.enc.as_str().to_owned()));
    }
    let (encrypted_key, iv) = (decode(encrypted_key)?, decode(iv)?);
    let (ciphertext, tag) = (decode(ciphertext)?, decode(tag)?);
    let cek = match (header.alg, key) {
        (KeyAlgorithm::Direct, DecryptionKey::Shared(secret)) if encrypted_key.is_empty() => secret.clone(),
        (KeyAlgorithm::Direct, DecryptionKey::Shared(_)) => return Err(Error::Decryption),
        (alg, DecryptionKey::Rsa(key)) => {
            let mut output = Zeroizing::new(vec![0; key.min_output_size()]);
            let length = match key.decrypt(alg.oaep()?, &encrypted_key, &mut output, None) {
                Ok(cek) => Some(cek.len()),
                Err(_) => None,
            };
            match length {
                Some(length) if length == header.enc.key_length() => Zeroizing::new(output[..length].to_vec()),
                // SECURITY: RFC 7516 §11.5: go on with a random key, so that the time and the error
                // do not tell a bad padding from a bad tag.
                _ => {
                    let mut cek = Zeroizing::new(vec![0; header.enc.key_length()]);
                    random(&mut cek)?;
                    cek
                }
            }
        }
        (alg, DecryptionKey::Shared(_)) => return Err(Error::KeyMismatch(alg.as_str())),
    };
    let plaintext = header.enc.decrypt(&cek, &iv, protected.as_bytes(), &ciphertext, &tag)?;
    Ok(Decrypted { header, plaintext })
}

fn parse_header(encoded: &str) -> Result<Header, Error> {
    #[derive(Deserialize)]
    struct Raw {
        alg: KeyAlgorithm,
        enc: ContentAlgorithm,
        #[serde(default)]
        crit: Option<serde_json::Value>,
        #[serde(default)]
        zip: Option<serde_json::Value>,
        #[serde(default)]
        cty: Option<String>,
        #[serde(default)]
        kid: Option<String>,
        #[serde(default)]
        typ: Option<String>,
    }
    let raw: Raw = parse_object(&decode(encoded)?).map_err(Error::Header)?;
    if raw.crit.is_some() {
        return Err(Error::Header("it demands extensions (crit), and none are known".to_owned()));
    }
    if raw.zip.is_some() {
        // SECURITY: a small token can unpack to gigabytes; nobody here makes compressed ones.
        return Err(Error::Header("compressed content (zip) is not accepted".to_owned()));
    }
    Ok(Header { alg: raw.alg, cty: raw.cty, enc: raw.enc, kid: raw.kid, typ: raw.typ })
}

fn random(target: &mut [u8]) -> Result<(), Error> {
    rand::fill(target).map_err(|_| Error::Crypto("no randomness"))
}

#[cfg(test)]
mod tests;
