//! Listeners, TLS, the connection loop and what is known about a request before anybody handles it.
//!
//! Separate so that limits against slow, oversized and lying clients are in one place that knows nothing
//! of users. Handlers find [`Connection`], [`ClientAddress`], [`Origin`] and
//! [`RequestId`](telemetry::RequestId) among the request's extensions.
//!
//! ```no_run
//! use axum::{Extension, Router, routing::get};
//! use net::{ClientAddress, Edge, Limits, Listener, Tls, TrustedProxies, serve};
//!
//! async fn whoami(Extension(client): Extension<ClientAddress>) -> String {
//!     client.0.to_string()
//! }
//!
//! # async fn example(settings: settings::Settings) -> Result<(), Box<dyn std::error::Error>> {
//! let clock = clock::Clock::system();
//! let edge = Edge::new(
//!     TrustedProxies::new(settings.listen.trusted_proxy_cidrs.clone()),
//!     settings.web.max_body_size,
//!     clock.clone(),
//!     clock::Random::system(),
//!     &telemetry::Metrics::new(),
//! );
//! let router = edge.around(Router::new().route("/", get(whoami)));
//! let tls = Tls::open(&settings.tls, &settings.general.data_dir, &clock)?;
//! let listener = Listener::bind(&settings.listen.https[0]).await?;
//! let stop = async { let _ = tokio::signal::ctrl_c().await; };
//! serve(listener, Some(tls), router, Limits::from_settings(&settings.listen), stop).await;
//! # Ok(())
//! # }
//! ```

mod activation;
mod activity;
mod client_address;
mod connection;
mod drained;
mod edge;
mod listener;
mod origin;
mod patience;
mod proxy_protocol;
mod security_headers;
mod serve;
mod tls;

pub use activation::{Passed, PassedFault};
pub use activity::KeepOpen;
pub use client_address::{ClientAddress, TrustedProxies};
pub use connection::Connection;
pub use edge::{Edge, REQUEST_ID_HEADER, method_label};
pub use listener::{BindFault, Listener};
pub use origin::{Origin, Scheme};
pub use security_headers::AsIs;
pub use serve::{Limits, serve};
pub use tls::{CertificateByName, Tls, TlsFault};
