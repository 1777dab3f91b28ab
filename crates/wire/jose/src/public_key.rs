//! Public keys in their three notations: JWK, PEM and certificate.

use std::sync::Arc;

use aws_lc_rs::rsa::PublicKeyComponents;
use aws_lc_rs::signature::{ED25519, ParsedPublicKey, UnparsedPublicKey};
use x509_parser::prelude::{FromDer, SubjectPublicKeyInfo, X509Certificate};
use x509_parser::public_key::{PublicKey as Spki, RSAPublicKey};

use crate::encoding::{decode_member, encode};
use crate::{Curve, Error, Jwk, pem};

const ED25519_OID: &str = "1.3.101.112";
const ED25519_LENGTH: usize = 32;
/// First byte of an uncompressed point (SEC 1 §2.3.3).
const UNCOMPRESSED: u8 = 4;
const RSA_BYTES: std::ops::RangeInclusive<usize> = 256..=1024;

/// A public key, checked to be one.
#[derive(Clone, Debug)]
pub struct PublicKey(pub(crate) Material);

#[derive(Clone, Debug)]
pub(crate) enum Material {
    Rsa(PublicKeyComponents<Vec<u8>>),
    Ec { curve: Curve, point: Vec<u8>, parsed: Arc<ParsedPublicKey> },
    Ed25519 { bytes: Vec<u8>, parsed: Arc<ParsedPublicKey> },
}

impl PublicKey {
    /// An RSA key of 2048 to 8192 bits from its big-endian numbers.
    pub fn rsa(n: &[u8], e: &[u8]) -> Result<Self, Error> {
        let (n, e) = (without_leading_zeros(n), without_leading_zeros(e));
        if !RSA_BYTES.contains(&n.len()) {
            return Err(Error::key("RSA keys must have 2048 to 8192 bits"));
        }
        // A modulus is odd, and so is an exponent of at least 3 that fits common implementations.
        let is_odd = |number: &[u8]| number.last().is_some_and(|byte| byte & 1 == 1);
        if !is_odd(n) || !is_odd(e) || e == [1] || e.len() > 5 {
            return Err(Error::key("not an RSA public key"));
        }
        Ok(Self(Material::Rsa(PublicKeyComponents { n: n.to_vec(), e: e.to_vec() })))
    }

    /// An elliptic curve key from its uncompressed point.
    pub fn ec(curve: Curve, point: &[u8]) -> Result<Self, Error> {
        if point.len() != 1 + 2 * curve.coordinate_length() || point[0] != UNCOMPRESSED {
            return Err(Error::key("the point does not have the form of its curve"));
        }
        let parsed = UnparsedPublicKey::new(curve.verifying(), point)
            .parse()
            .map_err(|_| Error::key("the point is not on its curve"))?;
        Ok(Self(Material::Ec { curve, point: point.to_vec(), parsed: Arc::new(parsed) }))
    }

    pub fn ed25519(bytes: &[u8]) -> Result<Self, Error> {
        if bytes.len() != ED25519_LENGTH {
            return Err(Error::key("Ed25519 public keys have 32 bytes"));
        }
        let parsed =
            UnparsedPublicKey::new(&ED25519, bytes).parse().map_err(|_| Error::key("not an Ed25519 public key"))?;
        Ok(Self(Material::Ed25519 { bytes: bytes.to_vec(), parsed: Arc::new(parsed) }))
    }

    /// RFC 7518 §6, RFC 8037 §2. Symmetric keys (`oct`) have no place in a public set.
    pub fn from_jwk(jwk: &Jwk) -> Result<Self, Error> {
        match jwk.kty.as_str() {
            "RSA" => Self::rsa(&decode_member("n", jwk.n.as_ref())?, &decode_member("e", jwk.e.as_ref())?),
            "EC" => {
                let crv = jwk.crv.as_deref().unwrap_or_default();
                let curve = Curve::ALL
                    .into_iter()
                    .find(|curve| curve.as_str() == crv)
                    .ok_or_else(|| Error::key("crv must be P-256, P-384 or P-521"))?;
                let mut point = vec![UNCOMPRESSED];
                for (name, value) in [("x", &jwk.x), ("y", &jwk.y)] {
                    let bytes = decode_member(name, value.as_ref())?;
                    // RFC 7518 §6.2.1.2 wants the full length; some issuers cut leading zeros.
                    let missing = curve
                        .coordinate_length()
                        .checked_sub(bytes.len())
                        .ok_or_else(|| Error::key("a coordinate is too long for its curve"))?;
                    point.resize(point.len() + missing, 0);
                    point.extend_from_slice(&bytes);
                }
                Self::ec(curve, &point)
            }
            "OKP" if jwk.crv.as_deref() == Some("Ed25519") => Self::ed25519(&decode_member("x", jwk.x.as_ref())?),
            _ => Err(Error::key("kty must be RSA, EC, or OKP with crv Ed25519")),
        }
    }

    /// The first `PUBLIC KEY`, `RSA PUBLIC KEY` or `CERTIFICATE` block.
    pub fn from_pem(text: &str) -> Result<Self, Error> {
        for block in pem::parse(text)? {
            match block.label.as_str() {
                "PUBLIC KEY" => return Self::from_spki(&block.der),
                "RSA PUBLIC KEY" => return Self::from_pkcs1(&block.der),
                "CERTIFICATE" => return Self::from_certificate(&block.der),
                _ => {}
            }
        }
        Err(Error::key("there is no PUBLIC KEY or CERTIFICATE block"))
    }

    /// The key of a DER certificate. Whether the certificate is valid is not looked at.
    pub fn from_certificate(der: &[u8]) -> Result<Self, Error> {
        let (rest, certificate) = X509Certificate::from_der(der).map_err(|_| Error::key("not a certificate"))?;
        if !rest.is_empty() {
            return Err(Error::key("there is something behind the certificate"));
        }
        Self::from_parsed_spki(certificate.public_key())
    }

    /// A DER SubjectPublicKeyInfo (RFC 5280 §4.1.2.7).
    pub fn from_spki(der: &[u8]) -> Result<Self, Error> {
        let (rest, spki) = SubjectPublicKeyInfo::from_der(der).map_err(|_| Error::key("not a public key"))?;
        if !rest.is_empty() {
            return Err(Error::key("there is something behind the public key"));
        }
        Self::from_parsed_spki(&spki)
    }

    /// A DER RSAPublicKey (RFC 8017 A.1.1).
    pub fn from_pkcs1(der: &[u8]) -> Result<Self, Error> {
        let (rest, key) = RSAPublicKey::from_der(der).map_err(|_| Error::key("not an RSA public key"))?;
        if !rest.is_empty() {
            return Err(Error::key("there is something behind the public key"));
        }
        Self::rsa(key.modulus, key.exponent)
    }

    /// The key's own members; the caller adds `kid`, `use`, `alg` and the certificate.
    pub fn to_jwk(&self) -> Jwk {
        match &self.0 {
            Material::Rsa(key) => {
                Jwk { kty: "RSA".to_owned(), n: Some(encode(&key.n)), e: Some(encode(&key.e)), ..Jwk::default() }
            }
            Material::Ec { curve, point, .. } => {
                let (x, y) = point[1..].split_at(curve.coordinate_length());
                Jwk {
                    kty: "EC".to_owned(),
                    crv: Some(curve.as_str().to_owned()),
                    x: Some(encode(x)),
                    y: Some(encode(y)),
                    ..Jwk::default()
                }
            }
            Material::Ed25519 { bytes, .. } => {
                Jwk { kty: "OKP".to_owned(), crv: Some("Ed25519".to_owned()), x: Some(encode(bytes)), ..Jwk::default() }
            }
        }
    }

    fn from_parsed_spki(spki: &SubjectPublicKeyInfo<'_>) -> Result<Self, Error> {
        if spki.algorithm.algorithm.to_id_string() == ED25519_OID {
            return Self::ed25519(&spki.subject_public_key.data);
        }
        match spki.parsed() {
            Ok(Spki::RSA(key)) => Self::rsa(key.modulus, key.exponent),
            Ok(Spki::EC(point)) => {
                let curve = spki
                    .algorithm
                    .parameters
                    .as_ref()
                    .and_then(|parameters| parameters.as_oid().ok())
                    .and_then(|oid| match oid.to_id_string().as_str() {
                        "1.2.840.10045.3.1.7" => Some(Curve::P256),
                        "1.3.132.0.34" => Some(Curve::P384),
                        "1.3.132.0.35" => Some(Curve::P521),
                        _ => None,
                    })
                    .ok_or_else(|| Error::key("the curve must be P-256, P-384 or P-521"))?;
                Self::ec(curve, point.data())
            }
            _ => Err(Error::key("the key must be RSA, an elliptic curve key, or Ed25519")),
        }
    }
}

impl PartialEq for PublicKey {
    fn eq(&self, other: &Self) -> bool {
        self.to_jwk() == other.to_jwk()
    }
}

impl Eq for PublicKey {}

fn without_leading_zeros(number: &[u8]) -> &[u8] {
    let zeros = number.iter().take_while(|byte| **byte == 0).count();
    &number[zeros..]
}

#[cfg(test)]
mod tests;
