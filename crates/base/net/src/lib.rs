//! Listeners, TLS and client addresses.
