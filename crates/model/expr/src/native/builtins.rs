//! Built-in functions, and where built-in names are found.

use std::cmp::Ordering;
use std::collections::HashMap;
use std::sync::LazyLock;

use super::{Args, Def, builtins_types, builtins_values, table};
use crate::compile::code::CmpOp;
use crate::flow::{R, type_error, value_error};
use crate::ops;
use crate::ops::arith::{self, BinOp};
use crate::value::{ExcType, Ty, Type, Value};
use crate::vm::Vm;
use crate::vm::iter::IterState;

/// The value of a built-in name.
pub fn lookup(name: &str) -> Option<Value> {
    NAMES.get(name).cloned()
}

/// The constructor of a built-in type.
pub fn constructor(ty: Ty) -> Option<&'static Def> {
    builtins_types::constructors().get(ty.name())
}

static NAMES: LazyLock<HashMap<&'static str, Value>> = LazyLock::new(|| {
    let mut names: HashMap<&'static str, Value> = HashMap::new();
    for def in functions().iter().chain(builtins_values::functions().iter()) {
        names.insert(def.sig.name, Value::Native(def));
    }
    for ty in [
        Ty::Object,
        Ty::Type,
        Ty::Bool,
        Ty::Int,
        Ty::Float,
        Ty::Str,
        Ty::Bytes,
        Ty::List,
        Ty::Tuple,
        Ty::Dict,
        Ty::Set,
        Ty::FrozenSet,
        Ty::Range,
        Ty::Slice,
        Ty::Enumerate,
        Ty::Zip,
        Ty::Map,
        Ty::Filter,
        Ty::Reversed,
    ] {
        names.insert(ty.name(), Value::Type(Type::Builtin(ty)));
    }
    for ty in ExcType::all() {
        let name: &'static str = ty.name_static();
        names.insert(name, Value::Type(Type::Exc(ty.clone())));
    }
    if let Some(os_error) = ExcType::find("OSError") {
        names.insert("IOError", Value::Type(Type::Exc(os_error)));
    }
    names.insert("NotImplemented", Value::NotImplemented);
    names.insert("Ellipsis", Value::Ellipsis);
    names.insert("__debug__", Value::Bool(true));
    names.insert("__name__", Value::str("builtins"));
    names
});

table! { functions:
    "len(obj, /)" => |_, _, a| ops::len(a.at(0)).map(Value::usize),
    "sorted(iterable, /, *, key=, reverse=)" => sorted,
    "min(*args, key=, default=)" => |vm, _, a| extreme(vm, a, Ordering::Less),
    "max(*args, key=, default=)" => |vm, _, a| extreme(vm, a, Ordering::Greater),
    "sum(iterable, /, start=)" => sum,
    "any(iterable, /)" => |vm, _, a| any_all(vm, a, true),
    "all(iterable, /)" => |vm, _, a| any_all(vm, a, false),
    "iter(object, sentinel=, /)" => iter,
    "next(iterator, default=, /)" => next,
    "isinstance(obj, class_or_tuple, /)" => isinstance,
    "issubclass(cls, class_or_tuple, /)" => issubclass,
    "hasattr(obj, name, /)" => hasattr,
    "getattr(object, name, default=, /)" => getattr,
    "setattr(obj, name, value, /)" => |_, _, a| ops::attr::set(a.at(0), a.str(1)?, Some(a.at(2))).map(|()| Value::None),
    "delattr(obj, name, /)" => |_, _, a| ops::attr::set(a.at(0), a.str(1)?, None).map(|()| Value::None),
    "callable(obj, /)" => |_, _, a| Ok(Value::Bool(callable(a.at(0)))),
    "print(*args, sep=, end=, file=, flush=)" => print,
}

/// Sorts values, with the keys computed before anything moves.
pub fn sort(vm: &mut Vm, items: Vec<Value>, key: Option<&Value>, reverse: bool) -> R<Vec<Value>> {
    let len = items.len();
    vm.charge_items(len * 2)?;
    let bits = u64::from(usize::BITS - len.leading_zeros());
    vm.tick(len as u64 * bits / 4)?;
    let mut pairs = Vec::with_capacity(len);
    for item in items {
        let sort_key = match key {
            Some(key) => vm.call(key, std::slice::from_ref(&item), &[])?,
            None => item.clone(),
        };
        pairs.push((sort_key, item));
    }
    let mut failure = None;
    if reverse {
        pairs.reverse();
    }
    pairs = merge_sort(pairs, &mut |a, b| {
        if failure.is_some() {
            return false;
        }
        match ops::compare::rich(vm, CmpOp::Lt, b, a) {
            Ok(less) => less,
            Err(flow) => {
                failure = Some(flow);
                false
            }
        }
    });
    if let Some(flow) = failure {
        return Err(flow);
    }
    if reverse {
        pairs.reverse();
    }
    Ok(pairs.into_iter().map(|(_, item)| item).collect())
}

/// A stable sort that bears an inconsistent order; `swap(a, b)` says whether `b` goes before `a`.
fn merge_sort(items: Vec<(Value, Value)>, swap: &mut dyn FnMut(&Value, &Value) -> bool) -> Vec<(Value, Value)> {
    let mut runs: Vec<Vec<(Value, Value)>> = items.into_iter().map(|item| vec![item]).collect();
    while runs.len() > 1 {
        let mut merged = Vec::with_capacity(runs.len() / 2 + 1);
        let mut left_over = runs.into_iter();
        while let Some(first) = left_over.next() {
            let Some(second) = left_over.next() else {
                merged.push(first);
                break;
            };
            let mut out = Vec::with_capacity(first.len() + second.len());
            let (mut a, mut b) = (first.into_iter().peekable(), second.into_iter().peekable());
            while let (Some(x), Some(y)) = (a.peek(), b.peek()) {
                let from = if swap(&x.0, &y.0) { &mut b } else { &mut a };
                out.extend(from.next());
            }
            out.extend(a);
            out.extend(b);
            merged.push(out);
        }
        runs = merged;
    }
    runs.pop().unwrap_or_default()
}

fn sorted(vm: &mut Vm, _: &Value, args: &Args<'_>) -> R<Value> {
    let items = vm.collect(args.at(0))?;
    let reverse = match args.get(2) {
        Some(flag) => ops::truth(vm, flag)?,
        None => false,
    };
    Ok(Value::list(sort(vm, items, args.some(1), reverse)?))
}

fn extreme(vm: &mut Vm, args: &Args<'_>, wanted: Ordering) -> R<Value> {
    let name = args.sig.name;
    let items = match args.rest() {
        [] => {
            return Err(type_error(format!("{name} expected at least 1 argument, got 0")));
        }
        [one] => vm.collect(one)?,
        many => {
            if args.get(1).is_some() {
                return Err(type_error(format!(
                    "Cannot specify a default for {name}() with multiple positional arguments"
                )));
            }
            many.to_vec()
        }
    };
    let key = args.some(0);
    let mut best: Option<(Value, Value)> = None;
    let op = if wanted == Ordering::Less { CmpOp::Lt } else { CmpOp::Gt };
    for item in items {
        vm.tick(1)?;
        let rank = match key {
            Some(key) => vm.call(key, std::slice::from_ref(&item), &[])?,
            None => item.clone(),
        };
        let better = match &best {
            Some((best_rank, _)) => ops::compare::rich(vm, op, &rank, best_rank)?,
            None => true,
        };
        if better {
            best = Some((rank, item));
        }
    }
    match (best, args.get(1)) {
        (Some((_, item)), _) => Ok(item),
        (None, Some(default)) => Ok(default.clone()),
        (None, None) => Err(value_error(format!("{name}() iterable argument is empty"))),
    }
}

fn sum(vm: &mut Vm, _: &Value, args: &Args<'_>) -> R<Value> {
    let mut total = args.get(1).cloned().unwrap_or(Value::Int(0));
    if let Value::Str(_) = total {
        return Err(type_error("sum() can't sum strings [use ''.join(seq) instead]"));
    }
    for item in vm.collect(args.at(0))? {
        vm.tick(1)?;
        total = arith::binary(vm, BinOp::Add, &total, &item)?;
    }
    Ok(total)
}

fn any_all(vm: &mut Vm, args: &Args<'_>, wanted: bool) -> R<Value> {
    let iterator = vm.iter(args.at(0))?;
    let is_fresh = !matches!(args.at(0), Value::Iter(_) | Value::Gen(_));
    if is_fresh {
        for item in vm.collect(args.at(0))? {
            if ops::truth(vm, &item)? == wanted {
                return Ok(Value::Bool(wanted));
            }
        }
        return Ok(Value::Bool(!wanted));
    }
    while let Some(item) = vm.next(&iterator)? {
        if ops::truth(vm, &item)? == wanted {
            return Ok(Value::Bool(wanted));
        }
    }
    Ok(Value::Bool(!wanted))
}

fn iter(vm: &mut Vm, _: &Value, args: &Args<'_>) -> R<Value> {
    match args.get(1) {
        None => vm.iter(args.at(0)),
        Some(sentinel) => {
            if !callable(args.at(0)) {
                return Err(type_error("iter(v, w): v must be callable"));
            }
            Ok(IterState::Until(args.at(0).clone(), sentinel.clone()).value())
        }
    }
}

fn next(vm: &mut Vm, _: &Value, args: &Args<'_>) -> R<Value> {
    match vm.next(args.at(0))? {
        Some(item) => Ok(item),
        None => {
            if let Some(default) = args.get(1) {
                Ok(default.clone())
            } else {
                let returned = vm.last_returned();
                let returned = matches!(args.at(0), Value::Gen(_)).then_some(returned);
                Err(crate::flow::stop_iteration(returned.filter(|value| !value.is_none())))
            }
        }
    }
}

fn isinstance(_: &mut Vm, _: &Value, args: &Args<'_>) -> R<Value> {
    instance_of(args.at(0), args.at(1), 0).map(Value::Bool)
}

/// Whether the value is an instance of a type or one of a tuple of types.
pub fn instance_of(value: &Value, types: &Value, depth: usize) -> R<bool> {
    match types {
        Value::Type(Type::Host(name)) => Ok(match value {
            Value::Host(object) => object.is_instance(name),
            _ => false,
        }),
        Value::Type(ty) => Ok(value.type_of().is_subtype(ty)),
        Value::None => Ok(value.is_none()),
        Value::Tuple(types) if depth < 20 => {
            for ty in types.items() {
                if instance_of(value, ty, depth + 1)? {
                    return Ok(true);
                }
            }
            Ok(false)
        }
        // A class of the host: it knows its own instances by name.
        Value::Host(class) => Ok(match value {
            Value::Host(object) => object.is_instance(class.type_name()),
            _ => false,
        }),
        _ => Err(type_error("isinstance() arg 2 must be a type, a tuple of types, or a union")),
    }
}

fn issubclass(_: &mut Vm, _: &Value, args: &Args<'_>) -> R<Value> {
    let Value::Type(ty) = args.at(0) else {
        return Err(type_error("issubclass() arg 1 must be a class"));
    };
    let wanted = match args.at(1) {
        Value::Tuple(types) => types.items().to_vec(),
        other => vec![other.clone()],
    };
    for other in wanted {
        match other {
            Value::Type(other) if ty.is_subtype(&other) => return Ok(Value::Bool(true)),
            Value::Type(_) => {}
            _ => {
                return Err(type_error("issubclass() arg 2 must be a class, a tuple of classes, or a union"));
            }
        }
    }
    Ok(Value::Bool(false))
}

fn hasattr(vm: &mut Vm, _: &Value, args: &Args<'_>) -> R<Value> {
    let Value::Str(name) = args.at(1) else {
        return Err(type_error("attribute name must be string, not ".to_owned() + &args.at(1).type_name()));
    };
    match ops::attr::get(vm, args.at(0), name) {
        Ok(_) => Ok(Value::Bool(true)),
        Err(flow) if flow.is("AttributeError") => Ok(Value::Bool(false)),
        Err(flow) => Err(flow),
    }
}

fn getattr(vm: &mut Vm, _: &Value, args: &Args<'_>) -> R<Value> {
    let Value::Str(name) = args.at(1) else {
        return Err(type_error(format!("attribute name must be string, not '{}'", args.at(1).type_name())));
    };
    match (ops::attr::get(vm, args.at(0), name), args.get(2)) {
        (Err(flow), Some(default)) if flow.is("AttributeError") => Ok(default.clone()),
        (result, _) => result,
    }
}

/// Whether a value can be called.
pub fn callable(value: &Value) -> bool {
    matches!(value, Value::Func(_) | Value::Native(_) | Value::Method(_) | Value::Type(_) | Value::HostFn(_))
}

fn print(vm: &mut Vm, _: &Value, args: &Args<'_>) -> R<Value> {
    let sep = args.opt_str(0)?.unwrap_or(" ");
    let mut parts = Vec::new();
    for value in args.rest() {
        parts.push(ops::repr::str(vm, value)?);
    }
    let line = parts.join(sep);
    vm.charge(line.len() + 24)?;
    vm.logs.push(line);
    Ok(Value::None)
}

/// The pairs of a mapping or of an iterable of pairs, for `dict()` and `dict.update`.
pub fn pairs(vm: &mut Vm, source: &Value) -> R<Vec<(Value, Value)>> {
    if let Value::Dict(dict) = source {
        vm.charge_items(dict.len() * 2)?;
        return Ok(dict.get().iter().map(|(key, value)| (key.value().clone(), value.clone())).collect());
    }
    let items = vm.collect(source)?;
    let mut pairs = Vec::with_capacity(items.len());
    for (index, item) in items.iter().enumerate() {
        if !vm.is_iterable(item) {
            return Err(type_error(format!(
                "cannot convert dictionary update sequence element #{index} to a sequence"
            )));
        }
        let pair = vm.collect(item)?;
        match <[Value; 2]>::try_from(pair) {
            Ok([key, value]) => pairs.push((key, value)),
            Err(pair) => {
                return Err(value_error(format!(
                    "dictionary update sequence element #{index} has length {}; 2 is required",
                    pair.len()
                )));
            }
        }
    }
    Ok(pairs)
}
