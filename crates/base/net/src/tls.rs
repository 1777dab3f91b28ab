//! The certificate of the HTTPS listener: from files, or self-signed and kept in the data folder.

mod self_signed;

use std::{
    fmt, io,
    path::{Path, PathBuf},
    sync::Arc,
};

use clock::Clock;
use parking_lot::RwLock;
use rustls::{
    ServerConfig,
    crypto::{CryptoProvider, aws_lc_rs},
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
    server::{ClientHello, ResolvesServerCert},
    sign::CertifiedKey,
};
use tokio_rustls::{TlsAcceptor, server::TlsStream};

use crate::listener::Io;

/// Why there is no TLS.
#[derive(Debug, thiserror::Error)]
pub enum TlsFault {
    /// A file cannot be read or written.
    #[error("cannot access {path}: {source}")]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file holds no certificate or key.
    #[error("{path} holds no {expected} in PEM format")]
    Pem {
        /// The file.
        path: PathBuf,
        /// What was expected.
        expected: &'static str,
    },
    /// Certificate and key do not fit, or the key cannot be used.
    #[error("certificate and key cannot be used together: {0}")]
    Pair(#[source] rustls::Error),
    /// The library refuses its configuration.
    #[error("cannot set up TLS: {0}")]
    Setup(#[source] rustls::Error),
    /// Making the self-signed certificate failed.
    #[error("cannot make a self-signed certificate: {0}")]
    SelfSigned(#[source] rcgen::Error),
}

/// Finds a certificate for the name a client asks for, e.g. that of a brand.
pub trait CertificateByName: Send + Sync + fmt::Debug {
    /// The certificate, or `None` for the common one. Called during the handshake: must not block.
    fn certificate(&self, server_name: &str) -> Option<Arc<CertifiedKey>>;
}

/// TLS of one or more listeners. Certificates can change while connections are served.
#[derive(Debug)]
pub struct Tls {
    files: Files,
    certificates: Arc<Certificates>,
    acceptor: Acceptor,
}

#[derive(Debug)]
struct Files {
    cert: PathBuf,
    key: PathBuf,
}

impl Tls {
    /// TLS with the certificate set, or with the self-signed one, which is made when there is none.
    pub fn open(tls: &settings::Tls, data_dir: &Path, clock: &Clock) -> Result<Arc<Self>, TlsFault> {
        let files = match (&tls.cert, &tls.key) {
            (Some(cert), Some(key)) => Files { cert: cert.clone(), key: key.clone() },
            _ => self_signed::ensure(data_dir, clock)?,
        };
        let provider = Arc::new(aws_lc_rs::default_provider());
        let common = RwLock::new(files.load(&provider)?);
        let certificates = Arc::new(Certificates { common, by_name: RwLock::new(None) });
        let resolver: Arc<dyn ResolvesServerCert> = Arc::clone(&certificates) as _;
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(TlsFault::Setup)?
            .with_no_client_auth()
            .with_cert_resolver(resolver);
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        let acceptor = Acceptor(TlsAcceptor::from(Arc::new(config)));
        Ok(Arc::new(Self { files, certificates, acceptor }))
    }

    /// Reads the files again. On an error the old certificate stays in use.
    pub fn reload(&self) -> Result<(), TlsFault> {
        let fresh = self.files.load(&aws_lc_rs::default_provider())?;
        *self.certificates.common.write() = fresh;
        Ok(())
    }

    /// Asks `hook` first from now on.
    pub fn set_certificates_by_name(&self, hook: Arc<dyn CertificateByName>) {
        *self.certificates.by_name.write() = Some(hook);
    }

    pub(crate) async fn accept<S: Io>(&self, stream: S) -> io::Result<TlsStream<S>> {
        self.acceptor.0.accept(stream).await
    }
}

impl Files {
    fn load(&self, provider: &CryptoProvider) -> Result<Arc<CertifiedKey>, TlsFault> {
        let file = |path: &Path| std::fs::read(path).map_err(|source| TlsFault::File { path: path.to_owned(), source });
        let wrong = |path: &Path, expected| TlsFault::Pem { path: path.to_owned(), expected };
        let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&file(&self.cert)?).collect();
        let chain = chain.ok().filter(|chain| !chain.is_empty());
        let chain = chain.ok_or_else(|| wrong(&self.cert, "certificate"))?;
        let key = PrivateKeyDer::from_pem_slice(&file(&self.key)?);
        let key = key.map_err(|_| wrong(&self.key, "private key"))?;
        CertifiedKey::from_der(chain, key, provider).map(Arc::new).map_err(TlsFault::Pair)
    }
}

/// The certificates in use.
#[derive(Debug)]
struct Certificates {
    common: RwLock<Arc<CertifiedKey>>,
    by_name: RwLock<Option<Arc<dyn CertificateByName>>>,
}

impl ResolvesServerCert for Certificates {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let hook = self.by_name.read().clone();
        let special = hook.zip(hello.server_name()).and_then(|(hook, name)| hook.certificate(name));
        Some(special.unwrap_or_else(|| Arc::clone(&self.common.read())))
    }
}

/// The library's acceptor, which has no `Debug`.
struct Acceptor(TlsAcceptor);

impl fmt::Debug for Acceptor {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Acceptor")
    }
}

#[cfg(test)]
mod tests;
