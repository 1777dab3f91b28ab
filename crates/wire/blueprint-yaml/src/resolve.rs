//! Evaluates the tags of a node to plain JSON.
//!
//! Evaluation is synchronous and repeatable. What it needs from outside it returns as
//! [`Lookup`]s; the caller answers them, at its leisure and asynchronously if it likes, and
//! evaluates again with the answers, until it is done.

mod eval;
mod format;
mod value;

use std::collections::HashMap;

use serde_json::Value;

use crate::blueprint::{Entry, State};
use crate::context::Context;
use crate::nearest::nearest;
use crate::node::{Node, Span};
use crate::problem::{Problem, ProblemKind};

pub use value::{is_truthy, merge};

/// Something that only the caller can know.
#[derive(Debug, Clone, PartialEq)]
pub enum Lookup {
    /// The primary key of the object of the entry with this id. For a policy binding's target
    /// the caller gives the key of the binding's end instead.
    KeyOf { id: String, span: Span },
    /// The primary key of the first object that fulfils all conditions, or null. The model is in
    /// lower case.
    Find { model: String, conditions: Vec<(String, Value)>, span: Span },
    /// The object itself, as the API shows it, or null.
    FindObject { model: String, conditions: Vec<(String, Value)>, span: Span },
    /// An environment variable, or null.
    Env { name: String, span: Span },
    /// The text of a file, or null if it cannot be read.
    File { path: String, span: Span },
}

impl Lookup {
    pub fn span(&self) -> Span {
        match self {
            Self::KeyOf { span, .. }
            | Self::Find { span, .. }
            | Self::FindObject { span, .. }
            | Self::Env { span, .. }
            | Self::File { span, .. } => *span,
        }
    }

    /// The same for lookups that ask the same, wherever they stand.
    fn question(&self) -> String {
        let conditions = |conditions: &[(String, Value)]| serde_json::to_string(conditions).unwrap_or_default();
        match self {
            Self::KeyOf { id, .. } => format!("KeyOf {id}"),
            Self::Find { model, conditions: all, .. } => format!("Find {model} {}", conditions(all)),
            Self::FindObject { model, conditions: all, .. } => {
                format!("FindObject {model} {}", conditions(all))
            }
            Self::Env { name, .. } => format!("Env {name}"),
            Self::File { path, .. } => format!("File {path}"),
        }
    }
}

/// Why a lookup has no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    pub message: String,
    pub remedy: String,
}

impl Refusal {
    pub fn new(message: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { message: message.into(), remedy: remedy.into() }
    }
}

/// The answers collected so far. Objects change while entries are applied, so answers are kept
/// for one entry only.
#[derive(Debug, Clone, Default)]
pub struct Answers {
    given: HashMap<String, Result<Value, Refusal>>,
}

impl Answers {
    pub fn new() -> Self {
        Self::default()
    }

    pub fn give(&mut self, lookup: &Lookup, answer: Result<Value, Refusal>) {
        self.given.insert(lookup.question(), answer);
    }

    fn get(&self, lookup: &Lookup) -> Option<&Result<Value, Refusal>> {
        self.given.get(&lookup.question())
    }
}

/// The result of one evaluation.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome<T = Value> {
    Done(T),
    /// Answer these and evaluate again. Never empty.
    Need(Vec<Lookup>),
}

/// Evaluates nodes against a context and the answers so far.
#[derive(Clone, Copy)]
pub struct Evaluation<'a> {
    pub context: &'a Context,
    pub answers: &'a Answers,
}

impl Evaluation<'_> {
    /// Evaluates a node; `path` is where it stands, like `entries[3].attrs`.
    pub fn resolve(&self, node: &Node, path: &str) -> Result<Outcome, Problem> {
        eval::run(self.context, self.answers, node, path)
    }

    pub fn model(&self, entry: &Entry) -> Result<Outcome<String>, Problem> {
        let path = format!("{}.model", entry.path);
        Ok(match self.resolve(&entry.model, &path)? {
            Outcome::Need(lookups) => Outcome::Need(lookups),
            Outcome::Done(Value::String(model)) => Outcome::Done(model),
            Outcome::Done(other) => {
                let message = format!("the model must be a text, the tag gave {other}");
                return Err(evaluation_problem(entry.model.span, &path, message)
                    .remedy("the form is app.model, like authentik_core.group"));
            }
        })
    }

    pub fn state(&self, entry: &Entry) -> Result<Outcome<State>, Problem> {
        if entry.state.is_null() {
            return Ok(Outcome::Done(State::default()));
        }
        let path = format!("{}.state", entry.path);
        Ok(match self.resolve(&entry.state, &path)? {
            Outcome::Need(lookups) => Outcome::Need(lookups),
            Outcome::Done(value) => match value.as_str().and_then(State::parse) {
                Some(state) => Outcome::Done(state),
                None => {
                    let known = State::NAMES.join(", ");
                    let message = format!("the state must be one of {known}, the tag gave {value}");
                    let near = value.as_str().and_then(|word| nearest(word, State::NAMES));
                    let remedy = near.map(|near| format!("did you mean {near}?"));
                    return Err(evaluation_problem(entry.state.span, &path, message).remedy(remedy.unwrap_or_default()));
                }
            },
        })
    }

    /// Whether all conditions of the entry hold. All of them are evaluated, even after one that
    /// does not hold.
    pub fn conditions(&self, entry: &Entry) -> Result<Outcome<bool>, Problem> {
        let mut all = true;
        let mut needed = Vec::new();
        for (index, condition) in entry.conditions.iter().enumerate() {
            let path = format!("{}.conditions[{index}]", entry.path);
            match self.resolve(condition, &path)? {
                Outcome::Done(value) => all &= is_truthy(&value),
                Outcome::Need(lookups) => needed.extend(lookups),
            }
        }
        Ok(if needed.is_empty() { Outcome::Done(all) } else { Outcome::Need(needed) })
    }

    pub fn identifiers(&self, entry: &Entry) -> Result<Outcome, Problem> {
        self.resolve(&entry.identifiers, &format!("{}.identifiers", entry.path))
    }

    pub fn attrs(&self, entry: &Entry) -> Result<Outcome, Problem> {
        self.resolve(&entry.attrs, &format!("{}.attrs", entry.path))
    }
}

/// A caller that can answer at once.
pub trait Resolver {
    fn look_up(&mut self, lookup: &Lookup) -> Result<Value, Refusal>;
}

/// Evaluates to the end with a resolver that answers at once.
pub fn resolve_now(node: &Node, path: &str, context: &Context, resolver: &mut dyn Resolver) -> Result<Value, Problem> {
    let mut answers = Answers::new();
    loop {
        match (Evaluation { context, answers: &answers }).resolve(node, path)? {
            Outcome::Done(value) => return Ok(value),
            Outcome::Need(lookups) => {
                for lookup in lookups {
                    let answer = resolver.look_up(&lookup);
                    answers.give(&lookup, answer);
                }
            }
        }
    }
}

fn evaluation_problem(span: Span, path: &str, message: impl Into<String>) -> Problem {
    Problem::error(ProblemKind::Evaluation, span, message).at(path)
}

#[cfg(test)]
mod tests;
