//! Certificate of the HTTPS listener.

use std::path::PathBuf;

use crate::declare::settings;

settings! {
    /// Certificate of the HTTPS listener; without one a self-signed certificate is made.
    pub struct Tls {
        /// PEM file with the certificate followed by its chain.
        cert: Option<PathBuf>, "tls.cert";
        /// PEM file with the private key.
        key: Option<PathBuf>, "tls.key";
    }
}
