//! What is known about a connection, before any header is believed.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

/// The connection a request came over; an extension of every request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Connection {
    /// Address of whoever opened it. A unix socket counts as the loopback address with port 0.
    pub peer: SocketAddr,
    /// Whether it is encrypted by us.
    pub is_tls: bool,
}

impl Connection {
    /// The stand-in where there is no socket: unix sockets and tests in the same process.
    pub const LOCAL: Self = Self { peer: SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0), is_tls: false };
}
