//! `collections`: defaultdict, Counter, OrderedDict, namedtuple.

use std::cmp::Ordering;
use std::sync::Arc;

use crate::flow::{R, key_error, type_error, value_error};
use crate::native::dict::{clear, copy, dict, get, pop, popitem, setdefault, update, view};
use crate::native::{Args, builtins, table};
use crate::ops::arith::{self, BinOp};
use crate::ops::{self, compare};
use crate::value::{Dict, DictData, DictKind, Key, NamedTuple, Tuple, Ty, Type, Value, ViewKind};
use crate::vm::Vm;
use crate::vm::iter::IterState;

pub fn module() -> Value {
    let ty = |ty: Ty| Value::Type(Type::Builtin(ty));
    super::from_table(
        "collections",
        functions(),
        vec![
            ("defaultdict", ty(Ty::DefaultDict)),
            ("Counter", ty(Ty::Counter)),
            ("OrderedDict", ty(Ty::OrderedDict)),
            ("deque", ty(Ty::List)),
        ],
    )
}

/// The abstract types, as far as the built-in ones stand for them.
pub fn abc() -> Value {
    let ty = |ty: Ty| Value::Type(Type::Builtin(ty));
    Value::module(
        "collections.abc",
        vec![
            ("Mapping", ty(Ty::Dict)),
            ("MutableMapping", ty(Ty::Dict)),
            ("Sequence", ty(Ty::List)),
            ("Set", ty(Ty::Set)),
            ("Generator", ty(Ty::Generator)),
        ],
    )
}

table! { functions:
    "namedtuple(typename, field_names, *, rename=, defaults=, module=)" => namedtuple,
}

crate::native::dict::dict_table! { counter_methods:
    "most_common(n=)" => most_common,
    "elements()" => |vm, d, _| {
        let entries: Vec<(Value, Value)> = entries(d)?;
        let mut items = Vec::new();
        for (value, count) in entries {
            let count = usize::try_from(count.as_i64().unwrap_or(0)).unwrap_or(0);
            vm.charge_items(count)?;
            items.extend(std::iter::repeat_n(value, count));
        }
        Ok(IterState::Values(items, 0).value())
    },
    "total()" => |vm, d, _| {
        let mut total = Value::Int(0);
        for (_, count) in entries(d)? {
            total = arith::binary(vm, BinOp::Add, &total, &count)?;
        }
        Ok(total)
    },
    "subtract(iterable=, /, **kwargs)" => |vm, d, a| count_into(vm, d, a, BinOp::Sub),
}

crate::native::dict::dict_table! { ordered_methods:
    "move_to_end(key, last=)" => |vm, d, a| {
        let last = match a.get(1) {
            Some(flag) => ops::truth(vm, flag)?,
            None => true,
        };
        let dict = dict(d)?;
        let key = ops::key(a.at(0).clone())?;
        vm.tick(dict.len() as u64 / 64)?;
        let mut data = dict.set();
        let Some(value) = data.shift_remove(&key) else { return Err(key_error(a.at(0).clone())) };
        if last {
            data.insert(key, value);
        } else {
            data.shift_insert(0, key, value);
        }
        Ok(Value::None)
    },
}

fn entries(receiver: &Value) -> R<Vec<(Value, Value)>> {
    Ok(dict(receiver)?.get().iter().map(|(key, value)| (key.value().clone(), value.clone())).collect())
}

/// `Counter(...)`.
pub fn counter(vm: &mut Vm, args: &Args<'_>) -> R<Value> {
    let counter = Value::Dict(Arc::new(Dict::with_kind(DictData::new(), DictKind::Counter)));
    count_into(vm, &counter, args, BinOp::Add)?;
    Ok(counter)
}

fn count_into(vm: &mut Vm, counter: &Value, args: &Args<'_>, op: BinOp) -> R<Value> {
    let mut pairs: Vec<(Value, Value)> = Vec::new();
    if let Some(source) = args.some(0) {
        if let Value::Dict(_) = source {
            pairs = builtins::pairs(vm, source)?;
        } else {
            pairs = vm.collect(source)?.into_iter().map(|item| (item, Value::Int(1))).collect();
        }
    }
    pairs.extend(args.extra().map(|(name, value)| (Value::Str(name.clone()), value.clone())));
    let dict = dict(counter)?;
    for (item, count) in pairs {
        let key = ops::key(item)?;
        let old = dict.get().get(&key).cloned().unwrap_or(Value::Int(0));
        let new = arith::binary(vm, op, &old, &count)?;
        vm.charge_items(2)?;
        dict.set().insert(key, new);
    }
    Ok(Value::None)
}

/// `a + b` and friends of two counters: only positive counts stay.
#[expect(clippy::many_single_char_names, reason = "operands")]
pub fn counter_binary(vm: &mut Vm, op: BinOp, a: &Arc<Dict>, b: &Arc<Dict>) -> R<Value> {
    let (x, y) = (a.get().clone(), b.get().clone());
    let mut data = DictData::new();
    let zero = Value::Int(0);
    let keys: Vec<Key> = x.keys().chain(y.keys().filter(|key| !x.contains_key(*key))).cloned().collect();
    for key in keys {
        let (m, n) = (x.get(&key).unwrap_or(&zero), y.get(&key).unwrap_or(&zero));
        let order = compare::numeric(m, n).flatten();
        let count = match op {
            BinOp::Add | BinOp::Sub => arith::binary(vm, op, m, n)?,
            BinOp::And => {
                if order == Some(Ordering::Less) {
                    m.clone()
                } else {
                    n.clone()
                }
            }
            _ => {
                if order == Some(Ordering::Greater) {
                    m.clone()
                } else {
                    n.clone()
                }
            }
        };
        if compare::numeric(&count, &zero).flatten() == Some(Ordering::Greater) {
            data.insert(key, count);
        }
    }
    vm.charge_items(data.len() * 4)?;
    Ok(Value::Dict(Arc::new(Dict::with_kind(data, DictKind::Counter))))
}

fn most_common(vm: &mut Vm, receiver: &Value, args: &Args<'_>) -> R<Value> {
    let mut entries = entries(receiver)?;
    entries.sort_by(|a, b| compare::numeric(&b.1, &a.1).flatten().unwrap_or(Ordering::Equal));
    if args.some(0).is_some() {
        entries.truncate(usize::try_from(args.int(0)?).unwrap_or(0));
    }
    vm.charge_items(entries.len() * 3)?;
    let items = entries.into_iter().map(|(value, count)| Value::tuple(vec![value, count])).collect();
    vm.list(items)
}

fn namedtuple(vm: &mut Vm, _: &Value, args: &Args<'_>) -> R<Value> {
    let name = args.str(0)?.to_owned();
    let fields: Vec<Value> = match args.at(1) {
        Value::Str(text) => text.replace(',', " ").split_whitespace().map(Value::str).collect(),
        other => vm.collect(other)?,
    };
    let mut names: Vec<Arc<str>> = Vec::new();
    for field in fields {
        let Value::Str(field) = field else {
            return Err(type_error("Type names and field names must be strings"));
        };
        if field.starts_with('_') {
            return Err(value_error(format!("Field names cannot start with an underscore: '{field}'")));
        }
        if names.contains(&field) {
            return Err(value_error(format!("Encountered duplicate field name: '{field}'")));
        }
        names.push(field);
    }
    let defaults = match args.some(3) {
        Some(defaults) => vm.collect(defaults)?,
        None => Vec::new(),
    };
    if defaults.len() > names.len() {
        return Err(type_error("Got more default values than field names"));
    }
    Ok(Value::Type(Type::Named(Arc::new(NamedTuple { name, fields: names, defaults }))))
}

/// Calling the type of a named tuple.
pub fn construct_named(
    vm: &mut Vm,
    named: &Arc<NamedTuple>,
    positional: &[Value],
    keyword: &[(Arc<str>, Value)],
) -> R<Value> {
    let count = named.fields.len();
    if positional.len() > count {
        return Err(type_error(format!(
            "{}.__new__() takes {} positional arguments but {} were given",
            named.name,
            count + 1,
            positional.len() + 1
        )));
    }
    let mut items = positional.to_vec();
    items.resize(count, Value::Unbound);
    for (name, value) in keyword {
        let Some(at) = named.fields.iter().position(|field| field == name) else {
            return Err(type_error(format!("{}.__new__() got an unexpected keyword argument '{name}'", named.name)));
        };
        if !matches!(items[at], Value::Unbound) {
            return Err(type_error(format!("{}.__new__() got multiple values for argument '{name}'", named.name)));
        }
        items[at] = value.clone();
    }
    let first_default = count - named.defaults.len();
    for (at, item) in items.iter_mut().enumerate() {
        if let Value::Unbound = item {
            match at.checked_sub(first_default).and_then(|at| named.defaults.get(at)) {
                Some(default) => *item = default.clone(),
                None => {
                    return Err(type_error(format!(
                        "{}.__new__() missing 1 required positional argument: '{}'",
                        named.name, named.fields[at]
                    )));
                }
            }
        }
    }
    vm.charge_items(count)?;
    Ok(Value::Tuple(Arc::new(Tuple::with_names(items, named.clone()))))
}
