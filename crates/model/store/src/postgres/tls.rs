//! TLS to the server, in libpq's modes.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};
use tokio_postgres_rustls::MakeRustlsConnect;
use trust::Anybody;

use super::config::{PostgresConfig, SslMode};
use crate::error::{Error, Result};

/// Where systems keep the authorities they believe.
const SYSTEM: [&str; 4] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
];

pub fn connector(config: &PostgresConfig) -> Result<MakeRustlsConnect> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(|e| Error::Unavailable(format!("TLS: {e}")))?
        .dangerous()
        .with_custom_certificate_verifier(verifier(config, provider)?);
    let client = match (&config.sslcert, &config.sslkey) {
        (Some(cert), Some(key)) => {
            let chain = certificates(cert)?;
            let key = PrivateKeyDer::from_pem_file(key)
                .map_err(|e| Error::Unavailable(format!("sslkey {}: {e}", key.display())))?;
            builder.with_client_auth_cert(chain, key).map_err(|e| Error::Unavailable(format!("sslcert: {e}")))?
        }
        (None, None) => builder.with_no_client_auth(),
        _ => return Err(Error::Unavailable("sslcert and sslkey go together: set both or none".into())),
    };
    Ok(MakeRustlsConnect::new(client))
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>> {
    let wrong = |e: String| Error::Unavailable(format!("certificates in {}: {e}", path.display()));
    let list: Vec<_> = CertificateDer::pem_file_iter(path)
        .map_err(|e| wrong(e.to_string()))?
        .collect::<std::result::Result<_, _>>()
        .map_err(|e| wrong(e.to_string()))?;
    if list.is_empty() { Err(wrong("there is none".into())) } else { Ok(list) }
}

fn verifier(config: &PostgresConfig, provider: Arc<CryptoProvider>) -> Result<Arc<dyn ServerCertVerifier>> {
    let checked = match config.sslmode {
        SslMode::Disable | SslMode::Prefer => false,
        // As libpq: a named authority is a wish to check it.
        SslMode::Require => config.sslrootcert.is_some(),
        SslMode::VerifyCa | SslMode::VerifyFull => true,
    };
    if !checked {
        // Encrypted without knowing to whom, as these modes are defined.
        return Ok(Arc::new(Anybody::new(provider)));
    }
    let path = match &config.sslrootcert {
        Some(path) if path.as_os_str() != "system" => path.clone(),
        _ => SYSTEM.iter().map(PathBuf::from).find(|p| p.exists()).ok_or_else(|| {
            Error::Unavailable(
                "this machine has no list of authorities: set postgresql.sslrootcert to a PEM file".into(),
            )
        })?,
    };
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(certificates(&path)?);
    let webpki = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider)
        .build()
        .map_err(|e| Error::Unavailable(format!("sslrootcert {}: {e}", path.display())))?;
    Ok(if config.sslmode == SslMode::VerifyFull { webpki } else { Arc::new(AnyName(webpki)) })
}

/// Checks who issued the certificate, not for whom.
#[derive(Debug)]
struct AnyName(Arc<WebPkiServerVerifier>);

impl ServerCertVerifier for AnyName {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> std::result::Result<ServerCertVerified, rustls::Error> {
        // The name is looked at last, so a complaint about it means that everything else is in order.
        match self.0.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now) {
            Err(rustls::Error::InvalidCertificate(
                CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
            )) => Ok(ServerCertVerified::assertion()),
            other => other,
        }
    }
    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> std::result::Result<HandshakeSignatureValid, rustls::Error> {
        self.0.verify_tls12_signature(message, cert, dss)
    }
    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> std::result::Result<HandshakeSignatureValid, rustls::Error> {
        self.0.verify_tls13_signature(message, cert, dss)
    }
    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.supported_verify_schemes()
    }
}
