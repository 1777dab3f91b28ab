//! The PROXY protocol, versions 1 and 2: a proxy that passes on bytes says in front of them whose they are.
//!
//! Read only from those who may speak for others. Separate from HTTP, as it comes before everything, TLS included. The
//! specification is HAProxy's `proxy-protocol.txt`.

use std::{
    io,
    net::{IpAddr, Ipv6Addr, SocketAddr},
    time::Duration,
};

use tokio::{io::AsyncReadExt as _, net::TcpStream};

/// How version 1 begins, and a line of text after it.
const SIGNATURE_1: &[u8] = b"PROXY ";
/// How version 2 begins, which no other protocol does.
const SIGNATURE_2: &[u8] = b"\r\n\r\n\0\r\nQUIT\n";
/// The longest line of version 1, with its end.
const LONGEST_LINE: usize = 107;
/// Signature, command, family and length of version 2.
const HEAD_2: usize = 16;
/// The longest rest of version 2: addresses, and what else a proxy may tell.
const LONGEST_REST: usize = 4096;
/// How long to wait for more where what came may still become a signature.
const PAUSE: Duration = Duration::from_millis(5);

/// Whom a connection is from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum From {
    /// Whoever opened it: nothing was said, or that it is the proxy's own.
    Peer,
    /// Somebody whom the proxy named.
    Client(SocketAddr),
    /// Somebody whom it could not name.
    Nobody,
}

/// Takes what was said off the connection, and nothing behind it. Waits for the first bytes: to be called with a time limit.
///
/// # Errors
/// What was said is not of the protocol. SECURITY: the connection must not be used then.
pub(crate) async fn receive(stream: &mut TcpStream) -> io::Result<From> {
    let mut start = [0; SIGNATURE_2.len()];
    loop {
        let seen = stream.peek(&mut start).await?;
        let start = &start[..seen];
        if start.starts_with(SIGNATURE_1) {
            return receive_line(stream).await;
        }
        if start == SIGNATURE_2 {
            return receive_binary(stream).await;
        }
        if start.is_empty() || !(SIGNATURE_1.starts_with(start) || SIGNATURE_2.starts_with(start)) {
            return Ok(From::Peer);
        }
        // There is no waking up for the second byte while the first is left where it is.
        tokio::time::sleep(PAUSE).await;
    }
}

async fn receive_line(stream: &mut TcpStream) -> io::Result<From> {
    let (mut line, mut taken) = ([0; LONGEST_LINE], 0);
    loop {
        let seen = stream.peek(&mut line[taken..]).await?;
        if seen == 0 {
            return Err(malformed(if taken == LONGEST_LINE { "the line is too long" } else { "the line has no end" }));
        }
        let end = line[taken..taken + seen].iter().position(|byte| *byte == b'\n');
        let wanted = end.map_or(seen, |end| end + 1);
        stream.read_exact(&mut line[taken..taken + wanted]).await?;
        taken += wanted;
        if end.is_some() {
            return parse_line(&line[..taken]).ok_or_else(|| malformed("the line is none of version 1"));
        }
    }
}

async fn receive_binary(stream: &mut TcpStream) -> io::Result<From> {
    let mut head = [0; HEAD_2];
    stream.read_exact(&mut head).await?;
    let length = usize::from(u16::from_be_bytes([head[14], head[15]]));
    if length > LONGEST_REST {
        return Err(malformed("it is too long"));
    }
    let mut rest = vec![0; length];
    stream.read_exact(&mut rest).await?;
    parse_binary([head[12], head[13]], &rest).ok_or_else(|| malformed("it is none of version 2"))
}

fn malformed(why: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, why)
}

/// A whole line of version 1.
fn parse_line(line: &[u8]) -> Option<From> {
    let line = std::str::from_utf8(line.strip_suffix(b"\r\n")?).ok()?;
    let mut words = line.split(' ');
    let (Some("PROXY"), Some(family)) = (words.next(), words.next()) else { return None };
    if family == "UNKNOWN" {
        // What follows is to be ignored.
        return Some(From::Nobody);
    }
    let [source, target, source_port, target_port] = std::array::from_fn(|_| words.next());
    let (source, target): (IpAddr, IpAddr) = (source?.parse().ok()?, target?.parse().ok()?);
    let (source_port, _) = (port(source_port?)?, port(target_port?)?);
    let fits = match family {
        "TCP4" => source.is_ipv4() && target.is_ipv4(),
        "TCP6" => source.is_ipv6() && target.is_ipv6(),
        _ => false,
    };
    (fits && words.next().is_none()).then(|| From::client(source, source_port))
}

/// A port as the specification writes it: digits, no sign and no zero in front.
fn port(text: &str) -> Option<u16> {
    let is_plain = text.bytes().all(|byte| byte.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
    if is_plain { text.parse().ok() } else { None }
}

/// Command and family, and what follows the length, of version 2. What stands behind the addresses is not for us.
fn parse_binary([command, family]: [u8; 2], rest: &[u8]) -> Option<From> {
    match command {
        // LOCAL: the proxy itself, which looks whether we are there.
        0x20 => return Some(From::Peer),
        // PROXY.
        0x21 => {}
        _ => return None,
    }
    match family {
        // TCP over IPv4: both addresses, both ports.
        0x11 => {
            let (source, rest) = rest.split_first_chunk::<4>()?;
            let [_, _, _, _, high, low, _, _] = *rest.first_chunk::<8>()?;
            Some(From::client(IpAddr::from(*source), u16::from_be_bytes([high, low])))
        }
        0x21 => {
            let (source, rest) = rest.split_first_chunk::<16>()?;
            let (_, rest) = rest.split_first_chunk::<16>()?;
            let [high, low, _, _] = *rest.first_chunk::<4>()?;
            Some(From::client(Ipv6Addr::from(*source).into(), u16::from_be_bytes([high, low])))
        }
        // Not told, or a unix socket, whose paths are padded.
        0x00 => Some(From::Nobody),
        0x31 => (rest.len() >= 216).then_some(From::Nobody),
        // Datagrams do not come over a connection.
        _ => None,
    }
}

impl From {
    fn client(address: IpAddr, port: u16) -> Self {
        Self::Client(SocketAddr::new(address.to_canonical(), port))
    }
}

#[cfg(test)]
mod tests;
