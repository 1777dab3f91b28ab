//! Setting up the log: level, shape and destination.

mod json;

use std::io::{self, IsTerminal as _};

use settings::{Choice as _, Log, LogFormat, LogLevel};
use tracing_subscriber::{EnvFilter, Layer as _, Registry, layer::SubscriberExt as _, util::SubscriberInitExt as _};

pub use json::JsonLines;

/// Libraries whose details help nobody; `log.filter` can still ask for them.
const QUIET: &str = "hyper=warn,hyper_util=warn,h2=warn,rustls=warn,tokio_postgres=warn,reqwest=warn,tower=warn";

/// Why there is no log.
#[derive(Debug, thiserror::Error)]
pub enum LogFault {
    /// The filter cannot be read.
    #[error("`log.filter` is not readable ({0}); write it like `flow=debug,store=trace`")]
    Filter(#[from] tracing_subscriber::filter::ParseError),
    /// Somebody else has set up the log of this process.
    #[error("the log is already set up")]
    AlreadyStarted(#[from] tracing_subscriber::util::TryInitError),
}

/// Starts the log of this process on standard error (pretty) or standard output (JSON lines).
pub fn start_logs(log: &Log) -> Result<(), LogFault> {
    let filter = filter(log.level, log.filter.as_deref())?;
    let is_pretty = match log.format {
        LogFormat::Auto => io::stderr().is_terminal(),
        LogFormat::Pretty => true,
        LogFormat::Json => false,
    };
    let lines = if is_pretty {
        let has_colours = io::stderr().is_terminal();
        tracing_subscriber::fmt::layer().with_writer(io::stderr).with_ansi(has_colours).boxed()
    } else {
        JsonLines::new(io::stdout).boxed()
    };
    Registry::default().with(lines.with_filter(filter)).try_init()?;
    Ok(())
}

fn filter(level: LogLevel, own: Option<&str>) -> Result<EnvFilter, tracing_subscriber::filter::ParseError> {
    let level = match level {
        LogLevel::Warning => "warn",
        level => level.word(),
    };
    let quiet = if matches!(level, "warn" | "error") { "" } else { QUIET };
    let parts = [level, quiet, own.unwrap_or_default()];
    let parts: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    EnvFilter::builder().parse(parts.join(","))
}

#[cfg(test)]
mod tests;
