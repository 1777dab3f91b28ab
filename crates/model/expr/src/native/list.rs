//! Methods of lists, tuples, ranges, generators and iterators.

use std::sync::Arc;

use super::{Args, builtins, table, to_index};
use crate::flow::{R, index_error, stop_iteration, type_error, value_error};
use crate::ops::{self, sequence};
use crate::value::{Dict, DictData, Key, List, NamedTuple, Tuple, Value};
use crate::vm::Vm;
use crate::vm::frame::GenState;

table! { methods:
    "append(object, /)" => |vm, l, a| {
        vm.charge(size_of::<Value>() * 2)?;
        list(l)?.set().push(a.at(0).clone());
        Ok(Value::None)
    },
    "extend(iterable, /)" => |vm, l, a| {
        let items = vm.collect(a.at(0))?;
        vm.charge_items(items.len())?;
        list(l)?.set().extend(items);
        Ok(Value::None)
    },
    "insert(index, object, /)" => |vm, l, a| {
        let list = list(l)?;
        vm.charge(size_of::<Value>() * 2)?;
        vm.tick(list.len() as u64 / 64)?;
        let at = sequence::clamp(Some(a.at(0)), 0, list.len())?;
        list.set().insert(at, a.at(1).clone());
        Ok(Value::None)
    },
    "pop(index=, /)" => pop,
    "remove(value, /)" => |vm, l, a| {
        let list = list(l)?;
        let items = vm.collect(l)?;
        for (at, item) in items.iter().enumerate() {
            if ops::same(item, a.at(0))? {
                let old = list.set().remove(at);
                drop(old);
                return Ok(Value::None);
            }
        }
        Err(value_error("list.remove(x): x not in list"))
    },
    "clear()" => |_, l, _| {
        let old = std::mem::take(&mut *list(l)?.set());
        drop(old);
        Ok(Value::None)
    },
    "copy()" => |vm, l, _| vm.collect(l).map(Value::list),
    "count(value, /)" => |vm, l, a| count(vm, l, a),
    "index(value, start=, stop=, /)" => |vm, l, a| index(vm, l, a),
    "reverse()" => |_, l, _| {
        list(l)?.set().reverse();
        Ok(Value::None)
    },
    "sort(*, key=, reverse=)" => |vm, l, a| {
        let items = vm.collect(l)?;
        let reverse = match a.get(1) {
            Some(flag) => ops::truth(vm, flag)?,
            None => false,
        };
        let sorted = builtins::sort(vm, items, a.some(0), reverse)?;
        let old = std::mem::replace(&mut *list(l)?.set(), sorted);
        drop(old);
        Ok(Value::None)
    },
}

table! { tuple_methods:
    "count(value, /)" => |vm, l, a| count(vm, l, a),
    "index(value, start=, stop=, /)" => |vm, l, a| index(vm, l, a),
}

table! { named_tuple_methods:
    "count(value, /)" => |vm, l, a| count(vm, l, a),
    "index(value, start=, stop=, /)" => |vm, l, a| index(vm, l, a),
    "_asdict()" => |vm, l, _| {
        let (tuple, named) = named(l)?;
        vm.charge_items(tuple.items().len() * 4)?;
        let data: DictData =
            named.fields.iter().zip(tuple.items()).map(|(name, value)| (Key::str(name), value.clone())).collect();
        Ok(Value::Dict(Arc::new(Dict::new(data))))
    },
    "_replace(**kwargs)" => |vm, l, a| {
        let (tuple, named) = named(l)?;
        let mut items = tuple.items().to_vec();
        vm.charge_items(items.len())?;
        for (name, value) in a.extra() {
            match named.fields.iter().position(|field| field == name) {
                Some(at) => items[at] = value.clone(),
                None => return Err(value_error(format!("Got unexpected field names: ['{name}']"))),
            }
        }
        Ok(Value::Tuple(Arc::new(Tuple::with_names(items, named.clone()))))
    },
    "geturl()" => |vm, l, _| crate::modules::urllib::geturl(vm, l),
}

table! { range_methods:
    "count(value, /)" => |vm, l, a| Ok(Value::Int(i64::from(ops::contains(vm, l, a.at(0))?))),
    "index(value, /)" => |vm, l, a| {
        let Value::Range(range) = l else { return Ok(Value::None) };
        vm.tick(1)?;
        let found = a.at(0).as_i64().and_then(|number| range.position(number));
        found.map(Value::usize).ok_or_else(|| {
            value_error(format!("{} is not in range", ops::repr::pure_repr(a.at(0)).unwrap_or_default()))
        })
    },
}

table! { generator_methods:
    "send(value, /)" => |vm, g, a| {
        let Value::Gen(generator) = g else { return Ok(Value::None) };
        if let Some(value) = vm.send(generator, a.at(0).clone())? { Ok(value) } else {
            let returned = vm.last_returned();
            Err(stop_iteration(Some(returned).filter(|value| !value.is_none())))
        }
    },
    "close()" => |_, g, _| {
        if let Value::Gen(generator) = g {
            let old = std::mem::replace(&mut *generator.state.0.lock(), GenState::Done);
            drop(old);
        }
        Ok(Value::None)
    },
    "__next__()" => |vm, g, _| vm.next(g)?.ok_or_else(|| stop_iteration(None)),
    "__iter__()" => |_, g, _| Ok(g.clone()),
}

table! { iterator_methods:
    "__next__()" => |vm, g, _| vm.next(g)?.ok_or_else(|| stop_iteration(None)),
    "__iter__()" => |_, g, _| Ok(g.clone()),
}

fn list(value: &Value) -> R<&Arc<List>> {
    match value {
        Value::List(list) => Ok(list),
        other => Err(type_error(format!("expected a list, got {}", other.type_name()))),
    }
}

fn named(value: &Value) -> R<(&Arc<Tuple>, &Arc<NamedTuple>)> {
    if let Value::Tuple(tuple) = value
        && let Some(named) = &tuple.named
    {
        return Ok((tuple, named));
    }
    Err(type_error("expected a named tuple"))
}

fn pop(vm: &mut Vm, receiver: &Value, args: &Args<'_>) -> R<Value> {
    let list = list(receiver)?;
    let len = list.len();
    if len == 0 {
        return Err(index_error("pop from empty list"));
    }
    let at = match args.get(0) {
        None => len - 1,
        Some(index) => {
            let index = to_index(index)?;
            let at = if index < 0 { index + len as i64 } else { index };
            usize::try_from(at).ok().filter(|at| *at < len).ok_or_else(|| index_error("pop index out of range"))?
        }
    };
    vm.tick((len - at) as u64 / 64)?;
    let value = list.set().remove(at);
    Ok(value)
}

fn items(vm: &mut Vm, receiver: &Value) -> R<Vec<Value>> {
    vm.collect(receiver)
}

fn count(vm: &mut Vm, receiver: &Value, args: &Args<'_>) -> R<Value> {
    let mut found = 0;
    for item in items(vm, receiver)? {
        found += i64::from(ops::same(&item, args.at(0))?);
    }
    Ok(Value::Int(found))
}

fn index(vm: &mut Vm, receiver: &Value, args: &Args<'_>) -> R<Value> {
    let items = items(vm, receiver)?;
    let start = sequence::clamp(args.get(1), 0, items.len())?;
    let stop = sequence::clamp(args.get(2), items.len(), items.len())?;
    for (at, item) in items.iter().enumerate().take(stop).skip(start) {
        if ops::same(item, args.at(0))? {
            return Ok(Value::usize(at));
        }
    }
    if let Value::List(_) = receiver {
        let shown = ops::repr::repr(vm, args.at(0))?;
        return Err(value_error(format!("{shown} is not in list")));
    }
    Err(value_error("tuple.index(x): x not in tuple"))
}
