//! Blueprint files as a tree with positions: reading, evaluating and writing them.
//!
//! Separate because it is pure: text in, typed entries or problems out. It knows no store, no
//! model and no clock. What an evaluation needs from outside (a primary key, an environment
//! variable, a file) it asks its caller for, as a [`Lookup`], so that the caller may be
//! asynchronous and this crate need not be.

#![expect(clippy::single_match_else, reason = "both arms of such a match are of equal weight here")]

mod blueprint;
mod context;
mod nearest;
mod node;
mod problem;
mod resolve;
mod scalar;
mod tag;
mod tree;
pub mod write;

pub use blueprint::{Blueprint, Entry, Metadata, Permission, Read, State, read, read_bytes};
pub use context::Context;
pub use nearest::nearest;
pub use node::{Key, Kind, Node, Scalar, Span};
pub use problem::{Problem, ProblemKind, Severity, render_all};
pub use resolve::{Answers, Evaluation, Lookup, Outcome, Refusal, Resolver, is_truthy, merge, resolve_now};
pub use tag::{Find, Mode, Output, TAG_NAMES, Tag};
pub use tree::{Tree, parse_tree};

/// The largest file that is read.
pub const MAX_BYTES: usize = 2 * 1024 * 1024;
/// The deepest nesting of a file, aliases expanded.
pub const MAX_DEPTH: usize = 64;
/// The largest number of nodes of a file, aliases expanded.
pub const MAX_NODES: usize = 250_000;
/// The number of problems after which reading a file stops.
pub const MAX_PROBLEMS: usize = 100;
