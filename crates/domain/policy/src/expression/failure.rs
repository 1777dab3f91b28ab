//! How an evaluation fails, whether it could not be compiled or raised.

use std::fmt;

/// A failed evaluation.
#[derive(Debug, Clone)]
pub struct Failure {
    /// The exception type: `ValueError`.
    pub exception: String,
    /// What `str(exception)` gives.
    pub message: String,
    /// Line of the source, from 1; 0 when unknown.
    pub line: u32,
    /// Column of the line, from 1; 0 when unknown.
    pub column: u32,
    /// For people: the calls with their source lines.
    pub traceback: String,
    /// The same as authentik shows it, with the name of the expression as the file.
    pub upstream: String,
}

impl Failure {
    /// The expression asked for the object to be left out: `raise SkipObject`.
    pub fn is_skip(&self) -> bool {
        self.exception == super::globals::SKIP_OBJECT
    }
    pub(super) fn new(exception: &str, message: impl Into<String>) -> Self {
        let message = message.into();
        let text = format!("{exception}: {message}");
        Self { exception: exception.to_owned(), message, line: 0, column: 0, traceback: text.clone(), upstream: text }
    }
    pub(super) fn of_run(error: expr::EvalError, name: &str) -> Self {
        let upstream = format!("Traceback (most recent call last):\n{}", error.upstream_traceback(name));
        Self {
            exception: error.exception,
            message: error.message,
            line: error.line,
            column: error.column,
            traceback: error.traceback,
            upstream,
        }
    }
    pub(super) fn of_compile(error: &expr::CompileError, name: &str) -> Self {
        let message = error.upstream_message(name);
        Self {
            exception: error.kind.to_owned(),
            traceback: error.to_string(),
            upstream: format!("builtins.{}: {message}", error.kind),
            message,
            line: error.line,
            column: error.column,
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.exception, self.message)?;
        if self.line > 0 {
            write!(f, " (line {}, column {})", self.line, self.column)?;
        }
        Ok(())
    }
}

impl std::error::Error for Failure {}
