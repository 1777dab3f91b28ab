//! Certificates and keys: what we sign, decrypt and serve TLS with.
//!
//! Separate because everything that speaks a protocol signs with them. It knows no protocol: which key signs what is for
//! the providers to say.

mod api;
mod certificate;
mod default_pair;
mod generate;
mod key_pair;
mod renewal;
mod signing;

#[cfg(test)]
mod tests;

use feature::Feature;

pub use certificate::Facts;
pub use default_pair::{DEFAULT_NAME, ensure_default};
pub use generate::{GenerateFault, Generated, Request, generate};
pub use key_pair::CertificateKeyPair;
pub use renewal::{Renewed, on_renewal};
pub use signing::{KeyFault, Loaded, kid, load, signing};

pub const FEATURE: Feature = Feature::new("keys").kinds(&[api::KIND]).components(api::COMPONENTS);
