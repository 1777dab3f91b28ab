//! `a[b]`: reading, writing and deleting.

use std::sync::Arc;

use super::sequence::{Selection, char_offset, position, position_or};
use super::{dict_item, key};
use crate::flow::{R, key_error, type_error, value_error};
use crate::value::{DictKind, Key, Range, Slice, Value};
use crate::vm::Vm;

/// `object[index]`.
pub fn get(vm: &mut Vm, object: &Value, index: &Value) -> R<Value> {
    match (object, index) {
        (Value::Dict(dict), _) => {
            if let Value::Str(_) = index
                && let Ok(key) = Key::new(index.clone())
                && let Some(value) = dict.get().get(&key)
            {
                return Ok(value.clone());
            }
            dict_item(vm, dict, index)
        }
        (Value::List(list), Value::Slice(slice)) => {
            let items = list.to_vec();
            let items = select(&items, slice)?;
            vm.list(items)
        }
        (Value::Tuple(tuple), Value::Slice(slice)) => {
            let items = select(tuple.items(), slice)?;
            vm.tuple(items)
        }
        (Value::List(list), _) => {
            let at = position(index, list.len(), "list")?;
            Ok(list.at(at).unwrap_or(Value::None))
        }
        (Value::Tuple(tuple), _) => {
            let at = position(index, tuple.items().len(), "tuple")?;
            Ok(tuple.items()[at].clone())
        }
        (Value::Str(text), Value::Slice(slice)) => slice_text(vm, text, slice),
        (Value::Str(text), _) => {
            let len = super::len(object)?;
            let at = match index {
                Value::Int(_) | Value::Bool(_) | Value::Big(_) => position(index, len, "string")?,
                other => {
                    return Err(type_error(format!("string indices must be integers, not '{}'", other.type_name())));
                }
            };
            vm.tick(at as u64 / 256)?;
            let start = char_offset(text, at);
            let one = text[start..].chars().next().unwrap_or(' ');
            vm.charge(32)?;
            Ok(Value::str(one.encode_utf8(&mut [0; 4])))
        }
        (Value::Bytes(bytes), Value::Slice(slice)) => {
            let selection = Selection::of(slice, bytes.len())?;
            vm.charge(selection.count)?;
            let picked: Vec<u8> = selection.positions().filter_map(|at| bytes.get(at).copied()).collect();
            Ok(Value::bytes(picked))
        }
        (Value::Bytes(bytes), _) => {
            let at = position_or(index, bytes.len(), "byte", "index out of range")?;
            Ok(Value::Int(i64::from(bytes[at])))
        }
        (Value::Range(range), Value::Slice(slice)) => {
            let selection = Selection::of(slice, range.len())?;
            let at = |index: i64| (i128::from(range.start) + i128::from(index) * i128::from(range.step)) as i64;
            let step = range.step.checked_mul(selection.step).unwrap_or(range.step);
            let (start, stop) = (at(selection.start), at(selection.stop));
            Ok(Value::Range(Arc::new(Range { start, stop, step })))
        }
        (Value::Range(range), _) => {
            let at = position(index, range.len(), "range object")?;
            Ok(Value::Int(range.at(at)))
        }
        (Value::Host(host), _) => host.get_item(index).into_result(),
        (Value::Lib(object), _) => {
            let object = object.clone();
            object.get_item(vm, index)?.ok_or_else(|| not_subscriptable(&Value::Lib(object.clone())))
        }
        // `list[int]` and the like, written as annotations.
        (Value::Type(_), _) => Ok(object.clone()),
        _ => Err(not_subscriptable(object)),
    }
}

fn not_subscriptable(object: &Value) -> crate::flow::Flow {
    type_error(format!("'{}' object is not subscriptable", object.type_name()))
}

fn select(items: &[Value], slice: &Slice) -> R<Vec<Value>> {
    let selection = Selection::of(slice, items.len())?;
    Ok(selection.positions().filter_map(|at| items.get(at).cloned()).collect())
}

fn slice_text(vm: &mut Vm, text: &Arc<str>, slice: &Slice) -> R<Value> {
    let value = Value::Str(text.clone());
    let len = super::len(&value)?;
    let selection = Selection::of(slice, len)?;
    vm.tick(len as u64 / 256)?;
    if selection.step == 1 {
        let start = char_offset(text, selection.start as usize);
        let end = char_offset(text, selection.start as usize + selection.count);
        vm.charge(end - start)?;
        return Ok(Value::str(&text[start..end]));
    }
    let chars: Vec<char> = text.chars().collect();
    vm.charge(chars.len() * 4)?;
    let picked: String = selection.positions().filter_map(|at| chars.get(at)).collect();
    vm.text(picked)
}

/// `object[index] = value`.
pub fn set(vm: &mut Vm, object: &Value, index: &Value, value: &Value) -> R<()> {
    match (object, index) {
        (Value::Dict(dict), _) => {
            vm.charge(size_of::<Value>() * 4)?;
            let key = key(index.clone())?;
            let old = dict.set().insert(key, value.clone());
            drop(old);
            Ok(())
        }
        (Value::List(list), Value::Slice(slice)) => {
            let items = match value {
                Value::None | Value::Int(_) | Value::Float(_) | Value::Bool(_) => {
                    return Err(type_error("can only assign an iterable"));
                }
                other => vm.collect(other)?,
            };
            let selection = Selection::of(slice, list.len())?;
            vm.charge_items(list.len() + items.len())?;
            if selection.step == 1 {
                let start = selection.start as usize;
                let end = start + selection.count;
                let old: Vec<Value> = list.set().splice(start..end, items).collect();
                drop(old);
                return Ok(());
            }
            if items.len() != selection.count {
                return Err(value_error(format!(
                    "attempt to assign sequence of size {} to extended slice of size {}",
                    items.len(),
                    selection.count
                )));
            }
            for (at, item) in selection.positions().zip(items) {
                let old = list.set().get_mut(at).map(|slot| std::mem::replace(slot, item));
                drop(old);
            }
            Ok(())
        }
        (Value::List(list), _) => {
            let at = position_or(index, list.len(), "list", "list assignment index out of range")?;
            let old = std::mem::replace(&mut list.set()[at], value.clone());
            drop(old);
            Ok(())
        }
        (Value::Host(host), _) => host.set_item(index, value).into_result().map(drop),
        _ => Err(type_error(format!("'{}' object does not support item assignment", object.type_name()))),
    }
}

/// `del object[index]`.
pub fn delete(vm: &mut Vm, object: &Value, index: &Value) -> R<()> {
    match (object, index) {
        (Value::Dict(dict), _) => {
            let wanted = key(index.clone())?;
            vm.tick(dict.len() as u64 / 64)?;
            let removed = dict.set().shift_remove(&wanted);
            match removed {
                Some(_) => Ok(()),
                None if matches!(dict.kind, DictKind::Counter) => Ok(()),
                None => Err(key_error(index.clone())),
            }
        }
        (Value::List(list), Value::Slice(slice)) => {
            let selection = Selection::of(slice, list.len())?;
            let gone: std::collections::HashSet<usize> = selection.positions().collect();
            vm.charge_items(list.len())?;
            let items = list.to_vec();
            let kept =
                items.iter().enumerate().filter(|(at, _)| !gone.contains(at)).map(|(_, item)| item.clone()).collect();
            let old = std::mem::replace(&mut *list.set(), kept);
            drop(old);
            Ok(())
        }
        (Value::List(list), _) => {
            let at = position_or(index, list.len(), "list", "list assignment index out of range")?;
            let old = list.set().remove(at);
            drop(old);
            Ok(())
        }
        (Value::Host(host), _) => host.del_item(index).into_result().map(drop),
        _ => Err(type_error(format!("'{}' object doesn't support item deletion", object.type_name()))),
    }
}
