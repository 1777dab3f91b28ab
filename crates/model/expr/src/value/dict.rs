//! Dicts, sets and their keys.
//!
//! Separate because a key must be hashable before it enters a map: [`Key::new`] checks that once,
//! so that hashing and comparing inside of the map cannot fail.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use indexmap::{IndexMap, IndexSet};
use num_traits::ToPrimitive;
use parking_lot::{RwLock, RwLockReadGuard, RwLockWriteGuard};

use super::{Deep, Value};

const MAX_KEY_DEPTH: u32 = 32;

/// A hashable value.
#[derive(Clone)]
pub struct Key(Value);

/// The entries of a dict, in the order of insertion.
pub type DictData = IndexMap<Key, Value>;

/// Why a value cannot be a key.
pub enum Unhashable {
    Type(String),
    TooDeep,
}

impl Key {
    /// The value as a key, or why it cannot be one.
    pub fn new(value: Value) -> Result<Self, Unhashable> {
        check(&value, 0)?;
        Ok(Self(value))
    }
    pub fn str(text: &str) -> Self {
        Self(Value::str(text))
    }
    pub fn value(&self) -> &Value {
        &self.0
    }
    pub fn into_value(self) -> Value {
        self.0
    }
}

fn check(value: &Value, depth: u32) -> Result<(), Unhashable> {
    match value {
        Value::List(_) | Value::Dict(_) | Value::Slice(_) => Err(Unhashable::Type(value.type_name())),
        Value::View(view) if view.kind != super::ViewKind::Values => Err(Unhashable::Type(value.type_name())),
        Value::Set(set) if !set.frozen => Err(Unhashable::Type("set".to_owned())),
        Value::Lib(object) if object.hash_key().is_none() => Err(Unhashable::Type(value.type_name())),
        Value::Host(object) if object.hash_key().is_none() => Err(Unhashable::Type(value.type_name())),
        Value::Tuple(tuple) => {
            if depth >= MAX_KEY_DEPTH {
                return Err(Unhashable::TooDeep);
            }
            tuple.items().iter().try_for_each(|item| check(item, depth + 1))
        }
        Value::Set(set) => {
            if depth >= MAX_KEY_DEPTH {
                return Err(Unhashable::TooDeep);
            }
            set.get().iter().try_for_each(|item| check(&item.0, depth + 1))
        }
        _ => Ok(()),
    }
}

fn hash_value<H: Hasher>(value: &Value, state: &mut H) {
    match value {
        Value::Bool(v) => state.write_i64(i64::from(*v)),
        Value::Int(v) => state.write_i64(*v),
        Value::Float(v) if v.fract() == 0.0 && v.abs() < 9.0e18 => state.write_i64(*v as i64),
        // Big integers hash as the float nearest to them, which a float of equal value does too.
        Value::Float(v) => state.write_u64(v.to_bits()),
        Value::Big(v) => state.write_u64(v.to_f64().unwrap_or(f64::INFINITY).to_bits()),
        Value::Str(v) => v.hash(state),
        Value::Bytes(v) => v.hash(state),
        Value::Tuple(v) => {
            state.write_usize(v.items().len());
            for item in v.items() {
                hash_value(item, state);
            }
        }
        Value::Set(set) => {
            // The order of a set does not matter to its hash.
            let mut sum = 0u64;
            for item in set.get().iter() {
                let mut inner = std::hash::DefaultHasher::new();
                hash_value(&item.0, &mut inner);
                sum = sum.wrapping_add(inner.finish());
            }
            state.write_u64(sum);
        }
        Value::Lib(v) => state.write_u64(v.hash_key().unwrap_or(0)),
        Value::Host(v) => state.write_u64(v.hash_key().unwrap_or(0)),
        Value::Type(v) => v.name().hash(state),
        Value::Range(v) => state.write_usize(v.len()),
        Value::None | Value::Ellipsis | Value::NotImplemented | Value::Unbound => state.write_u8(0),
        other => state.write_u64(other.address()),
    }
}

impl Hash for Key {
    fn hash<H: Hasher>(&self, state: &mut H) {
        hash_value(&self.0, state);
    }
}

impl PartialEq for Key {
    fn eq(&self, other: &Self) -> bool {
        match (&self.0, &other.0) {
            (Value::Str(a), Value::Str(b)) => a == b,
            (a, b) => a.is(b) || crate::ops::compare::equal(a, b, 0).unwrap_or(false),
        }
    }
}

impl Eq for Key {}

impl indexmap::Equivalent<Key> for str {
    fn equivalent(&self, key: &Key) -> bool {
        matches!(&key.0, Value::Str(text) if &**text == self)
    }
}

/// What a dict does beyond being one.
#[derive(Default)]
pub enum DictKind {
    #[default]
    Plain,
    /// `collections.defaultdict`, with its factory.
    Default(Value),
    /// `collections.Counter`.
    Counter,
    /// `collections.OrderedDict`.
    Ordered,
}

/// A mapping that keeps the order of insertion.
pub struct Dict {
    data: Deep<RwLock<DictData>>,
    pub kind: DictKind,
}

impl Dict {
    pub fn new(data: DictData) -> Self {
        Self { data: Deep(RwLock::new(data)), kind: DictKind::Plain }
    }
    pub fn with_kind(data: DictData, kind: DictKind) -> Self {
        Self { data: Deep(RwLock::new(data)), kind }
    }
    pub fn get(&self) -> RwLockReadGuard<'_, DictData> {
        self.data.0.read_recursive()
    }
    pub fn set(&self) -> RwLockWriteGuard<'_, DictData> {
        self.data.0.write()
    }
    pub fn len(&self) -> usize {
        self.get().len()
    }
    pub fn is_empty(&self) -> bool {
        self.get().is_empty()
    }
    /// The value stored under a string.
    pub fn get_str(&self, key: &str) -> Option<Value> {
        self.get().get(&Key::str(key)).cloned()
    }
    pub fn insert_str(&self, key: &str, value: Value) {
        let old = self.set().insert(Key::str(key), value);
        drop(old);
    }
    pub fn at(&self, index: usize) -> Option<(Value, Value)> {
        self.get().get_index(index).map(|(key, value)| (key.0.clone(), value.clone()))
    }
}

/// A set or, when `frozen`, a frozenset.
pub struct Set {
    data: Deep<RwLock<IndexSet<Key>>>,
    pub frozen: bool,
}

impl Set {
    pub fn new(data: IndexSet<Key>, frozen: bool) -> Self {
        Self { data: Deep(RwLock::new(data)), frozen }
    }
    pub fn value(data: IndexSet<Key>, frozen: bool) -> Value {
        Value::Set(Arc::new(Self::new(data, frozen)))
    }
    pub fn get(&self) -> RwLockReadGuard<'_, IndexSet<Key>> {
        self.data.0.read_recursive()
    }
    pub fn set(&self) -> RwLockWriteGuard<'_, IndexSet<Key>> {
        self.data.0.write()
    }
    pub fn len(&self) -> usize {
        self.get().len()
    }
    pub fn is_empty(&self) -> bool {
        self.get().is_empty()
    }
}
