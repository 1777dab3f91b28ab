//! Sockets that the service manager opened and handed over: systemd's socket activation.
//!
//! Separate from binding because nothing is bound: a socket stands in for the address in the settings that it belongs to,
//! by its name (`http`, `https`, `metrics`) or else by its port or path. So the same settings work with and without.

use std::{io, net, os::unix::net::UnixListener};

use listenfd::ListenFd;
use settings::ListenAddress;

use crate::{BindFault, Listener};

/// Sockets handed over by whoever started the process. What no listener took at the end is a mistake.
#[derive(Debug, Default)]
pub struct Passed {
    sockets: Vec<Socket>,
}

#[derive(Debug)]
struct Socket {
    name: String,
    kind: Kind,
}

#[derive(Debug)]
enum Kind {
    Tcp(net::TcpListener),
    Unix(UnixListener),
}

/// Why sockets that were handed over cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum PassedFault {
    /// Not a listening socket.
    #[error("what was handed over as file descriptor {number} is no listening stream socket: {source}")]
    Kind {
        /// The descriptor.
        number: usize,
        /// Why.
        source: io::Error,
    },
    /// No listener is configured for it.
    #[error(
        "the socket {0} was handed over, but no listener is set to it: set `listen.http`, `listen.https` or \
         `listen.metrics` to its address, or name it http, https or metrics (FileDescriptorName=)"
    )]
    Unclaimed(String),
}

/// `SD_LISTEN_FDS_START`: where handed over descriptors begin.
const FIRST: usize = 3;

impl Passed {
    /// Takes what was handed over to this process and forgets it in the environment. Call it before any thread runs.
    pub fn from_process() -> Result<Self, PassedFault> {
        let mut descriptors = ListenFd::from_env();
        let mut sockets = Vec::new();
        for index in 0..descriptors.len() {
            let fault = |source| PassedFault::Kind { number: FIRST + index, source };
            let kind = match descriptors.take_unix_listener(index) {
                Ok(Some(listener)) => Kind::Unix(listener),
                _ => match descriptors.take_tcp_listener(index).map_err(fault)? {
                    Some(listener) => Kind::Tcp(listener),
                    None => continue,
                },
            };
            sockets.push(Socket { name: String::new(), kind });
        }
        Ok(Self { sockets })
    }

    /// With their names: `LISTEN_FDNAMES`, separated by colons.
    #[must_use]
    pub fn named(mut self, names: Option<&str>) -> Self {
        for (socket, name) in self.sockets.iter_mut().zip(names.unwrap_or_default().split(':')) {
            name.clone_into(&mut socket.name);
        }
        self
    }

    /// The listeners of one role: sockets of that name if there are any, otherwise each address by a socket that fits it,
    /// and bound where there is none.
    pub async fn listeners(&mut self, role: &str, addresses: &[ListenAddress]) -> Result<Vec<Listener>, BindFault> {
        let named = self.take(|socket| socket.name == role);
        if !named.is_empty() {
            return named.into_iter().map(|socket| listener(socket, role)).collect();
        }
        let mut listeners = Vec::new();
        for address in addresses {
            let fitting = self.take(|socket| !is_role(&socket.name) && fits(&socket.kind, address));
            if fitting.is_empty() {
                listeners.push(Listener::bind(address).await.map_err(|fault| fault.of(role))?);
            }
            for socket in fitting {
                listeners.push(listener(socket, &address.to_string())?);
            }
        }
        Ok(listeners)
    }

    /// Fails if something was handed over that nothing listens on: it would look open and never answer.
    pub fn finish(self) -> Result<(), PassedFault> {
        match self.sockets.first() {
            None => Ok(()),
            Some(socket) => Err(PassedFault::Unclaimed(described(socket))),
        }
    }

    fn take(&mut self, wanted: impl Fn(&Socket) -> bool) -> Vec<Socket> {
        self.sockets.extract_if(.., |socket| wanted(socket)).collect()
    }
}

fn is_role(name: &str) -> bool {
    matches!(name, "http" | "https" | "metrics")
}

/// Whether a socket is what binding `address` would have given, or a narrower or wider one on the same port.
fn fits(kind: &Kind, address: &ListenAddress) -> bool {
    match (kind, address) {
        (Kind::Tcp(listener), ListenAddress::Tcp(address)) => listener.local_addr().is_ok_and(|local| {
            let any = local.ip().is_unspecified() || address.ip().is_unspecified();
            local.port() == address.port() && (any || local.ip().to_canonical() == address.ip().to_canonical())
        }),
        (Kind::Unix(listener), ListenAddress::Unix(path)) => {
            listener.local_addr().is_ok_and(|local| local.as_pathname() == Some(path.as_path()))
        }
        _ => false,
    }
}

fn listener(socket: Socket, address: &str) -> Result<Listener, BindFault> {
    let made = match socket.kind {
        Kind::Tcp(listener) => Listener::from_tcp(listener),
        Kind::Unix(listener) => Listener::from_unix(listener),
    };
    made.map_err(|cause| BindFault { address: address.to_owned(), role: None, cause })
}

fn described(socket: &Socket) -> String {
    let address = match &socket.kind {
        Kind::Tcp(listener) => listener.local_addr().map(|address| address.to_string()).ok(),
        Kind::Unix(listener) => {
            let path = listener.local_addr().ok().and_then(|local| local.as_pathname().map(ToOwned::to_owned));
            path.map(|path| format!("unix:{}", path.display()))
        }
    };
    address.unwrap_or_else(|| socket.name.clone())
}

#[cfg(test)]
mod tests;
