//! Iterators: their states, making them, and going through them.

use std::sync::Arc;

use parking_lot::Mutex;

use super::Vm;
use crate::flow::{R, type_error};
use crate::value::{Deep, Dict, Iter, List, Range, Set, Tuple, Ty, Value, ViewKind};

/// What an iterator goes through, and how far it is.
#[derive(Default)]
pub enum IterState {
    #[default]
    Done,
    List(Arc<List>, usize),
    Tuple(Arc<Tuple>, usize),
    /// A string and the byte offset.
    Str(Arc<str>, usize),
    Bytes(Arc<[u8]>, usize),
    Range(Range, usize),
    /// A dict, the next index and the length it must keep.
    Dict(Arc<Dict>, ViewKind, usize, usize),
    Set(Arc<Set>, usize, usize),
    /// Values of its own, as `reversed` makes them.
    Values(Vec<Value>, usize),
    Reversed(Vec<Value>),
    Enumerate(Value, i64),
    Zip(Vec<Value>, bool),
    Map(Value, Vec<Value>),
    Filter(Value, Value),
    /// The iterators still to come (last first), and the current one.
    Chain(Vec<Value>, Option<Value>),
    /// Next index, stop and step.
    Islice {
        source: Value,
        position: i64,
        next: i64,
        stop: Option<i64>,
        step: i64,
    },
    TakeWhile(Value, Value),
    DropWhile(Value, Value, bool),
    Count(Value, Value),
    Repeat(Value, Option<u64>),
    /// Source, items seen, position when the source has ended.
    Cycle(Option<Value>, Vec<Value>, usize),
    StarMap(Value, Value),
    /// Function, source, and the sum so far.
    Accumulate(Value, Value, Option<Value>),
    /// `iter(callable, sentinel)`.
    Until(Value, Value),
    Pairwise(Value, Option<Value>),
}

impl IterState {
    pub fn ty(&self) -> Ty {
        match self {
            Self::Enumerate(..) => Ty::Enumerate,
            Self::Zip(..) => Ty::Zip,
            Self::Map(..) => Ty::Map,
            Self::Filter(..) => Ty::Filter,
            Self::Reversed(_) => Ty::Reversed,
            _ => Ty::Iterator,
        }
    }
    pub fn value(self) -> Value {
        Value::Iter(Arc::new(Iter { state: Deep(Mutex::new(self)) }))
    }
}

impl Vm {
    #[expect(clippy::unused_self, reason = "reads as a question to the machine, like `iter`")]
    pub(crate) fn is_iterable(&self, value: &Value) -> bool {
        matches!(
            value,
            Value::Str(_)
                | Value::Bytes(_)
                | Value::List(_)
                | Value::Tuple(_)
                | Value::Dict(_)
                | Value::Set(_)
                | Value::Range(_)
                | Value::View(_)
                | Value::Iter(_)
                | Value::Gen(_)
                | Value::Lib(_)
                | Value::Host(_)
        )
    }

    /// An iterator over the value.
    #[expect(clippy::iter_not_returning_iterator, reason = "named after Python's `iter`")]
    pub fn iter(&mut self, value: &Value) -> R<Value> {
        self.charge(96)?;
        let state = match value {
            Value::Iter(_) | Value::Gen(_) => return Ok(value.clone()),
            Value::List(list) => IterState::List(list.clone(), 0),
            Value::Tuple(tuple) => IterState::Tuple(tuple.clone(), 0),
            Value::Str(text) => IterState::Str(text.clone(), 0),
            Value::Bytes(bytes) => IterState::Bytes(bytes.clone(), 0),
            Value::Range(range) => IterState::Range(**range, 0),
            Value::Dict(dict) => IterState::Dict(dict.clone(), ViewKind::Keys, 0, dict.len()),
            Value::View(view) => IterState::Dict(view.dict.clone(), view.kind, 0, view.dict.len()),
            Value::Set(set) => IterState::Set(set.clone(), 0, set.len()),
            Value::Host(object) => match object.iterate() {
                Some(result) => {
                    let items = result.into_result()?;
                    return match items {
                        Value::Host(_) => Err(type_error("host iteration must give a list")),
                        items => self.iter(&items),
                    };
                }
                None => return Err(not_iterable(value)),
            },
            Value::Lib(object) => {
                let object = object.clone();
                return match object.iterate(self)? {
                    Some(Value::Lib(_)) | None => Err(not_iterable(value)),
                    Some(items) => self.iter(&items),
                };
            }
            other => return Err(not_iterable(other)),
        };
        Ok(state.value())
    }

    /// The next element, for natives. `iterator` is what [`Vm::iter`] gave.
    pub fn next(&mut self, iterator: &Value) -> R<Option<Value>> {
        match iterator {
            Value::Iter(iter) => {
                let iter = iter.clone();
                self.operation(|vm| vm.step(&iter))
            }
            Value::Gen(generator) => {
                let generator = generator.clone();
                self.operation(|vm| vm.resume_now(&generator, Value::None))
            }
            other => Err(type_error(format!("'{}' object is not an iterator", other.type_name()))),
        }
    }

    /// Continues a generator with a value.
    pub(crate) fn send(&mut self, generator: &Arc<crate::value::Gen>, value: Value) -> R<Option<Value>> {
        let generator = generator.clone();
        self.operation(|vm| vm.resume_now(&generator, value))
    }

    /// What the last generator that ended returned.
    pub(crate) fn last_returned(&self) -> Value {
        self.returned.clone()
    }

    /// All elements.
    pub fn collect(&mut self, value: &Value) -> R<Vec<Value>> {
        let items: Vec<Value> = match value {
            Value::List(list) => list.to_vec(),
            Value::Tuple(tuple) => tuple.items().to_vec(),
            Value::Str(text) => {
                self.charge_items(text.len())?;
                text.chars().map(|c| Value::str(c.encode_utf8(&mut [0; 4]))).collect()
            }
            Value::Bytes(bytes) => bytes.iter().map(|byte| Value::Int(i64::from(*byte))).collect(),
            Value::Range(range) => {
                self.charge_items(range.len())?;
                self.tick(range.len() as u64 / 4)?;
                (0..range.len()).map(|index| Value::Int(range.at(index))).collect()
            }
            Value::Dict(dict) => dict.get().keys().map(|key| key.value().clone()).collect(),
            Value::Set(set) => set.get().iter().map(|key| key.value().clone()).collect(),
            Value::View(view) => {
                self.charge_items(view.dict.len() * 2)?;
                let data = view.dict.get();
                match view.kind {
                    ViewKind::Keys => data.keys().map(|key| key.value().clone()).collect(),
                    ViewKind::Values => data.values().cloned().collect(),
                    ViewKind::Items => {
                        data.iter().map(|(key, value)| Value::tuple(vec![key.value().clone(), value.clone()])).collect()
                    }
                }
            }
            Value::Iter(_) | Value::Gen(_) => {
                let mut items = Vec::new();
                while let Some(item) = self.next(value)? {
                    items.push(item);
                }
                return Ok(items);
            }
            Value::Host(_) | Value::Lib(_) => {
                let iterator = self.iter(value)?;
                return self.collect_fresh(&iterator);
            }
            other => return Err(not_iterable(other)),
        };
        self.charge_items(items.len())?;
        Ok(items)
    }

    /// All elements of an iterator nobody else has.
    fn collect_fresh(&mut self, iterator: &Value) -> R<Vec<Value>> {
        if let Value::Iter(iter) = iterator {
            let source = match &*iter.state.0.lock() {
                IterState::List(list, 0) => Some(Value::List(list.clone())),
                IterState::Tuple(tuple, 0) => Some(Value::Tuple(tuple.clone())),
                _ => None,
            };
            if let Some(source) = source {
                return self.collect(&source);
            }
        }
        self.collect(iterator)
    }
}

pub(crate) fn not_iterable(value: &Value) -> crate::flow::Flow {
    type_error(format!("'{}' object is not iterable", value.type_name()))
}
