//! What is known about a connection, before any header is believed.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

/// The connection a request came over; an extension of every request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Connection {
    /// Address of whoever opened it, or whom a trusted proxy named by the PROXY protocol. A unix socket counts as the
    /// loopback address with port 0.
    pub peer: SocketAddr,
    /// Whether it is encrypted by us.
    pub is_tls: bool,
    /// Whether a proxy passed it on for somebody whom it could not name. SECURITY: what is said over it is theirs, although
    /// the address is the proxy's.
    pub is_anonymous: bool,
}

impl Connection {
    /// The stand-in where there is no socket: unix sockets and tests in the same process.
    pub const LOCAL: Self = Self::of(SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0));

    /// One that is not encrypted.
    pub const fn of(peer: SocketAddr) -> Self {
        Self { peer, is_tls: false, is_anonymous: false }
    }
}
