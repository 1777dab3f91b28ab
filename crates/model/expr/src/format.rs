//! Formatting: format specs, `%`, `str.format` and the text of floats.

pub mod brace;
pub mod float;
pub mod percent;
pub mod spec;

use crate::flow::{R, type_error, value_error};
use crate::ops;
use crate::value::Value;
use crate::vm::Vm;
use spec::Spec;

/// `format(value, spec)`.
pub fn value(vm: &mut Vm, value: &Value, spec: &str) -> R<String> {
    if let Value::Lib(object) = value {
        let object = object.clone();
        return object.format(vm, spec);
    }
    if spec.is_empty() {
        return ops::repr::str(vm, value);
    }
    let unsupported =
        |value: &Value| type_error(format!("unsupported format string passed to {}.__format__", value.type_name()));
    match value {
        Value::Str(text) => {
            let spec = Spec::parse(spec, value)?;
            vm.charge(spec.width)?;
            spec.text(text)
        }
        Value::Bool(_) | Value::Int(_) | Value::Big(_) => {
            let parsed = Spec::parse(spec, value)?;
            vm.charge(parsed.width + parsed.precision.unwrap_or(0))?;
            parsed.integer(value)
        }
        Value::Float(number) => {
            let parsed = Spec::parse(spec, value)?;
            vm.charge(parsed.width + parsed.precision.unwrap_or(0))?;
            parsed.float(*number)
        }
        Value::Host(_) => {
            let text = ops::repr::str(vm, value)?;
            let spec = Spec::parse(spec, value)?;
            vm.charge(spec.width)?;
            spec.text(&text)
        }
        other => Err(unsupported(other)),
    }
}

/// Reads a number of a format string; `None` when there are no digits.
pub(crate) fn digits(chars: &mut std::iter::Peekable<std::str::Chars<'_>>) -> R<Option<usize>> {
    let mut number: Option<usize> = None;
    while let Some(digit) = chars.peek().and_then(|c| c.to_digit(10)) {
        chars.next();
        let next = number.unwrap_or(0) * 10 + digit as usize;
        if next > i32::MAX as usize {
            return Err(value_error("Too many decimal digits in format string"));
        }
        number = Some(next);
    }
    Ok(number)
}
