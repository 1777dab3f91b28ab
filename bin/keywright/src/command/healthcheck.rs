//! `healthcheck`: asks the server on this machine whether it is ready.

use std::process::ExitCode;
use std::time::Duration;

use anyhow::Result;
use settings::{ListenAddress, Settings};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

pub async fn run(settings: &Settings) -> Result<ExitCode> {
    // The metrics port answers in every role, without TLS.
    let port = settings.listen.metrics.iter().chain(&settings.listen.http).find_map(port_of);
    let Some(port) = port else { anyhow::bail!("no TCP port is configured to ask") };
    match tokio::time::timeout(Duration::from_secs(5), ask(port)).await {
        Ok(Ok(true)) => Ok(ExitCode::SUCCESS),
        Ok(Ok(false)) => anyhow::bail!("the server on port {port} is not ready"),
        Ok(Err(error)) => anyhow::bail!("nothing answers on port {port}: {error}"),
        Err(_) => anyhow::bail!("the server on port {port} did not answer within 5 seconds"),
    }
}

async fn ask(port: u16) -> std::io::Result<bool> {
    let mut stream = TcpStream::connect(("localhost", port)).await?;
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
