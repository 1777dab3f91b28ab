//! The functions of `re` and the methods of patterns and matches.

use std::sync::Arc;

use super::{Groups, Match, Mode, Pattern};
use crate::flow::{R, type_error};
use crate::native::{Args, table};
use crate::ops::sequence::{char_index, char_offset};
use crate::value::Value;
use crate::vm::Vm;
use crate::vm::iter::IterState;

table! { functions:
    "compile(pattern, flags=)" => |vm, _, a| compiled(vm, a.at(0), a.get(1)),
    "search(pattern, string, flags=)" => |vm, _, a| with(vm, a, 2, |vm, p| one(vm, p, a.at(1), 0, Mode::Search)),
    "match(pattern, string, flags=)" => |vm, _, a| with(vm, a, 2, |vm, p| one(vm, p, a.at(1), 0, Mode::Match)),
    "fullmatch(pattern, string, flags=)" => |vm, _, a| with(vm, a, 2, |vm, p| one(vm, p, a.at(1), 0, Mode::Full)),
    "findall(pattern, string, flags=)" => |vm, _, a| with(vm, a, 2, |vm, p| findall(vm, p, a.at(1))),
    "finditer(pattern, string, flags=)" => |vm, _, a| with(vm, a, 2, |vm, p| finditer(vm, p, a.at(1))),
    "split(pattern, string, maxsplit=, flags=)" => |vm, _, a| {
        let limit = a.int_or(2, 0)?;
        with(vm, a, 3, |vm, p| split(vm, p, a.at(1), limit))
    },
    "sub(pattern, repl, string, count=, flags=)" => |vm, _, a| {
        let limit = a.int_or(3, 0)?;
        with(vm, a, 4, |vm, p| sub(vm, p, a.at(1), a.at(2), limit).map(|(text, _)| text))
    },
    "subn(pattern, repl, string, count=, flags=)" => |vm, _, a| {
        let limit = a.int_or(3, 0)?;
        with(vm, a, 4, |vm, p| {
            let (text, count) = sub(vm, p, a.at(1), a.at(2), limit)?;
            vm.tuple(vec![text, Value::usize(count)])
        })
    },
    "escape(pattern)" => |vm, _, a| {
        let mut out = String::new();
        for c in a.str(0)?.chars() {
            if "()[]{}?*+-|^$\\.&~# \t\n\r\x0b\x0c".contains(c) {
                out.push('\\');
            }
            out.push(c);
        }
        vm.text(out)
    },
    "purge()" => |_, _, _| Ok(Value::None),
}

table! { pattern_methods:
    "search(string, pos=, endpos=)" => |vm, p, a| from(vm, p, a, Mode::Search),
    "match(string, pos=, endpos=)" => |vm, p, a| from(vm, p, a, Mode::Match),
    "fullmatch(string, pos=, endpos=)" => |vm, p, a| from(vm, p, a, Mode::Full),
    "findall(string, pos=, endpos=)" => |vm, p, a| findall(vm, p, a.at(0)),
    "finditer(string, pos=, endpos=)" => |vm, p, a| finditer(vm, p, a.at(0)),
    "split(string, maxsplit=)" => |vm, p, a| { let limit = a.int_or(1, 0)?; split(vm, p, a.at(0), limit) },
    "sub(repl, string, count=)" => |vm, p, a| {
        let limit = a.int_or(2, 0)?;
        sub(vm, p, a.at(0), a.at(1), limit).map(|(text, _)| text)
    },
    "subn(repl, string, count=)" => |vm, p, a| {
        let limit = a.int_or(2, 0)?;
        let (text, count) = sub(vm, p, a.at(0), a.at(1), limit)?;
        vm.tuple(vec![text, Value::usize(count)])
    },
}

table! { match_methods:
    "group(*groups)" => |vm, m, a| {
        let found = matched(m)?;
        match a.rest() {
            [] => group(vm, found, &Value::Int(0)),
            [one] => group(vm, found, one),
            many => {
                let mut out = Vec::new();
                for index in many {
                    out.push(group(vm, found, index)?);
                }
                vm.tuple(out)
            }
        }
    },
    "groups(default=)" => |vm, m, a| {
        let found = matched(m)?;
        let mut out = Vec::new();
        for index in 1..found.groups.len() {
            let value = found.value_of(vm, index)?;
            out.push(value.unwrap_or_else(|| a.get(0).cloned().unwrap_or(Value::None)));
        }
        vm.tuple(out)
    },
    "groupdict(default=)" => |vm, m, a| {
        let found = matched(m)?;
        let mut entries = Vec::new();
        for (name, index) in &found.pattern()?.names {
            let value = found.value_of(vm, *index)?;
            entries.push((name.clone(), value.unwrap_or_else(|| a.get(0).cloned().unwrap_or(Value::None))));
        }
        vm.charge_items(entries.len() * 4)?;
        Ok(Value::dict(entries))
    },
    "start(group=, /)" => |_, m, a| Ok(Value::Int(span(matched(m)?, a)?.0)),
    "end(group=, /)" => |_, m, a| Ok(Value::Int(span(matched(m)?, a)?.1)),
    "span(group=, /)" => |vm, m, a| {
        let (start, end) = span(matched(m)?, a)?;
        vm.tuple(vec![Value::Int(start), Value::Int(end)])
    },
    "expand(template)" => |vm, m, a| {
        let text = expand(vm, matched(m)?, a.str(0)?)?;
        vm.text(text)
    },
}

fn pattern(value: &Value) -> R<&Pattern> {
    value.downcast_lib::<Pattern>().ok_or_else(|| type_error("expected a pattern"))
}

fn matched(value: &Value) -> R<&Match> {
    value.downcast_lib::<Match>().ok_or_else(|| type_error("expected a match"))
}

fn group(vm: &mut Vm, found: &Match, index: &Value) -> R<Value> {
    let index = found.index(index)?;
    Ok(found.value_of(vm, index)?.unwrap_or(Value::None))
}

fn span(found: &Match, args: &Args<'_>) -> R<(i64, i64)> {
    let index = match args.get(0) {
        Some(group) => found.index(group)?,
        None => 0,
    };
    let Some((start, end)) = found.groups.get(index).copied().flatten() else { return Ok((-1, -1)) };
    Ok((char_index(&found.text, start) as i64, char_index(&found.text, end) as i64))
}

fn compiled(vm: &mut Vm, source: &Value, flags: Option<&Value>) -> R<Value> {
    match source {
        Value::Str(text) => {
            let flags = flags.and_then(Value::as_i64).unwrap_or(0);
            let name = format!("\0re:{flags}:{text}");
            if let Some(known) = vm.modules.get(&name) {
                return Ok(known.clone());
            }
            let pattern = Value::lib(Pattern::compile(vm, text, flags)?);
            vm.modules.insert(name, pattern.clone());
            Ok(pattern)
        }
        Value::Lib(_) if source.downcast_lib::<Pattern>().is_some() => Ok(source.clone()),
        Value::Bytes(_) => Err(type_error("bytes patterns are not supported")),
        _ => Err(type_error("first argument must be string or compiled pattern")),
    }
}

fn with(vm: &mut Vm, args: &Args<'_>, flags: usize, work: impl FnOnce(&mut Vm, &Value) -> R<Value>) -> R<Value> {
    let pattern = compiled(vm, args.at(0), args.get(flags))?;
    work(vm, &pattern)
}

fn text(value: &Value) -> R<&Arc<str>> {
    match value {
        Value::Str(text) => Ok(text),
        Value::Bytes(_) => Err(type_error("cannot use a string pattern on a bytes-like object")),
        other => Err(type_error(format!("expected string or bytes-like object, got '{}'", other.type_name()))),
    }
}

fn made(pattern: &Value, text: &Arc<str>, groups: Groups) -> Value {
    Value::lib(Match { pattern: pattern.clone(), text: text.clone(), groups })
}

fn one(vm: &mut Vm, p: &Value, subject: &Value, from: usize, mode: Mode) -> R<Value> {
    let text = text(subject)?;
    Ok(match pattern(p)?.find(vm, text, from, mode)? {
        Some(groups) => made(p, text, groups),
        None => Value::None,
    })
}

fn from(vm: &mut Vm, p: &Value, args: &Args<'_>, mode: Mode) -> R<Value> {
    let subject = text(args.at(0))?;
    let bound = |index: usize, default: i64| args.int_or(index, default).map(|n| usize::try_from(n).unwrap_or(0));
    let (start, end) = (bound(1, 0)?, bound(2, i64::MAX)?);
    let (start, end) = (char_offset(subject, start), char_offset(subject, end));
    if start > end {
        return Ok(Value::None);
    }
    if end < subject.len() {
        return one(vm, p, &Value::str(&subject[..end]), start, mode);
    }
    one(vm, p, args.at(0), start, mode)
}

/// All matches that do not overlap.
fn all(vm: &mut Vm, p: &Value, text: &Arc<str>, limit: usize) -> R<Vec<Groups>> {
    let compiled = pattern(p)?;
    let mut found = Vec::new();
    let mut at = 0;
    let mut last_end = None;
    while at <= text.len() && found.len() < limit {
        let Some(groups) = compiled.find(vm, text, at, Mode::Search)? else { break };
        let Some((start, end)) = groups.first().copied().flatten() else { break };
        // An empty match right after another match counts, one at the same empty place does not.
        let repeated = start == end && last_end == Some((start, start == end));
        if !repeated {
            found.push(groups);
        }
        last_end = Some((end, start == end));
        at = if start == end { end + text[end..].chars().next().map_or(1, char::len_utf8) } else { end };
    }
    vm.charge_items(found.len() * (compiled.groups() + 2))?;
    Ok(found)
}

fn findall(vm: &mut Vm, p: &Value, subject: &Value) -> R<Value> {
    let text = text(subject)?;
    let piece =
        |group: Option<(usize, usize)>| Value::str(group.and_then(|(start, end)| text.get(start..end)).unwrap_or(""));
    vm.charge(text.len())?;
    let items = all(vm, p, text, usize::MAX)?
        .into_iter()
        .map(|groups| match groups.as_slice() {
            [whole] => piece(*whole),
            [_, one] => piece(*one),
            [_, rest @ ..] => Value::tuple(rest.iter().map(|group| piece(*group)).collect()),
            [] => Value::None,
        })
        .collect();
    vm.list(items)
}

fn finditer(vm: &mut Vm, p: &Value, subject: &Value) -> R<Value> {
    let text = text(subject)?;
    let items = all(vm, p, text, usize::MAX)?.into_iter().map(|groups| made(p, text, groups)).collect();
    Ok(IterState::Values(items, 0).value())
}

fn split(vm: &mut Vm, p: &Value, subject: &Value, limit: i64) -> R<Value> {
    let text = text(subject)?;
    let limit = usize::try_from(limit).ok().filter(|limit| *limit > 0).unwrap_or(usize::MAX);
    let mut items = Vec::new();
    let mut start = 0;
    vm.charge(text.len())?;
    for groups in all(vm, p, text, limit)? {
        let Some((from, to)) = groups.first().copied().flatten() else { continue };
        items.push(Value::str(&text[start..from]));
        for group in &groups[1..] {
            items.push(group.map_or(Value::None, |(from, to)| Value::str(&text[from..to])));
        }
        start = to;
    }
    items.push(Value::str(&text[start..]));
    vm.list(items)
}

fn sub(vm: &mut Vm, p: &Value, replacement: &Value, subject: &Value, limit: i64) -> R<(Value, usize)> {
    let text = text(subject)?;
    let limit = usize::try_from(limit).ok().filter(|limit| *limit > 0).unwrap_or(usize::MAX);
    let mut out = String::new();
    let mut start = 0;
    let found = all(vm, p, text, limit)?;
    let count = found.len();
    for groups in found {
        let Some((from, to)) = groups.first().copied().flatten() else { continue };
        out.push_str(&text[start..from]);
        start = to;
        let one = Match { pattern: p.clone(), text: text.clone(), groups };
        let new = match replacement {
            Value::Str(template) if template.contains('\\') => expand(vm, &one, template)?,
            Value::Str(template) => template.to_string(),
            function => match vm.call(function, &[Value::lib(one)], &[])? {
                Value::Str(new) => new.to_string(),
                other => {
                    return Err(type_error(format!("expected str instance, {} found", other.type_name())));
                }
            },
        };
        vm.charge(new.len() + 16)?;
        out.push_str(&new);
    }
    out.push_str(&text[start..]);
    Ok((vm.text(out)?, count))
}

/// Puts groups into a replacement: `\1`, `\g<1>`, `\g<name>` and the usual escapes.
fn expand(vm: &mut Vm, found: &Match, template: &str) -> R<String> {
    let mut out = String::new();
    let mut chars = template.chars().peekable();
    let invalid = |index: &str| super::bad_pattern(&format!("invalid group reference {index}"));
    while let Some(c) = chars.next() {
        if c != '\\' {
            out.push(c);
            continue;
        }
        match chars.next() {
            Some('n') => out.push('\n'),
            Some('t') => out.push('\t'),
            Some('r') => out.push('\r'),
            Some('\\') => out.push('\\'),
            Some('0') => out.push('\0'),
            Some(digit @ '1'..='9') => {
                let mut number = digit.to_string();
                if let Some(second) = chars.next_if(char::is_ascii_digit) {
                    number.push(second);
                }
                let index = number.parse::<usize>().unwrap_or(0);
                if index >= found.groups.len() {
                    return Err(invalid(&number));
                }
                out.push_str(found.text_of(index).unwrap_or(""));
            }
            Some('g') => {
                if chars.next() != Some('<') {
                    return Err(super::bad_pattern("missing <"));
                }
                let mut name = String::new();
                let closed = chars.by_ref().any(|c| {
                    if c == '>' {
                        return true;
                    }
                    name.push(c);
                    false
                });
                if !closed {
                    return Err(super::bad_pattern("missing >, unterminated name"));
                }
                let key = name.parse::<i64>().map_or_else(|_| Value::str(&name), Value::Int);
                let index = found.index(&key).map_err(|_| {
                    if let Value::Int(_) = key {
                        invalid(&name)
                    } else {
                        crate::flow::index_error(format!("unknown group name '{name}'"))
                    }
                })?;
                out.push_str(found.text_of(index).unwrap_or(""));
            }
            Some(c) if c.is_ascii_alphabetic() => {
                return Err(super::bad_pattern(&format!("bad escape \\{c}")));
            }
            Some(c) => out.extend(['\\', c]),
            None => return Err(super::bad_pattern("bad escape (end of pattern)")),
        }
        vm.charge(8)?;
    }
    Ok(out)
}
