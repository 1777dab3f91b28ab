//! Methods of bytes.

use std::sync::Arc;

use super::{Args, str_codec, table};
use crate::flow::{R, type_error, value_error};
use crate::ops::sequence::{clamp, find_bytes};
use crate::value::Value;
use crate::vm::Vm;

table! { methods:
    "decode(encoding=, errors=)" => |vm, b, a| {
        str_codec::decode(vm, bytes(b)?, a.opt_str(0)?.unwrap_or("utf-8"), a.opt_str(1)?.unwrap_or("strict"))
    },
    "hex(sep=, bytes_per_sep=)" => hex,
    "upper()" => |vm, b, _| { let out = bytes(b)?.to_ascii_uppercase(); made(vm, out) },
    "lower()" => |vm, b, _| { let out = bytes(b)?.to_ascii_lowercase(); made(vm, out) },
    "startswith(prefix, start=, end=, /)" => |_, b, a| affix(b, a, true),
    "endswith(suffix, start=, end=, /)" => |_, b, a| affix(b, a, false),
    "find(sub, start=, end=, /)" => |vm, b, a| Ok(find(vm, b, a)?.map_or(Value::Int(-1), Value::usize)),
    "index(sub, start=, end=, /)" => |vm, b, a| {
        find(vm, b, a)?.map(Value::usize).ok_or_else(|| value_error("subsection not found"))
    },
    "count(sub, start=, end=, /)" => |vm, b, a| {
        let mut count = 0;
        let (whole, part) = (bytes(b)?, needle(a, 0)?);
        vm.tick(whole.len() as u64 / 8)?;
        let mut from = 0;
        while let Some(at) = find_bytes(whole, &part, from) {
            count += 1;
            from = at + part.len().max(1);
        }
        Ok(Value::Int(count))
    },
    "split(sep=, maxsplit=)" => split,
    "join(iterable, /)" => join,
    "replace(old, new, count=, /)" => replace,
    "strip(chars=, /)" => |vm, b, a| strip(vm, b, a, true, true),
    "lstrip(chars=, /)" => |vm, b, a| strip(vm, b, a, true, false),
    "rstrip(chars=, /)" => |vm, b, a| strip(vm, b, a, false, true),
    "isdigit()" => |_, b, _| { let b = bytes(b)?; Ok(Value::Bool(!b.is_empty() && b.iter().all(u8::is_ascii_digit))) },
    "isalpha()" => |_, b, _| { let b = bytes(b)?; Ok(Value::Bool(!b.is_empty() && b.iter().all(u8::is_ascii_alphabetic))) },
    "isalnum()" => |_, b, _| { let b = bytes(b)?; Ok(Value::Bool(!b.is_empty() && b.iter().all(u8::is_ascii_alphanumeric))) },
}

table! { statics:
    "fromhex(string, /)" => |vm, _, a| {
        let text: String = a.str(0)?.chars().filter(|c| !c.is_ascii_whitespace()).collect();
        let invalid = |at: usize| {
            value_error(format!("non-hexadecimal number found in fromhex() arg at position {at}"))
        };
        let mut out = Vec::with_capacity(text.len() / 2);
        let digits: Vec<char> = text.chars().collect();
        for (index, pair) in digits.chunks(2).enumerate() {
            let [high, low] = pair else { return Err(invalid(index * 2 + 1)) };
            match (high.to_digit(16), low.to_digit(16)) {
                (Some(high), Some(low)) => out.push((high * 16 + low) as u8),
                _ => return Err(invalid(index * 2)),
            }
        }
        made(vm, out)
    },
}

/// The receiver, which is bytes.
pub fn bytes(value: &Value) -> R<&Arc<[u8]>> {
    match value {
        Value::Bytes(bytes) => Ok(bytes),
        other => Err(type_error(format!("a bytes-like object is required, not '{}'", other.type_name()))),
    }
}

fn made(vm: &mut Vm, out: Vec<u8>) -> R<Value> {
    vm.charge(out.len())?;
    Ok(Value::bytes(out))
}

fn needle(args: &Args<'_>, index: usize) -> R<Vec<u8>> {
    match args.at(index) {
        Value::Int(byte) => match u8::try_from(*byte) {
            Ok(byte) => Ok(vec![byte]),
            Err(_) => Err(value_error("byte must be in range(0, 256)")),
        },
        other => Ok(bytes(other)?.to_vec()),
    }
}

fn hex(vm: &mut Vm, receiver: &Value, args: &Args<'_>) -> R<Value> {
    let bytes = bytes(receiver)?;
    let sep = args.opt_str(0)?.unwrap_or("");
    let group = usize::try_from(args.int_or(1, 1)?.unsigned_abs()).unwrap_or(1).max(1);
    vm.charge(bytes.len() * 3)?;
    let mut out = String::with_capacity(bytes.len() * 2);
    for (index, byte) in bytes.iter().enumerate() {
        if index > 0 && (bytes.len() - index) % group == 0 {
            out.push_str(sep);
        }
        out.push_str(&format!("{byte:02x}"));
    }
    vm.text(out)
}

fn affix(receiver: &Value, args: &Args<'_>, prefix: bool) -> R<Value> {
    let whole = bytes(receiver)?;
    let start = clamp(args.get(1), 0, whole.len())?;
    let end = clamp(args.get(2), whole.len(), whole.len())?;
    let part = whole.get(start..end).unwrap_or(&[]);
    let options = match args.at(0) {
        Value::Tuple(options) => options.items().to_vec(),
        other => vec![other.clone()],
    };
    for option in &options {
        let Value::Bytes(wanted) = option else {
            return Err(type_error(format!(
                "{} first arg must be bytes or a tuple of bytes, not {}",
                args.sig.name,
                option.type_name()
            )));
        };
        if if prefix { part.starts_with(wanted) } else { part.ends_with(wanted) } {
            return Ok(Value::Bool(true));
        }
    }
    Ok(Value::Bool(false))
}

fn find(vm: &mut Vm, receiver: &Value, args: &Args<'_>) -> R<Option<usize>> {
    let whole = bytes(receiver)?;
    let part = needle(args, 0)?;
    vm.tick((whole.len() as u64 / 64) * (part.len() as u64 / 8 + 1))?;
    let start = clamp(args.get(1), 0, whole.len())?;
    let end = clamp(args.get(2), whole.len(), whole.len())?;
    Ok(find_bytes(whole.get(..end).unwrap_or(whole), &part, start))
}

fn split(vm: &mut Vm, receiver: &Value, args: &Args<'_>) -> R<Value> {
    let whole = bytes(receiver)?;
    let limit = usize::try_from(args.int_or(1, -1)?).unwrap_or(usize::MAX);
    let mut parts: Vec<&[u8]> = Vec::new();
    match args.some(0) {
        Some(sep) => {
            let sep = bytes(sep)?;
            if sep.is_empty() {
                return Err(value_error("empty separator"));
            }
            let mut start = 0;
            while parts.len() < limit {
                let Some(at) = find_bytes(whole, sep, start) else {
                    break;
                };
                parts.push(&whole[start..at]);
                start = at + sep.len();
            }
            parts.push(&whole[start..]);
        }
        None => parts.extend(whole.split(u8::is_ascii_whitespace).filter(|part| !part.is_empty())),
    }
    vm.charge(whole.len() + parts.len() * 16)?;
    let items = parts.into_iter().map(Value::bytes).collect();
    vm.list(items)
}

fn join(vm: &mut Vm, receiver: &Value, args: &Args<'_>) -> R<Value> {
    let separator = bytes(receiver)?;
    let mut parts = Vec::new();
    for (index, item) in vm.collect(args.at(0))?.into_iter().enumerate() {
        match item {
            Value::Bytes(part) => parts.push(part.to_vec()),
            other => {
                return Err(type_error(format!(
                    "sequence item {index}: expected a bytes-like object, {} found",
                    other.type_name()
                )));
            }
        }
    }
    let size: usize = parts.iter().map(|part| part.len() + separator.len()).sum();
    vm.charge(size)?;
    Ok(Value::bytes(parts.join(&**separator)))
}

fn replace(vm: &mut Vm, receiver: &Value, args: &Args<'_>) -> R<Value> {
    let whole = bytes(receiver)?;
    let (old, new) = (bytes(args.at(0))?, bytes(args.at(1))?);
    let limit = usize::try_from(args.int_or(2, -1)?).unwrap_or(usize::MAX);
    let mut out = Vec::new();
    if old.is_empty() {
        return Ok(receiver.clone());
    }
    let (mut start, mut done) = (0, 0);
    while done < limit {
        let Some(at) = find_bytes(whole, old, start) else {
            break;
        };
        vm.charge(new.len())?;
        out.extend_from_slice(&whole[start..at]);
        out.extend_from_slice(new);
        start = at + old.len();
        done += 1;
    }
    out.extend_from_slice(&whole[start..]);
    made(vm, out)
}

fn strip(vm: &mut Vm, receiver: &Value, args: &Args<'_>, left: bool, right: bool) -> R<Value> {
    let mut part: &[u8] = bytes(receiver)?;
    let chars = match args.some(0) {
        Some(chars) => bytes(chars)?.to_vec(),
        None => b" \t\n\r\x0b\x0c".to_vec(),
    };
    while left && part.first().is_some_and(|byte| chars.contains(byte)) {
        part = &part[1..];
    }
    while right && part.last().is_some_and(|byte| chars.contains(byte)) {
        part = &part[..part.len() - 1];
    }
    made(vm, part.to_vec())
}
