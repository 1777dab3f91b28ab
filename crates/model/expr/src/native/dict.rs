//! Methods of dicts and their views.

use std::sync::Arc;

use super::{Args, builtins, table};
use crate::flow::{R, key_error, raise, type_error};
use crate::ops;
use crate::value::{Dict, DictData, DictKind, Key, Value, View, ViewKind};
use crate::vm::Vm;

macro_rules! dict_table {
    ($name:ident: $($sig:literal => $run:expr,)*) => {
        table! { $name:
            "get(key, default=, /)" => get,
            "keys()" => |_, d, _| view(d, ViewKind::Keys),
            "values()" => |_, d, _| view(d, ViewKind::Values),
            "items()" => |_, d, _| view(d, ViewKind::Items),
            "pop(key, default=, /)" => pop,
            "popitem(last=)" => popitem,
            "setdefault(key, default=, /)" => setdefault,
            "update(other=, /, **kwargs)" => update,
            "clear()" => clear,
            "copy()" => copy,
            "__contains__(key, /)" => |vm, d, a| ops::contains(vm, d, a.at(0)).map(Value::Bool),
            "__getitem__(key, /)" => |vm, d, a| ops::subscript::get(vm, d, a.at(0)),
            $($sig => $run,)*
        }
    };
}
pub(crate) use dict_table;

dict_table! { methods: }

table! { statics:
    "fromkeys(iterable, value=, /)" => |vm, _, a| {
        let mut data = DictData::new();
        let value = a.get(1).cloned().unwrap_or(Value::None);
        for key in vm.collect(a.at(0))? {
            data.insert(ops::key(key)?, value.clone());
        }
        vm.charge_items(data.len() * 4)?;
        Ok(Value::Dict(Arc::new(Dict::new(data))))
    },
}

table! { view_methods:
    "isdisjoint(other, /)" => |vm, v, a| {
        for item in vm.collect(a.at(0))? {
            if ops::contains(vm, v, &item)? {
                return Ok(Value::Bool(false));
            }
        }
        Ok(Value::Bool(true))
    },
}

pub fn dict(value: &Value) -> R<&Arc<Dict>> {
    match value {
        Value::Dict(dict) => Ok(dict),
        other => Err(type_error(format!("expected a dict, got {}", other.type_name()))),
    }
}

pub fn view(receiver: &Value, kind: ViewKind) -> R<Value> {
    Ok(Value::View(Arc::new(View { dict: dict(receiver)?.clone(), kind })))
}

pub fn get(_: &mut Vm, receiver: &Value, args: &Args<'_>) -> R<Value> {
    let key = ops::key(args.at(0).clone())?;
    let found = dict(receiver)?.get().get(&key).cloned();
    Ok(found.unwrap_or_else(|| args.get(1).cloned().unwrap_or(Value::None)))
}

pub fn pop(vm: &mut Vm, receiver: &Value, args: &Args<'_>) -> R<Value> {
    let dict = dict(receiver)?;
    let key = ops::key(args.at(0).clone())?;
    vm.tick(dict.len() as u64 / 64)?;
    let removed = dict.set().shift_remove(&key);
    match (removed, args.get(1)) {
        (Some(value), _) => Ok(value),
        (None, Some(default)) => Ok(default.clone()),
        (None, None) => Err(key_error(args.at(0).clone())),
    }
}

pub fn popitem(vm: &mut Vm, receiver: &Value, args: &Args<'_>) -> R<Value> {
    let dict = dict(receiver)?;
    let first = match (&dict.kind, args.get(0)) {
        (DictKind::Ordered, Some(last)) => !ops::truth(vm, last)?,
        (_, Some(_)) => return Err(type_error("popitem() takes no arguments (1 given)")),
        _ => false,
    };
    let removed = if first { dict.set().shift_remove_index(0) } else { dict.set().pop() };
    match removed {
        Some((key, value)) => vm.tuple(vec![key.into_value(), value]),
        None => Err(raise("KeyError", "popitem(): dictionary is empty")),
    }
}

pub fn setdefault(vm: &mut Vm, receiver: &Value, args: &Args<'_>) -> R<Value> {
    let dict = dict(receiver)?;
    let key = ops::key(args.at(0).clone())?;
    let default = args.get(1).cloned().unwrap_or(Value::None);
    vm.charge(size_of::<Value>() * 4)?;
    let value = dict.set().entry(key).or_insert(default).clone();
    Ok(value)
}

pub fn update(vm: &mut Vm, receiver: &Value, args: &Args<'_>) -> R<Value> {
    let dict = dict(receiver)?;
    let mut entries: Vec<(Key, Value)> = Vec::new();
    if let Some(source) = args.get(0) {
        for (key, value) in builtins::pairs(vm, source)? {
            entries.push((ops::key(key)?, value));
        }
    }
    entries.extend(args.extra().map(|(name, value)| (Key::str(name), value.clone())));
    vm.charge_items(entries.len() * 4)?;
    for (key, value) in entries {
        let old = dict.set().insert(key, value);
        drop(old);
    }
    Ok(Value::None)
}

pub fn clear(_: &mut Vm, receiver: &Value, _: &Args<'_>) -> R<Value> {
    let old = std::mem::take(&mut *dict(receiver)?.set());
    drop(old);
    Ok(Value::None)
}

pub fn copy(vm: &mut Vm, receiver: &Value, _: &Args<'_>) -> R<Value> {
    let dict = dict(receiver)?;
    vm.charge_items(dict.len() * 4)?;
    let kind = match &dict.kind {
        DictKind::Plain => DictKind::Plain,
        DictKind::Default(factory) => DictKind::Default(factory.clone()),
        DictKind::Counter => DictKind::Counter,
        DictKind::Ordered => DictKind::Ordered,
    };
    let data = dict.get().clone();
    Ok(Value::Dict(Arc::new(Dict::with_kind(data, kind))))
}
