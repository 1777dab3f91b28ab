//! Certificates and keys: what we sign, decrypt and serve TLS with.

mod key_pair;

use feature::{Feature, Kind};

pub use key_pair::CertificateKeyPair;

pub const FEATURE: Feature = Feature::new("keys").kinds(&[Kind::of::<CertificateKeyPair>()]);
