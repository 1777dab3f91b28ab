//! Sockets that are listened on: TCP (both families at once) and unix.

use std::{
    fmt, fs, io,
    net::{self, Ipv4Addr, SocketAddr},
    os::unix::{self, fs::FileTypeExt as _},
    path::{Path, PathBuf},
};

use settings::ListenAddress;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream, UnixListener, UnixStream},
};

use crate::{
    Connection, TrustedProxies,
    proxy_protocol::{self, From},
};

/// A bound socket.
#[derive(Debug)]
pub enum Listener {
    /// TCP, and who may say by the PROXY protocol whose a connection is.
    Tcp(TcpListener, TrustedProxies),
    /// A unix socket; a file that we made is removed when the listener is dropped.
    Unix(UnixSocket),
}

/// A listening unix socket with its file.
#[derive(Debug)]
pub struct UnixSocket {
    listener: UnixListener,
    /// `None` when somebody else made the file.
    path: Option<PathBuf>,
}

impl Drop for UnixSocket {
    fn drop(&mut self) {
        if let Some(path) = &self.path {
            // Left behind it is cleared away at the next start.
            let _ = fs::remove_file(path);
        }
    }
}

/// Why an address cannot be listened on. The cause is in the sentence, so it is not given a second time as a source.
#[derive(Debug)]
pub struct BindFault {
    pub(crate) address: String,
    /// `http`, `https` or `metrics`.
    pub(crate) role: Option<String>,
    pub(crate) cause: io::Error,
}

impl BindFault {
    /// As the fault of the listener that is set by `listen.<role>`.
    pub(crate) fn of(self, role: &str) -> Self {
        Self { role: Some(role.to_owned()), ..self }
    }
}

impl std::error::Error for BindFault {}

impl fmt::Display for BindFault {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "cannot listen on {}: {}", self.address, self.cause)?;
        let Some(role) = &self.role else { return Ok(()) };
        let why = match self.cause.kind() {
            io::ErrorKind::AddrInUse => "another program, or another Keywright, has it: stop that one",
            io::ErrorKind::AddrNotAvailable => "this machine does not have that address: use one of its own or 0.0.0.0",
            io::ErrorKind::PermissionDenied => {
                "this user may not: ports below 1024 need a privilege (see the guide on systemd)"
            }
            _ => "use an address that can be listened on",
        };
        write!(out, "; {why}, or set `listen.{role}` (KEYWRIGHT_LISTEN__{}) to another one", role.to_uppercase())
    }
}

/// A byte stream of either kind.
pub(crate) trait Io: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Io for T {}

impl Listener {
    /// Binds the address. `[::]` takes IPv4 too, and is `0.0.0.0` on a machine without IPv6.
    pub async fn bind(address: &ListenAddress) -> Result<Self, BindFault> {
        let bound = match address {
            ListenAddress::Tcp(address) => bind_tcp(*address).await.map(Self::tcp),
            ListenAddress::Unix(path) => bind_unix(path).await.map(Self::Unix),
        };
        bound.map_err(|cause| BindFault { address: address.to_string(), role: None, cause })
    }

    /// A socket that somebody else bound.
    pub(crate) fn from_tcp(listener: net::TcpListener) -> io::Result<Self> {
        listener.set_nonblocking(true)?;
        TcpListener::from_std(listener).map(Self::tcp)
    }

    /// A unix socket that somebody else bound; its file stays.
    pub(crate) fn from_unix(listener: unix::net::UnixListener) -> io::Result<Self> {
        listener.set_nonblocking(true)?;
        Ok(Self::Unix(UnixSocket { listener: UnixListener::from_std(listener)?, path: None }))
    }

    /// The address bound, with the real port where port 0 was asked for. `None` for a unix socket.
    pub fn local_addr(&self) -> Option<SocketAddr> {
        match self {
            Self::Tcp(listener, _) => listener.local_addr().ok(),
            Self::Unix(_) => None,
        }
    }

    fn tcp(listener: TcpListener) -> Self {
        Self::Tcp(listener, TrustedProxies::default())
    }

    /// Lets these speak the PROXY protocol. A unix socket's peers never do.
    #[must_use]
    pub fn behind(self, proxies: TrustedProxies) -> Self {
        match self {
            Self::Tcp(listener, _) => Self::Tcp(listener, proxies),
            unix @ Self::Unix(_) => unix,
        }
    }

    pub(crate) async fn accept(&self) -> io::Result<Accepted> {
        match self {
            Self::Tcp(listener, proxies) => {
                let (stream, peer) = listener.accept().await?;
                // Answers are written whole; waiting for more would only delay them.
                stream.set_nodelay(true)?;
                let connection = Connection::of(SocketAddr::new(peer.ip().to_canonical(), peer.port()));
                let may_name_another = proxies.believe(&connection);
                Ok(Accepted { stream: Stream::Tcp(stream), connection, may_name_another })
            }
            Self::Unix(socket) => {
                let (stream, _) = socket.listener.accept().await?;
                Ok(Accepted { stream: Stream::Unix(stream), connection: Connection::LOCAL, may_name_another: false })
            }
        }
    }
}

/// A connection that nothing was read from.
pub(crate) struct Accepted {
    stream: Stream,
    pub(crate) connection: Connection,
    may_name_another: bool,
}

enum Stream {
    Tcp(TcpStream),
    Unix(UnixStream),
}

impl Accepted {
    /// The stream, and whose it is, once that is known.
    pub(crate) async fn opened(mut self) -> io::Result<(Box<dyn Io>, Connection)> {
        match self.stream {
            Stream::Tcp(mut stream) => {
                if self.may_name_another {
                    match proxy_protocol::receive(&mut stream).await? {
                        From::Peer => {}
                        From::Client(client) => self.connection.peer = client,
                        From::Nobody => self.connection.is_anonymous = true,
                    }
                }
                Ok((Box::new(stream), self.connection))
            }
            Stream::Unix(stream) => Ok((Box::new(stream), self.connection)),
        }
    }
}

async fn bind_tcp(address: SocketAddr) -> io::Result<TcpListener> {
    match TcpListener::bind(address).await {
        Err(error) if address.is_ipv6() && address.ip().is_unspecified() && is_without_ipv6(&error) => {
            TcpListener::bind((Ipv4Addr::UNSPECIFIED, address.port())).await
        }
        result => result,
    }
}

fn is_without_ipv6(error: &io::Error) -> bool {
    /// `EAFNOSUPPORT` on Linux, which `ErrorKind` does not name.
    const ADDRESS_FAMILY_NOT_SUPPORTED: i32 = 97;
    error.kind() == io::ErrorKind::AddrNotAvailable || error.raw_os_error() == Some(ADDRESS_FAMILY_NOT_SUPPORTED)
}

async fn bind_unix(path: &Path) -> io::Result<UnixSocket> {
    let is_socket = fs::symlink_metadata(path).is_ok_and(|file| file.file_type().is_socket());
    // A socket nobody answers on was left behind by a crash. Anything else at the path stays.
    if is_socket && UnixStream::connect(path).await.is_err() {
        fs::remove_file(path)?;
    }
    let listener = UnixListener::bind(path)?;
    Ok(UnixSocket { listener, path: Some(path.to_owned()) })
}

#[cfg(test)]
mod tests;
