//! Certificates that providers name for their sites.

use std::collections::HashMap;
use std::sync::Arc;

use gate::Site;
use net::CertificateByName;
use parking_lot::RwLock;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;

use crate::server::Server;

/// The certificates in use, by the name that browsers ask for.
#[derive(Debug, Default)]
pub(crate) struct Certificates(RwLock<HashMap<String, Arc<CertifiedKey>>>);

impl Certificates {
    /// Reads the certificates of all sites. One that cannot be had leaves its site with the common one.
    pub(crate) async fn refresh(&self, server: &Server, sites: &[Site]) {
        let mut fresh = HashMap::new();
        for site in sites {
            let (Some(pk), Some(name)) = (&site.config.certificate, site.external.host_str()) else { continue };
            let read = match server.key_pair(pk).await {
                Ok((chain, key)) => parse(&chain, &key),
                Err(trouble) => Err(trouble.to_string()),
            };
            match read {
                Ok(certificate) => {
                    fresh.insert(name.to_ascii_lowercase(), certificate);
                }
                Err(why) => tracing::warn!(provider = site.config.name, "Its certificate cannot be used: {why}"),
            }
        }
        *self.0.write() = fresh;
    }
}

impl CertificateByName for Certificates {
    fn certificate(&self, server_name: &str) -> Option<Arc<CertifiedKey>> {
        self.0.read().get(&server_name.to_ascii_lowercase()).cloned()
    }
}

fn parse(chain: &str, key: &str) -> Result<Arc<CertifiedKey>, String> {
    let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(chain.as_bytes()).collect();
    let chain = chain.map_err(|error| error.to_string())?;
    let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).map_err(|error| error.to_string())?;
    let certificate = CertifiedKey::from_der(chain, key, &aws_lc_rs::default_provider());
    certificate.map(Arc::new).map_err(|error| error.to_string())
}
