//! Constructors of the built-in types.

use std::sync::Arc;

use num_bigint::BigInt;

use super::{Args, builtins, number, str_codec, table, to_index};
use crate::flow::{R, type_error, value_error};
use crate::ops;
use crate::value::{Dict, DictData, DictKind, Key, Range, Slice, Value};
use crate::vm::Vm;
use crate::vm::iter::IterState;

table! { constructors:
    "object()" => |_, _, _| Ok(Value::Ellipsis),
    "type(object, /)" => |_, _, a| Ok(Value::Type(a.at(0).type_of())),
    "bool(object=, /)" => |vm, _, a| match a.get(0) {
        Some(value) => ops::truth(vm, value).map(Value::Bool),
        None => Ok(Value::Bool(false)),
    },
    "int(x=, base=)" => int,
    "float(x=, /)" => float,
    "str(object=, encoding=, errors=)" => str,
    "bytes(source=, encoding=, errors=)" => bytes,
    "list(iterable=, /)" => |vm, _, a| match a.get(0) {
        Some(value) => vm.collect(value).map(Value::list),
        None => Ok(Value::list(Vec::new())),
    },
    "tuple(iterable=, /)" => |vm, _, a| match a.get(0) {
        Some(tuple @ Value::Tuple(inner)) if inner.named.is_none() => Ok(tuple.clone()),
        Some(value) => vm.collect(value).map(Value::tuple),
        None => Ok(Value::tuple(Vec::new())),
    },
    "dict(mapping=, /, **kwargs)" => |vm, _, a| dict(vm, a, DictKind::Plain),
    "OrderedDict(mapping=, /, **kwargs)" => |vm, _, a| dict(vm, a, DictKind::Ordered),
    "defaultdict(default_factory=, mapping=, /, **kwargs)" => default_dict,
    "Counter(iterable=, /, **kwargs)" => |vm, _, a| crate::modules::collections::counter(vm, a),
    "set(iterable=, /)" => |vm, _, a| set(vm, a, false),
    "frozenset(iterable=, /)" => |vm, _, a| set(vm, a, true),
    "range(start, stop=, step=, /)" => range,
    "slice(start, stop=, step=, /)" => slice,
    "enumerate(iterable, start=)" => |vm, _, a| {
        let start = a.int_or(1, 0)?;
        let source = vm.iter(a.at(0))?;
        Ok(IterState::Enumerate(source, start).value())
    },
    "zip(*iterables, strict=)" => |vm, _, a| {
        let sources = iterators(vm, a.rest())?;
        let strict = match a.get(0) {
            Some(flag) => ops::truth(vm, flag)?,
            None => false,
        };
        Ok(IterState::Zip(sources, strict).value())
    },
    "map(function, iterable, /, *iterables)" => |vm, _, a| {
        let mut sources = vec![vm.iter(a.at(1))?];
        sources.extend(iterators(vm, a.rest())?);
        Ok(IterState::Map(a.at(0).clone(), sources).value())
    },
    "filter(function, iterable, /)" => |vm, _, a| {
        let source = vm.iter(a.at(1))?;
        Ok(IterState::Filter(a.at(0).clone(), source).value())
    },
    "reversed(sequence, /)" => reversed,
}

table! { exception_methods:
    "with_traceback(tb, /)" => |_, receiver, _| Ok(receiver.clone()),
    "add_note(note, /)" => |_, _, _| Ok(Value::None),
}

fn iterators(vm: &mut Vm, values: &[Value]) -> R<Vec<Value>> {
    values.iter().map(|value| vm.iter(value)).collect()
}

fn int(vm: &mut Vm, _: &Value, args: &Args<'_>) -> R<Value> {
    let Some(value) = args.get(0) else {
        return Ok(Value::Int(0));
    };
    let base = args.get(1).map(to_index).transpose()?;
    if base.is_some() && !matches!(value, Value::Str(_) | Value::Bytes(_)) {
        return Err(type_error("int() can't convert non-string with explicit base"));
    }
    match value {
        Value::Int(_) | Value::Big(_) => Ok(value.clone()),
        Value::Bool(flag) => Ok(Value::Int(i64::from(*flag))),
        Value::Float(number) => number::float_to_int(number.trunc()),
        Value::Str(text) => {
            vm.tick(text.len() as u64 / 8)?;
            parse_int(text, base.unwrap_or(10), value)
        }
        Value::Bytes(bytes) => {
            let text = String::from_utf8_lossy(bytes).into_owned();
            parse_int(&text, base.unwrap_or(10), value)
        }
        Value::Lib(object) => match object.clone().attr(vm, "__int__")? {
            Some(number) => Ok(number),
            None => Err(not_int(value)),
        },
        other => Err(not_int(other)),
    }
}

fn not_int(value: &Value) -> crate::flow::Flow {
    type_error(format!(
        "int() argument must be a string, a bytes-like object or a real number, not '{}'",
        value.type_name()
    ))
}

fn parse_int(text: &str, base: i64, original: &Value) -> R<Value> {
    if base != 0 && !(2..=36).contains(&base) {
        return Err(value_error("int() base must be >= 2 and <= 36, or 0"));
    }
    let invalid = || {
        let shown = ops::repr::pure_repr(original).unwrap_or_default();
        value_error(format!("invalid literal for int() with base {base}: {shown}"))
    };
    let trimmed = text.trim();
    let (negative, digits) = match trimmed.as_bytes().first() {
        Some(b'-') => (true, &trimmed[1..]),
        Some(b'+') => (false, &trimmed[1..]),
        _ => (false, trimmed),
    };
    let prefixes = [("0x", 16), ("0o", 8), ("0b", 2)];
    let lower = digits.get(..2).map(str::to_ascii_lowercase).unwrap_or_default();
    let prefixed = prefixes.iter().find(|(prefix, radix)| lower == *prefix && (base == 0 || base == *radix));
    let (radix, digits) = match prefixed {
        Some((_, radix)) => (*radix as u32, digits[2..].strip_prefix('_').unwrap_or(&digits[2..])),
        None if base == 0 => {
            if digits.len() > 1 && digits.starts_with('0') && digits.bytes().any(|b| b != b'0' && b != b'_') {
                return Err(invalid());
            }
            (10, digits)
        }
        None => (base as u32, digits),
    };
    if digits.is_empty() || digits.starts_with('_') || digits.ends_with('_') || digits.contains("__") {
        return Err(invalid());
    }
    let plain: String = digits
        .chars()
        .filter(|c| *c != '_')
        .map(|c| unicode_digit(c).and_then(|d| char::from_digit(d, 10)).unwrap_or(c))
        .collect();
    if !plain.chars().all(|c| c.is_digit(radix)) {
        return Err(invalid());
    }
    if let Ok(small) = i64::from_str_radix(&plain, radix) {
        return Ok(Value::Int(if negative { -small } else { small }));
    }
    let number: BigInt = ops::big::parse(&plain, radix)?.ok_or_else(invalid)?;
    Ok(Value::int(if negative { -number } else { number }))
}

/// The value of a decimal digit of any common script.
pub fn unicode_digit(c: char) -> Option<u32> {
    const ZEROS: &[u32] = &[
        0x30, 0x660, 0x6f0, 0x7c0, 0x966, 0x9e6, 0xa66, 0xae6, 0xb66, 0xbe6, 0xc66, 0xce6, 0xd66, 0xe50, 0xed0, 0xf20,
        0x1040, 0xff10,
    ];
    let code = c as u32;
    ZEROS.iter().find(|zero| (**zero..**zero + 10).contains(&code)).map(|zero| code - zero)
}

fn float(_: &mut Vm, _: &Value, args: &Args<'_>) -> R<Value> {
    let Some(value) = args.get(0) else {
        return Ok(Value::Float(0.0));
    };
    match value {
        Value::Str(text) => {
            let shown = || ops::repr::pure_repr(value).unwrap_or_default();
            let invalid = || value_error(format!("could not convert string to float: {}", shown()));
            let trimmed = text.trim();
            if trimmed.starts_with('_') || trimmed.ends_with('_') || trimmed.contains("__") {
                return Err(invalid());
            }
            let plain = trimmed.replace('_', "");
            let body = plain.trim_start_matches(['+', '-']).to_ascii_lowercase();
            let is_word = matches!(body.as_str(), "inf" | "infinity" | "nan");
            let is_number = body.starts_with(|c: char| c.is_ascii_digit() || c == '.')
                && body.chars().all(|c| c.is_ascii_digit() || matches!(c, '.' | 'e' | '+' | '-'));
            if !is_word && !is_number {
                return Err(invalid());
            }
            plain.parse::<f64>().map(Value::Float).map_err(|_| invalid())
        }
        Value::Lib(_) | Value::Host(_) => Err(not_float(value)),
        _ => args.float(0).map(Value::Float).map_err(|flow| if flow.is("TypeError") { not_float(value) } else { flow }),
    }
}

fn not_float(value: &Value) -> crate::flow::Flow {
    type_error(format!("float() argument must be a string or a real number, not '{}'", value.type_name()))
}

fn str(vm: &mut Vm, _: &Value, args: &Args<'_>) -> R<Value> {
    let Some(value) = args.get(0) else {
        return Ok(Value::str(""));
    };
    if args.get(1).is_some() || args.get(2).is_some() {
        let Value::Bytes(bytes) = value else {
            return Err(type_error(format!("decoding to str: need a bytes-like object, {} found", value.type_name())));
        };
        let encoding = args.opt_str(1)?.unwrap_or("utf-8");
        return str_codec::decode(vm, bytes, encoding, args.opt_str(2)?.unwrap_or("strict"));
    }
    if let Value::Str(_) = value {
        return Ok(value.clone());
    }
    let text = ops::repr::str(vm, value)?;
    vm.text(text)
}

fn bytes(vm: &mut Vm, _: &Value, args: &Args<'_>) -> R<Value> {
    match args.get(0) {
        None => Ok(Value::bytes([])),
        Some(Value::Bytes(bytes)) => Ok(Value::Bytes(bytes.clone())),
        Some(Value::Str(text)) => match args.opt_str(1)? {
            Some(encoding) => str_codec::encode(vm, text, encoding, args.opt_str(2)?.unwrap_or("strict")),
            None => Err(type_error("string argument without an encoding")),
        },
        Some(Value::Int(count)) => {
            let count = usize::try_from(*count).map_err(|_| value_error("negative count"))?;
            vm.charge(count)?;
            Ok(Value::bytes(vec![0; count]))
        }
        Some(other) => {
            if !vm.is_iterable(other) {
                return Err(type_error(format!("cannot convert '{}' object to bytes", other.type_name())));
            }
            let items = vm.collect(other)?;
            let mut out = Vec::with_capacity(items.len());
            for item in items {
                let byte = u8::try_from(to_index(&item)?).map_err(|_| value_error("bytes must be in range(0, 256)"))?;
                out.push(byte);
            }
            Ok(Value::bytes(out))
        }
    }
}

/// The entries for a new dict.
pub fn dict_data(vm: &mut Vm, source: Option<&Value>, args: &Args<'_>) -> R<DictData> {
    let mut data = DictData::new();
    if let Some(source) = source {
        for (key, value) in builtins::pairs(vm, source)? {
            data.insert(ops::key(key)?, value);
        }
    }
    for (name, value) in args.extra() {
        data.insert(Key::str(name), value.clone());
    }
    vm.charge_items(data.len() * 4)?;
    Ok(data)
}

fn dict(vm: &mut Vm, args: &Args<'_>, kind: DictKind) -> R<Value> {
    let data = dict_data(vm, args.get(0), args)?;
    Ok(Value::Dict(Arc::new(Dict::with_kind(data, kind))))
}

fn default_dict(vm: &mut Vm, _: &Value, args: &Args<'_>) -> R<Value> {
    let factory = args.get(0).cloned().unwrap_or(Value::None);
    if !factory.is_none() && !builtins::callable(&factory) {
        return Err(type_error("first argument must be callable or None"));
    }
    let data = dict_data(vm, args.get(1), args)?;
    Ok(Value::Dict(Arc::new(Dict::with_kind(data, DictKind::Default(factory)))))
}

fn set(vm: &mut Vm, args: &Args<'_>, frozen: bool) -> R<Value> {
    let items = match args.get(0) {
        Some(value) => vm.collect(value)?,
        None => Vec::new(),
    };
    ops::set_of(vm, items, frozen)
}

fn range(_: &mut Vm, _: &Value, args: &Args<'_>) -> R<Value> {
    let (start, stop) = match args.get(1) {
        Some(stop) => (args.int(0)?, to_index(stop)?),
        None => (0, args.int(0)?),
    };
    let step = args.int_or(2, 1)?;
    if step == 0 {
        return Err(value_error("range() arg 3 must not be zero"));
    }
    Ok(Value::Range(Arc::new(Range { start, stop, step })))
}

fn slice(_: &mut Vm, _: &Value, args: &Args<'_>) -> R<Value> {
    let part = |index: usize| args.get(index).cloned().unwrap_or(Value::None);
    let (start, stop) = match args.get(1) {
        Some(stop) => (part(0), stop.clone()),
        None => (Value::None, part(0)),
    };
    Ok(Value::Slice(Arc::new(Slice { start, stop, step: part(2) })))
}

fn reversed(vm: &mut Vm, _: &Value, args: &Args<'_>) -> R<Value> {
    match args.at(0) {
        Value::Set(_) | Value::Iter(_) | Value::Gen(_) | Value::None | Value::Int(_) => {
            Err(type_error(format!("'{}' object is not reversible", args.at(0).type_name())))
        }
        other => {
            let items = vm.collect(other)?;
            Ok(IterState::Reversed(items).value())
        }
    }
}
