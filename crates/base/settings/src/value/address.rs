//! Where to listen: a TCP address or a unix socket.

use std::{
    fmt,
    net::{Ipv4Addr, Ipv6Addr, SocketAddr},
    path::PathBuf,
    str::FromStr,
};

use serde_json::{Value as Json, json};

use super::{Raw, Value, one};

/// Where to listen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ListenAddress {
    /// A TCP address; `[::]` also takes IPv4 connections.
    Tcp(SocketAddr),
    /// The path of a unix socket, written `unix:/run/keywright.sock`.
    Unix(PathBuf),
}

impl FromStr for ListenAddress {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Some(path) = text.strip_prefix("unix:") {
            let path = path.strip_prefix("//").unwrap_or(path);
            return match path {
                "" => Err(text.to_owned()),
                path => Ok(Self::Unix(PathBuf::from(path))),
            };
        }
        if let Ok(address) = text.parse() {
            return Ok(Self::Tcp(address));
        }
        let (host, port) = text.rsplit_once(':').ok_or_else(|| text.to_owned())?;
        let port: u16 = port.parse().map_err(|_| text.to_owned())?;
        match host {
            "" => Ok(Self::Tcp((Ipv6Addr::UNSPECIFIED, port).into())),
            "localhost" => Ok(Self::Tcp((Ipv4Addr::LOCALHOST, port).into())),
            _ => Err(text.to_owned()),
        }
    }
}

impl fmt::Display for ListenAddress {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(address) => address.fmt(out),
            Self::Unix(path) => write!(out, "unix:{}", path.display()),
        }
    }
}

impl Value for ListenAddress {
    fn parse(raw: &Raw) -> Result<Self, String> {
        one(raw)?.trim().parse()
    }

    fn allowed() -> String {
        "an address with port such as 0.0.0.0:9000, [::]:9000 or :9000, or unix:/path".to_owned()
    }

    fn schema() -> Json {
        json!({"type": "string"})
    }
}
