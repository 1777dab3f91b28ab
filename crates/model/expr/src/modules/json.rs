//! `json`: `dumps` and `loads` with CPython's texts and messages.

use std::sync::Arc;

use crate::flow::{Flow, R, recursion_error, type_error, value_error};
use crate::format::float;
use crate::native::{Args, table};
use crate::ops;
use crate::value::{Dict, DictData, Exc, ExcType, Key, Type, Value, json_key};
use crate::vm::Vm;

const MAX_DEPTH: usize = 100;

pub fn module() -> Value {
    let error = Value::Type(Type::Exc(decode_error()));
    super::from_table(
        "json",
        functions(),
        vec![
            ("JSONDecodeError", error.clone()),
            ("decoder", Value::module("json.decoder", vec![("JSONDecodeError", error)])),
        ],
    )
}

fn decode_error() -> ExcType {
    static TYPE: std::sync::LazyLock<ExcType> = std::sync::LazyLock::new(|| {
        ExcType::define("json.decoder", "JSONDecodeError", &ExcType::builtin("ValueError"))
    });
    TYPE.clone()
}

/// A value for parsed JSON.
pub fn from_json(json: &serde_json::Value) -> Value {
    Value::from(json)
}

/// The JSON of a value, failing as `json.dumps` does.
pub fn to_json(value: &Value) -> Result<serde_json::Value, crate::value::ToJsonError> {
    value.to_json()
}

table! { functions:
    "dumps(obj, *, skipkeys=, ensure_ascii=, check_circular=, allow_nan=, cls=, indent=, separators=, default=, sort_keys=)" => dumps,
    "loads(s, *, cls=, object_hook=, parse_float=, parse_int=)" => loads,
}

struct Writer<'a, 'b> {
    vm: &'a mut Vm,
    out: String,
    indent: Option<String>,
    item_separator: String,
    key_separator: String,
    ascii: bool,
    allow_nan: bool,
    sort: bool,
    skip: bool,
    default: Option<&'b Value>,
    open: Vec<u64>,
}

fn flag(vm: &mut Vm, args: &Args<'_>, index: usize, default: bool) -> R<bool> {
    match args.get(index) {
        Some(value) => ops::truth(vm, value),
        None => Ok(default),
    }
}

fn dumps(vm: &mut Vm, _: &Value, args: &Args<'_>) -> R<Value> {
    let indent = match args.some(6) {
        None => None,
        Some(Value::Str(text)) => Some(text.to_string()),
        Some(_) => Some(" ".repeat(usize::try_from(args.int(6)?).unwrap_or(0).min(100))),
    };
    let (mut item_separator, mut key_separator) =
        (if indent.is_some() { "," } else { ", " }.to_owned(), ": ".to_owned());
    if let Some(separators) = args.some(7) {
        let parts = vm.collect(separators)?;
        let [Value::Str(item), Value::Str(key)] = parts.as_slice() else {
            return Err(type_error("separators must be two strings"));
        };
        (item_separator, key_separator) = (item.to_string(), key.to_string());
    }
    let (skip, ascii) = (flag(vm, args, 1, false)?, flag(vm, args, 2, true)?);
    let (allow_nan, sort) = (flag(vm, args, 4, true)?, flag(vm, args, 9, false)?);
    let mut writer = Writer {
        vm,
        out: String::new(),
        indent,
        item_separator,
        key_separator,
        ascii,
        allow_nan,
        sort,
        skip,
        default: args.some(8),
        open: Vec::new(),
    };
    writer.value(args.at(0), 0)?;
    let out = std::mem::take(&mut writer.out);
    vm.text(out)
}

/// A JSON string literal.
fn quote(text: &str, ascii: bool, out: &mut String) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\x08' => out.push_str("\\b"),
            '\x0c' => out.push_str("\\f"),
            c if (c as u32) < 0x20 => out.push_str(&format!("\\u{:04x}", c as u32)),
            c if ascii && (c as u32) > 0x7e => {
                for unit in c.encode_utf16(&mut [0; 2]) {
                    out.push_str(&format!("\\u{unit:04x}"));
                }
            }
            c => out.push(c),
        }
    }
    out.push('"');
}

impl Writer<'_, '_> {
    fn newline(&mut self, depth: usize) {
        if let Some(indent) = &self.indent {
            self.out.push('\n');
            for _ in 0..depth {
                self.out.push_str(indent);
            }
        }
    }

    fn enter(&mut self, address: u64) -> R<()> {
        if self.open.contains(&address) {
            return Err(value_error("Circular reference detected"));
        }
        self.open.push(address);
        Ok(())
    }

    fn items(&mut self, items: &[Value], depth: usize) -> R<()> {
        if items.is_empty() {
            self.out.push_str("[]");
            return Ok(());
        }
        self.out.push('[');
        for (index, item) in items.iter().enumerate() {
            if index > 0 {
                let separator = self.item_separator.clone();
                self.out.push_str(&separator);
            }
            self.newline(depth + 1);
            self.value(item, depth + 1)?;
        }
        self.newline(depth);
        self.out.push(']');
        Ok(())
    }

    fn value(&mut self, value: &Value, depth: usize) -> R<()> {
        if depth > MAX_DEPTH {
            return Err(recursion_error(" while encoding a JSON object"));
        }
        self.vm.tick(1)?;
        self.vm.charge(16 + depth)?;
        match value {
            Value::None => self.out.push_str("null"),
            Value::Bool(true) => self.out.push_str("true"),
            Value::Bool(false) => self.out.push_str("false"),
            Value::Int(number) => self.out.push_str(&number.to_string()),
            Value::Big(number) => self.out.push_str(&ops::big::to_decimal(number)?),
            Value::Float(number) if number.is_finite() => self.out.push_str(&float::repr(*number)),
            Value::Float(number) => {
                if !self.allow_nan {
                    return Err(value_error(format!(
                        "Out of range float values are not JSON compliant: {}",
                        float::repr(*number)
                    )));
                }
                self.out.push_str(if number.is_nan() {
                    "NaN"
                } else if *number > 0.0 {
                    "Infinity"
                } else {
                    "-Infinity"
                });
            }
            Value::Str(text) => {
                self.vm.charge(text.len())?;
                quote(text, self.ascii, &mut self.out);
            }
            Value::List(list) => {
                self.enter(value.address())?;
                let items = list.to_vec();
                self.items(&items, depth)?;
                self.open.pop();
            }
            Value::Tuple(tuple) => self.items(tuple.items(), depth)?,
            Value::Dict(dict) => {
                self.enter(value.address())?;
                self.dict(dict, depth)?;
                self.open.pop();
            }
            Value::Host(object) if self.default.is_none() && object.to_json().is_some() => {
                let json = Value::from(object.to_json().unwrap_or_default());
                self.value(&json, depth + 1)?;
            }
            other => {
                let Some(default) = self.default else {
                    return Err(type_error(format!("Object of type {} is not JSON serializable", other.type_name())));
                };
                let replaced = self.vm.call(default, std::slice::from_ref(other), &[])?;
                self.value(&replaced, depth + 1)?;
            }
        }
        Ok(())
    }

    fn dict(&mut self, dict: &Arc<Dict>, depth: usize) -> R<()> {
        let mut entries: Vec<(Value, Value)> =
            dict.get().iter().map(|(key, value)| (key.value().clone(), value.clone())).collect();
        if self.sort {
            let keys: Vec<Value> = entries.iter().map(|(key, _)| key.clone()).collect();
            let sorted = crate::native::builtins::sort(self.vm, keys, None, false)?;
            let mut in_order = Vec::with_capacity(entries.len());
            for key in sorted {
                if let Some(value) = dict.get().get(&ops::key(key.clone())?) {
                    in_order.push((key, value.clone()));
                }
            }
            entries = in_order;
        }
        let mut first = true;
        self.out.push('{');
        for (key, value) in entries {
            let name = match json_key(&key, false) {
                Ok(name) => name,
                Err(_) if self.skip => continue,
                Err(error) => return Err(type_error(error.0)),
            };
            if !first {
                let separator = self.item_separator.clone();
                self.out.push_str(&separator);
            }
            first = false;
            self.newline(depth + 1);
            quote(&name, self.ascii, &mut self.out);
            let separator = self.key_separator.clone();
            self.out.push_str(&separator);
            self.value(&value, depth + 1)?;
        }
        if !first {
            self.newline(depth);
        }
        self.out.push('}');
        Ok(())
    }
}

fn loads(vm: &mut Vm, _: &Value, args: &Args<'_>) -> R<Value> {
    let text = match args.at(0) {
        Value::Str(text) => text.to_string(),
        Value::Bytes(bytes) => match std::str::from_utf8(bytes) {
            Ok(text) => text.to_owned(),
            Err(_) => return Err(value_error("invalid UTF-8 in JSON")),
        },
        other => {
            return Err(type_error(format!(
                "the JSON object must be str, bytes or bytearray, not {}",
                other.type_name()
            )));
        }
    };
    vm.charge(text.len() * 4)?;
    vm.tick(text.len() as u64 / 8)?;
    let mut reader = Reader { text: &text, at: 0, hook: args.some(2), vm };
    reader.space();
    let value = reader.value(0)?;
    reader.space();
    if reader.at < text.len() {
        return Err(reader.error("Extra data", reader.at));
    }
    Ok(value)
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
    hook: Option<&'a Value>,
    vm: &'a mut Vm,
}

impl Reader<'_> {
    fn error(&self, message: &str, at: usize) -> Flow {
        let head = &self.text[..at];
        let line = head.matches('\n').count() + 1;
        let column = head.rsplit('\n').next().unwrap_or("").chars().count() + 1;
        let text = format!("{message}: line {line} column {column} (char {})", head.chars().count());
        Flow::Raise(Arc::new(Exc::new(decode_error(), vec![Value::from(text)])))
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn value(&mut self, depth: usize) -> R<Value> {
        if depth > MAX_DEPTH {
            return Err(recursion_error(" while decoding a JSON document"));
        }
        self.vm.charge(32)?;
        let start = self.at;
        let rest = &self.text[start..];
        match self.peek() {
            Some(b'"') => self.string().map(Value::from),
            Some(b'{') => self.object(depth),
            Some(b'[') => self.array(depth),
            Some(b'-' | b'0'..=b'9') if !rest.starts_with("-I") => self.number(),
            _ => {
                for (word, value) in [
                    ("null", Value::None),
                    ("true", Value::Bool(true)),
                    ("false", Value::Bool(false)),
                    ("NaN", Value::Float(f64::NAN)),
                    ("Infinity", Value::Float(f64::INFINITY)),
                    ("-Infinity", Value::Float(f64::NEG_INFINITY)),
                ] {
                    if rest.starts_with(word) {
                        self.at += word.len();
                        return Ok(value);
                    }
                }
                Err(self.error("Expecting value", start))
            }
        }
    }

    fn number(&mut self) -> R<Value> {
        let start = self.at;
        let bytes = self.text.as_bytes();
        let mut at = start + usize::from(bytes[start] == b'-');
        let digits = |mut at: usize| {
            while bytes.get(at).is_some_and(u8::is_ascii_digit) {
                at += 1;
            }
            at
        };
        if bytes.get(at) == Some(&b'0') {
            at += 1;
        } else {
            let end = digits(at);
            if end == at {
                return Err(self.error("Expecting value", start));
            }
            at = end;
        }
        let mut is_float = false;
        if bytes.get(at) == Some(&b'.') && digits(at + 1) > at + 1 {
            at = digits(at + 1);
            is_float = true;
        }
        if matches!(bytes.get(at), Some(b'e' | b'E')) {
            let sign = usize::from(matches!(bytes.get(at + 1), Some(b'+' | b'-')));
            let end = digits(at + 1 + sign);
            if end > at + 1 + sign {
                at = end;
                is_float = true;
            }
        }
        self.at = at;
        let text = &self.text[start..at];
        if is_float {
            return Ok(Value::Float(text.parse().unwrap_or(f64::INFINITY)));
        }
        if let Ok(small) = text.parse::<i64>() {
            return Ok(Value::Int(small));
        }
        let number = ops::big::parse(text, 10)?;
        Ok(number.map_or(Value::None, Value::int))
    }

    fn string(&mut self) -> R<String> {
        let start = self.at;
        self.at += 1;
        let mut out = String::new();
        loop {
            let rest = &self.text[self.at..];
            let Some(c) = rest.chars().next() else {
                return Err(self.error("Unterminated string starting at", start));
            };
            self.at += c.len_utf8();
            match c {
                '"' => return Ok(out),
                '\\' => {
                    let Some(escape) = self.peek() else {
                        return Err(self.error("Unterminated string starting at", start));
                    };
                    self.at += 1;
                    match escape {
                        b'"' => out.push('"'),
                        b'\\' => out.push('\\'),
                        b'/' => out.push('/'),
                        b'b' => out.push('\x08'),
                        b'f' => out.push('\x0c'),
                        b'n' => out.push('\n'),
                        b'r' => out.push('\r'),
                        b't' => out.push('\t'),
                        b'u' => {
                            let high = self.unit()?;
                            let c = if (0xd800..0xdc00).contains(&high) && self.text[self.at..].starts_with("\\u") {
                                self.at += 2;
                                let low = self.unit()?;
                                char::decode_utf16([high, low]).next().and_then(Result::ok)
                            } else {
                                char::from_u32(u32::from(high))
                            };
                            out.push(c.unwrap_or('\u{fffd}'));
                        }
                        _ => return Err(self.error("Invalid \\escape", self.at - 2)),
                    }
                }
                c if (c as u32) < 0x20 => {
                    return Err(self.error("Invalid control character at", self.at - 1));
                }
                c => out.push(c),
            }
        }
    }

    fn unit(&mut self) -> R<u16> {
        let digits = self.text.get(self.at..self.at + 4);
        let unit = digits
            .filter(|digits| digits.bytes().all(|b| b.is_ascii_hexdigit()))
            .and_then(|digits| u16::from_str_radix(digits, 16).ok());
        match unit {
            Some(unit) => {
                self.at += 4;
                Ok(unit)
            }
            None => Err(self.error("Invalid \\uXXXX escape", self.at - 1)),
        }
    }

    fn array(&mut self, depth: usize) -> R<Value> {
        self.at += 1;
        let mut items = Vec::new();
        self.space();
        if self.peek() == Some(b']') {
            self.at += 1;
            return Ok(Value::list(items));
        }
        loop {
            self.space();
            items.push(self.value(depth + 1)?);
            self.space();
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b']') => {
                    self.at += 1;
                    return Ok(Value::list(items));
                }
                _ => return Err(self.error("Expecting ',' delimiter", self.at)),
            }
        }
    }

    fn object(&mut self, depth: usize) -> R<Value> {
        self.at += 1;
        let mut data = DictData::new();
        self.space();
        if self.peek() == Some(b'}') {
            self.at += 1;
        } else {
            loop {
                self.space();
                if self.peek() != Some(b'"') {
                    let message = "Expecting property name enclosed in double quotes";
                    return Err(self.error(message, self.at));
                }
                let name = self.string()?;
                self.space();
                if self.peek() != Some(b':') {
                    return Err(self.error("Expecting ':' delimiter", self.at));
                }
                self.at += 1;
                self.space();
                let value = self.value(depth + 1)?;
                data.insert(Key::str(&name), value);
                self.space();
                match self.peek() {
                    Some(b',') => self.at += 1,
                    Some(b'}') => {
                        self.at += 1;
                        break;
                    }
                    _ => return Err(self.error("Expecting ',' delimiter", self.at)),
                }
            }
        }
        let dict = Value::Dict(Arc::new(Dict::new(data)));
        match self.hook {
            Some(hook) => self.vm.call(hook, &[dict], &[]),
            None => Ok(dict),
        }
    }
}
