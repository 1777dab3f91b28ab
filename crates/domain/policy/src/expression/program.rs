//! Compiled expressions, kept by what they were compiled from.
//!
//! Keyed by source and variables rather than hung on the snapshot: an expression that did not change need not be compiled
//! again because something else did, and one that changed has another key.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock};

use expr::{CompileError, Program};
use parking_lot::RwLock;

/// Sources that are kept compiled; a full cache starts over, which costs each a fraction of a millisecond.
const MOST: usize = 4096;

type BySource = HashMap<Arc<str>, Vec<(Vec<String>, Result<Program, CompileError>)>>;

static PROGRAMS: LazyLock<RwLock<BySource>> = LazyLock::new(RwLock::default);

/// The expression compiled for these variables.
pub fn compile(source: &str, variables: &[&str]) -> Result<Program, CompileError> {
    let same = |known: &[String]| known.len() == variables.len() && known.iter().zip(variables).all(|(a, b)| a == b);
    if let Some(entries) = PROGRAMS.read().get(source)
        && let Some((_, found)) = entries.iter().find(|(known, _)| same(known))
    {
        return found.clone();
    }
    let made = Program::compile(source, variables);
    let mut programs = PROGRAMS.write();
    if programs.len() >= MOST {
        programs.clear();
    }
    let entries = programs.entry(Arc::from(source)).or_default();
    // One expression is used with few sets of variables; whoever makes up names at will must not fill the memory.
    if entries.len() >= 16 {
        entries.clear();
    }
    entries.push((variables.iter().map(|v| (*v).to_owned()).collect(), made.clone()));
    made
}

/// What is wrong with an expression, as the API says it; `None` when it compiles.
pub fn compile_error(source: &str, name: &str) -> Option<String> {
    // Which variables there will be is not known yet. It does not matter: unknown names fail when they are used.
    let error = Program::compile(source, &["request", "context"]).err()?;
    Some(format!("Expression Syntax Error: {}", error.upstream_message(name)))
}
