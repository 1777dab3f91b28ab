//! Methods of sets and frozensets.

use std::sync::Arc;

use indexmap::IndexSet;

use super::{Args, table};
use crate::flow::{R, key_error, raise, type_error};
use crate::ops;
use crate::value::{Key, Set, Value};
use crate::vm::Vm;

type Keys = IndexSet<Key>;

macro_rules! shared {
    ($name:ident: $($sig:literal => $run:expr,)*) => {
        table! { $name:
            "union(*others)" => |vm, s, a| {
                let mut data = set(s)?.get().clone();
                for other in a.rest() {
                    data.extend(keys(vm, other)?);
                }
                result(vm, s, data)
            },
            "intersection(*others)" => |vm, s, a| {
                let data = intersect(vm, s, a)?;
                result(vm, s, data)
            },
            "difference(*others)" => |vm, s, a| {
                let data = subtract(vm, s, a)?;
                result(vm, s, data)
            },
            "symmetric_difference(other, /)" => |vm, s, a| {
                let data = toggle(vm, s, a)?;
                result(vm, s, data)
            },
            "issubset(other, /)" => |vm, s, a| {
                let other = keys(vm, a.at(0))?;
                Ok(Value::Bool(set(s)?.get().iter().all(|key| other.contains(key))))
            },
            "issuperset(other, /)" => |vm, s, a| {
                let other = keys(vm, a.at(0))?;
                let own = set(s)?.get();
                Ok(Value::Bool(other.iter().all(|key| own.contains(key))))
            },
            "isdisjoint(other, /)" => |vm, s, a| {
                let other = keys(vm, a.at(0))?;
                let own = set(s)?.get();
                Ok(Value::Bool(!other.iter().any(|key| own.contains(key))))
            },
            "copy()" => |vm, s, _| {
                let data = set(s)?.get().clone();
                result(vm, s, data)
            },
            $($sig => $run,)*
        }
    };
}

shared! { frozen_methods: }

shared! { methods:
    "add(element, /)" => |vm, s, a| {
        vm.charge(size_of::<Value>() * 2)?;
        let key = ops::key(a.at(0).clone())?;
        set(s)?.set().insert(key);
        Ok(Value::None)
    },
    "discard(element, /)" => |vm, s, a| {
        remove(vm, s, a)?;
        Ok(Value::None)
    },
    "remove(element, /)" => |vm, s, a| {
        if remove(vm, s, a)? { Ok(Value::None) } else { Err(key_error(a.at(0).clone())) }
    },
    "pop()" => |_, s, _| {
        let popped = set(s)?.set().shift_remove_index(0);
        popped.map(Key::into_value).ok_or_else(|| raise("KeyError", "pop from an empty set"))
    },
    "clear()" => |_, s, _| {
        let old = std::mem::take(&mut *set(s)?.set());
        drop(old);
        Ok(Value::None)
    },
    "update(*others)" => |vm, s, a| {
        let mut added = Keys::new();
        for other in a.rest() {
            added.extend(keys(vm, other)?);
        }
        set(s)?.set().extend(added);
        Ok(Value::None)
    },
    "intersection_update(*others)" => |vm, s, a| {
        let data = intersect(vm, s, a)?;
        replace(s, data)
    },
    "difference_update(*others)" => |vm, s, a| {
        let data = subtract(vm, s, a)?;
        replace(s, data)
    },
    "symmetric_difference_update(other, /)" => |vm, s, a| {
        let data = toggle(vm, s, a)?;
        replace(s, data)
    },
}

fn set(value: &Value) -> R<&Arc<Set>> {
    match value {
        Value::Set(set) => Ok(set),
        other => Err(type_error(format!("expected a set, got {}", other.type_name()))),
    }
}

fn keys(vm: &mut Vm, value: &Value) -> R<Keys> {
    if let Value::Set(set) = value {
        vm.charge_items(set.len() * 2)?;
        return Ok(set.get().clone());
    }
    let items = vm.collect(value)?;
    vm.charge_items(items.len() * 2)?;
    items.into_iter().map(ops::key).collect()
}

fn result(vm: &mut Vm, receiver: &Value, data: Keys) -> R<Value> {
    vm.charge_items(data.len() * 2)?;
    Ok(Set::value(data, set(receiver)?.frozen))
}

fn replace(receiver: &Value, data: Keys) -> R<Value> {
    let old = std::mem::replace(&mut *set(receiver)?.set(), data);
    drop(old);
    Ok(Value::None)
}

fn remove(vm: &mut Vm, receiver: &Value, args: &Args<'_>) -> R<bool> {
    let set = set(receiver)?;
    let key = ops::key(args.at(0).clone())?;
    vm.tick(set.len() as u64 / 64)?;
    let removed = set.set().shift_remove(&key);
    Ok(removed)
}

fn intersect(vm: &mut Vm, receiver: &Value, args: &Args<'_>) -> R<Keys> {
    let mut data = set(receiver)?.get().clone();
    for other in args.rest() {
        let other = keys(vm, other)?;
        data.retain(|key| other.contains(key));
    }
    Ok(data)
}

fn subtract(vm: &mut Vm, receiver: &Value, args: &Args<'_>) -> R<Keys> {
    let mut data = set(receiver)?.get().clone();
    for other in args.rest() {
        let other = keys(vm, other)?;
        data.retain(|key| !other.contains(key));
    }
    Ok(data)
}

fn toggle(vm: &mut Vm, receiver: &Value, args: &Args<'_>) -> R<Keys> {
    let other = keys(vm, args.at(0))?;
    let own = set(receiver)?.get().clone();
    let mut data: Keys = own.iter().filter(|key| !other.contains(*key)).cloned().collect();
    data.extend(other.into_iter().filter(|key| !own.contains(key)));
    Ok(data)
}
