//! What operators and built-in functions do with values.

pub mod arith;
pub mod attr;
pub mod big;
pub mod compare;
pub mod repr;
pub mod sequence;
pub mod subscript;

use std::sync::Arc;

use indexmap::IndexSet;

use crate::flow::{R, recursion_error, type_error};
use crate::value::{Dict, DictKind, Key, Set, Unhashable, Value, ViewKind};
use crate::vm::Vm;

/// Whether a value counts as true.
#[expect(clippy::only_used_in_recursion, reason = "every operation on values takes the machine")]
pub fn truth(vm: &mut Vm, value: &Value) -> R<bool> {
    Ok(match value {
        Value::Unbound | Value::None => false,
        Value::Bool(flag) => *flag,
        Value::Int(number) => *number != 0,
        Value::Float(number) => *number != 0.0,
        Value::Str(text) => !text.is_empty(),
        Value::Bytes(bytes) => !bytes.is_empty(),
        Value::List(list) => !list.is_empty(),
        Value::Tuple(tuple) => !tuple.items().is_empty(),
        Value::Dict(dict) => !dict.is_empty(),
        Value::Set(set) => !set.is_empty(),
        Value::Range(range) => !range.is_empty(),
        Value::View(view) => !view.dict.is_empty(),
        Value::Lib(object) => object.truth(),
        Value::Host(object) => {
            if let Some(answer) = object.truth() {
                let answer = answer.into_result()?;
                return match answer {
                    Value::Host(_) => Ok(true),
                    other => truth(vm, &other),
                };
            }
            match object.len() {
                Some(length) => length.into_result()?.as_i64() != Some(0),
                None => true,
            }
        }
        _ => true,
    })
}

/// `len(value)`.
pub fn len(value: &Value) -> R<usize> {
    Ok(match value {
        Value::Str(text) => {
            if text.is_ascii() {
                text.len()
            } else {
                text.chars().count()
            }
        }
        Value::Bytes(bytes) => bytes.len(),
        Value::List(list) => list.len(),
        Value::Tuple(tuple) => tuple.items().len(),
        Value::Dict(dict) => dict.len(),
        Value::Set(set) => set.len(),
        Value::Range(range) => range.len(),
        Value::View(view) => view.dict.len(),
        Value::Lib(object) if object.len().is_some() => object.len().unwrap_or(0),
        Value::Host(object) => match object.len() {
            Some(length) => length.into_result()?.as_i64().and_then(|n| usize::try_from(n).ok()).unwrap_or(0),
            None => return Err(no_len(value)),
        },
        _ => return Err(no_len(value)),
    })
}

fn no_len(value: &Value) -> crate::flow::Flow {
    type_error(format!("object of type '{}' has no len()", value.type_name()))
}

/// The value as a key of a dict or set.
pub fn key(value: Value) -> R<Key> {
    Key::new(value).map_err(|unhashable| match unhashable {
        Unhashable::Type(name) => type_error(format!("unhashable type: '{name}'")),
        Unhashable::TooDeep => recursion_error(" while hashing"),
    })
}

/// A set of the values.
pub fn set_of(vm: &mut Vm, values: Vec<Value>, frozen: bool) -> R<Value> {
    vm.charge_items(values.len() * 2 + 4)?;
    let mut data = IndexSet::with_capacity(values.len());
    for value in values {
        data.insert(key(value)?);
    }
    Ok(Set::value(data, frozen))
}

/// `item in container`.
pub fn contains(vm: &mut Vm, container: &Value, item: &Value) -> R<bool> {
    match container {
        Value::Str(text) => match item {
            Value::Str(part) => {
                vm.tick(text.len() as u64 / 64)?;
                Ok(text.contains(&**part))
            }
            other => {
                Err(type_error(format!("'in <string>' requires string as left operand, not {}", other.type_name())))
            }
        },
        Value::Bytes(bytes) => match item {
            Value::Bytes(part) => Ok(sequence::find_bytes(bytes, part, 0).is_some()),
            Value::Int(byte) => Ok(u8::try_from(*byte).is_ok_and(|byte| bytes.contains(&byte))),
            other => Err(type_error(format!("a bytes-like object is required, not '{}'", other.type_name()))),
        },
        Value::Dict(dict) => Ok(dict.get().contains_key(&key(item.clone())?)),
        Value::Set(set) => {
            // A set may be looked up in a set as if it were frozen.
            let wanted = match item {
                Value::Set(inner) if !inner.frozen => Set::value(inner.get().clone(), true),
                other => other.clone(),
            };
            Ok(set.get().contains(&key(wanted)?))
        }
        Value::View(view) if view.kind == ViewKind::Keys => Ok(view.dict.get().contains_key(&key(item.clone())?)),
        Value::View(view) if view.kind == ViewKind::Items => match item {
            Value::Tuple(pair) if pair.items().len() == 2 => {
                let found = view.dict.get().get(&key(pair.items()[0].clone())?).cloned();
                found.map_or(Ok(false), |value| same(&value, &pair.items()[1]))
            }
            _ => Ok(false),
        },
        Value::Range(range) => match item {
            Value::Int(number) => Ok(range.position(*number).is_some()),
            Value::Bool(flag) => Ok(range.position(i64::from(*flag)).is_some()),
            Value::Float(number) if number.fract() == 0.0 && number.abs() < 9e18 => {
                Ok(range.position(*number as i64).is_some())
            }
            _ => Ok(false),
        },
        Value::List(list) => {
            vm.tick(list.len() as u64 / 8)?;
            let items = list.to_vec();
            any_same(&items, item)
        }
        Value::Tuple(tuple) => any_same(tuple.items(), item),
        Value::Host(object) => {
            if let Some(answer) = object.contains(item) {
                let answer = answer.into_result()?;
                return truth(vm, &answer);
            }
            contains_by_iteration(vm, container, item)
        }
        Value::Lib(object) => {
            let object = object.clone();
            match object.contains(vm, item)? {
                Some(found) => Ok(found),
                None => contains_by_iteration(vm, container, item),
            }
        }
        Value::Iter(_) | Value::Gen(_) | Value::View(_) => contains_by_iteration(vm, container, item),
        other => Err(type_error(format!("argument of type '{}' is not iterable", other.type_name()))),
    }
}

fn contains_by_iteration(vm: &mut Vm, container: &Value, item: &Value) -> R<bool> {
    let Ok(iterator) = vm.iter(container) else {
        // Keep a wish to load, replace the message of a failure.
        return match vm.iter(container) {
            Err(crate::flow::Flow::Raise(_)) => {
                Err(type_error(format!("argument of type '{}' is not iterable", container.type_name())))
            }
            Err(flow) => Err(flow),
            Ok(_) => Ok(false),
        };
    };
    while let Some(next) = vm.next(&iterator)? {
        if same(&next, item)? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Identity or equality, as containers compare.
pub fn same(a: &Value, b: &Value) -> R<bool> {
    Ok(a.is(b) || compare::equal(a, b, 0)?)
}

fn any_same(items: &[Value], item: &Value) -> R<bool> {
    for candidate in items {
        if same(candidate, item)? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Adds the entries of a mapping to a dict, as `{**mapping}` does.
pub fn merge_mapping(vm: &mut Vm, into: &Arc<Dict>, mapping: &Value) -> R<()> {
    let Value::Dict(from) = mapping else {
        return Err(type_error(format!("'{}' object is not a mapping", mapping.type_name())));
    };
    let entries: Vec<(Key, Value)> = from.get().iter().map(|(key, value)| (key.clone(), value.clone())).collect();
    vm.charge_items(entries.len() * 4)?;
    into.set().extend(entries);
    Ok(())
}

/// The entry of a dict, or what the dict makes up for a missing one.
pub fn dict_item(vm: &mut Vm, dict: &Arc<Dict>, wanted: &Value) -> R<Value> {
    let wanted_key = key(wanted.clone())?;
    if let Some(value) = dict.get().get(&wanted_key) {
        return Ok(value.clone());
    }
    match &dict.kind {
        DictKind::Counter => Ok(Value::Int(0)),
        DictKind::Default(factory) if !factory.is_none() => {
            let value = vm.call(factory, &[], &[])?;
            vm.charge_items(4)?;
            dict.set().insert(wanted_key, value.clone());
            Ok(value)
        }
        _ => Err(crate::flow::key_error(wanted.clone())),
    }
}
