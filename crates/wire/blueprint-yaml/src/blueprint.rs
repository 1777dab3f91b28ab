//! The blueprint itself: what the tree of a file means.
//!
//! All problems are collected, so that an author sees every mistake at once.

mod reader;
mod references;

use std::collections::HashSet;

use crate::MAX_PROBLEMS;
use crate::node::{Node, Span};
use crate::problem::{Problem, ProblemKind, Severity};
use crate::tree::parse_tree;
use reader::Reader;

/// A blueprint file.
#[derive(Debug, Clone, PartialEq)]
pub struct Blueprint {
    pub version: i64,
    pub metadata: Option<Metadata>,
    /// A mapping; its values may be tags.
    pub context: Node,
    pub entries: Vec<Entry>,
}

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Metadata {
    pub name: String,
    pub labels: Vec<(String, String)>,
}

/// One object that the blueprint is about.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// From the first to the last character of the entry.
    pub span: Span,
    /// Like `entries[3]`, or `entries.users[3]` where entries are grouped.
    pub path: String,
    /// A text or a tag.
    pub model: Node,
    pub id: Option<String>,
    /// A text or a tag; null where the file says nothing, which means present.
    pub state: Node,
    pub conditions: Vec<Node>,
    /// A mapping.
    pub identifiers: Node,
    /// A mapping.
    pub attrs: Node,
    pub permissions: Vec<Permission>,
}

/// A permission on the entry's object, given to a user or a role.
#[derive(Debug, Clone, PartialEq)]
pub struct Permission {
    pub span: Span,
    pub permission: Node,
    pub user: Option<Node>,
    pub role: Option<Node>,
}

/// What an entry's object should come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum State {
    #[default]
    Present,
    Created,
    MustCreated,
    Absent,
}

impl State {
    pub const NAMES: [&str; 4] = ["present", "created", "must_created", "absent"];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Present => "present",
            Self::Created => "created",
            Self::MustCreated => "must_created",
            Self::Absent => "absent",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "present" => Some(Self::Present),
            "created" => Some(Self::Created),
            "must_created" => Some(Self::MustCreated),
            "absent" => Some(Self::Absent),
            _ => None,
        }
    }
}

impl Entry {
    /// The node that a field's value stands at, attributes before identifiers; `segments` may go
    /// on below the field.
    pub fn locate(&self, segments: &[&str]) -> Option<(&'static str, &Node)> {
        let found = self.attrs.locate(segments).map(|node| ("attrs", node));
        found.or_else(|| self.identifiers.locate(segments).map(|node| ("identifiers", node)))
    }

    /// Something that the author of the entry should know, without being wrong.
    pub fn hint(&self, message: impl Into<String>) -> Problem {
        Problem::warning(ProblemKind::Value, self.model.span, message).at(self.path.clone())
    }

    /// A problem with a field's value, at the field's place, or at the entry's if it has no such
    /// field.
    pub fn problem(&self, segments: &[&str], message: impl Into<String>) -> Problem {
        let (span, group) = match self.locate(segments) {
            Some((group, node)) if node.span.is_known() => (node.span, group),
            Some((group, _)) => (self.model.span, group),
            None => (self.model.span, "attrs"),
        };
        let mut path = self.path.clone();
        if !segments.is_empty() {
            path.push_str(&format!(".{group}"));
        }
        for segment in segments {
            match segment.parse::<usize>() {
                Ok(index) => path.push_str(&format!("[{index}]")),
                Err(_) => path.push_str(&format!(".{segment}")),
            }
        }
        Problem::error(ProblemKind::Value, span, message).at(path)
    }
}

/// What reading a file gave.
#[derive(Debug, Clone)]
pub struct Read {
    /// Absent if there is an error among the problems.
    pub blueprint: Option<Blueprint>,
    /// The metadata as far as it could be read, for listing files that are broken elsewhere.
    pub metadata: Option<Metadata>,
    /// Errors and warnings in the order of the file.
    pub problems: Vec<Problem>,
}

impl Read {
    /// The blueprint with the warnings, or all problems.
    pub fn into_result(self) -> Result<(Blueprint, Vec<Problem>), Vec<Problem>> {
        match self.blueprint {
            Some(blueprint) => Ok((blueprint, self.problems)),
            None => Err(self.problems),
        }
    }
}

/// Reads a file's bytes.
pub fn read_bytes(bytes: &[u8]) -> Read {
    match std::str::from_utf8(bytes) {
        Ok(text) => read(text),
        Err(error) => {
            let good = String::from_utf8_lossy(&bytes[..error.valid_up_to()]);
            let line = good.matches('\n').count() + 1;
            let column = good.rsplit('\n').next().unwrap_or("").chars().count() + 1;
            let (line, column) = (line as u32, column as u32);
            let span = Span { line, column, end_line: line, end_column: column + 1 };
            let problem = Problem::error(ProblemKind::Syntax, span, "the file is not UTF-8 text")
                .remedy("save the file with the encoding UTF-8");
            Read { blueprint: None, metadata: None, problems: vec![problem] }
        }
    }
}

/// Reads a file's text.
pub fn read(text: &str) -> Read {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let tree = parse_tree(text);
    let has_syntax = tree.root.is_some() || tree.problems.is_empty();
    let mut reader = Reader { problems: tree.problems };
    let mut blueprint = None;
    match &tree.root {
        Some(root) if !root.is_null() => blueprint = reader.blueprint(root),
        // Without a tree the problem was named already.
        _ if !has_syntax => {}
        _ => reader.error(
            ProblemKind::Shape,
            Span::default(),
            "",
            "the file is empty",
            "a blueprint starts with `version: 1` and has a list of `entries`",
        ),
    }
    let metadata = blueprint.as_ref().and_then(|blueprint| blueprint.metadata.clone());
    let problems = tidy(reader.problems);
    let is_broken = problems.iter().any(|problem| problem.severity == Severity::Error);
    Read { blueprint: blueprint.filter(|_| !is_broken), metadata, problems }
}

/// In the order of the file, one per place: a malformed tag that became null needs no second
/// complaint about the null.
fn tidy(problems: Vec<Problem>) -> Vec<Problem> {
    let mut places = HashSet::new();
    let mut kept: Vec<Problem> = problems
        .into_iter()
        .filter(|problem| {
            !problem.span.is_known() || places.insert((problem.span.line, problem.span.column, problem.severity as u8))
        })
        .collect();
    kept.sort_by_key(|problem| (problem.span.line, problem.span.column));
    let is_error = |problem: &Problem| problem.severity == Severity::Error;
    if kept.len() > MAX_PROBLEMS && kept.iter().any(is_error) {
        kept.retain(is_error);
    }
    kept.truncate(MAX_PROBLEMS);
    kept
}

#[cfg(test)]
mod tests;
