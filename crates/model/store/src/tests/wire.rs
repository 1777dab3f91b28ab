//! A wire between a store and its server, on which things go wrong.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

use crate::PostgresConfig;
use tokio::net::{TcpListener, TcpStream};

pub const OPEN: u8 = 0;
/// Nothing moves, and nobody is told.
pub const MUTE: u8 = 1;
/// Connections end.
pub const CUT: u8 = 2;
/// Messages to the server with these words are lost.
pub const WITHOUT_LISTEN: u8 = 3;
pub const WITHOUT_COMMIT: u8 = 4;

/// A wire to the server that can be cut or go silent.
pub struct Wire {
    pub port: u16,
    state: Arc<AtomicU8>,
}

impl Wire {
    pub async fn to(port: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let state = Arc::new(AtomicU8::new(OPEN));
        let wire = Self { port: listener.local_addr().unwrap().port(), state: Arc::clone(&state) };
        tokio::spawn(async move {
            while let Ok((near, _)) = listener.accept().await {
                let state = Arc::clone(&state);
                tokio::spawn(carry(near, port, state));
            }
        });
        wire
    }
    pub fn set(&self, state: u8) {
        self.state.store(state, Ordering::Relaxed);
    }
}

async fn carry(near: TcpStream, port: u16, state: Arc<AtomicU8>) {
    if state.load(Ordering::Relaxed) == CUT {
        return;
    }
    let Ok(far) = TcpStream::connect(("127.0.0.1", port)).await else { return };
    let (near_in, near_out) = near.into_split();
    let (far_in, far_out) = far.into_split();
    tokio::select! {
        () = pump(near_in, far_out, &state) => {}
        () = pump(far_in, near_out, &state) => {}
        () = until_cut(&state) => {}
    }
}

async fn until_cut(state: &AtomicU8) {
    while state.load(Ordering::Relaxed) != CUT {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

async fn pump(from: tokio::net::tcp::OwnedReadHalf, to: tokio::net::tcp::OwnedWriteHalf, state: &AtomicU8) {
    let mut buffer = vec![0; 16384];
    loop {
        from.readable().await.unwrap();
        let n = match from.try_read(&mut buffer) {
            Ok(0) => return,
            Ok(n) => n,
            Err(e) if e.kind() == std::io::ErrorKind::WouldBlock => continue,
            Err(_) => return,
        };
        while state.load(Ordering::Relaxed) == MUTE {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let lost: &[u8] = match state.load(Ordering::Relaxed) {
            WITHOUT_LISTEN => b"LISTEN",
            WITHOUT_COMMIT => b"COMMIT",
            _ => b"\0nothing",
        };
        if buffer[..n].windows(lost.len()).any(|part| part == lost) {
            continue;
        }
        let mut sent = 0;
        while sent < n {
            to.writable().await.unwrap();
            match to.try_write(&buffer[sent..n]) {
                Ok(more) => sent += more,
                Err(e) if e.kind() == std::io::ErrorKind::WouldBlock => {}
                Err(_) => return,
            }
        }
    }
}

/// The database as it is reached by another host.
pub fn over(database: &testkit::Database, host: String) -> PostgresConfig {
    PostgresConfig { host, ..PostgresConfig::from_url(database.url()).unwrap() }
}
