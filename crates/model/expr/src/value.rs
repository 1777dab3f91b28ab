//! The values an expression computes with.
//!
//! Every value is `Send + Sync`, so that an evaluation can wait for a load on any worker. Containers
//! are shared by `Arc` and mutated behind a lock that only ever one evaluation holds; a reader must
//! not write to the same container while its guard lives.

mod convert;
mod deep;
mod dict;
mod exc;
mod types;

pub use convert::ToJsonError;
pub(crate) use convert::json_key;
pub use deep::Deep;
pub use dict::{Dict, DictData, DictKind, Key, Set, Unhashable};
pub use exc::{Exc, ExcType, TraceEntry};
pub use types::{LibType, Ty, Type};

use std::fmt;
use std::sync::Arc;

use num_bigint::BigInt;
use num_traits::ToPrimitive;
use parking_lot::{Mutex, RwLock, RwLockReadGuard, RwLockWriteGuard};

use crate::compile::code::Code;
use crate::host::{HostFn, HostObject};
use crate::lib_object::LibObject;
use crate::native::Def;
use crate::vm::frame::GenState;
use crate::vm::iter::IterState;

/// A value of the expression language.
#[derive(Clone)]
pub enum Value {
    /// A local variable that holds nothing; never seen by an expression.
    #[doc(hidden)]
    Unbound,
    None,
    Ellipsis,
    NotImplemented,
    Bool(bool),
    Int(i64),
    /// An integer outside of `i64`; never one that fits.
    Big(Arc<BigInt>),
    Float(f64),
    Str(Arc<str>),
    Bytes(Arc<[u8]>),
    List(Arc<List>),
    Tuple(Arc<Tuple>),
    Dict(Arc<Dict>),
    Set(Arc<Set>),
    Range(Arc<Range>),
    Slice(Arc<Slice>),
    View(Arc<View>),
    Func(Arc<Func>),
    Native(&'static Def),
    Method(Arc<Method>),
    Type(Type),
    Exc(Arc<Exc>),
    Iter(Arc<Iter>),
    Gen(Arc<Gen>),
    Module(Arc<Module>),
    Lib(Arc<dyn LibObject>),
    Host(Arc<dyn HostObject>),
    HostFn(Arc<HostFn>),
}

/// A mutable sequence.
pub struct List {
    items: Deep<RwLock<Vec<Value>>>,
}

impl List {
    pub fn new(items: Vec<Value>) -> Self {
        Self { items: Deep(RwLock::new(items)) }
    }
    pub fn get(&self) -> RwLockReadGuard<'_, Vec<Value>> {
        self.items.0.read_recursive()
    }
    pub fn set(&self) -> RwLockWriteGuard<'_, Vec<Value>> {
        self.items.0.write()
    }
    pub fn len(&self) -> usize {
        self.get().len()
    }
    pub fn is_empty(&self) -> bool {
        self.get().is_empty()
    }
    pub fn at(&self, index: usize) -> Option<Value> {
        self.get().get(index).cloned()
    }
    pub fn to_vec(&self) -> Vec<Value> {
        self.get().clone()
    }
}

/// An immutable sequence, with field names when it is a named tuple.
pub struct Tuple {
    items: Deep<Vec<Value>>,
    pub named: Option<Arc<NamedTuple>>,
}

impl Tuple {
    pub fn new(items: Vec<Value>) -> Self {
        Self { items: Deep(items), named: None }
    }
    pub fn with_names(items: Vec<Value>, named: Arc<NamedTuple>) -> Self {
        Self { items: Deep(items), named: Some(named) }
    }
    pub fn items(&self) -> &[Value] {
        &self.items.0
    }
}

/// The type of a named tuple.
pub struct NamedTuple {
    pub name: String,
    pub fields: Vec<Arc<str>>,
    pub defaults: Vec<Value>,
}

/// What `range()` returns.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Range {
    pub start: i64,
    pub stop: i64,
    pub step: i64,
}

impl Range {
    pub fn len(&self) -> usize {
        let (start, stop, step) = (i128::from(self.start), i128::from(self.stop), i128::from(self.step));
        let span = if step > 0 { stop - start } else { start - stop };
        if span <= 0 {
            return 0;
        }
        let step = step.abs();
        usize::try_from((span + step - 1) / step).unwrap_or(usize::MAX)
    }
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
    /// The element at `index`, which must be below `len()`.
    pub fn at(&self, index: usize) -> i64 {
        (i128::from(self.start) + index as i128 * i128::from(self.step)) as i64
    }
    pub fn position(&self, value: i64) -> Option<usize> {
        let offset = i128::from(value) - i128::from(self.start);
        let step = i128::from(self.step);
        if offset % step != 0 {
            return None;
        }
        let index = offset / step;
        (index >= 0 && (index as u128) < self.len() as u128).then_some(index as usize)
    }
}

/// The three parts of `a[start:stop:step]`.
pub struct Slice {
    pub start: Value,
    pub stop: Value,
    pub step: Value,
}

/// Which part of a dict a view shows.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ViewKind {
    Keys,
    Values,
    Items,
}

/// What `dict.keys()`, `.values()` and `.items()` return.
pub struct View {
    pub dict: Arc<Dict>,
    pub kind: ViewKind,
}

/// A variable that closures share.
#[derive(Default)]
pub struct Cell(Deep<Mutex<Option<Value>>>);

impl Cell {
    pub fn new(value: Option<Value>) -> Self {
        Self(Deep(Mutex::new(value)))
    }
    pub fn get(&self) -> Option<Value> {
        self.0.0.lock().clone()
    }
    pub fn set(&self, value: Option<Value>) {
        let old = std::mem::replace(&mut *self.0.0.lock(), value);
        drop(old);
    }
}

/// A function written in the expression.
pub struct Func {
    pub code: Arc<Code>,
    pub refs: Deep<FuncRefs>,
}

/// What a function holds on to: its default arguments and captured variables.
#[derive(Default)]
pub struct FuncRefs {
    pub defaults: Vec<Value>,
    pub kw_defaults: Vec<(u32, Value)>,
    pub cells: Vec<Arc<Cell>>,
}

/// A method taken off its object: `f = text.upper`.
pub struct Method {
    pub receiver: Deep<Option<Value>>,
    pub target: MethodTarget,
}

impl Method {
    pub fn new(receiver: Value, target: MethodTarget) -> Self {
        Self { receiver: Deep(Some(receiver)), target }
    }
    pub fn receiver(&self) -> &Value {
        self.receiver.0.as_ref().unwrap_or(&Value::None)
    }
    pub fn name(&self) -> &str {
        match &self.target {
            MethodTarget::Native(def) | MethodTarget::Unbound(def, _) => def.sig.name,
            MethodTarget::Host(name) => name,
        }
    }
}

/// What a bound method calls.
pub enum MethodTarget {
    Native(&'static Def),
    Host(Arc<str>),
    /// A method of a type, which takes its object as the first argument: `str.upper`.
    Unbound(&'static Def, Type),
}

/// An iterator over a built-in object.
pub struct Iter {
    pub(crate) state: Deep<Mutex<IterState>>,
}

/// A generator.
pub struct Gen {
    pub(crate) state: Deep<Mutex<GenState>>,
    pub code: Arc<Code>,
}

/// A module: a name and what can be taken from it.
pub struct Module {
    pub name: String,
    pub members: RwLock<Vec<(Arc<str>, Value)>>,
}

impl Module {
    pub fn new(name: impl Into<String>, members: Vec<(&str, Value)>) -> Self {
        let members = members.into_iter().map(|(name, value)| (Arc::from(name), value)).collect();
        Self { name: name.into(), members: RwLock::new(members) }
    }
    pub fn get(&self, name: &str) -> Option<Value> {
        self.members.read().iter().find(|(key, _)| &**key == name).map(|(_, value)| value.clone())
    }
}

impl Value {
    pub fn str(text: impl AsRef<str>) -> Self {
        Self::Str(Arc::from(text.as_ref()))
    }
    pub fn bytes(bytes: impl AsRef<[u8]>) -> Self {
        Self::Bytes(Arc::from(bytes.as_ref()))
    }
    pub fn list(items: Vec<Value>) -> Self {
        Self::List(Arc::new(List::new(items)))
    }
    pub fn tuple(items: Vec<Value>) -> Self {
        Self::Tuple(Arc::new(Tuple::new(items)))
    }
    pub fn dict(entries: impl IntoIterator<Item = (String, Value)>) -> Self {
        let data = entries.into_iter().map(|(key, value)| (Key::str(&key), value)).collect();
        Self::Dict(Arc::new(Dict::new(data)))
    }
    pub fn host(object: impl HostObject) -> Self {
        Self::Host(Arc::new(object))
    }
    pub fn lib(object: impl LibObject) -> Self {
        Self::Lib(Arc::new(object))
    }
    pub fn module(name: &str, members: Vec<(&str, Value)>) -> Self {
        Self::Module(Arc::new(Module::new(name, members)))
    }
    /// An integer in its smallest form.
    pub fn int(value: BigInt) -> Self {
        match value.to_i64() {
            Some(small) => Self::Int(small),
            None => Self::Big(Arc::new(value)),
        }
    }
    pub fn int128(value: i128) -> Self {
        match i64::try_from(value) {
            Ok(small) => Self::Int(small),
            Err(_) => Self::Big(Arc::new(BigInt::from(value))),
        }
    }
    pub fn usize(value: usize) -> Self {
        Self::int128(value as i128)
    }
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::Str(text) => Some(text),
            _ => None,
        }
    }
    /// The integer of an int or a bool that fits in 64 bits.
    pub fn as_i64(&self) -> Option<i64> {
        match self {
            Self::Int(value) => Some(*value),
            Self::Bool(value) => Some(i64::from(*value)),
            _ => None,
        }
    }
    /// The integer of an int or a bool, of any size.
    pub fn as_big(&self) -> Option<BigInt> {
        match self {
            Self::Int(value) => Some(BigInt::from(*value)),
            Self::Bool(value) => Some(BigInt::from(i64::from(*value))),
            Self::Big(value) => Some((**value).clone()),
            _ => None,
        }
    }
    /// The number of an int, bool or float.
    pub fn as_f64(&self) -> Option<f64> {
        match self {
            Self::Float(value) => Some(*value),
            Self::Int(value) => Some(*value as f64),
            Self::Bool(value) => Some(f64::from(u8::from(*value))),
            Self::Big(value) => value.to_f64(),
            _ => None,
        }
    }
    pub fn is_int(&self) -> bool {
        matches!(self, Self::Int(_) | Self::Bool(_) | Self::Big(_))
    }
    pub fn is_none(&self) -> bool {
        matches!(self, Self::None)
    }
    /// The library object of type `T`, if that is what this value is.
    pub fn downcast_lib<T: 'static>(&self) -> Option<&T> {
        match self {
            Self::Lib(object) => (**object).as_any().downcast_ref(),
            _ => None,
        }
    }
    /// The host object of type `T`, if that is what this value is.
    pub fn downcast_host<T: 'static>(&self) -> Option<&T> {
        match self {
            Self::Host(object) => (**object).as_any().downcast_ref(),
            _ => None,
        }
    }
    /// Whether both are the same object, as `is` asks.
    pub fn is(&self, other: &Self) -> bool {
        fn same<T: ?Sized>(a: &Arc<T>, b: &Arc<T>) -> bool {
            std::ptr::addr_eq(Arc::as_ptr(a), Arc::as_ptr(b))
        }
        match (self, other) {
            (Self::None, Self::None)
            | (Self::Ellipsis, Self::Ellipsis)
            | (Self::NotImplemented, Self::NotImplemented) => true,
            (Self::Bool(a), Self::Bool(b)) => a == b,
            (Self::Int(a), Self::Int(b)) => a == b,
            (Self::Float(a), Self::Float(b)) => a.to_bits() == b.to_bits(),
            (Self::Big(a), Self::Big(b)) => same(a, b),
            // Equal strings may or may not be one object in CPython; short literals are.
            (Self::Str(a), Self::Str(b)) => same(a, b) || (a.len() < 64 && a == b),
            (Self::Bytes(a), Self::Bytes(b)) => same(a, b),
            (Self::List(a), Self::List(b)) => same(a, b),
            (Self::Tuple(a), Self::Tuple(b)) => same(a, b) || (a.items().is_empty() && b.items().is_empty()),
            (Self::Dict(a), Self::Dict(b)) => same(a, b),
            (Self::Set(a), Self::Set(b)) => same(a, b),
            (Self::Range(a), Self::Range(b)) => same(a, b),
            (Self::Func(a), Self::Func(b)) => same(a, b),
            (Self::Native(a), Self::Native(b)) => std::ptr::eq(*a, *b),
            (Self::Method(a), Self::Method(b)) => same(a, b),
            (Self::Type(a), Self::Type(b)) => a == b,
            (Self::Exc(a), Self::Exc(b)) => same(a, b),
            (Self::Iter(a), Self::Iter(b)) => same(a, b),
            (Self::Gen(a), Self::Gen(b)) => same(a, b),
            (Self::Module(a), Self::Module(b)) => same(a, b),
            (Self::Lib(a), Self::Lib(b)) => same(a, b),
            (Self::Host(a), Self::Host(b)) => same(a, b),
            (Self::HostFn(a), Self::HostFn(b)) => same(a, b),
            _ => false,
        }
    }
    /// A number that tells this object from others, as `id` would.
    pub fn address(&self) -> u64 {
        fn of<T: ?Sized>(value: &Arc<T>) -> u64 {
            Arc::as_ptr(value).cast::<()>() as usize as u64
        }
        match self {
            Self::Func(v) => of(v),
            Self::Method(v) => of(v),
            Self::Exc(v) => of(v),
            Self::Iter(v) => of(v),
            Self::Gen(v) => of(v),
            Self::Module(v) => of(v),
            Self::Lib(v) => of(v),
            Self::Host(v) => of(v),
            Self::HostFn(v) => of(v),
            Self::List(v) => of(v),
            Self::Dict(v) => of(v),
            Self::Native(v) => std::ptr::from_ref(*v) as usize as u64,
            _ => 0,
        }
    }
    /// The type of this value.
    pub fn type_of(&self) -> Type {
        types::type_of(self)
    }
    /// The name of the type of this value, as error messages give it.
    pub fn type_name(&self) -> String {
        match self {
            Self::Host(object) => object.type_name().to_owned(),
            // CPython's own types written in C carry their module in messages.
            Self::Lib(object) if matches!(object.lib_type().module, "datetime" | "re") => {
                format!("{}.{}", object.lib_type().module, object.lib_type().name)
            }
            _ => self.type_of().name().to_owned(),
        }
    }
}

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match crate::ops::repr::pure_repr(self) {
            Some(text) => f.write_str(&text),
            None => write!(f, "<{}>", self.type_name()),
        }
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::str(text)
    }
}
impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Str(Arc::from(text))
    }
}
impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}
impl From<i64> for Value {
    fn from(value: i64) -> Self {
        Self::Int(value)
    }
}
impl From<f64> for Value {
    fn from(value: f64) -> Self {
        Self::Float(value)
    }
}
impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::None, Into::into)
    }
}
impl<T: Into<Value>> From<Vec<T>> for Value {
    fn from(values: Vec<T>) -> Self {
        Self::list(values.into_iter().map(Into::into).collect())
    }
}
