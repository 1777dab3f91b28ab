//! Operations that strings, bytes, lists and tuples share.

use crate::flow::{R, index_error, type_error, value_error};
use crate::native::to_index;
use crate::value::{Slice, Value};
use crate::vm::Vm;

/// `sequence * count`.
pub fn repeat(vm: &mut Vm, sequence: &Value, count: &Value) -> R<Value> {
    let count = super::arith::repeat_count(count)?;
    let unit = match sequence {
        Value::Str(text) => text.len(),
        Value::Bytes(bytes) => bytes.len(),
        Value::List(list) => list.len() * size_of::<Value>(),
        Value::Tuple(tuple) => std::mem::size_of_val(tuple.items()),
        _ => 0,
    };
    let total = unit.saturating_mul(count);
    vm.charge(total)?;
    vm.tick(total as u64 / 256)?;
    let count = if unit == 0 { 0 } else { count };
    Ok(match sequence {
        Value::Str(text) => Value::from(text.repeat(count)),
        Value::Bytes(bytes) => Value::bytes(bytes.repeat(count)),
        Value::List(list) => Value::list(repeat_items(&list.to_vec(), count)),
        Value::Tuple(tuple) => Value::tuple(repeat_items(tuple.items(), count)),
        other => other.clone(),
    })
}

fn repeat_items(items: &[Value], count: usize) -> Vec<Value> {
    let mut out = Vec::with_capacity(items.len() * count);
    for _ in 0..count {
        out.extend_from_slice(items);
    }
    out
}

/// The position an index means in a sequence of `len`.
pub fn position(index: &Value, len: usize, what: &str) -> R<usize> {
    let index = match index {
        Value::Int(_) | Value::Bool(_) => to_index(index)?,
        Value::Big(_) => return Err(index_error("cannot fit 'int' into an index-sized integer")),
        other => {
            return Err(type_error(format!("{what} indices must be integers or slices, not {}", other.type_name())));
        }
    };
    let position = if index < 0 { index + len as i64 } else { index };
    usize::try_from(position)
        .ok()
        .filter(|position| *position < len)
        .ok_or_else(|| index_error(format!("{what} index out of range")))
}

/// The same, with other words for an index that is out of range.
pub fn position_or(index: &Value, len: usize, what: &str, out_of_range: &str) -> R<usize> {
    position(index, len, what).map_err(|flow| if flow.is("IndexError") { index_error(out_of_range) } else { flow })
}

/// A bound clamped into a sequence of `len`, as `find` and friends take them.
pub fn clamp(value: Option<&Value>, default: usize, len: usize) -> R<usize> {
    let Some(value) = value.filter(|value| !value.is_none()) else {
        return Ok(default);
    };
    let index = match value {
        Value::Big(n) => {
            if n.sign() == num_bigint::Sign::Minus {
                i64::MIN
            } else {
                i64::MAX
            }
        }
        Value::Int(_) | Value::Bool(_) => to_index(value)?,
        _ => {
            return Err(type_error("slice indices must be integers or None or have an __index__ method"));
        }
    };
    let index = if index < 0 { (index.saturating_add(len as i64)).max(0) } else { index };
    Ok((index as usize).min(len))
}

/// The positions a slice selects in a sequence of `len`.
pub struct Selection {
    pub start: i64,
    pub step: i64,
    pub count: usize,
    pub stop: i64,
}

impl Selection {
    pub fn of(slice: &Slice, len: usize) -> R<Self> {
        let bound = |value: &Value| -> R<Option<i64>> {
            match value {
                Value::None => Ok(None),
                Value::Int(n) => Ok(Some(*n)),
                Value::Bool(flag) => Ok(Some(i64::from(*flag))),
                Value::Big(n) => Ok(Some(if n.sign() == num_bigint::Sign::Minus { i64::MIN + 1 } else { i64::MAX })),
                _ => Err(type_error("slice indices must be integers or None or have an __index__ method")),
            }
        };
        let step = bound(&slice.step)?.unwrap_or(1);
        if step == 0 {
            return Err(value_error("slice step cannot be zero"));
        }
        let step = step.max(-i64::MAX);
        let len = len as i64;
        let (low, high) = if step < 0 { (-1, len - 1) } else { (0, len) };
        let fit = |value: i64| {
            let value = if value < 0 { value.saturating_add(len) } else { value };
            value.clamp(low, high)
        };
        let start = bound(&slice.start)?.map_or(if step < 0 { high } else { low }, fit);
        let stop = bound(&slice.stop)?.map_or(if step < 0 { low } else { high }, fit);
        let count = if step < 0 {
            if stop < start { (start - stop - 1) / -step + 1 } else { 0 }
        } else if start < stop {
            (stop - start - 1) / step + 1
        } else {
            0
        };
        Ok(Self { start, step, count: count as usize, stop })
    }
    pub fn positions(&self) -> impl Iterator<Item = usize> {
        let (start, step) = (i128::from(self.start), i128::from(self.step));
        (0..self.count).map(move |index| (start + index as i128 * step) as usize)
    }
}

/// The first place of `needle` at or after `from`.
pub fn find_bytes(haystack: &[u8], needle: &[u8], from: usize) -> Option<usize> {
    if needle.is_empty() {
        return (from <= haystack.len()).then_some(from);
    }
    haystack.get(from..)?.windows(needle.len()).position(|window| window == needle).map(|at| at + from)
}

/// The byte offset of the character at `index`, or the length of the text.
pub fn char_offset(text: &str, index: usize) -> usize {
    if text.is_ascii() {
        return index.min(text.len());
    }
    text.char_indices().nth(index).map_or(text.len(), |(at, _)| at)
}

/// The index of the character at a byte offset.
pub fn char_index(text: &str, offset: usize) -> usize {
    let head = text.get(..offset).unwrap_or(text);
    if head.is_ascii() { head.len() } else { head.chars().count() }
}
