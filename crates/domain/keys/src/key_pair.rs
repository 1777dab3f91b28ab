//! Certificates with their keys, as they are kept.

use object::{Id, Object};

/// A certificate, with its private key where we are to sign or decrypt with it.
#[derive(Debug, Clone, PartialEq, Object)]
#[object(
    model = "authentik_crypto.certificatekeypair",
    table = "authentik_crypto_certificatekeypair",
    path = "crypto/certificatekeypairs",
    verbose = "Certificate-Key Pair",
    plural = "Certificate-Key Pairs",
    component = "ak-crypto-certificate-form",
    api_name = "CertificateKeyPair",
    filters = ["name", "managed"],
    search = ["name"],
    ordering = ["name"],
    permissions = &[
        ("view_certificatekeypair_certificate", "View Certificate-Key pair's certificate"),
        ("view_certificatekeypair_key", "View Certificate-Key pair's private key"),
    ],
    cached
)]
pub struct CertificateKeyPair {
    #[field(key, label = "Kp uuid")]
    pub pk: Id<Self>,
    /// Name, unlike that of any other pair.
    #[field(unique)]
    pub name: String,
    /// The certificate as PEM text; further certificates after it are its chain.
    #[field(write_only)]
    pub certificate_data: String,
    /// The private key as PEM text without a passphrase. Leave it out for a certificate that only verifies others.
    #[field(write_only, blank, secret)]
    pub key_data: String,
    /// Set when the pair is looked after by the program or a blueprint.
    #[field(unique, read_only, label = "Managed by authentik")]
    pub managed: Option<String>,
}
