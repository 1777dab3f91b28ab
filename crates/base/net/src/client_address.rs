//! The address of the client behind any trusted proxies.

use std::{
    net::{IpAddr, SocketAddr},
    sync::Arc,
};

use http::HeaderMap;
use ipnet::IpNet;

use crate::Connection;

/// The client's address, an extension of every request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ClientAddress(pub IpAddr);

/// Networks whose word about the client is believed. Clones are cheap.
#[derive(Debug, Clone, Default)]
pub struct TrustedProxies(Arc<[IpNet]>);

impl TrustedProxies {
    /// Believes these networks.
    pub fn new(networks: Vec<IpNet>) -> Self {
        Self(networks.into())
    }

    /// Whether the address is believed.
    pub fn contains(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.0.iter().any(|network| network.contains(&address))
    }

    /// Whether what is said over a connection about clients is believed.
    pub fn believe(&self, connection: &Connection) -> bool {
        !connection.is_anonymous && self.contains(connection.peer.ip())
    }

    /// The client of a request: the rightmost address in `X-Forwarded-For` that is not a trusted proxy.
    ///
    /// SECURITY: everything left of that address was written by somebody unknown. Anything unreadable on
    /// the way there makes the whole header worthless, and the socket's address is used.
    pub fn client(&self, connection: &Connection, headers: &HeaderMap) -> ClientAddress {
        let peer = connection.peer.ip().to_canonical();
        if !self.believe(connection) {
            return ClientAddress(peer);
        }
        ClientAddress(self.forwarded(headers).unwrap_or(peer))
    }

    fn forwarded(&self, headers: &HeaderMap) -> Option<IpAddr> {
        let mut farthest = None;
        // Several headers read like one header with commas, so the last header is the rightmost part.
        for header in headers.get_all("x-forwarded-for").iter().rev() {
            for part in header.to_str().ok()?.rsplit(',') {
                let address = parse(part.trim())?;
                if !self.contains(address) {
                    return Some(address);
                }
                farthest = Some(address);
            }
        }
        farthest
    }
}

/// An address, with port as some proxies write it.
fn parse(part: &str) -> Option<IpAddr> {
    let plain = || part.parse::<IpAddr>().ok();
    let with_port = || part.parse::<SocketAddr>().ok().map(|address| address.ip());
    let in_brackets = || part.strip_prefix('[')?.strip_suffix(']')?.parse().ok();
    Some(plain().or_else(with_port).or_else(in_brackets)?.to_canonical())
}

#[cfg(test)]
mod tests;
