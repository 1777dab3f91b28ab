//! One step of each kind of iterator.
//!
//! A step that calls back changes its own state only after the last callback, so that it can be
//! restarted, see [`super::replay`].

use std::sync::Arc;

use super::Vm;
use super::iter::IterState;
use crate::compile::code::CmpOp;
use crate::flow::{R, raise, value_error};
use crate::ops;
use crate::ops::arith::BinOp;
use crate::value::{Iter, Value, ViewKind};

/// What a step has to do after the state was looked at.
enum Plan {
    Give(Option<Value>),
    Enumerate(Value, i64),
    Zip(Vec<Value>, bool),
    Map(Value, Vec<Value>),
    Filter(Value, Value),
    Chain,
    Islice,
    TakeWhile(Value, Value),
    DropWhile(Value, Value, bool),
    Count(Value, Value),
    Cycle(Value),
    StarMap(Value, Value),
    Accumulate(Value, Value, Option<Value>),
    Until(Value, Value),
    Pairwise(Value, Option<Value>),
}

impl Vm {
    /// The next element of an iterator.
    pub(super) fn step(&mut self, iter: &Arc<Iter>) -> R<Option<Value>> {
        let plan = plan(&mut iter.state.0.lock())?;
        match plan {
            Plan::Give(value) => {
                if matches!(value, Some(Value::Tuple(_) | Value::Str(_))) {
                    self.charge(48)?;
                }
                Ok(value)
            }
            Plan::Enumerate(source, count) => {
                let Some(item) = self.next(&source)? else {
                    return Ok(finish(iter));
                };
                *iter.state.0.lock() = IterState::Enumerate(source, count.saturating_add(1));
                Ok(Some(self.tuple(vec![Value::Int(count), item])?))
            }
            Plan::Zip(sources, strict) => self.step_zip(iter, &sources, strict),
            Plan::Map(function, sources) => {
                let mut args = Vec::with_capacity(sources.len());
                for source in &sources {
                    match self.next(source)? {
                        Some(item) => args.push(item),
                        None => return Ok(None),
                    }
                }
                self.call(&function, &args, &[]).map(Some)
            }
            Plan::Filter(function, source) => loop {
                let Some(item) = self.next(&source)? else {
                    return Ok(None);
                };
                if self.test(&function, &item)? {
                    return Ok(Some(item));
                }
            },
            Plan::Chain => self.step_chain(iter),
            Plan::Islice => self.step_islice(iter),
            Plan::TakeWhile(function, source) => {
                let Some(item) = self.next(&source)? else {
                    return Ok(finish(iter));
                };
                if self.test(&function, &item)? { Ok(Some(item)) } else { Ok(finish(iter)) }
            }
            Plan::DropWhile(function, source, started) => {
                if started {
                    return self.next(&source);
                }
                loop {
                    let Some(item) = self.next(&source)? else {
                        return Ok(None);
                    };
                    if !self.test(&function, &item)? {
                        *iter.state.0.lock() = IterState::DropWhile(function, source, true);
                        return Ok(Some(item));
                    }
                }
            }
            Plan::Count(current, step) => {
                let next = ops::arith::binary(self, BinOp::Add, &current, &step)?;
                *iter.state.0.lock() = IterState::Count(next, step);
                Ok(Some(current))
            }
            Plan::Cycle(source) => {
                let item = self.next(&source)?;
                let mut state = iter.state.0.lock();
                let IterState::Cycle(source, seen, position) = &mut *state else {
                    return Ok(None);
                };
                if let Some(item) = item {
                    seen.push(item.clone());
                    return Ok(Some(item));
                }
                *source = None;
                *position = 1;
                Ok(seen.first().cloned())
            }
            Plan::StarMap(function, source) => {
                let Some(item) = self.next(&source)? else {
                    return Ok(None);
                };
                let args = self.collect(&item)?;
                self.call(&function, &args, &[]).map(Some)
            }
            Plan::Accumulate(function, source, total) => {
                let Some(item) = self.next(&source)? else {
                    return Ok(None);
                };
                let total = match total {
                    None => item,
                    Some(total) if function.is_none() => ops::arith::binary(self, BinOp::Add, &total, &item)?,
                    Some(total) => self.call(&function, &[total, item], &[])?,
                };
                *iter.state.0.lock() = IterState::Accumulate(function, source, Some(total.clone()));
                Ok(Some(total))
            }
            Plan::Until(function, sentinel) => {
                let item = self.call(&function, &[], &[])?;
                if ops::compare::rich(self, CmpOp::Eq, &item, &sentinel)? {
                    return Ok(finish(iter));
                }
                Ok(Some(item))
            }
            Plan::Pairwise(source, previous) => {
                let first = match previous {
                    Some(previous) => Some(previous),
                    None => self.next(&source)?,
                };
                let Some(first) = first else {
                    return Ok(finish(iter));
                };
                let Some(second) = self.next(&source)? else {
                    return Ok(finish(iter));
                };
                *iter.state.0.lock() = IterState::Pairwise(source, Some(second.clone()));
                Ok(Some(self.tuple(vec![first, second])?))
            }
        }
    }

    fn test(&mut self, function: &Value, item: &Value) -> R<bool> {
        if function.is_none() {
            return ops::truth(self, item);
        }
        let answer = self.call(function, std::slice::from_ref(item), &[])?;
        ops::truth(self, &answer)
    }

    fn step_zip(&mut self, iter: &Iter, sources: &[Value], strict: bool) -> R<Option<Value>> {
        let mut items = Vec::with_capacity(sources.len());
        for (index, source) in sources.iter().enumerate() {
            if let Some(item) = self.next(source)? {
                items.push(item);
                continue;
            }
            let than = |index: usize| {
                if index == 1 { "argument 1".to_owned() } else { format!("arguments 1-{index}") }
            };
            if strict && index > 0 {
                return Err(value_error(format!("zip() argument {} is shorter than {}", index + 1, than(index))));
            }
            if strict {
                for (later, source) in sources.iter().enumerate().skip(1) {
                    if self.next(source)?.is_some() {
                        return Err(value_error(format!(
                            "zip() argument {} is longer than {}",
                            later + 1,
                            than(later)
                        )));
                    }
                }
            }
            return Ok(finish(iter));
        }
        if items.is_empty() {
            return Ok(None);
        }
        self.tuple(items).map(Some)
    }

    fn step_chain(&mut self, iter: &Iter) -> R<Option<Value>> {
        loop {
            let current = match &*iter.state.0.lock() {
                IterState::Chain(_, current) => current.clone(),
                _ => return Ok(None),
            };
            if let Some(current) = current
                && let Some(item) = self.next(&current)?
            {
                return Ok(Some(item));
            }
            let next = match &*iter.state.0.lock() {
                IterState::Chain(sources, _) => sources.last().cloned(),
                _ => None,
            };
            let Some(next) = next else {
                return Ok(finish(iter));
            };
            // Advancing is an operation of its own, so that a restart does not skip a source.
            let opened = self.operation(|vm| {
                let opened = vm.iter(&next)?;
                if let IterState::Chain(sources, current) = &mut *iter.state.0.lock() {
                    sources.pop();
                    *current = Some(opened.clone());
                }
                Ok(Some(opened))
            })?;
            drop(opened);
        }
    }

    fn step_islice(&mut self, iter: &Iter) -> R<Option<Value>> {
        let (source, mut position, next, stop, step) = match &*iter.state.0.lock() {
            IterState::Islice { source, position, next, stop, step } => {
                (source.clone(), *position, *next, *stop, *step)
            }
            _ => return Ok(None),
        };
        if stop.is_some_and(|stop| next >= stop) {
            return Ok(finish(iter));
        }
        loop {
            let Some(item) = self.next(&source)? else {
                return Ok(finish(iter));
            };
            position += 1;
            if position > next {
                let next = next.saturating_add(step);
                *iter.state.0.lock() = IterState::Islice { source, position, next, stop, step };
                return Ok(Some(item));
            }
        }
    }
}

fn finish(iter: &Iter) -> Option<Value> {
    let old = std::mem::take(&mut *iter.state.0.lock());
    drop(old);
    None
}

fn advance<T>(index: &mut usize, item: Option<T>) -> Option<T> {
    *index += usize::from(item.is_some());
    item
}

fn plan(state: &mut IterState) -> R<Plan> {
    let given = match state {
        IterState::Done => None,
        IterState::List(list, index) => advance(index, list.at(*index)),
        IterState::Tuple(tuple, index) => advance(index, tuple.items().get(*index).cloned()),
        IterState::Str(text, at) => text[*at..].chars().next().map(|c| {
            *at += c.len_utf8();
            Value::str(c.encode_utf8(&mut [0; 4]))
        }),
        IterState::Bytes(bytes, index) => advance(index, bytes.get(*index).map(|byte| Value::Int(i64::from(*byte)))),
        IterState::Range(range, index) => {
            let item = (*index < range.len()).then(|| Value::Int(range.at(*index)));
            advance(index, item)
        }
        IterState::Dict(dict, kind, index, len) => {
            if dict.len() != *len {
                *state = IterState::Done;
                return Err(raise("RuntimeError", "dictionary changed size during iteration"));
            }
            let item = dict.at(*index).map(|(key, value)| match kind {
                ViewKind::Keys => key,
                ViewKind::Values => value,
                ViewKind::Items => Value::tuple(vec![key, value]),
            });
            advance(index, item)
        }
        IterState::Set(set, index, len) => {
            if set.len() != *len {
                *state = IterState::Done;
                return Err(raise("RuntimeError", "Set changed size during iteration"));
            }
            let item = set.get().get_index(*index).map(|key| key.value().clone());
            advance(index, item)
        }
        IterState::Values(values, index) => advance(index, values.get(*index).cloned()),
        IterState::Reversed(values) => values.pop(),
        IterState::Repeat(value, None) => Some(value.clone()),
        IterState::Repeat(value, Some(left)) => (*left > 0).then(|| {
            *left -= 1;
            value.clone()
        }),
        IterState::Cycle(None, seen, position) => {
            let item = seen.get(*position % seen.len().max(1)).cloned();
            *position = (*position + 1) % seen.len().max(1);
            item
        }
        IterState::Enumerate(source, count) => return Ok(Plan::Enumerate(source.clone(), *count)),
        IterState::Zip(sources, strict) => return Ok(Plan::Zip(sources.clone(), *strict)),
        IterState::Map(function, sources) => {
            return Ok(Plan::Map(function.clone(), sources.clone()));
        }
        IterState::Filter(function, source) => {
            return Ok(Plan::Filter(function.clone(), source.clone()));
        }
        IterState::Chain(..) => return Ok(Plan::Chain),
        IterState::Islice { .. } => return Ok(Plan::Islice),
        IterState::TakeWhile(function, source) => {
            return Ok(Plan::TakeWhile(function.clone(), source.clone()));
        }
        IterState::DropWhile(function, source, started) => {
            return Ok(Plan::DropWhile(function.clone(), source.clone(), *started));
        }
        IterState::Count(current, step) => return Ok(Plan::Count(current.clone(), step.clone())),
        IterState::Cycle(Some(source), ..) => return Ok(Plan::Cycle(source.clone())),
        IterState::StarMap(function, source) => {
            return Ok(Plan::StarMap(function.clone(), source.clone()));
        }
        IterState::Accumulate(function, source, total) => {
            return Ok(Plan::Accumulate(function.clone(), source.clone(), total.clone()));
        }
        IterState::Until(function, sentinel) => {
            return Ok(Plan::Until(function.clone(), sentinel.clone()));
        }
        IterState::Pairwise(source, previous) => {
            return Ok(Plan::Pairwise(source.clone(), previous.clone()));
        }
    };
    Ok(Plan::Give(given))
}
