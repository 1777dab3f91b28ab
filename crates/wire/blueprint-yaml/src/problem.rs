//! What is wrong with a blueprint file, where, and what to do about it.

use std::fmt;

use crate::node::Span;

/// How bad a problem is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Severity {
    /// The file cannot be applied.
    Error,
    /// The file can be applied, yet its author probably meant something else.
    Warning,
}

/// The family of a problem, for callers that answer differently by cause.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProblemKind {
    /// The text is no YAML.
    Syntax,
    /// A limit of size, depth or work was passed.
    Limit,
    /// A scalar cannot be represented.
    Scalar,
    /// A mapping names a key twice.
    DuplicateKey,
    /// A custom tag is unknown or malformed.
    Tag,
    /// A part of the blueprint has the wrong type or is missing.
    Shape,
    /// A key that no blueprint has.
    UnknownKey,
    /// The blueprint's version is not one that is understood.
    Version,
    /// `!KeyOf` names an id that the file does not have.
    Reference,
    /// A tag could not be evaluated.
    Evaluation,
    /// Whatever the caller found wrong with a value.
    Value,
}

/// One complaint about a blueprint file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    pub severity: Severity,
    pub kind: ProblemKind,
    pub span: Span,
    /// Where in the blueprint, like `entries[3].attrs.redirect_uris`; empty for the whole file.
    pub path: String,
    pub message: String,
    /// What the author can do about it.
    pub remedy: String,
}

impl Problem {
    pub fn error(kind: ProblemKind, span: Span, message: impl Into<String>) -> Self {
        Self {
            severity: Severity::Error,
            kind,
            span,
            path: String::new(),
            message: message.into(),
            remedy: String::new(),
        }
    }

    pub fn warning(kind: ProblemKind, span: Span, message: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(kind, span, message) }
    }

    pub fn at(mut self, path: impl Into<String>) -> Self {
        self.path = path.into();
        self
    }

    pub fn remedy(mut self, remedy: impl Into<String>) -> Self {
        self.remedy = remedy.into();
        self
    }

    pub fn line(&self) -> u32 {
        self.span.line
    }

    pub fn column(&self) -> u32 {
        self.span.column
    }

    /// The problem with the line it is about and a caret under the place.
    pub fn render(&self, file: &str, source: &str) -> String {
        let word = match self.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        };
        let mut text = format!("{word}: {}\n", self.message);
        let number = self.span.line.to_string();
        let margin = " ".repeat(number.len());
        if self.span.is_known() {
            text.push_str(&format!("{margin}--> {file}:{}:{}\n", self.span.line, self.span.column));
            let line = source.lines().nth(self.span.line as usize - 1).unwrap_or("");
            text.push_str(&format!("{margin} |\n{number} | {}\n", printable(line)));
            text.push_str(&format!("{margin} | {}\n", self.carets(line)));
        } else {
            text.push_str(&format!("{margin}--> {file}\n"));
        }
        if !self.path.is_empty() {
            text.push_str(&format!("{margin} = at: {}\n", self.path));
        }
        if !self.remedy.is_empty() {
            text.push_str(&format!("{margin} = help: {}\n", self.remedy));
        }
        text
    }

    fn carets(&self, line: &str) -> String {
        let start = self.span.column.max(1) as usize - 1;
        let length = line.trim_end().chars().count();
        let end = if self.span.end_line == self.span.line {
            (self.span.end_column as usize).saturating_sub(1).min(length.max(start))
        } else {
            length
        };
        let width = end.saturating_sub(start).max(1);
        let indent: String = line
            .chars()
            .take(start)
            .map(|letter| if letter == '\t' { '\t' } else { ' ' })
            .chain(std::iter::repeat(' '))
            .take(start.min(400))
            .collect();
        indent + &"^".repeat(width.min(400))
    }
}

/// One line, as shown where there is no source at hand.
impl fmt::Display for Problem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.span.is_known() {
            write!(formatter, "line {}, column {}: ", self.span.line, self.span.column)?;
        }
        if !self.path.is_empty() {
            write!(formatter, "{}: ", self.path)?;
        }
        formatter.write_str(&self.message)?;
        if !self.remedy.is_empty() {
            write!(formatter, " ({})", self.remedy)?;
        }
        Ok(())
    }
}

impl std::error::Error for Problem {}

/// All problems of a file, one after the other.
pub fn render_all(problems: &[Problem], file: &str, source: &str) -> String {
    let rendered: Vec<String> = problems.iter().map(|problem| problem.render(file, source)).collect();
    rendered.join("\n")
}

/// Control characters could steer the terminal that the problem is shown on.
fn printable(line: &str) -> String {
    line.chars()
        .take(400)
        .map(|letter| if letter.is_control() && letter != '\t' { '\u{fffd}' } else { letter })
        .collect()
}
