//! How an evaluation fails, in the terms CPython would use.

use std::fmt;

pub use crate::value::TraceEntry;

/// A failed evaluation.
#[derive(Clone, Debug)]
pub struct EvalError {
    /// The exception type, e.g. `ValueError`.
    pub exception: String,
    /// The module of the type: `builtins` for built-in ones.
    pub module: String,
    /// What `str(exception)` gives.
    pub message: String,
    /// Line of the source, from 1; 0 when unknown.
    pub line: u32,
    /// Column of the line, from 1; 0 when unknown.
    pub column: u32,
    /// The calls it passed, outermost first.
    pub frames: Vec<TraceEntry>,
    /// The traceback with source lines.
    pub traceback: String,
    /// Set when a budget ended the evaluation.
    pub limit: Option<crate::Limit>,
    pub(crate) module_line: u32,
}

impl EvalError {
    /// The lines a traceback of authentik shows from the expression on: numbers are those of the
    /// wrapped source and there are no source lines.
    pub fn upstream_traceback(&self, filename: &str) -> String {
        let mut text = format!("  File \"{filename}\", line {}, in <module>\n", self.module_line);
        for frame in &self.frames {
            let line = frame.line + 1;
            text.push_str(&format!("  File \"{filename}\", line {line}, in {}\n", frame.function));
        }
        text.push_str(&self.summary(true));
        text
    }

    fn summary(&self, qualified: bool) -> String {
        let name = if qualified || self.module != "builtins" {
            format!("{}.{}", self.module, self.exception)
        } else {
            self.exception.clone()
        };
        if self.message.is_empty() { name } else { format!("{name}: {}", self.message) }
    }

    pub(crate) fn render(&mut self, source: &str) {
        let mut text = String::from("Traceback (most recent call last):\n");
        for frame in &self.frames {
            text.push_str(&format!("  File \"<expression>\", line {}, in {}\n", frame.line, frame.function));
            let line = source.lines().nth((frame.line as usize).wrapping_sub(1)).unwrap_or("");
            if !line.trim().is_empty() {
                text.push_str(&format!("    {}\n", line.trim()));
            }
        }
        text.push_str(&self.summary(false));
        self.traceback = text;
    }
}

impl fmt::Display for EvalError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.summary(false))?;
        if self.line > 0 {
            write!(f, " (line {})", self.line)?;
        }
        Ok(())
    }
}

impl std::error::Error for EvalError {}
