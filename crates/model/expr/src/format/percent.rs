//! `template % values`.

use num_bigint::BigInt;
use num_traits::{FromPrimitive, Signed};

use super::{digits, float};
use crate::flow::{R, overflow_error, type_error, value_error};
use crate::ops::{self, big};
use crate::value::Value;
use crate::vm::Vm;

struct Field {
    minus: bool,
    plus: bool,
    space: bool,
    alternate: bool,
    zero: bool,
    width: usize,
    precision: Option<usize>,
}

/// Fills a `%` template.
pub fn format(vm: &mut Vm, template: &str, values: &Value) -> R<Value> {
    let list: Vec<Value> = match values {
        Value::Tuple(tuple) => tuple.items().to_vec(),
        other => vec![other.clone()],
    };
    let mut next = list.iter();
    let mut used_mapping = false;
    let mut out = String::new();
    let mut chars = template.chars().peekable();
    let missing = || type_error("not enough arguments for format string");
    while let Some(c) = chars.next() {
        if c != '%' {
            out.push(c);
            continue;
        }
        let mut named = None;
        if chars.next_if_eq(&'(').is_some() {
            let mut depth = 1;
            let mut name = String::new();
            for c in chars.by_ref() {
                match c {
                    '(' => depth += 1,
                    ')' => depth -= 1,
                    _ => {}
                }
                if depth == 0 {
                    break;
                }
                name.push(c);
            }
            if depth != 0 {
                return Err(value_error("incomplete format key"));
            }
            if !matches!(values, Value::Dict(_) | Value::Host(_)) {
                return Err(type_error("format requires a mapping"));
            }
            used_mapping = true;
            named = Some(ops::subscript::get(vm, values, &Value::from(name))?);
        }
        let mut field =
            Field { minus: false, plus: false, space: false, alternate: false, zero: false, width: 0, precision: None };
        while let Some(flag) = chars.next_if(|c| matches!(c, '-' | '+' | ' ' | '#' | '0')) {
            match flag {
                '-' => field.minus = true,
                '+' => field.plus = true,
                ' ' => field.space = true,
                '#' => field.alternate = true,
                _ => field.zero = true,
            }
        }
        let star = |next: &mut std::slice::Iter<'_, Value>| -> R<i64> {
            next.next().ok_or_else(missing)?.as_i64().ok_or_else(|| type_error("* wants int"))
        };
        if chars.next_if_eq(&'*').is_some() {
            let width = star(&mut next)?;
            field.minus |= width < 0;
            field.width = width.unsigned_abs() as usize;
        } else {
            field.width = digits(&mut chars)?.unwrap_or(0);
        }
        if chars.next_if_eq(&'.').is_some() {
            field.precision = Some(if chars.next_if_eq(&'*').is_some() {
                usize::try_from(star(&mut next)?).unwrap_or(0)
            } else {
                digits(&mut chars)?.unwrap_or(0)
            });
        }
        if field.precision.is_some_and(|precision| precision > 100_000) {
            return Err(value_error("precision too large"));
        }
        while chars.next_if(|c| matches!(c, 'h' | 'l' | 'L')).is_some() {}
        let Some(kind) = chars.next() else {
            return Err(value_error("incomplete format"));
        };
        if kind == '%' {
            out.push('%');
            continue;
        }
        let value = match &named {
            Some(value) => value.clone(),
            None if used_mapping => values.clone(),
            None => next.next().ok_or_else(missing)?.clone(),
        };
        vm.charge(field.width + field.precision.unwrap_or(0))?;
        let index = template.chars().count() - chars.clone().count() - 1;
        let text = field.render(vm, kind, &value, index)?;
        vm.charge(text.len())?;
        out.push_str(&text);
    }
    if next.next().is_some() && !used_mapping && !matches!(values, Value::Dict(_) | Value::Host(_) | Value::List(_)) {
        return Err(type_error("not all arguments converted during string formatting"));
    }
    vm.text(out)
}

impl Field {
    fn render(&self, vm: &mut Vm, kind: char, value: &Value, index: usize) -> R<String> {
        match kind {
            's' | 'r' | 'a' => {
                let text = match kind {
                    's' => ops::repr::str(vm, value)?,
                    'r' => ops::repr::repr(vm, value)?,
                    _ => ops::repr::ascii(&ops::repr::repr(vm, value)?),
                };
                let text = match self.precision {
                    Some(precision) => text.chars().take(precision).collect(),
                    None => text,
                };
                Ok(self.pad("", text, false))
            }
            'd' | 'i' | 'u' => {
                let number = match value {
                    Value::Float(number) if number.is_finite() => BigInt::from_f64(number.trunc()).unwrap_or_default(),
                    Value::Float(_) => {
                        return Err(overflow_error("cannot convert float infinity to integer"));
                    }
                    other => other.as_big().ok_or_else(|| {
                        type_error(format!("%{kind} format: a real number is required, not {}", other.type_name()))
                    })?,
                };
                let body = big::to_decimal(&number.abs())?;
                Ok(self.number(number.is_negative(), "", body))
            }
            'x' | 'X' | 'o' => {
                let number = value.as_big().ok_or_else(|| {
                    type_error(format!("%{kind} format: an integer is required, not {}", value.type_name()))
                })?;
                let magnitude = number.abs();
                let (prefix, body) = match kind {
                    'x' => ("0x", magnitude.to_str_radix(16)),
                    'X' => ("0X", magnitude.to_str_radix(16).to_uppercase()),
                    _ => ("0o", magnitude.to_str_radix(8)),
                };
                Ok(self.number(number.is_negative(), if self.alternate { prefix } else { "" }, body))
            }
            'e' | 'E' | 'f' | 'F' | 'g' | 'G' => {
                let number = value
                    .as_f64()
                    .ok_or_else(|| type_error(format!("must be real number, not {}", value.type_name())))?;
                let precision = self.precision.unwrap_or(6);
                let body = if number.is_nan() {
                    "nan".to_owned()
                } else if number.is_infinite() {
                    "inf".to_owned()
                } else {
                    match kind.to_ascii_lowercase() {
                        'e' => float::scientific(number, precision),
                        'f' => float::fixed(number, precision),
                        _ => float::general(number, precision, self.alternate),
                    }
                };
                let body = if kind.is_ascii_uppercase() { body.to_uppercase() } else { body };
                let negative = number.is_sign_negative() && !number.is_nan();
                Ok(self.pad(self.sign(negative), body, self.zero))
            }
            'c' => match value {
                Value::Str(text) if text.chars().count() == 1 => Ok(self.pad("", text.to_string(), false)),
                Value::Int(code) => {
                    let c = u32::try_from(*code).ok().and_then(char::from_u32);
                    let c = c.ok_or_else(|| overflow_error("%c arg not in range(0x110000)"))?;
                    Ok(self.pad("", c.to_string(), false))
                }
                _ => Err(type_error("%c requires int or char")),
            },
            other => Err(value_error(format!(
                "unsupported format character '{other}' ({:#x}) at index {index}",
                other as u32
            ))),
        }
    }

    fn number(&self, negative: bool, prefix: &str, mut body: String) -> String {
        if let Some(precision) = self.precision {
            while body.len() < precision {
                body.insert(0, '0');
            }
        }
        let sign = self.sign(negative);
        self.pad(&format!("{sign}{prefix}"), body, self.zero && self.precision.is_none())
    }

    fn sign(&self, negative: bool) -> &'static str {
        match (negative, self.plus, self.space) {
            (true, ..) => "-",
            (false, true, _) => "+",
            (false, false, true) => " ",
            (false, false, false) => "",
        }
    }

    fn pad(&self, head: &str, body: String, zeros: bool) -> String {
        let missing = self.width.saturating_sub(head.chars().count() + body.chars().count());
        if self.minus {
            format!("{head}{body}{}", " ".repeat(missing))
        } else if zeros {
            format!("{head}{}{body}", "0".repeat(missing))
        } else {
            format!("{}{head}{body}", " ".repeat(missing))
        }
    }
}
