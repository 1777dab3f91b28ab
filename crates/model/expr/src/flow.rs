//! The ways an operation ends other than with a value.
//!
//! Separate because three very different things travel the same road upwards: an exception of the
//! expression, the wish to wait for a load, and the end of a budget, which nothing may catch.

use std::any::Any;
use std::sync::Arc;

use crate::value::{Exc, ExcType, Value};

/// What ends an operation early.
pub enum Flow {
    /// An exception, which the expression may catch.
    Raise(Arc<Exc>),
    /// A load the caller must perform before the same instruction runs again.
    Load(Box<dyn Any + Send>),
    /// A budget is used up.
    Limit(Limit),
}

/// The budgets of an evaluation.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Limit {
    Steps,
    Memory,
    Time,
}

impl Limit {
    pub(crate) fn exception(self) -> (&'static str, &'static str) {
        match self {
            Self::Steps => ("TimeoutError", "expression used up its step budget"),
            Self::Memory => ("MemoryError", "expression used up its memory budget"),
            Self::Time => ("TimeoutError", "expression ran out of time"),
        }
    }
}

pub type R<T> = Result<T, Flow>;

impl From<Arc<Exc>> for Flow {
    fn from(exc: Arc<Exc>) -> Self {
        Self::Raise(exc)
    }
}

/// Raises a built-in exception with one message.
pub fn raise(name: &str, message: impl AsRef<str>) -> Flow {
    Flow::Raise(Arc::new(Exc::new(ExcType::builtin(name), vec![Value::str(message)])))
}
pub fn type_error(message: impl AsRef<str>) -> Flow {
    raise("TypeError", message)
}
pub fn value_error(message: impl AsRef<str>) -> Flow {
    raise("ValueError", message)
}
pub fn index_error(message: impl AsRef<str>) -> Flow {
    raise("IndexError", message)
}
pub fn overflow_error(message: impl AsRef<str>) -> Flow {
    raise("OverflowError", message)
}
pub fn attribute_error(type_name: &str, name: &str) -> Flow {
    raise("AttributeError", format!("'{type_name}' object has no attribute '{name}'"))
}
pub fn key_error(key: Value) -> Flow {
    Flow::Raise(Arc::new(Exc::new(ExcType::builtin("KeyError"), vec![key])))
}
pub fn recursion_error(during: &str) -> Flow {
    raise("RecursionError", format!("maximum recursion depth exceeded{during}"))
}
pub fn stop_iteration(value: Option<Value>) -> Flow {
    Flow::Raise(Arc::new(Exc::new(ExcType::builtin("StopIteration"), value.into_iter().collect())))
}

impl Flow {
    /// Whether this is an exception of the named built-in type or one below it.
    pub fn is(&self, name: &str) -> bool {
        matches!(self, Self::Raise(exc) if exc.ty.is_named(name))
    }
}
