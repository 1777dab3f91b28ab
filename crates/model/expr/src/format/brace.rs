//! `template.format(...)` and `format_map`.

use std::sync::Arc;

use crate::flow::{R, index_error, key_error, value_error};
use crate::ops;
use crate::value::Value;
use crate::vm::Vm;

/// Where the fields get their values.
pub enum Source<'a> {
    Arguments(&'a [Value], &'a [(Arc<str>, Value)]),
    Mapping(&'a Value),
}

struct Filler<'a> {
    source: Source<'a>,
    next: usize,
    manual: Option<bool>,
}

/// Fills a template.
pub fn format(vm: &mut Vm, template: &str, source: Source<'_>) -> R<String> {
    let mut filler = Filler { source, next: 0, manual: None };
    filler.fill(vm, template, 0)
}

impl Filler<'_> {
    fn fill(&mut self, vm: &mut Vm, template: &str, depth: usize) -> R<String> {
        if depth > 2 {
            return Err(value_error("Max string recursion exceeded"));
        }
        let mut out = String::new();
        let mut rest = template;
        while let Some(at) = rest.find(['{', '}']) {
            out.push_str(&rest[..at]);
            let brace = &rest[at..=at];
            let after = &rest[at + 1..];
            if depth == 0 && after.starts_with(brace) {
                out.push_str(brace);
                rest = &after[1..];
                continue;
            }
            if brace == "}" {
                return Err(value_error("Single '}' encountered in format string"));
            }
            let end = field_end(after)?;
            let text = self.field(vm, &after[..end], depth)?;
            vm.charge(text.len())?;
            out.push_str(&text);
            rest = &after[end + 1..];
        }
        out.push_str(rest);
        vm.charge(out.len())?;
        vm.tick(out.len() as u64 / 64)?;
        Ok(out)
    }

    fn field(&mut self, vm: &mut Vm, field: &str, depth: usize) -> R<String> {
        let name_end = name_end(field);
        let (name, rest) = field.split_at(name_end);
        let (conversion, spec) = if let Some(rest) = rest.strip_prefix('!') {
            let mut chars = rest.chars();
            let conversion =
                chars.next().ok_or_else(|| value_error("end of string while looking for conversion specifier"))?;
            match chars.next() {
                None => (Some(conversion), ""),
                Some(':') => (Some(conversion), chars.as_str()),
                Some(_) => return Err(value_error("expected ':' after conversion specifier")),
            }
        } else {
            (None, rest.strip_prefix(':').unwrap_or(""))
        };
        let value = self.lookup(vm, name)?;
        let spec = if spec.contains(['{', '}']) { self.fill(vm, spec, depth + 1)? } else { spec.to_owned() };
        let value = match conversion {
            None => value,
            Some('s') => Value::from(ops::repr::str(vm, &value)?),
            Some('r') => Value::from(ops::repr::repr(vm, &value)?),
            Some('a') => Value::from(ops::repr::ascii(&ops::repr::repr(vm, &value)?)),
            Some(other) => {
                return Err(value_error(format!("Unknown conversion specifier {other}")));
            }
        };
        super::value(vm, &value, &spec)
    }

    fn lookup(&mut self, vm: &mut Vm, name: &str) -> R<Value> {
        let first_end = name.find(['.', '[']).unwrap_or(name.len());
        let (first, mut rest) = name.split_at(first_end);
        let mut value = self.first(vm, first)?;
        while !rest.is_empty() {
            if let Some(after) = rest.strip_prefix('.') {
                let end = after.find(['.', '[']).unwrap_or(after.len());
                if end == 0 {
                    return Err(value_error("Empty attribute in format string"));
                }
                value = ops::attr::get(vm, &value, &after[..end])?;
                rest = &after[end..];
            } else if let Some(after) = rest.strip_prefix('[') {
                let end = after.find(']').ok_or_else(|| value_error("Missing ']' in format string"))?;
                if end == 0 {
                    return Err(value_error("Empty attribute in format string"));
                }
                let index = match after[..end].parse::<i64>() {
                    Ok(number) if number >= 0 => Value::Int(number),
                    _ => Value::str(&after[..end]),
                };
                value = ops::subscript::get(vm, &value, &index)?;
                rest = &after[end + 1..];
            } else {
                return Err(value_error("Only '.' or '[' may follow ']' in format field specifier"));
            }
        }
        Ok(value)
    }

    fn first(&mut self, vm: &mut Vm, name: &str) -> R<Value> {
        let number = if name.is_empty() { None } else { name.parse::<usize>().ok() };
        let positional = name.is_empty() || number.is_some();
        if positional {
            let manual = number.is_some();
            if self.manual.is_some_and(|known| known != manual) {
                return Err(value_error(if manual {
                    "cannot switch from automatic field numbering to manual field specification"
                } else {
                    "cannot switch from manual field specification to automatic field numbering"
                }));
            }
            self.manual = Some(manual);
        }
        match &self.source {
            Source::Mapping(mapping) => {
                if positional {
                    return Err(value_error("Format string contains positional fields"));
                }
                ops::subscript::get(vm, mapping, &Value::str(name))
            }
            Source::Arguments(values, named) => {
                if !positional {
                    let found = named.iter().find(|(key, _)| &**key == name);
                    return found.map(|(_, value)| value.clone()).ok_or_else(|| key_error(Value::str(name)));
                }
                let index = number.unwrap_or(self.next);
                if number.is_none() {
                    self.next += 1;
                }
                values.get(index).cloned().ok_or_else(|| {
                    index_error(format!("Replacement index {index} out of range for positional args tuple"))
                })
            }
        }
    }
}

/// The end of a field: the brace that closes it.
fn field_end(text: &str) -> R<usize> {
    let mut depth = 1;
    for (at, c) in text.char_indices() {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return Ok(at);
        }
    }
    if text.is_empty() {
        return Err(value_error("Single '{' encountered in format string"));
    }
    Err(value_error("expected '}' before end of string"))
}

/// The end of a field's name: `!` or `:` outside of brackets.
fn name_end(field: &str) -> usize {
    let mut bracket = false;
    for (at, c) in field.char_indices() {
        match c {
            '[' => bracket = true,
            ']' => bracket = false,
            '!' | ':' if !bracket => return at,
            _ => {}
        }
    }
    field.len()
}
