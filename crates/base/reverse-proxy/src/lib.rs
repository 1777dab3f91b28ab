//! Forwarding a request to an upstream over HTTP/1.1 or HTTP/2, as a stream in both directions.
//!
//! Separate so that what a proxy owes to HTTP (framing, hop-by-hop headers, upgrades, who asked) is in one place that
//! knows nothing of users: whoever calls [`ReverseProxy::forward`] has already decided that the request may pass.
//!
//! Own code over `hyper-util`'s client instead of a crate, because of what the candidates lack: `pingora` is a server
//! with a runtime model of its own and does not fit behind another one's router; `axum-reverse-proxy` has no WebSocket
//! over HTTP/2 (RFC 8441), which our own listener offers to browsers, brings its own list of roots and a second
//! WebSocket implementation, and forwards `Upgrade: h2c`, which lets a client speak to the upstream past every check.
//! Framing, and with it protection from request smuggling, is hyper's on both sides: no byte of a head is copied.
//!
//! ```no_run
//! # async fn example(request: http::Request<axum::body::Body>) -> Result<(), Box<dyn std::error::Error>> {
//! use axum::response::IntoResponse as _;
//! use reverse_proxy::{Passage, ReverseProxy, Target, Timeouts};
//!
//! let proxy = ReverseProxy::new(Timeouts::default(), clock::Random::system());
//! let target = Target::parse("https://whoami.internal:8443", true)?;
//! let response = match proxy.forward(request, Passage::to(&target)).await {
//!     Ok(response) => response,
//!     Err(fault) => fault.into_response(),
//! };
//! # Ok(())
//! # }
//! ```

mod answer;
mod connector;
mod fault;
mod headers;
mod proxy;
mod sent;
mod target;
mod tls;
mod tunnel;

pub use fault::Fault;
pub use proxy::{Passage, ReverseProxy, Timeouts};
pub use target::{BadTarget, Target};
