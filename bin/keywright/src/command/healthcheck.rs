//! `healthcheck`: asks the server on this machine whether it is ready.
//!
//! It resolves no name: a bare image has no `/etc/hosts`.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Result;
use settings::{ListenAddress, Settings};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpStream, UnixStream};

pub async fn run(settings: &Settings) -> Result<ExitCode> {
    // The metrics port answers in every role, without TLS.
    let Some(address) = settings.listen.metrics.iter().chain(&settings.listen.http).next() else {
        anyhow::bail!("nothing to ask: `listen.metrics` and `listen.http` are both off");
    };
    match tokio::time::timeout(Duration::from_secs(5), ask(address)).await {
        Ok(Ok(true)) => Ok(ExitCode::SUCCESS),
        Ok(Ok(false)) => anyhow::bail!("the server on {address} is not ready"),
        Ok(Err(error)) => anyhow::bail!("nothing answers on {address}: {error}"),
        Err(_) => anyhow::bail!("the server on {address} did not answer within 5 seconds"),
    }
}

async fn ask(address: &ListenAddress) -> std::io::Result<bool> {
    match address {
        ListenAddress::Unix(path) => is_ready(UnixStream::connect(path).await?).await,
        ListenAddress::Tcp(address) => is_ready(TcpStream::connect(&nearby(*address)[..]).await?).await,
    }
}

/// Where a listener on `address` is reached from this machine.
fn nearby(address: SocketAddr) -> Vec<SocketAddr> {
    let port = address.port();
    let of = |ip: IpAddr| SocketAddr::new(ip, port);
    match address.ip() {
        // Both families listen on `[::]`; a machine may have only one of them.
        ip if ip.is_unspecified() => vec![of(Ipv4Addr::LOCALHOST.into()), of(Ipv6Addr::LOCALHOST.into())],
        ip => vec![of(ip)],
    }
}

async fn is_ready(mut stream: impl AsyncRead + AsyncWrite + Unpin) -> std::io::Result<bool> {
    stream.write_all(b"GET /-/health/ready/ HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").await?;
    let mut head = [0; 12];
    stream.read_exact(&mut head).await?;
    Ok(&head[9..] == b"200")
}

pub fn port_of(address: &ListenAddress) -> Option<u16> {
    match address {
        ListenAddress::Tcp(address) => Some(address.port()),
        ListenAddress::Unix(_) => None,
    }
}
