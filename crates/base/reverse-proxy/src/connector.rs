//! Connections to one upstream, whatever host the request names.
//!
//! The client of `hyper-util` dials the authority of the request's URL. Applications must see the name in the browser's
//! address bar, so requests carry that one and the connector alone knows the upstream.

use std::{
    io,
    net::SocketAddr,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use http::Uri;
use hyper::rt::{Read, ReadBufCursor, Write};
use hyper_util::{
    client::legacy::connect::{Connected, Connection},
    rt::TokioIo,
};
use rustls::{ClientConfig, pki_types::ServerName};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpStream, lookup_host},
    time::timeout,
};
use tokio_rustls::TlsConnector;
use url::Host;

use crate::Target;

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NoConnection {
    #[error("the name cannot be resolved: {0}")]
    Name(#[source] io::Error),
    #[error("no connection: {0}")]
    Tcp(#[source] io::Error),
    #[error("no connection in time")]
    TcpTimeout,
    #[error("no TLS: {0}")]
    Tls(#[source] io::Error),
    #[error("no TLS handshake in time")]
    TlsTimeout,
}

/// Dials one upstream.
#[derive(Debug, Clone)]
pub(crate) struct Connector {
    pub(crate) target: Target,
    /// `None` for plain HTTP.
    pub(crate) tls: Option<Arc<ClientConfig>>,
    pub(crate) patience: Duration,
}

impl Connector {
    async fn connect(self) -> Result<Link, NoConnection> {
        let tcp = timeout(self.patience, self.dial()).await.map_err(|_| NoConnection::TcpTimeout)??;
        // Parts of streams are passed on as they come.
        tcp.set_nodelay(true).map_err(NoConnection::Tcp)?;
        let Some(config) = self.tls else {
            return Ok(Link { io: TokioIo::new(Box::new(tcp)), is_http2: false });
        };
        let name = match &self.target.host {
            Host::Domain(name) => ServerName::try_from(name.clone()).map_err(|_| {
                NoConnection::Name(io::Error::new(io::ErrorKind::InvalidInput, "not a name a certificate can have"))
            })?,
            Host::Ipv4(address) => ServerName::from(std::net::IpAddr::from(*address)),
            Host::Ipv6(address) => ServerName::from(std::net::IpAddr::from(*address)),
        };
        let handshake = timeout(self.patience, TlsConnector::from(config).connect(name, tcp)).await;
        let stream = handshake.map_err(|_| NoConnection::TlsTimeout)?.map_err(NoConnection::Tls)?;
        let is_http2 = stream.get_ref().1.alpn_protocol() == Some(b"h2");
        Ok(Link { io: TokioIo::new(Box::new(stream)), is_http2 })
    }

    async fn dial(&self) -> Result<TcpStream, NoConnection> {
        let port = self.target.port;
        let addresses: Vec<SocketAddr> = match &self.target.host {
            Host::Ipv4(address) => vec![(*address, port).into()],
            Host::Ipv6(address) => vec![(*address, port).into()],
            Host::Domain(name) => lookup_host((name.as_str(), port)).await.map_err(NoConnection::Name)?.collect(),
        };
        // One address that swallows packets must not use up the time of the others.
        let share = self.patience / u32::try_from(addresses.len().max(1)).unwrap_or(u32::MAX);
        let mut last = NoConnection::Name(io::Error::new(io::ErrorKind::NotFound, "the name has no address"));
        for address in addresses {
            match timeout(share, TcpStream::connect(address)).await {
                Ok(Ok(stream)) => return Ok(stream),
                Ok(Err(error)) => last = NoConnection::Tcp(error),
                Err(_) => last = NoConnection::TcpTimeout,
            }
        }
        Err(last)
    }
}

impl tower::Service<Uri> for Connector {
    type Response = Link;
    type Error = NoConnection;
    type Future = Pin<Box<dyn Future<Output = Result<Link, NoConnection>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), NoConnection>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Uri) -> Self::Future {
        Box::pin(self.clone().connect())
    }
}

trait Io: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Io for T {}

/// A connection, plain or encrypted.
pub(crate) struct Link {
    io: TokioIo<Box<dyn Io>>,
    is_http2: bool,
}

impl Connection for Link {
    fn connected(&self) -> Connected {
        if self.is_http2 { Connected::new().negotiated_h2() } else { Connected::new() }
    }
}

impl Read for Link {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_read(context, buffer)
    }
}

impl Write for Link {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(context)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write_vectored(context, parts)
    }
}
