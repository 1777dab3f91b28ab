//! How much is logged and in which shape.

use crate::declare::{choices, settings};

choices! {
    /// Least severe level that is logged.
    pub enum LogLevel {
        /// Everything.
        Trace = "trace",
        /// Details for finding errors.
        Debug = "debug",
        /// Normal events.
        Info = "info",
        /// Things to look at.
        Warning = "warning" | "warn",
        /// Things that need somebody to act.
        Error = "error" | "critical",
    }
}

choices! {
    /// Shape of log lines.
    pub enum LogFormat {
        /// Readable on a terminal, JSON otherwise.
        Auto = "auto",
        /// Readable by people.
        Pretty = "pretty",
        /// One JSON object a line.
        Json = "json",
    }
}

settings! {
    /// Logs.
    pub struct Log {
        /// Least severe level that is logged.
        level: LogLevel, "log_level" | "log.level" = "info";
        /// Levels of single modules, e.g. `flow=debug,store=trace`; wins over `log_level` for those.
        filter: Option<String>, "log.filter";
        /// Shape of log lines.
        format: LogFormat, "log.format" = "auto";
    }
}
