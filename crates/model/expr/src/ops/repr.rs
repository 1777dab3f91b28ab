//! `str()`, `repr()` and `ascii()`.

use std::fmt::Write;

use crate::flow::{R, recursion_error};
use crate::format::float;
use crate::value::{DictKind, Exc, MethodTarget, Value, ViewKind};
use crate::vm::Vm;

const MAX_DEPTH: usize = 60;

/// `str(value)`.
pub fn str(vm: &mut Vm, value: &Value) -> R<String> {
    match value {
        Value::Str(text) => {
            vm.tick(text.len() as u64 / 256)?;
            Ok(text.to_string())
        }
        Value::Exc(exc) => exception_text(vm, exc),
        Value::Host(object) => match object.to_str().into_result()? {
            Value::Str(text) => Ok(text.to_string()),
            other => repr(vm, &other),
        },
        Value::Lib(object) => {
            let object = object.clone();
            object.str(vm)
        }
        other => repr(vm, other),
    }
}

/// `repr(value)`.
pub fn repr(vm: &mut Vm, value: &Value) -> R<String> {
    let mut writer = Writer { vm: Some(vm), out: String::new(), open: Vec::new(), charged: 0 };
    writer.value(value)?;
    Ok(writer.out)
}

/// `repr(value)` without a machine, for debugging; `None` when it needs one.
pub fn pure_repr(value: &Value) -> Option<String> {
    let mut writer = Writer { vm: None, out: String::new(), open: Vec::new(), charged: 0 };
    writer.value(value).ok()?;
    Some(writer.out)
}

/// The message of an exception, as `str` gives it; never fails.
pub fn exception_message(vm: &mut Vm, exc: &Exc) -> String {
    exception_text(vm, exc).unwrap_or_default()
}

fn exception_text(vm: &mut Vm, exc: &Exc) -> R<String> {
    match exc.args() {
        [] => Ok(String::new()),
        [one] if exc.ty.is_named("KeyError") => repr(vm, one),
        [one] => {
            if let Value::Exc(_) = one {
                return repr(vm, one);
            }
            str(vm, one)
        }
        many => repr(vm, &Value::tuple(many.to_vec())),
    }
}

/// Escapes everything outside of ASCII.
pub fn ascii(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c as u32 {
            0..=0x7f => out.push(c),
            code @ 0x80..=0xff => out.push_str(&format!("\\x{code:02x}")),
            code @ 0x100..=0xffff => out.push_str(&format!("\\u{code:04x}")),
            code => out.push_str(&format!("\\U{code:08x}")),
        }
    }
    out
}

/// A string literal, quoted as CPython chooses.
pub fn quote(text: &str, out: &mut String) {
    let quote = if text.contains('\'') && !text.contains('"') { '"' } else { '\'' };
    out.push(quote);
    for c in text.chars() {
        match c {
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if c == quote => {
                out.push('\\');
                out.push(c);
            }
            c if (c as u32) < 0x20 || c as u32 == 0x7f => {
                let _ = write!(out, "\\x{:02x}", c as u32);
            }
            c if (c as u32) < 0x7f => out.push(c),
            c if !is_printable(c) => match c as u32 {
                code @ 0..=0xff => {
                    let _ = write!(out, "\\x{code:02x}");
                }
                code @ 0x100..=0xffff => {
                    let _ = write!(out, "\\u{code:04x}");
                }
                code => {
                    let _ = write!(out, "\\U{code:08x}");
                }
            },
            c => out.push(c),
        }
    }
    out.push(quote);
}

/// Whether CPython shows the character as it is.
pub fn is_printable(c: char) -> bool {
    if c == ' ' {
        return true;
    }
    !(c.is_control()
        || c.is_whitespace()
        || matches!(c as u32,
            0xad | 0x600..=0x605 | 0x61c | 0x6dd | 0x70f | 0x180e | 0x200b..=0x200f
            | 0x202a..=0x202e | 0x2060..=0x206f | 0xfeff | 0xfff0..=0xfffb
            | 0xe000..=0xf8ff | 0xe_0000..=0xe_0fff | 0xf_0000..=0x10_ffff))
}

/// A bytes literal.
pub fn quote_bytes(bytes: &[u8], out: &mut String) {
    let quote = if bytes.contains(&b'\'') && !bytes.contains(&b'"') { '"' } else { '\'' };
    out.push('b');
    out.push(quote);
    for byte in bytes {
        match byte {
            b'\\' => out.push_str("\\\\"),
            b'\n' => out.push_str("\\n"),
            b'\r' => out.push_str("\\r"),
            b'\t' => out.push_str("\\t"),
            byte if *byte == quote as u8 => {
                out.push('\\');
                out.push(quote);
            }
            0x20..=0x7e => out.push(*byte as char),
            byte => {
                let _ = write!(out, "\\x{byte:02x}");
            }
        }
    }
    out.push(quote);
}

struct Writer<'a> {
    vm: Option<&'a mut Vm>,
    out: String,
    /// The containers being written, to notice one inside of itself.
    open: Vec<usize>,
    charged: usize,
}

impl Writer<'_> {
    fn enter(&mut self, address: usize) -> R<bool> {
        if self.open.contains(&address) {
            return Ok(false);
        }
        if self.open.len() >= MAX_DEPTH {
            return Err(recursion_error(" while getting the repr of an object"));
        }
        self.open.push(address);
        Ok(true)
    }

    fn account(&mut self) -> R<()> {
        let grown = self.out.len() - self.charged.min(self.out.len());
        self.charged = self.out.len();
        if let Some(vm) = &mut self.vm {
            vm.charge(grown)?;
            vm.tick(grown as u64 / 64)?;
        }
        Ok(())
    }

    fn items<'b>(&mut self, open: &str, items: impl Iterator<Item = &'b Value>, close: &str) -> R<()> {
        self.out.push_str(open);
        for (index, item) in items.enumerate() {
            if index > 0 {
                self.out.push_str(", ");
            }
            self.value(item)?;
        }
        self.out.push_str(close);
        Ok(())
    }

    fn value(&mut self, value: &Value) -> R<()> {
        self.account()?;
        match value {
            Value::Unbound => self.out.push_str("<unbound>"),
            Value::None => self.out.push_str("None"),
            Value::Ellipsis => self.out.push_str("Ellipsis"),
            Value::NotImplemented => self.out.push_str("NotImplemented"),
            Value::Bool(true) => self.out.push_str("True"),
            Value::Bool(false) => self.out.push_str("False"),
            Value::Int(number) => {
                let _ = write!(self.out, "{number}");
            }
            Value::Big(number) => self.out.push_str(&super::big::to_decimal(number)?),
            Value::Float(number) => self.out.push_str(&float::repr(*number)),
            Value::Str(text) => quote(text, &mut self.out),
            Value::Bytes(bytes) => quote_bytes(bytes, &mut self.out),
            Value::List(list) => {
                let address = std::sync::Arc::as_ptr(list) as usize;
                if !self.enter(address)? {
                    self.out.push_str("[...]");
                    return Ok(());
                }
                let items = list.to_vec();
                self.items("[", items.iter(), "]")?;
                self.open.pop();
            }
            Value::Tuple(tuple) => {
                if !self.enter(std::sync::Arc::as_ptr(tuple) as usize)? {
                    self.out.push_str("(...)");
                    return Ok(());
                }
                if let Some(named) = &tuple.named {
                    self.out.push_str(&named.name);
                    self.out.push('(');
                    for (index, (field, item)) in named.fields.iter().zip(tuple.items()).enumerate() {
                        if index > 0 {
                            self.out.push_str(", ");
                        }
                        self.out.push_str(field);
                        self.out.push('=');
                        self.value(item)?;
                    }
                    self.out.push(')');
                } else {
                    let close = if tuple.items().len() == 1 { ",)" } else { ")" };
                    self.items("(", tuple.items().iter(), close)?;
                }
                self.open.pop();
            }
            Value::Dict(dict) => self.dict(dict)?,
            Value::Set(set) => {
                let items: Vec<Value> = set.get().iter().map(|key| key.value().clone()).collect();
                match (set.frozen, items.is_empty()) {
                    (false, true) => self.out.push_str("set()"),
                    (true, true) => self.out.push_str("frozenset()"),
                    (false, false) => self.items("{", items.iter(), "}")?,
                    (true, false) => self.items("frozenset({", items.iter(), "})")?,
                }
            }
            Value::Range(range) => {
                let _ = write!(self.out, "range({}, {}", range.start, range.stop);
                if range.step != 1 {
                    let _ = write!(self.out, ", {}", range.step);
                }
                self.out.push(')');
            }
            Value::Slice(slice) => {
                self.items("slice(", [&slice.start, &slice.stop, &slice.step].into_iter(), ")")?;
            }
            Value::View(view) => {
                let items: Vec<Value> = match view.kind {
                    ViewKind::Keys => view.dict.get().keys().map(|key| key.value().clone()).collect(),
                    ViewKind::Values => view.dict.get().values().cloned().collect(),
                    ViewKind::Items => view
                        .dict
                        .get()
                        .iter()
                        .map(|(key, value)| Value::tuple(vec![key.value().clone(), value.clone()]))
                        .collect(),
                };
                if !self.enter(std::ptr::from_ref(&**view) as usize)? {
                    self.out.push_str("...");
                    return Ok(());
                }
                let open = format!("{}([", value.type_name());
                self.items(&open, items.iter(), "])")?;
                self.open.pop();
            }
            Value::Exc(exc) => {
                self.out.push_str(exc.ty.name());
                if !self.enter(std::sync::Arc::as_ptr(exc) as usize)? {
                    self.out.push_str("(...)");
                    return Ok(());
                }
                self.items("(", exc.args().iter(), ")")?;
                self.open.pop();
            }
            Value::Type(ty) => {
                let _ = write!(self.out, "<class '{}'>", ty.qualified());
            }
            Value::Func(function) => {
                let _ = write!(self.out, "<function {} at 0x7f0000000000>", function.code.qualified);
            }
            Value::Native(def) => {
                let _ = write!(self.out, "<built-in function {}>", def.sig.name);
            }
            Value::Method(method) => match &method.target {
                MethodTarget::Native(def) => {
                    let owner = method.receiver().type_name();
                    let _ = write!(self.out, "<built-in method {} of {owner} object at 0x7f0000000000>", def.sig.name);
                }
                MethodTarget::Host(name) => {
                    let owner = method.receiver().type_name();
                    let _ = write!(self.out, "<bound method {owner}.{name}>");
                }
                MethodTarget::Unbound(def, ty) => {
                    let _ = write!(self.out, "<method '{}' of '{}' objects>", def.sig.name, ty.name());
                }
            },
            Value::Iter(_) | Value::Gen(_) => {
                let name = match value {
                    Value::Gen(generator) => {
                        format!("generator object {}", generator.code.qualified)
                    }
                    other => format!("{} object", other.type_name()),
                };
                let _ = write!(self.out, "<{name} at 0x7f0000000000>");
            }
            Value::Module(module) => {
                let _ = write!(self.out, "<module '{}'>", module.name);
            }
            Value::HostFn(function) => {
                let _ = write!(self.out, "<function {} at 0x7f0000000000>", function.name);
            }
            Value::Lib(object) => {
                let object = object.clone();
                let text = match &mut self.vm {
                    Some(vm) => object.repr(vm)?,
                    None => format!("<{}>", object.lib_type().name),
                };
                self.out.push_str(&text);
            }
            Value::Host(object) => match object.to_repr().into_result() {
                Ok(Value::Str(text)) => self.out.push_str(&text),
                Ok(_) => self.out.push_str("<object>"),
                Err(flow) if self.vm.is_some() => return Err(flow),
                Err(_) => {
                    let _ = write!(self.out, "<{}>", object.type_name());
                }
            },
        }
        self.account()
    }

    fn dict(&mut self, dict: &std::sync::Arc<crate::value::Dict>) -> R<()> {
        if !self.enter(std::sync::Arc::as_ptr(dict) as usize)? {
            self.out.push_str("{...}");
            return Ok(());
        }
        let entries: Vec<(Value, Value)> =
            dict.get().iter().map(|(key, value)| (key.value().clone(), value.clone())).collect();
        let close = match &dict.kind {
            DictKind::Plain => "",
            DictKind::Default(factory) => {
                self.out.push_str("defaultdict(");
                self.value(factory)?;
                self.out.push_str(", ");
                ")"
            }
            DictKind::Counter => {
                self.out.push_str("Counter(");
                ")"
            }
            DictKind::Ordered => {
                self.out.push_str("OrderedDict(");
                ")"
            }
        };
        let mut entries = entries;
        if matches!(dict.kind, DictKind::Counter) {
            entries.sort_by(|a, b| {
                crate::ops::compare::numeric(&b.1, &a.1).flatten().unwrap_or(std::cmp::Ordering::Equal)
            });
        }
        if !(entries.is_empty() && matches!(dict.kind, DictKind::Counter | DictKind::Ordered)) {
            self.out.push('{');
            for (index, (key, value)) in entries.iter().enumerate() {
                if index > 0 {
                    self.out.push_str(", ");
                }
                self.value(key)?;
                self.out.push_str(": ");
                self.value(value)?;
            }
            self.out.push('}');
        }
        self.out.push_str(close);
        self.open.pop();
        Ok(())
    }
}
