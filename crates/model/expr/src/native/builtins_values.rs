//! Built-in functions on single values: numbers, characters, text.

use num_traits::Signed;

use super::{Args, table, to_index};
use crate::flow::{R, raise, type_error, value_error};
use crate::format::{self, spec};
use crate::ops::{self, arith, arith::BinOp};
use crate::value::{Key, Value};
use crate::vm::Vm;

table! { functions:
    "repr(obj, /)" => |vm, _, a| ops::repr::repr(vm, a.at(0)).map(Value::from),
    "ascii(obj, /)" => |vm, _, a| Ok(Value::from(ops::repr::ascii(&ops::repr::repr(vm, a.at(0))?))),
    "abs(x, /)" => abs,
    "round(number, ndigits=)" => round,
    "ord(c, /)" => ord,
    "chr(i, /)" => chr,
    "hex(number, /)" => |_, _, a| radix(a, 16, "0x"),
    "oct(number, /)" => |_, _, a| radix(a, 8, "0o"),
    "bin(number, /)" => |_, _, a| radix(a, 2, "0b"),
    "divmod(x, y, /)" => divmod,
    "pow(base, exp, mod=)" => |vm, _, a| arith::power(vm, a.at(0), a.at(1), a.some(2)),
    "format(value, format_spec=, /)" => |vm, _, a| {
        let spec = a.opt_str(1)?.unwrap_or("");
        format::value(vm, a.at(0), spec).map(Value::from)
    },
    "hash(obj, /)" => hash,
    "id(obj, /)" => |_, _, a| Ok(Value::Int((a.at(0).address() & 0x7fff_ffff) as i64)),
    "vars(object, /)" => |_, _, _| Err(type_error("vars() argument must have __dict__ attribute")),
    "dir(object=)" => |_, _, a| {
        let names = crate::native::tables::methods(a.at(0));
        let names = names.map(|table| table.iter().map(|def| Value::str(def.sig.name)).collect());
        Ok(Value::list(names.unwrap_or_default()))
    },
    "open(*args, **kwargs)" => |_, _, _| Err(raise("PermissionError", "files cannot be opened in expressions")),
    "__import__(name, *args)" => |vm, _, a| { let name = a.str(0)?; vm.import_module(name) },
    "eval(*args, **kwargs)" => |_, _, _| Err(raise("NotImplementedError", "eval() is not supported")),
    "exec(*args, **kwargs)" => |_, _, _| Err(raise("NotImplementedError", "exec() is not supported")),
    "compile(*args, **kwargs)" => |_, _, _| Err(raise("NotImplementedError", "compile() is not supported")),
    "input(*args)" => |_, _, _| Err(raise("EOFError", "EOF when reading a line")),
    "locals()" => |_, _, _| Err(raise("NotImplementedError", "locals() is not supported")),
    "globals()" => |_, _, _| Err(raise("NotImplementedError", "globals() is not supported")),
}

fn abs(vm: &mut Vm, _: &Value, args: &Args<'_>) -> R<Value> {
    match args.at(0) {
        Value::Float(number) => Ok(Value::Float(number.abs())),
        value if value.is_int() => {
            vm.charge(16)?;
            Ok(Value::int(value.as_big().unwrap_or_default().abs()))
        }
        value @ Value::Lib(object) => match object.clone().negate() {
            Some(negative) => {
                let less = ops::compare::rich(vm, crate::compile::code::CmpOp::Lt, value, &negative)?;
                Ok(if less { negative } else { value.clone() })
            }
            None => Err(type_error(format!("bad operand type for abs(): '{}'", value.type_name()))),
        },
        other => Err(type_error(format!("bad operand type for abs(): '{}'", other.type_name()))),
    }
}

fn round(vm: &mut Vm, _: &Value, args: &Args<'_>) -> R<Value> {
    let digits = args.some(1).map(to_index).transpose()?;
    match args.at(0) {
        Value::Float(number) => match digits {
            None => super::number::float_to_int(round_half_even(*number)),
            Some(digits) => Ok(Value::Float(round_to(*number, digits))),
        },
        value if value.is_int() => match digits {
            Some(digits) if digits < 0 => {
                if digits < -400 {
                    return Ok(Value::Int(0));
                }
                let unit = num_bigint::BigInt::from(10).pow(digits.unsigned_abs() as u32);
                vm.tick(digits.unsigned_abs())?;
                let number = value.as_big().unwrap_or_default();
                let (quotient, remainder) = ops::big::floor_div(&number, &unit);
                let twice = &remainder * 2;
                let up = twice > unit || (twice == unit && quotient.bit(0));
                Ok(Value::int((if up { quotient + 1 } else { quotient }) * unit))
            }
            _ => Ok(Value::int(value.as_big().unwrap_or_default())),
        },
        other => Err(type_error(format!("type {} doesn't define __round__ method", other.type_name()))),
    }
}

fn round_half_even(number: f64) -> f64 {
    number.round_ties_even()
}

fn round_to(number: f64, digits: i64) -> f64 {
    if !number.is_finite() || digits > 300 {
        return number;
    }
    if digits >= 0 {
        // Exact decimal text decides ties the way CPython does.
        return format!("{number:.*}", digits as usize).parse().unwrap_or(number);
    }
    if digits < -308 {
        return 0.0 * number;
    }
    let unit = 10f64.powi((-digits) as i32);
    (number / unit).round_ties_even() * unit
}

fn ord(_: &mut Vm, _: &Value, args: &Args<'_>) -> R<Value> {
    match args.at(0) {
        Value::Str(text) => {
            let mut chars = text.chars();
            match (chars.next(), chars.next()) {
                (Some(one), None) => Ok(Value::Int(i64::from(one as u32))),
                _ => Err(type_error(format!(
                    "ord() expected a character, but string of length {} found",
                    text.chars().count()
                ))),
            }
        }
        Value::Bytes(bytes) if bytes.len() == 1 => Ok(Value::Int(i64::from(bytes[0]))),
        other => Err(type_error(format!("ord() expected string of length 1, but {} found", other.type_name()))),
    }
}

fn chr(_: &mut Vm, _: &Value, args: &Args<'_>) -> R<Value> {
    let code = args.int(0)?;
    let c = u32::try_from(code).ok().filter(|code| *code < 0x11_0000);
    let c = c.ok_or_else(|| value_error("chr() arg not in range(0x110000)"))?;
    // Lone surrogates cannot be held; they become the replacement character.
    Ok(Value::str(char::from_u32(c).unwrap_or('\u{fffd}').encode_utf8(&mut [0; 4])))
}

fn radix(args: &Args<'_>, radix: u32, prefix: &str) -> R<Value> {
    match args.at(0).as_big() {
        Some(number) => Ok(Value::from(spec::radix(&number, radix, prefix))),
        None => Err(type_error(format!("'{}' object cannot be interpreted as an integer", args.at(0).type_name()))),
    }
}

fn divmod(vm: &mut Vm, _: &Value, args: &Args<'_>) -> R<Value> {
    let rename = |flow: crate::flow::Flow| {
        if flow.is("TypeError") {
            return type_error(format!(
                "unsupported operand type(s) for divmod(): '{}' and '{}'",
                args.at(0).type_name(),
                args.at(1).type_name()
            ));
        }
        flow
    };
    let quotient = arith::binary(vm, BinOp::FloorDiv, args.at(0), args.at(1)).map_err(rename)?;
    let remainder = arith::binary(vm, BinOp::Mod, args.at(0), args.at(1)).map_err(rename)?;
    vm.tuple(vec![quotient, remainder])
}

fn hash(_: &mut Vm, _: &Value, args: &Args<'_>) -> R<Value> {
    use std::hash::{Hash, Hasher};
    let key: Key = ops::key(args.at(0).clone())?;
    match args.at(0) {
        Value::Int(number) => return Ok(Value::Int(if *number == -1 { -2 } else { *number })),
        Value::Bool(flag) => return Ok(Value::Int(i64::from(*flag))),
        Value::Float(number) if number.fract() == 0.0 && number.abs() < 1e18 => {
            return Ok(Value::Int(*number as i64));
        }
        _ => {}
    }
    let mut hasher = std::hash::DefaultHasher::new();
    key.hash(&mut hasher);
    Ok(Value::Int(hasher.finish() as i64))
}
