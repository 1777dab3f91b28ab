//! What a certificate says about itself.

use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY as SHA1, SHA256, digest};
use jiff::Timestamp;
use x509_parser::prelude::{FromDer, X509Certificate};
use x509_parser::x509::{AttributeTypeAndValue, X509Name};

/// The facts of a certificate that are shown and filtered by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    /// The certificate itself, without its chain.
    pub der: Vec<u8>,
    pub not_after: Timestamp,
    /// RFC 4514 §2.1.
    pub subject: String,
    /// `rsa`, `ec`, `dsa`, `ed25519` or `ed448`; `None` for anything else.
    pub key_type: Option<&'static str>,
}

impl Facts {
    /// Reads the first certificate of a PEM text.
    pub fn read(pem: &str) -> Option<Self> {
        let blocks = jose::pem::parse(pem).ok()?;
        let block = blocks.into_iter().find(|b| matches!(b.label.as_str(), "CERTIFICATE" | "X509 CERTIFICATE"))?;
        let (rest, certificate) = X509Certificate::from_der(&block.der).ok()?;
        if !rest.is_empty() {
            return None;
        }
        let not_after = Timestamp::from_second(certificate.validity().not_after.timestamp()).ok()?;
        Some(Self {
            not_after,
            subject: rfc4514(certificate.subject()),
            key_type: key_type(&certificate.public_key().algorithm.algorithm.to_id_string()),
            der: block.der.clone(),
        })
    }
    /// As `openssl x509 -fingerprint` writes it, in lower case.
    pub fn sha256(&self) -> String {
        with_colons(digest(&SHA256, &self.der).as_ref())
    }
    /// As [`Facts::sha256`], for systems that still compare these.
    pub fn sha1(&self) -> String {
        with_colons(digest(&SHA1, &self.der).as_ref())
    }
}

fn with_colons(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect::<Vec<_>>().join(":")
}

fn key_type(oid: &str) -> Option<&'static str> {
    Some(match oid {
        "1.2.840.113549.1.1.1" | "1.2.840.113549.1.1.10" => "rsa",
        "1.2.840.10045.2.1" => "ec",
        "1.2.840.10040.4.1" => "dsa",
        "1.3.101.112" => "ed25519",
        "1.3.101.113" => "ed448",
        _ => return None,
    })
}

/// RFC 4514 §2.1: the last part first.
fn rfc4514(name: &X509Name<'_>) -> String {
    let mut parts: Vec<String> =
        name.iter_rdn().map(|rdn| rdn.iter().map(attribute).collect::<Vec<_>>().join("+")).collect();
    parts.reverse();
    parts.join(",")
}

fn attribute(attribute: &AttributeTypeAndValue<'_>) -> String {
    let oid = attribute.attr_type().to_id_string();
    let name = match oid.as_str() {
        "2.5.4.3" => "CN",
        "2.5.4.6" => "C",
        "2.5.4.7" => "L",
        "2.5.4.8" => "ST",
        "2.5.4.9" => "STREET",
        "2.5.4.10" => "O",
        "2.5.4.11" => "OU",
        "0.9.2342.19200300.100.1.1" => "UID",
        "0.9.2342.19200300.100.1.25" => "DC",
        other => other,
    };
    let value = match attribute.as_str() {
        Ok(text) => escape(text),
        // RFC 4514 §2.4: what is no text stands there as bytes.
        Err(_) => format!("#{}", data_encoding::HEXLOWER.encode(attribute.as_slice())),
    };
    format!("{name}={value}")
}

/// RFC 4514 §2.4.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let last = text.chars().count().saturating_sub(1);
    for (i, c) in text.chars().enumerate() {
        match c {
            '\0' => out.push_str("\\00"),
            '"' | '+' | ',' | ';' | '<' | '>' | '\\' => out.extend(['\\', c]),
            '#' if i == 0 => out.push_str("\\#"),
            ' ' if i == 0 || i == last => out.push_str("\\ "),
            _ => out.push(c),
        }
    }
    out
}
