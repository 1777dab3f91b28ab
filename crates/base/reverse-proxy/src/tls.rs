//! TLS towards upstreams: with the certificate authorities of this machine, or without asking.

use std::sync::Arc;

use parking_lot::Mutex;
use rustls::{ClientConfig, Error, client::danger::ServerCertVerifier, crypto::aws_lc_rs};
use rustls_platform_verifier::Verifier;
use trust::Anybody;

/// The configurations, each made when first needed: reading the system's roots takes a while, and a machine without any
/// still serves upstreams that need none.
#[derive(Debug, Default)]
pub(crate) struct Tls {
    made: Mutex<[Option<Arc<ClientConfig>>; 4]>,
}

impl Tls {
    /// The configuration for one kind of connection. A failure is not remembered: the roots may be installed later.
    pub(crate) fn config(&self, is_verified: bool, offers_http2: bool) -> Result<Arc<ClientConfig>, Error> {
        let mut made = self.made.lock();
        let slot = &mut made[usize::from(is_verified) * 2 + usize::from(offers_http2)];
        if let Some(config) = slot {
            return Ok(Arc::clone(config));
        }
        let provider = Arc::new(aws_lc_rs::default_provider());
        let verifier: Arc<dyn ServerCertVerifier> = if is_verified {
            Arc::new(Verifier::new(Arc::clone(&provider))?)
        } else {
            Arc::new(Anybody::new(Arc::clone(&provider)))
        };
        let mut config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .dangerous()
            .with_custom_certificate_verifier(verifier)
            .with_no_client_auth();
        config.alpn_protocols =
            if offers_http2 { vec![b"h2".to_vec(), b"http/1.1".to_vec()] } else { vec![b"http/1.1".to_vec()] };
        let config = Arc::new(config);
        *slot = Some(Arc::clone(&config));
        Ok(config)
    }
}
