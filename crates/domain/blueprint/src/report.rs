//! What applying a blueprint did, or why it did not.

use std::fmt;

use blueprint_yaml::Problem;

/// One object that an entry was about.
#[derive(Debug, Clone)]
pub struct Line {
    pub action: Action,
    /// `authentik_core.group`.
    pub model: &'static str,
    /// How people know the object.
    pub name: String,
    /// `field: before → after`; secrets are only named.
    pub differences: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    Created,
    Changed,
    Unchanged,
    Deleted,
}

/// A blueprint that was applied (or would be).
#[derive(Debug, Clone, Default)]
pub struct Report {
    pub file: String,
    /// The blueprint's own name.
    pub name: String,
    pub dry_run: bool,
    pub lines: Vec<Line>,
    /// Warnings about the file, rendered.
    pub warnings: Vec<String>,
    /// What was accepted, but probably not meant so.
    pub hints: Vec<Problem>,
    /// The hints, rendered.
    pub notes: Vec<String>,
}

impl Report {
    /// Whether anything is other than before.
    pub fn wrote(&self) -> bool {
        !self.dry_run && self.lines.iter().any(|line| line.action != Action::Unchanged)
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for warning in self.warnings.iter().chain(&self.notes) {
            writeln!(f, "{warning}")?;
        }
        let count = |action| self.lines.iter().filter(|l| l.action == action).count();
        for line in &self.lines {
            let sign = match line.action {
                Action::Created => '+',
                Action::Changed => '~',
                Action::Deleted => '-',
                Action::Unchanged => continue,
            };
            writeln!(f, "{sign} {} {}", line.model, line.name)?;
            for difference in &line.differences {
                writeln!(f, "    {difference}")?;
            }
        }
        let (would, done) =
            if self.dry_run { ("would be ", "nothing was written") } else { ("", "all of it was written") };
        writeln!(
            f,
            "{}: {} {would}created, {} {would}changed, {} {would}deleted, {} as they should be; {done}",
            self.file,
            count(Action::Created),
            count(Action::Changed),
            count(Action::Deleted),
            count(Action::Unchanged)
        )
    }
}

/// A blueprint that was not applied; nothing of it was written.
#[derive(Debug, Clone)]
pub struct Failure {
    pub file: String,
    source: String,
    pub problems: Vec<Problem>,
    /// A fault that has no place in the file.
    pub fault: Option<String>,
}

impl Failure {
    pub fn new(file: &str, source: &str, problems: Vec<Problem>) -> Self {
        Self { file: file.to_owned(), source: source.to_owned(), problems, fault: None }
    }
    pub fn fault(file: &str, message: impl Into<String>) -> Self {
        Self { file: file.to_owned(), source: String::new(), problems: Vec::new(), fault: Some(message.into()) }
    }
    /// A line for each problem: place, message, remedy.
    pub fn messages(&self) -> Vec<String> {
        let line = |p: &Problem| {
            let remedy = if p.remedy.is_empty() { String::new() } else { format!(" ({})", p.remedy) };
            let path = if p.path.is_empty() { String::new() } else { format!("{}: ", p.path) };
            format!("line {}, column {}: {path}{}{remedy}", p.line(), p.column(), p.message)
        };
        self.problems.iter().map(line).chain(self.fault.clone()).collect()
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(fault) = &self.fault {
            writeln!(f, "{}: {fault}", self.file)?;
        }
        for problem in &self.problems {
            writeln!(f, "{}", problem.render(&self.file, &self.source))?;
        }
        writeln!(f, "{}: not applied, nothing was written", self.file)
    }
}
