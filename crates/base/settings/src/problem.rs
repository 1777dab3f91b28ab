//! What is wrong with the settings, and what was merely ignored.

use std::{fmt, path::PathBuf};

/// Where a value was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// Nowhere: the built-in default.
    Default,
    /// A YAML file, with line and column counted from one.
    File {
        /// The file.
        path: PathBuf,
        /// Line.
        line: usize,
        /// Column.
        column: usize,
    },
    /// An environment variable.
    Variable(String),
    /// A file that holds this one value, in the folder of secrets.
    Secret(PathBuf),
}

impl fmt::Display for Origin {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => out.write_str("default"),
            Self::File { path, line, column } => write!(out, "{}:{line}:{column}", path.display()),
            Self::Variable(name) => write!(out, "environment variable {name}"),
            Self::Secret(path) => write!(out, "file {}", path.display()),
        }
    }
}

/// One thing that is wrong. Never contains the value of a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The key or file concerned.
    pub key: String,
    /// Where it was written; `Default` when it was not.
    pub origin: Origin,
    /// What is wrong, and what would be right.
    pub message: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.origin {
            Origin::Default => write!(out, "{}: {}", self.key, self.message),
            origin => write!(out, "{} ({origin}): {}", self.key, self.message),
        }
    }
}

/// Everything that is wrong, in one error.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problems(pub Vec<Problem>);

impl fmt::Display for Problems {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.len() {
            1 => write!(out, "1 problem in the settings:")?,
            count => write!(out, "{count} problems in the settings:")?,
        }
        for problem in &self.0 {
            write!(out, "\n  - {problem}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Problems {}

/// A key that was accepted but has no effect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// The key.
    pub key: String,
    /// Where it was written.
    pub origin: Origin,
    /// Why it has no effect.
    pub message: String,
}

impl fmt::Display for Notice {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} ({}) has no effect: {}", self.key, self.origin, self.message)
    }
}
