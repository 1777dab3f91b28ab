//! Exceptions and their types.
//!
//! Separate because the tree of CPython's exception types is data of its own, and because a host
//! adds types to it (`DoesNotExist`).

use std::sync::{Arc, LazyLock};

use parking_lot::Mutex;

use super::{Deep, Value};

/// A type of exception.
#[derive(Clone)]
pub struct ExcType(Arc<ExcTypeData>);

struct ExcTypeData {
    name: String,
    module: String,
    base: Option<ExcType>,
}

impl PartialEq for ExcType {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl ExcType {
    /// A type of its own, below `base`; `module` is shown in tracebacks.
    pub fn define(module: &str, name: &str, base: &ExcType) -> Self {
        let data = ExcTypeData { name: name.to_owned(), module: module.to_owned(), base: Some(base.clone()) };
        Self(Arc::new(data))
    }
    /// The built-in type of this name; `Exception` when there is none.
    pub fn builtin(name: &str) -> Self {
        Self::find(name).unwrap_or_else(|| BUILTIN[1].clone())
    }
    pub fn find(name: &str) -> Option<Self> {
        BUILTIN.iter().find(|ty| ty.0.name == name).cloned()
    }
    pub fn name(&self) -> &str {
        &self.0.name
    }
    /// The name of a built-in type; empty for others.
    pub fn name_static(&self) -> &'static str {
        TREE.iter().find(|(name, _)| *name == self.0.name).map_or("", |(name, _)| name)
    }
    pub fn module(&self) -> &str {
        &self.0.module
    }
    pub fn base(&self) -> Option<&ExcType> {
        self.0.base.as_ref()
    }
    pub fn is_subtype(&self, other: &ExcType) -> bool {
        let mut current = Some(self);
        while let Some(ty) = current {
            if ty == other {
                return true;
            }
            current = ty.base();
        }
        false
    }
    pub fn is_named(&self, name: &str) -> bool {
        let mut current = Some(self);
        while let Some(ty) = current {
            if ty.0.name == name && ty.0.module == "builtins" {
                return true;
            }
            current = ty.base();
        }
        false
    }
    /// All built-in exception types.
    pub fn all() -> &'static [ExcType] {
        &BUILTIN
    }
}

const TREE: &[(&str, &str)] = &[
    ("BaseException", ""),
    ("Exception", "BaseException"),
    ("ArithmeticError", "Exception"),
    ("OverflowError", "ArithmeticError"),
    ("ZeroDivisionError", "ArithmeticError"),
    ("FloatingPointError", "ArithmeticError"),
    ("AssertionError", "Exception"),
    ("AttributeError", "Exception"),
    ("EOFError", "Exception"),
    ("ImportError", "Exception"),
    ("ModuleNotFoundError", "ImportError"),
    ("LookupError", "Exception"),
    ("IndexError", "LookupError"),
    ("KeyError", "LookupError"),
    ("MemoryError", "Exception"),
    ("NameError", "Exception"),
    ("UnboundLocalError", "NameError"),
    ("OSError", "Exception"),
    ("ConnectionError", "OSError"),
    ("FileNotFoundError", "OSError"),
    ("PermissionError", "OSError"),
    ("TimeoutError", "OSError"),
    ("ReferenceError", "Exception"),
    ("RuntimeError", "Exception"),
    ("NotImplementedError", "RuntimeError"),
    ("RecursionError", "RuntimeError"),
    ("StopIteration", "Exception"),
    ("StopAsyncIteration", "Exception"),
    ("SyntaxError", "Exception"),
    ("IndentationError", "SyntaxError"),
    ("SystemError", "Exception"),
    ("TypeError", "Exception"),
    ("ValueError", "Exception"),
    ("UnicodeError", "ValueError"),
    ("UnicodeDecodeError", "UnicodeError"),
    ("UnicodeEncodeError", "UnicodeError"),
    ("Warning", "Exception"),
    ("DeprecationWarning", "Warning"),
    ("UserWarning", "Warning"),
    ("KeyboardInterrupt", "BaseException"),
    ("SystemExit", "BaseException"),
    ("GeneratorExit", "BaseException"),
];

static BUILTIN: LazyLock<Vec<ExcType>> = LazyLock::new(|| {
    let mut types: Vec<ExcType> = Vec::with_capacity(TREE.len());
    for (name, base) in TREE {
        let base = types.iter().find(|ty| ty.0.name == *base).cloned();
        let data = ExcTypeData { name: (*name).to_owned(), module: "builtins".to_owned(), base };
        types.push(ExcType(Arc::new(data)));
    }
    types
});

/// Where an exception passed through.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TraceEntry {
    pub function: String,
    pub line: u32,
    pub column: u32,
}

/// An exception.
pub struct Exc {
    pub ty: ExcType,
    args: Deep<Vec<Value>>,
    pub(crate) linked: Deep<Mutex<Linked>>,
    pub(crate) trace: Mutex<Vec<TraceEntry>>,
}

/// Other values an exception holds.
#[derive(Default)]
pub struct Linked {
    pub cause: Option<Value>,
    pub context: Option<Value>,
    pub attrs: Vec<(Arc<str>, Value)>,
}

impl Exc {
    pub fn new(ty: ExcType, args: Vec<Value>) -> Self {
        Self { ty, args: Deep(args), linked: Deep::default(), trace: Mutex::default() }
    }
    pub fn args(&self) -> &[Value] {
        &self.args.0
    }
}
