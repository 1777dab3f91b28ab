//! Methods of integers and floats.

use num_bigint::{BigInt, Sign};
use num_traits::{FromPrimitive, Signed};

use super::{Args, table};
use crate::flow::{R, overflow_error, type_error, value_error};
use crate::value::Value;
use crate::vm::Vm;

table! { int_methods:
    "bit_length()" => |_, n, _| Ok(Value::Int(big(n).bits() as i64)),
    "bit_count()" => |_, n, _| Ok(Value::Int(big(n).magnitude().count_ones() as i64)),
    "conjugate()" => |_, n, _| Ok(n.clone()),
    "is_integer()" => |_, _, _| Ok(Value::Bool(true)),
    "as_integer_ratio()" => |vm, n, _| vm.tuple(vec![n.clone(), Value::Int(1)]),
    "to_bytes(length=, byteorder=, *, signed=)" => to_bytes,
}

table! { int_statics:
    "from_bytes(bytes, byteorder=, *, signed=)" => from_bytes,
}

table! { float_methods:
    "is_integer()" => |_, n, _| Ok(Value::Bool(n.as_f64().is_some_and(|n| n.is_finite() && n.fract() == 0.0))),
    "hex()" => |_, n, _| Ok(Value::from(format!("{:e}", n.as_f64().unwrap_or(0.0)))),
    "conjugate()" => |_, n, _| Ok(n.clone()),
    "as_integer_ratio()" => ratio,
}

table! { float_statics:
    "fromhex(string, /)" => |_, _, _| Err(value_error("invalid hexadecimal floating-point string")),
}

fn big(value: &Value) -> BigInt {
    value.as_big().unwrap_or_default()
}

/// The integer of a float without fraction.
pub fn float_to_int(number: f64) -> R<Value> {
    if number.is_nan() {
        return Err(value_error("cannot convert float NaN to integer"));
    }
    if number.is_infinite() {
        return Err(overflow_error("cannot convert float infinity to integer"));
    }
    if number.abs() < 9.0e18 {
        return Ok(Value::Int(number as i64));
    }
    Ok(Value::int(BigInt::from_f64(number).unwrap_or_default()))
}

fn big_endian(args: &Args<'_>, index: usize) -> R<bool> {
    match args.opt_str(index)?.unwrap_or("big") {
        "big" => Ok(true),
        "little" => Ok(false),
        _ => Err(value_error("byteorder must be either 'little' or 'big'")),
    }
}

fn to_bytes(vm: &mut Vm, receiver: &Value, args: &Args<'_>) -> R<Value> {
    let length =
        usize::try_from(args.int_or(0, 1)?).map_err(|_| value_error("length argument must be non-negative"))?;
    vm.charge(length)?;
    let number = big(receiver);
    let signed = matches!(args.get(2), Some(Value::Bool(true)));
    if number.sign() == Sign::Minus && !signed {
        return Err(overflow_error("can't convert negative int to unsigned"));
    }
    let mut bytes = if signed { number.to_signed_bytes_be() } else { number.to_bytes_be().1 };
    if number.sign() == Sign::NoSign {
        bytes.clear();
    }
    if bytes.len() > length {
        return Err(overflow_error("int too big to convert"));
    }
    let fill = if number.is_negative() { 0xff } else { 0 };
    let mut out = vec![fill; length - bytes.len()];
    out.append(&mut bytes);
    if !big_endian(args, 1)? {
        out.reverse();
    }
    Ok(Value::bytes(out))
}

fn from_bytes(vm: &mut Vm, _: &Value, args: &Args<'_>) -> R<Value> {
    let bytes = match args.at(0) {
        Value::Bytes(bytes) => bytes.to_vec(),
        other => {
            return Err(type_error(format!("cannot convert '{}' object to bytes", other.type_name())));
        }
    };
    vm.charge(bytes.len())?;
    let mut bytes = bytes;
    if !big_endian(args, 1)? {
        bytes.reverse();
    }
    let signed = matches!(args.get(2), Some(Value::Bool(true)));
    Ok(Value::int(if signed {
        BigInt::from_signed_bytes_be(&bytes)
    } else {
        BigInt::from_bytes_be(Sign::Plus, &bytes)
    }))
}

fn ratio(vm: &mut Vm, receiver: &Value, _: &Args<'_>) -> R<Value> {
    let number = receiver.as_f64().unwrap_or(0.0);
    if !number.is_finite() {
        return Err(overflow_error("cannot convert Infinity to integer ratio"));
    }
    let mut numerator = number;
    let mut shift = 0u32;
    while numerator.fract() != 0.0 {
        numerator *= 2.0;
        shift += 1;
    }
    let top = float_to_int(numerator)?;
    vm.tuple(vec![top, Value::int(BigInt::from(1) << shift)])
}
