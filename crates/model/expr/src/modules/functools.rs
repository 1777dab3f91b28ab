//! `functools` and `copy`.

use std::any::Any;
use std::sync::Arc;

use crate::flow::{R, recursion_error, type_error};
use crate::lib_object::LibObject;
use crate::native::{Args, table};
use crate::value::{Deep, Dict, DictKind, Key, LibType, List, Set, Value};
use crate::vm::Vm;

pub fn module() -> Value {
    super::from_table("functools", functions(), vec![])
}

table! { functions:
    "reduce(function, iterable, initial=, /)" => reduce,
    "partial(func, /, *args, **kwargs)" => |_, _, a| {
        let keywords = a.extra().cloned().collect();
        Ok(Value::lib(Partial(Deep(Some(Bound {
            function: a.at(0).clone(), args: a.rest().to_vec(), keywords,
        })))))
    },
    "wraps(wrapped, /)" => |_, _, _| Ok(Value::lib(Identity)),
    "lru_cache(maxsize=, typed=)" => |_, _, a| match a.get(0) {
        Some(function) if crate::native::builtins::callable(function) => Ok(function.clone()),
        _ => Ok(Value::lib(Identity)),
    },
    "cache(user_function, /)" => |_, _, a| Ok(a.at(0).clone()),
}

table! { copy_functions:
    "copy(x)" => |vm, _, a| copy(vm, a.at(0), false, 0),
    "deepcopy(x, memo=)" => |vm, _, a| copy(vm, a.at(0), true, 0),
}

fn reduce(vm: &mut Vm, _: &Value, args: &Args<'_>) -> R<Value> {
    let mut items = vm.collect(args.at(1))?.into_iter();
    let Some(mut total) = args.get(2).cloned().or_else(|| items.next()) else {
        return Err(type_error("reduce() of empty iterable with no initial value"));
    };
    for item in items {
        total = vm.call(args.at(0), &[total, item], &[])?;
    }
    Ok(total)
}

fn copy(vm: &mut Vm, value: &Value, deep: bool, depth: usize) -> R<Value> {
    if depth > 60 {
        return Err(recursion_error(""));
    }
    let each = |vm: &mut Vm, items: &[Value]| -> R<Vec<Value>> {
        vm.charge_items(items.len())?;
        if !deep {
            return Ok(items.to_vec());
        }
        items.iter().map(|item| copy(vm, item, true, depth + 1)).collect()
    };
    Ok(match value {
        Value::List(list) => Value::List(Arc::new(List::new(each(vm, &list.to_vec())?))),
        Value::Tuple(tuple) if deep && tuple.named.is_none() => Value::tuple(each(vm, tuple.items())?),
        Value::Set(set) if !set.frozen => Set::value(set.get().clone(), false),
        Value::Dict(dict) => {
            let entries: Vec<(Key, Value)> =
                dict.get().iter().map(|(key, value)| (key.clone(), value.clone())).collect();
            let values: Vec<Value> = entries.iter().map(|(_, value)| value.clone()).collect();
            let values = each(vm, &values)?;
            let data = entries.into_iter().map(|(key, _)| key).zip(values).collect();
            let kind = match &dict.kind {
                DictKind::Plain => DictKind::Plain,
                DictKind::Default(factory) => DictKind::Default(factory.clone()),
                DictKind::Counter => DictKind::Counter,
                DictKind::Ordered => DictKind::Ordered,
            };
            Value::Dict(Arc::new(Dict::with_kind(data, kind)))
        }
        other => other.clone(),
    })
}

static PARTIAL: LibType = LibType { name: "partial", module: "functools", construct: None, statics: None, base: None };

struct Bound {
    function: Value,
    args: Vec<Value>,
    keywords: Vec<(Arc<str>, Value)>,
}

struct Partial(Deep<Option<Bound>>);

impl std::fmt::Debug for Partial {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Partial")
    }
}

impl LibObject for Partial {
    fn as_any(&self) -> &dyn Any {
        self
    }
    fn lib_type(&self) -> &'static LibType {
        &PARTIAL
    }
    fn call(&self, vm: &mut Vm, args: &Args<'_>) -> R<Option<Value>> {
        let Some(bound) = &self.0.0 else { return Ok(None) };
        let mut positional = bound.args.clone();
        positional.extend(args.positional.iter().cloned());
        let mut keywords: Vec<(Arc<str>, Value)> = bound
            .keywords
            .iter()
            .filter(|(name, _)| !args.keyword.iter().any(|(given, _)| given == name))
            .cloned()
            .collect();
        keywords.extend(args.keyword.iter().cloned());
        vm.call(&bound.function, &positional, &keywords).map(Some)
    }
}

/// A decorator that changes nothing.
#[derive(Debug)]
struct Identity;

impl LibObject for Identity {
    fn as_any(&self) -> &dyn Any {
        self
    }
    fn lib_type(&self) -> &'static LibType {
        &PARTIAL
    }
    fn call(&self, _: &mut Vm, args: &Args<'_>) -> R<Option<Value>> {
        Ok(args.positional.first().cloned())
    }
}
