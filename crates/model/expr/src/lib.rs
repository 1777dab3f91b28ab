//! The expression language: a subset of Python, compiled once and run within limits.
//!
//! Separate because it knows nothing of identity: users, groups and requests reach it as
//! [`HostObject`]s. A [`Program`] is compiled from a source and shared; a [`Run`] evaluates it and
//! stops whenever the host has to load something, so that an evaluation never blocks a worker.
//!
//! Expressions cannot reach files, the network or processes, and steps, memory, call depth and time
//! are bounded by [`Limits`].

mod compile;
mod error;
mod flow;
mod format;
mod host;
mod lib_object;
mod limits;
mod modules;
mod native;
mod ops;
mod program;
mod value;
mod vm;

pub use error::{EvalError, TraceEntry};
pub use flow::Limit;
pub use host::{Environment, Frozen, Globals, HostArgs, HostFn, HostObject, HostResult, Importer};
pub use limits::Limits;
pub use modules::{Address, Network, from_json, md5, to_json};
pub use native::{Args, Param, Sig};
pub use program::{CompileError, MAX_SOURCE, Program};
pub use value::{
    Dict, DictData, Exc, ExcType, Key, List, Module, NamedTuple, Set, ToJsonError, Tuple, Ty, Type, Unhashable, Value,
};
pub use vm::run::{Outcome, Run};
