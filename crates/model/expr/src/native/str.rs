//! Methods of strings: case, tests, search, replacement, padding.

use std::sync::Arc;

use super::{Args, str_codec, str_split, table};
use crate::flow::{R, type_error, value_error};
use crate::format::brace::{self, Source};
use crate::ops::sequence::{char_index, char_offset, clamp};
use crate::ops::{self};
use crate::value::{Dict, DictData, Key, Value};
use crate::vm::Vm;

table! { methods:
    "upper()" => |vm, s, _| { let t = text(s)?.to_uppercase(); vm.text(t) },
    "lower()" => |vm, s, _| { let t = text(s)?.to_lowercase(); vm.text(t) },
    "casefold()" => |vm, s, _| { let t = text(s)?.replace('ß', "ss").to_lowercase(); vm.text(t) },
    "capitalize()" => |vm, s, _| { let t = capitalize(text(s)?); vm.text(t) },
    "title()" => |vm, s, _| { let t = title(text(s)?); vm.text(t) },
    "swapcase()" => |vm, s, _| { let t = swapcase(text(s)?); vm.text(t) },
    "strip(chars=, /)" => |vm, s, a| strip(vm, s, a, true, true),
    "lstrip(chars=, /)" => |vm, s, a| strip(vm, s, a, true, false),
    "rstrip(chars=, /)" => |vm, s, a| strip(vm, s, a, false, true),
    "removeprefix(prefix, /)" => |vm, s, a| {
        let (t, prefix) = (text(s)?, a.str(0)?);
        let t = t.strip_prefix(prefix).unwrap_or(t).to_owned();
        vm.text(t)
    },
    "removesuffix(suffix, /)" => |vm, s, a| {
        let (t, suffix) = (text(s)?, a.str(0)?);
        let t = t.strip_suffix(suffix).unwrap_or(t).to_owned();
        vm.text(t)
    },
    "split(sep=, maxsplit=)" => str_split::split,
    "rsplit(sep=, maxsplit=)" => str_split::rsplit,
    "splitlines(keepends=)" => str_split::splitlines,
    "partition(sep, /)" => str_split::partition,
    "rpartition(sep, /)" => str_split::rpartition,
    "join(iterable, /)" => join,
    "replace(old, new, count=, /)" => replace,
    "startswith(prefix, start=, end=, /)" => |vm, s, a| affix(vm, s, a, true),
    "endswith(suffix, start=, end=, /)" => |vm, s, a| affix(vm, s, a, false),
    "find(sub, start=, end=, /)" => |vm, s, a| Ok(find(vm, s, a, false)?.map_or(Value::Int(-1), Value::usize)),
    "rfind(sub, start=, end=, /)" => |vm, s, a| Ok(find(vm, s, a, true)?.map_or(Value::Int(-1), Value::usize)),
    "index(sub, start=, end=, /)" => |vm, s, a| {
        find(vm, s, a, false)?.map(Value::usize).ok_or_else(|| value_error("substring not found"))
    },
    "rindex(sub, start=, end=, /)" => |vm, s, a| {
        find(vm, s, a, true)?.map(Value::usize).ok_or_else(|| value_error("substring not found"))
    },
    "count(sub, start=, end=, /)" => count,
    "format(*args, **kwargs)" => |vm, s, a| {
        let source = Source::Arguments(a.positional, a.keyword);
        brace::format(vm, text(s)?, source).map(Value::from)
    },
    "format_map(mapping, /)" => |vm, s, a| {
        brace::format(vm, text(s)?, Source::Mapping(a.at(0))).map(Value::from)
    },
    "encode(encoding=, errors=)" => |vm, s, a| {
        str_codec::encode(vm, text(s)?, a.opt_str(0)?.unwrap_or("utf-8"), a.opt_str(1)?.unwrap_or("strict"))
    },
    "center(width, fillchar=, /)" => |vm, s, a| pad(vm, s, a, Side::Both),
    "ljust(width, fillchar=, /)" => |vm, s, a| pad(vm, s, a, Side::Right),
    "rjust(width, fillchar=, /)" => |vm, s, a| pad(vm, s, a, Side::Left),
    "zfill(width, /)" => zfill,
    "expandtabs(tabsize=)" => expandtabs,
    "translate(table, /)" => translate,
    "isalpha()" => |_, s, _| all(s, char::is_alphabetic),
    "isdigit()" => |_, s, _| all(s, is_digit),
    "isdecimal()" => |_, s, _| all(s, |c| super::builtins_types::unicode_digit(c).is_some()),
    "isnumeric()" => |_, s, _| all(s, |c| c.is_numeric() && !c.is_alphabetic() || is_digit(c)),
    "isalnum()" => |_, s, _| all(s, char::is_alphanumeric),
    "isspace()" => |_, s, _| all(s, is_space),
    "isascii()" => |_, s, _| Ok(Value::Bool(text(s)?.is_ascii())),
    "isprintable()" => |_, s, _| Ok(Value::Bool(text(s)?.chars().all(ops::repr::is_printable))),
    "isupper()" => |_, s, _| cased(s, char::is_uppercase, char::is_lowercase),
    "islower()" => |_, s, _| cased(s, char::is_lowercase, char::is_uppercase),
    "istitle()" => |_, s, _| { let t = text(s)?; Ok(Value::Bool(t.chars().any(char::is_alphabetic) && title(t) == **t)) },
    "isidentifier()" => |_, s, _| {
        let t = text(s)?;
        let head = t.chars().next().is_some_and(|c| c == '_' || c.is_alphabetic());
        Ok(Value::Bool(head && t.chars().all(|c| c == '_' || c.is_alphanumeric())))
    },
}

table! { statics:
    "maketrans(x, y=, z=, /)" => maketrans,
}

/// The receiver, which is a string.
pub fn text(value: &Value) -> R<&Arc<str>> {
    match value {
        Value::Str(text) => Ok(text),
        other => Err(type_error(format!("expected a str, got {}", other.type_name()))),
    }
}

/// White space as `str.split` and `str.strip` see it.
pub fn is_space(c: char) -> bool {
    c.is_whitespace() || ('\x1c'..='\x1f').contains(&c)
}

fn is_digit(c: char) -> bool {
    super::builtins_types::unicode_digit(c).is_some() || matches!(c, '²' | '³' | '¹' | '⁰' | '⁴'..='⁹' | '₀'..='₉')
}

fn capitalize(text: &str) -> String {
    let mut chars = text.chars();
    match chars.next() {
        Some(first) => first.to_uppercase().chain(chars.as_str().to_lowercase().chars()).collect(),
        None => String::new(),
    }
}

/// Upper case at the start of each word.
pub fn title(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut inside = false;
    for c in text.chars() {
        if inside {
            out.extend(c.to_lowercase());
        } else {
            out.extend(c.to_uppercase());
        }
        inside = c.is_alphabetic();
    }
    out
}

fn swapcase(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_uppercase() {
            out.extend(c.to_lowercase());
        } else {
            out.extend(c.to_uppercase());
        }
    }
    out
}

fn all(receiver: &Value, test: fn(char) -> bool) -> R<Value> {
    let text = text(receiver)?;
    Ok(Value::Bool(!text.is_empty() && text.chars().all(test)))
}

fn cased(receiver: &Value, wanted: fn(char) -> bool, other: fn(char) -> bool) -> R<Value> {
    let text = text(receiver)?;
    Ok(Value::Bool(text.chars().any(wanted) && !text.chars().any(other)))
}

fn strip(vm: &mut Vm, receiver: &Value, args: &Args<'_>, left: bool, right: bool) -> R<Value> {
    let text = text(receiver)?;
    let chars: Option<Vec<char>> = args
        .opt_str(0)
        .map_err(|_| type_error(format!("{} arg must be None or str", args.sig.name)))?
        .map(|chars| chars.chars().collect());
    vm.tick(text.len() as u64 / 64)?;
    let test = |c: char| chars.as_ref().map_or_else(|| is_space(c), |chars| chars.contains(&c));
    let mut stripped: &str = text;
    if left {
        stripped = stripped.trim_start_matches(test);
    }
    if right {
        stripped = stripped.trim_end_matches(test);
    }
    if stripped.len() == text.len() {
        return Ok(receiver.clone());
    }
    vm.text(stripped.to_owned())
}

fn join(vm: &mut Vm, receiver: &Value, args: &Args<'_>) -> R<Value> {
    let separator = text(receiver)?;
    if !vm.is_iterable(args.at(0)) {
        return Err(type_error("can only join an iterable"));
    }
    let items = vm.collect(args.at(0))?;
    let mut size = separator.len().saturating_mul(items.len());
    for (index, item) in items.iter().enumerate() {
        match item {
            Value::Str(text) => size += text.len(),
            other => {
                return Err(type_error(format!(
                    "sequence item {index}: expected str instance, {} found",
                    other.type_name()
                )));
            }
        }
    }
    vm.charge(size)?;
    vm.tick(size as u64 / 256)?;
    let parts: Vec<&str> = items.iter().filter_map(Value::as_str).collect();
    Ok(Value::from(parts.join(separator)))
}

fn replace(vm: &mut Vm, receiver: &Value, args: &Args<'_>) -> R<Value> {
    let text = text(receiver)?;
    let (old, new) = (replace_arg(args, 0)?, replace_arg(args, 1)?);
    let count = args.int_or(2, -1)?;
    let places = if old.is_empty() { text.chars().count() + 1 } else { text.matches(old).count() };
    let places = usize::try_from(count).map_or(places, |count| places.min(count));
    vm.charge(text.len() + places.saturating_mul(new.len()))?;
    vm.tick((text.len() + places * new.len()) as u64 / 64)?;
    Ok(Value::from(text.replacen(old, new, places)))
}

fn replace_arg<'a>(args: &Args<'a>, index: usize) -> R<&'a str> {
    match args.at(index) {
        Value::Str(text) => Ok(text),
        other => Err(type_error(format!("replace() argument {} must be str, not {}", index + 1, other.type_name()))),
    }
}

/// The part of the text between two optional character bounds, and the byte offset of its start.
fn window<'a>(text: &'a str, args: &Args<'_>) -> R<Option<(&'a str, usize)>> {
    if args.get(1).is_none() && args.get(2).is_none() {
        return Ok(Some((text, 0)));
    }
    let len = if text.is_ascii() { text.len() } else { text.chars().count() };
    let start_index = match args.some(1) {
        Some(Value::Int(start)) if *start > len as i64 => return Ok(None),
        start => clamp(start, 0, len)?,
    };
    let end_index = clamp(args.get(2), len, len)?;
    if start_index > end_index {
        return Ok(None);
    }
    let (start, end) = (char_offset(text, start_index), char_offset(text, end_index));
    Ok(Some((&text[start..end], start)))
}

fn affix(vm: &mut Vm, receiver: &Value, args: &Args<'_>, prefix: bool) -> R<Value> {
    let name = args.sig.name;
    let text = text(receiver)?;
    vm.tick(1)?;
    let Some((part, _)) = window(text, args)? else {
        return Ok(Value::Bool(false));
    };
    let test = |wanted: &str| {
        if prefix { part.starts_with(wanted) } else { part.ends_with(wanted) }
    };
    match args.at(0) {
        Value::Str(wanted) => Ok(Value::Bool(test(wanted))),
        Value::Tuple(options) => {
            for option in options.items() {
                match option {
                    Value::Str(wanted) if test(wanted) => return Ok(Value::Bool(true)),
                    Value::Str(_) => {}
                    other => {
                        return Err(type_error(format!(
                            "tuple for {name} must only contain str, not {}",
                            other.type_name()
                        )));
                    }
                }
            }
            Ok(Value::Bool(false))
        }
        other => Err(type_error(format!("{name} first arg must be str or a tuple of str, not {}", other.type_name()))),
    }
}

fn find(vm: &mut Vm, receiver: &Value, args: &Args<'_>, last: bool) -> R<Option<usize>> {
    let text = text(receiver)?;
    let Value::Str(wanted) = args.at(0) else {
        return Err(type_error(format!("must be str, not {}", args.at(0).type_name())));
    };
    vm.tick(text.len() as u64 / 64)?;
    let Some((part, start)) = window(text, args)? else {
        return Ok(None);
    };
    let found = if last { part.rfind(&**wanted) } else { part.find(&**wanted) };
    Ok(found.map(|at| char_index(text, start + at)))
}

fn count(vm: &mut Vm, receiver: &Value, args: &Args<'_>) -> R<Value> {
    let text = text(receiver)?;
    let Value::Str(wanted) = args.at(0) else {
        return Err(type_error(format!("must be str, not {}", args.at(0).type_name())));
    };
    vm.tick(text.len() as u64 / 64)?;
    let Some((part, _)) = window(text, args)? else {
        return Ok(Value::Int(0));
    };
    let found = if wanted.is_empty() { part.chars().count() + 1 } else { part.matches(&**wanted).count() };
    Ok(Value::usize(found))
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    Left,
    Right,
    Both,
}

fn pad(vm: &mut Vm, receiver: &Value, args: &Args<'_>, side: Side) -> R<Value> {
    let text = text(receiver)?;
    let width = usize::try_from(args.int(0)?).unwrap_or(0);
    let fill = match args.get(1) {
        None => ' ',
        Some(Value::Str(fill)) if fill.chars().count() == 1 => fill.chars().next().unwrap_or(' '),
        Some(_) => {
            return Err(type_error("The fill character must be exactly one character long"));
        }
    };
    let len = text.chars().count();
    let missing = width.saturating_sub(len);
    if missing == 0 {
        return Ok(receiver.clone());
    }
    vm.charge(missing.saturating_mul(4))?;
    let (left, right) = match side {
        Side::Left => (missing, 0),
        Side::Right => (0, missing),
        Side::Both => {
            let left = missing / 2 + (missing & width & 1);
            (left, missing - left)
        }
    };
    let fill = |count: usize| std::iter::repeat_n(fill, count);
    vm.text(fill(left).chain(text.chars()).chain(fill(right)).collect())
}

fn zfill(vm: &mut Vm, receiver: &Value, args: &Args<'_>) -> R<Value> {
    let text = text(receiver)?;
    let width = usize::try_from(args.int(0)?).unwrap_or(0);
    let missing = width.saturating_sub(text.chars().count());
    vm.charge(missing)?;
    let zeros = "0".repeat(missing);
    let padded = match text.strip_prefix(['+', '-']) {
        Some(digits) => format!("{}{zeros}{digits}", &text[..1]),
        None => format!("{zeros}{text}"),
    };
    vm.text(padded)
}

fn expandtabs(vm: &mut Vm, receiver: &Value, args: &Args<'_>) -> R<Value> {
    let text = text(receiver)?;
    let size = usize::try_from(args.int_or(0, 8)?).unwrap_or(0);
    let tabs = text.matches('\t').count();
    vm.charge(tabs.saturating_mul(size))?;
    let mut out = String::new();
    let mut column = 0;
    for c in text.chars() {
        match c {
            '\t' if size > 0 => {
                let count = size - column % size;
                out.extend(std::iter::repeat_n(' ', count));
                column += count;
            }
            '\t' => {}
            '\n' | '\r' => {
                out.push(c);
                column = 0;
            }
            c => {
                out.push(c);
                column += 1;
            }
        }
    }
    vm.text(out)
}

fn translate(vm: &mut Vm, receiver: &Value, args: &Args<'_>) -> R<Value> {
    let text = text(receiver)?;
    let Value::Dict(table) = args.at(0) else {
        return Err(type_error(format!("'{}' object is not subscriptable", args.at(0).type_name())));
    };
    vm.tick(text.len() as u64)?;
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        let key = ops::key(Value::Int(i64::from(c as u32)))?;
        let found = table.get().get(&key).cloned();
        match found {
            None => out.push(c),
            Some(Value::None) => {}
            Some(Value::Str(new)) => {
                vm.charge(new.len())?;
                out.push_str(&new);
            }
            Some(Value::Int(code)) => {
                out.extend(u32::try_from(code).ok().and_then(char::from_u32));
            }
            Some(_) => {
                return Err(type_error("character mapping must return integer, None or str"));
            }
        }
    }
    vm.text(out)
}

fn maketrans(vm: &mut Vm, _: &Value, args: &Args<'_>) -> R<Value> {
    let mut data = DictData::new();
    let code = |c: char| Value::Int(i64::from(c as u32));
    if args.get(1).is_none() {
        let Value::Dict(source) = args.at(0) else {
            return Err(type_error("if you give only one argument to maketrans it must be a dict"));
        };
        for (key, value) in source.get().iter() {
            let key = match key.value() {
                Value::Str(text) if text.chars().count() == 1 => ops::key(code(text.chars().next().unwrap_or(' ')))?,
                Value::Str(_) => {
                    return Err(value_error("string keys in translate table must be of length 1"));
                }
                _ => Key::new(key.value().clone()).unwrap_or_else(|_| key.clone()),
            };
            data.insert(key, value.clone());
        }
    } else {
        let (from, to) = (args.str(0)?, args.str(1)?);
        if from.chars().count() != to.chars().count() {
            return Err(value_error("the first two maketrans arguments must have equal length"));
        }
        for (from, to) in from.chars().zip(to.chars()) {
            data.insert(ops::key(code(from))?, code(to));
        }
        for gone in args.opt_str(2)?.unwrap_or("").chars() {
            data.insert(ops::key(code(gone))?, Value::None);
        }
    }
    vm.charge_items(data.len() * 4)?;
    Ok(Value::Dict(Arc::new(Dict::new(data))))
}
