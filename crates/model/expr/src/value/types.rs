//! Type objects: what `type(x)` returns and `isinstance` asks about.

use std::sync::Arc;

use super::{DictKind, ExcType, NamedTuple, Value, ViewKind};
use crate::flow::R;
use crate::native::Def;
use crate::vm::Vm;

/// The built-in types.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Ty {
    Object,
    Type,
    NoneType,
    Ellipsis,
    NotImplemented,
    Bool,
    Int,
    Float,
    Str,
    Bytes,
    List,
    Tuple,
    Dict,
    DefaultDict,
    Counter,
    OrderedDict,
    Set,
    FrozenSet,
    Range,
    Slice,
    DictKeys,
    DictValues,
    DictItems,
    Function,
    Builtin,
    Method,
    Iterator,
    Generator,
    Module,
    Enumerate,
    Zip,
    Map,
    Filter,
    Reversed,
}

impl Ty {
    pub fn name(self) -> &'static str {
        match self {
            Self::Object => "object",
            Self::Type => "type",
            Self::NoneType => "NoneType",
            Self::Ellipsis => "ellipsis",
            Self::NotImplemented => "NotImplementedType",
            Self::Bool => "bool",
            Self::Int => "int",
            Self::Float => "float",
            Self::Str => "str",
            Self::Bytes => "bytes",
            Self::List => "list",
            Self::Tuple => "tuple",
            Self::Dict => "dict",
            Self::DefaultDict => "defaultdict",
            Self::Counter => "Counter",
            Self::OrderedDict => "OrderedDict",
            Self::Set => "set",
            Self::FrozenSet => "frozenset",
            Self::Range => "range",
            Self::Slice => "slice",
            Self::DictKeys => "dict_keys",
            Self::DictValues => "dict_values",
            Self::DictItems => "dict_items",
            Self::Function => "function",
            Self::Builtin => "builtin_function_or_method",
            Self::Method => "method",
            Self::Iterator => "iterator",
            Self::Generator => "generator",
            Self::Module => "module",
            Self::Enumerate => "enumerate",
            Self::Zip => "zip",
            Self::Map => "map",
            Self::Filter => "filter",
            Self::Reversed => "reversed",
        }
    }
    pub fn module(self) -> &'static str {
        match self {
            Self::DefaultDict | Self::Counter | Self::OrderedDict => "collections",
            _ => "builtins",
        }
    }
    pub fn is_subtype(self, other: Self) -> bool {
        self == other
            || other == Self::Object
            || matches!(
                (self, other),
                (Self::Bool, Self::Int) | (Self::DefaultDict | Self::Counter | Self::OrderedDict, Self::Dict)
            )
    }
}

/// Finds a class attribute.
pub type Statics = fn(&mut Vm, &str) -> R<Option<Value>>;

/// The type of a library object, declared once beside it.
pub struct LibType {
    pub name: &'static str,
    pub module: &'static str,
    /// Called when the type is called.
    pub construct: Option<fn() -> &'static Def>,
    /// Class attributes and class methods.
    pub statics: Option<Statics>,
    pub base: Option<&'static LibType>,
}

/// A type as a value.
#[derive(Clone)]
pub enum Type {
    Builtin(Ty),
    Lib(&'static LibType),
    Exc(ExcType),
    Named(Arc<NamedTuple>),
    /// The type of a host object: known by its name alone.
    Host(Arc<str>),
}

impl PartialEq for Type {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Builtin(a), Self::Builtin(b)) => a == b,
            (Self::Lib(a), Self::Lib(b)) => std::ptr::eq(*a, *b),
            (Self::Exc(a), Self::Exc(b)) => a == b,
            (Self::Named(a), Self::Named(b)) => Arc::ptr_eq(a, b),
            (Self::Host(a), Self::Host(b)) => a == b,
            _ => false,
        }
    }
}

impl Type {
    pub fn name(&self) -> &str {
        match self {
            Self::Builtin(ty) => ty.name(),
            Self::Lib(ty) => ty.name,
            Self::Exc(ty) => ty.name(),
            Self::Named(ty) => &ty.name,
            Self::Host(name) => name,
        }
    }
    pub fn module(&self) -> &str {
        match self {
            Self::Builtin(ty) => ty.module(),
            Self::Lib(ty) => ty.module,
            Self::Exc(ty) => ty.module(),
            Self::Named(_) | Self::Host(_) => "__main__",
        }
    }
    /// The name as `repr` shows it: with the module unless built in.
    pub fn qualified(&self) -> String {
        match self.module() {
            "builtins" => self.name().to_owned(),
            module => format!("{module}.{}", self.name()),
        }
    }
    pub fn is_subtype(&self, other: &Type) -> bool {
        match (self, other) {
            (_, Self::Builtin(Ty::Object)) => true,
            (Self::Builtin(a), Self::Builtin(b)) => a.is_subtype(*b),
            (Self::Exc(a), Self::Exc(b)) => a.is_subtype(b),
            (Self::Named(_), Self::Builtin(Ty::Tuple)) => true,
            (Self::Lib(a), Self::Lib(b)) => {
                let mut current = Some(*a);
                while let Some(ty) = current {
                    if std::ptr::eq(ty, *b) {
                        return true;
                    }
                    current = ty.base;
                }
                false
            }
            (a, b) => a == b,
        }
    }
}

pub(super) fn type_of(value: &Value) -> Type {
    let ty = match value {
        Value::Unbound | Value::None => Ty::NoneType,
        Value::Ellipsis => Ty::Ellipsis,
        Value::NotImplemented => Ty::NotImplemented,
        Value::Bool(_) => Ty::Bool,
        Value::Int(_) | Value::Big(_) => Ty::Int,
        Value::Float(_) => Ty::Float,
        Value::Str(_) => Ty::Str,
        Value::Bytes(_) => Ty::Bytes,
        Value::List(_) => Ty::List,
        Value::Tuple(tuple) => match &tuple.named {
            Some(named) => return Type::Named(named.clone()),
            None => Ty::Tuple,
        },
        Value::Dict(dict) => match dict.kind {
            DictKind::Plain => Ty::Dict,
            DictKind::Default(_) => Ty::DefaultDict,
            DictKind::Counter => Ty::Counter,
            DictKind::Ordered => Ty::OrderedDict,
        },
        Value::Set(set) if set.frozen => Ty::FrozenSet,
        Value::Set(_) => Ty::Set,
        Value::Range(_) => Ty::Range,
        Value::Slice(_) => Ty::Slice,
        Value::View(view) => match view.kind {
            ViewKind::Keys => Ty::DictKeys,
            ViewKind::Values => Ty::DictValues,
            ViewKind::Items => Ty::DictItems,
        },
        Value::Func(_) => Ty::Function,
        Value::Native(_) => Ty::Builtin,
        Value::Method(method) => match method.target {
            super::MethodTarget::Native(_) | super::MethodTarget::Unbound(..) => Ty::Builtin,
            super::MethodTarget::Host(_) => Ty::Method,
        },
        Value::Type(_) => Ty::Type,
        Value::Exc(exc) => return Type::Exc(exc.ty.clone()),
        Value::Iter(iter) => iter.state.0.lock().ty(),
        Value::Gen(_) => Ty::Generator,
        Value::Module(_) => Ty::Module,
        Value::Lib(object) => return Type::Lib(object.lib_type()),
        Value::Host(object) => return Type::Host(Arc::from(object.type_name())),
        Value::HostFn(_) => Ty::Function,
    };
    Type::Builtin(ty)
}
