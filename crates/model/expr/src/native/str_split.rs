//! Taking strings apart.

use super::Args;
use super::str::{is_space, text};
use crate::flow::{R, type_error, value_error};
use crate::ops;
use crate::value::Value;
use crate::vm::Vm;

fn strings(vm: &mut Vm, parts: Vec<&str>) -> R<Value> {
    let size: usize = parts.iter().map(|part| part.len() + 16).sum();
    vm.charge(size)?;
    vm.tick(parts.len() as u64 / 4)?;
    let items = parts.into_iter().map(Value::str).collect();
    vm.list(items)
}

fn limit(args: &Args<'_>) -> R<usize> {
    Ok(usize::try_from(args.int_or(1, -1)?).unwrap_or(usize::MAX))
}

fn separator<'a>(args: &Args<'a>) -> R<Option<&'a str>> {
    match args.some(0) {
        None => Ok(None),
        Some(Value::Str(sep)) if sep.is_empty() => Err(value_error("empty separator")),
        Some(Value::Str(sep)) => Ok(Some(sep)),
        Some(other) => Err(type_error(format!("must be str or None, not {}", other.type_name()))),
    }
}

pub fn split(vm: &mut Vm, receiver: &Value, args: &Args<'_>) -> R<Value> {
    let text = text(receiver)?;
    let limit = limit(args)?;
    let parts: Vec<&str> = if let Some(sep) = separator(args)? {
        text.splitn(limit.saturating_add(1), sep).collect()
    } else {
        let mut parts = Vec::new();
        let mut rest = text.trim_start_matches(is_space);
        while !rest.is_empty() {
            if parts.len() == limit {
                parts.push(rest.trim_end_matches(is_space));
                break;
            }
            let end = rest.find(is_space).unwrap_or(rest.len());
            parts.push(&rest[..end]);
            rest = rest[end..].trim_start_matches(is_space);
        }
        parts
    };
    strings(vm, parts)
}

pub fn rsplit(vm: &mut Vm, receiver: &Value, args: &Args<'_>) -> R<Value> {
    let text = text(receiver)?;
    let limit = limit(args)?;
    let mut parts: Vec<&str> = if let Some(sep) = separator(args)? {
        text.rsplitn(limit.saturating_add(1), sep).collect()
    } else {
        let mut parts = Vec::new();
        let mut rest = text.trim_end_matches(is_space);
        while !rest.is_empty() {
            if parts.len() == limit {
                parts.push(rest.trim_start_matches(is_space));
                break;
            }
            let start = rest.char_indices().rfind(|(_, c)| is_space(*c)).map_or(0, |(at, c)| at + c.len_utf8());
            parts.push(&rest[start..]);
            rest = rest[..start].trim_end_matches(is_space);
        }
        parts
    };
    parts.reverse();
    strings(vm, parts)
}

pub fn splitlines(vm: &mut Vm, receiver: &Value, args: &Args<'_>) -> R<Value> {
    let text = text(receiver)?;
    let keep = match args.get(0) {
        Some(flag) => ops::truth(vm, flag)?,
        None => false,
    };
    let is_end =
        |c: char| matches!(c, '\n' | '\r' | '\x0b' | '\x0c' | '\x1c'..='\x1e' | '\u{85}' | '\u{2028}' | '\u{2029}');
    let mut parts = Vec::new();
    let mut rest: &str = text;
    while !rest.is_empty() {
        let Some(at) = rest.find(is_end) else {
            parts.push(rest);
            break;
        };
        let width =
            if rest[at..].starts_with("\r\n") { 2 } else { rest[at..].chars().next().map_or(1, char::len_utf8) };
        parts.push(&rest[..if keep { at + width } else { at }]);
        rest = &rest[at + width..];
    }
    strings(vm, parts)
}

pub fn partition(vm: &mut Vm, receiver: &Value, args: &Args<'_>) -> R<Value> {
    let text = text(receiver)?;
    let sep = needed_separator(args)?;
    let (a, b, c) = match text.split_once(sep) {
        Some((before, after)) => (before, sep, after),
        None => (&**text, "", ""),
    };
    vm.charge(text.len())?;
    vm.tuple(vec![Value::str(a), Value::str(b), Value::str(c)])
}

pub fn rpartition(vm: &mut Vm, receiver: &Value, args: &Args<'_>) -> R<Value> {
    let text = text(receiver)?;
    let sep = needed_separator(args)?;
    let (a, b, c) = match text.rsplit_once(sep) {
        Some((before, after)) => (before, sep, after),
        None => ("", "", &**text),
    };
    vm.charge(text.len())?;
    vm.tuple(vec![Value::str(a), Value::str(b), Value::str(c)])
}

fn needed_separator<'a>(args: &Args<'a>) -> R<&'a str> {
    match args.at(0) {
        Value::Str(sep) if sep.is_empty() => Err(value_error("empty separator")),
        Value::Str(sep) => Ok(sep),
        other => Err(type_error(format!("must be str, not {}", other.type_name()))),
    }
}
