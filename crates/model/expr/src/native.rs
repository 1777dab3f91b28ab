//! Native functions: their signatures, and the one binder that checks arguments against them.
//!
//! Separate because every native takes its arguments from here; a native never indexes into raw
//! arguments, so a call with the wrong ones raises CPython's `TypeError` instead of failing.

pub mod builtins;
mod builtins_types;
mod builtins_values;
pub(crate) mod bytes;
pub(crate) mod dict;
mod list;
pub(crate) mod number;
mod set;
mod str;
pub(crate) mod str_codec;
mod str_split;
pub mod tables;

use std::sync::Arc;

use crate::flow::{Flow, R, overflow_error, type_error};
use crate::value::Value;
use crate::vm::Vm;

pub type NativeFn = fn(&mut Vm, &Value, &Args<'_>) -> R<Value>;

/// A native function.
pub struct Def {
    pub sig: Sig,
    pub run: NativeFn,
}

/// One parameter of a native.
pub struct Param {
    pub name: &'static str,
    pub required: bool,
}

/// The signature of a native, written as `"name(a, b=, /, c=, *rest, d=, **kw)"`.
pub struct Sig {
    pub name: &'static str,
    pub params: Vec<Param>,
    /// How many leading parameters have no name for callers.
    pub positional_only: usize,
    /// Parameters from here on are given by name only.
    pub keyword_only_from: usize,
    pub var_positional: bool,
    pub var_keyword: bool,
    required: usize,
}

impl Sig {
    pub fn parse(text: &'static str) -> Self {
        let (name, rest) = text.split_once('(').unwrap_or((text, ")"));
        let inner = rest.trim_end_matches(')');
        let mut sig = Self {
            name,
            params: Vec::new(),
            positional_only: 0,
            keyword_only_from: usize::MAX,
            var_positional: false,
            var_keyword: false,
            required: 0,
        };
        for part in inner.split(',').map(str::trim).filter(|part| !part.is_empty()) {
            if part == "/" {
                sig.positional_only = sig.params.len();
            } else if part.starts_with("**") {
                sig.var_keyword = true;
            } else if let Some(rest) = part.strip_prefix('*') {
                sig.var_positional = !rest.is_empty();
                sig.keyword_only_from = sig.params.len();
            } else {
                let name = part.trim_end_matches('=');
                sig.params.push(Param { name, required: name.len() == part.len() });
            }
        }
        sig.keyword_only_from = sig.keyword_only_from.min(sig.params.len());
        sig.required = sig.params[..sig.keyword_only_from].iter().filter(|param| param.required).count();
        sig
    }
}

/// A list of natives, sorted for look-up.
pub struct Table(Vec<(&'static str, Def)>);

impl Table {
    pub fn new(entries: &[(&'static str, NativeFn)]) -> Self {
        let mut defs: Vec<_> = entries
            .iter()
            .map(|(text, run)| {
                let sig = Sig::parse(text);
                (sig.name, Def { sig, run: *run })
            })
            .collect();
        defs.sort_by_key(|(name, _)| *name);
        Self(defs)
    }
    pub fn get(&self, name: &str) -> Option<&Def> {
        let index = self.0.binary_search_by_key(&name, |(key, _)| key).ok()?;
        Some(&self.0[index].1)
    }
    pub fn iter(&self) -> impl Iterator<Item = &Def> {
        self.0.iter().map(|(_, def)| def)
    }
}

/// Declares a table of natives that exists once.
macro_rules! table {
    ($name:ident: $($sig:literal => $run:expr,)*) => {
        pub fn $name() -> &'static $crate::native::Table {
            static TABLE: std::sync::LazyLock<$crate::native::Table> = std::sync::LazyLock::new(|| {
                $crate::native::Table::new(&[$(($sig, $run as $crate::native::NativeFn)),*])
            });
            &TABLE
        }
    };
}
pub(crate) use table;

/// Arguments that fit their signature.
pub struct Args<'a> {
    pub sig: &'a Sig,
    pub positional: &'a [Value],
    pub keyword: &'a [(Arc<str>, Value)],
}

impl<'a> Args<'a> {
    /// Checks the arguments of a call.
    pub fn bind(sig: &'a Sig, positional: &'a [Value], keyword: &'a [(Arc<str>, Value)]) -> R<Self> {
        let args = Self { sig, positional, keyword };
        if positional.len() > sig.keyword_only_from && !sig.var_positional {
            return Err(args.wrong_count());
        }
        if !keyword.is_empty() {
            args.check_keywords()?;
        }
        if positional.len() < sig.required {
            args.check_missing()?;
        }
        if sig.keyword_only_from < sig.params.len() {
            for param in &sig.params[sig.keyword_only_from..] {
                if param.required && !keyword.iter().any(|(name, _)| &**name == param.name) {
                    let message = format!("{}() missing required keyword-only argument: '{}'", sig.name, param.name);
                    return Err(type_error(message));
                }
            }
        }
        Ok(args)
    }

    fn check_keywords(&self) -> R<()> {
        let sig = self.sig;
        for (name, _) in self.keyword {
            let found = sig.params.iter().position(|param| param.name == &**name);
            match found {
                Some(index) if index >= sig.positional_only => {
                    if index < self.positional.len().min(sig.keyword_only_from) {
                        return Err(type_error(format!(
                            "argument for {}() given by name ('{name}') and position ({})",
                            sig.name,
                            index + 1
                        )));
                    }
                }
                _ if sig.var_keyword => {}
                _ if sig.params.len() == sig.positional_only => {
                    return Err(type_error(format!("{}() takes no keyword arguments", sig.name)));
                }
                _ => {
                    return Err(type_error(format!("'{name}' is an invalid keyword argument for {}()", sig.name)));
                }
            }
        }
        Ok(())
    }

    fn check_missing(&self) -> R<()> {
        let sig = self.sig;
        for (index, param) in sig.params[..sig.keyword_only_from].iter().enumerate() {
            if param.required && self.get(index).is_none() {
                if index < sig.positional_only {
                    return Err(self.wrong_count());
                }
                return Err(type_error(format!(
                    "{}() missing required argument '{}' (pos {})",
                    sig.name,
                    param.name,
                    index + 1
                )));
            }
        }
        Ok(())
    }

    fn wrong_count(&self) -> Flow {
        let sig = self.sig;
        let (name, given) = (sig.name, self.positional.len() + self.keyword.len());
        let (least, most) = (sig.required, sig.keyword_only_from);
        let plural = |count: usize| if count == 1 { "" } else { "s" };
        let message = if most == 0 {
            format!("{name}() takes no arguments ({given} given)")
        } else if least == most && most == 1 {
            format!("{name}() takes exactly one argument ({given} given)")
        } else if sig.positional_only == sig.params.len() {
            if least == most {
                format!("{name} expected {least} argument{}, got {given}", plural(least))
            } else if given < least {
                format!("{name} expected at least {least} argument{}, got {given}", plural(least))
            } else {
                format!("{name} expected at most {most} argument{}, got {given}", plural(most))
            }
        } else if given > most {
            format!("{name}() takes at most {most} argument{} ({given} given)", plural(most))
        } else {
            format!("{name}() takes at least {least} argument{} ({given} given)", plural(least))
        };
        type_error(message)
    }

    /// The argument of the parameter at `index`, by position or name.
    pub fn get(&self, index: usize) -> Option<&'a Value> {
        if index < self.sig.keyword_only_from
            && let Some(value) = self.positional.get(index)
        {
            return Some(value);
        }
        if self.keyword.is_empty() {
            return None;
        }
        let name = self.sig.params.get(index)?.name;
        self.keyword.iter().find(|(key, _)| &**key == name).map(|(_, value)| value)
    }
    /// A required argument, which the binder has made sure of.
    pub fn at(&self, index: usize) -> &'a Value {
        const NOTHING: &Value = &Value::None;
        self.get(index).unwrap_or(NOTHING)
    }
    /// An optional argument for which `None` means the same as leaving it out.
    pub fn some(&self, index: usize) -> Option<&'a Value> {
        self.get(index).filter(|value| !value.is_none())
    }
    /// The arguments taken by `*rest`.
    pub fn rest(&self) -> &'a [Value] {
        self.positional.get(self.sig.keyword_only_from..).unwrap_or(&[])
    }
    /// The arguments taken by `**kw`.
    pub fn extra(&self) -> impl Iterator<Item = &'a (Arc<str>, Value)> {
        let sig = self.sig;
        self.keyword
            .iter()
            .filter(move |(name, _)| !sig.params[sig.positional_only..].iter().any(|param| param.name == &**name))
    }
    pub fn str(&self, index: usize) -> R<&'a str> {
        match self.at(index) {
            Value::Str(text) => Ok(text),
            other => Err(type_error(format!(
                "{}() argument {} must be str, not {}",
                self.sig.name,
                index + 1,
                other.type_name()
            ))),
        }
    }
    pub fn opt_str(&self, index: usize) -> R<Option<&'a str>> {
        match self.some(index) {
            None => Ok(None),
            Some(_) => self.str(index).map(Some),
        }
    }
    /// An integer argument that fits in 64 bits.
    pub fn int(&self, index: usize) -> R<i64> {
        to_index(self.at(index))
    }
    pub fn int_or(&self, index: usize, default: i64) -> R<i64> {
        self.get(index).map_or(Ok(default), to_index)
    }
    pub fn float(&self, index: usize) -> R<f64> {
        let value = self.at(index);
        match value.as_f64() {
            Some(number) if number.is_finite() || !matches!(value, Value::Big(_)) => Ok(number),
            Some(_) => Err(overflow_error("int too large to convert to float")),
            None => Err(type_error(format!("must be real number, not {}", value.type_name()))),
        }
    }
}

/// The value as an index, for natives that want an int.
pub fn to_index(value: &Value) -> R<i64> {
    match value {
        Value::Int(number) => Ok(*number),
        Value::Bool(flag) => Ok(i64::from(*flag)),
        Value::Big(_) => Err(overflow_error("Python int too large to convert to C ssize_t")),
        other => Err(type_error(format!("'{}' object cannot be interpreted as an integer", other.type_name()))),
    }
}
