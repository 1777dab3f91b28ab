//! Structured logs and metrics.
//!
//! Separate so that every crate can log and count without knowing where it goes. It knows nothing of
//! HTTP: `net` puts the request id into the span, the formatter here finds it.
//!
//! ```
//! use telemetry::Metrics;
//!
//! let metrics = Metrics::new();
//! let logins = metrics.counter("keywright_logins_total", "Logins by outcome.", &["outcome"]);
//! logins.with(&["success"]).increment();
//! assert!(metrics.render().contains("keywright_logins_total{outcome=\"success\"} 1"));
//!
//! # let sources = settings::Sources::from_env::<&str, &str>([]);
//! # let log = settings::Settings::load(&sources).unwrap().settings.log;
//! telemetry::start_logs(&log).expect("no logs were started before");
//! tracing::info!(user.id = 7, "Locked user 7");
//! ```

mod logs;
mod metrics;
mod process;
mod request_id;

pub use logs::{JsonLines, LogFault, start_logs};
pub use metrics::{CONTENT_TYPE, Counter, DURATION_BUCKETS, Family, Gauge, Histogram, Metrics};
pub use request_id::RequestId;
