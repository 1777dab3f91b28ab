//! `math`.

use num_bigint::BigInt;

use crate::compile::code::CmpOp;
use crate::flow::{R, overflow_error, type_error, value_error};
use crate::native::{Args, number::float_to_int, table};
use crate::ops::{
    self,
    arith::{self, BinOp},
};
use crate::value::Value;
use crate::vm::Vm;

pub fn module() -> Value {
    let constants = vec![
        ("pi", Value::Float(std::f64::consts::PI)),
        ("e", Value::Float(std::f64::consts::E)),
        ("tau", Value::Float(std::f64::consts::TAU)),
        ("inf", Value::Float(f64::INFINITY)),
        ("nan", Value::Float(f64::NAN)),
    ];
    super::from_table("math", functions(), constants)
}

table! { functions:
    "floor(x, /)" => |_, _, a| whole(a, f64::floor),
    "ceil(x, /)" => |_, _, a| whole(a, f64::ceil),
    "trunc(x, /)" => |_, _, a| whole(a, f64::trunc),
    "sqrt(x, /)" => |_, _, a| real(a, f64::sqrt),
    "exp(x, /)" => |_, _, a| real(a, f64::exp),
    "log(x, base=, /)" => log,
    "log2(x, /)" => |_, _, a| positive(a, f64::log2),
    "log10(x, /)" => |_, _, a| positive(a, f64::log10),
    "sin(x, /)" => |_, _, a| real(a, f64::sin),
    "cos(x, /)" => |_, _, a| real(a, f64::cos),
    "tan(x, /)" => |_, _, a| real(a, f64::tan),
    "atan(x, /)" => |_, _, a| real(a, f64::atan),
    "atan2(y, x, /)" => |_, _, a| Ok(Value::Float(a.float(0)?.atan2(a.float(1)?))),
    "radians(x, /)" => |_, _, a| real(a, f64::to_radians),
    "degrees(x, /)" => |_, _, a| real(a, f64::to_degrees),
    "pow(x, y, /)" => |_, _, a| Ok(Value::Float(a.float(0)?.powf(a.float(1)?))),
    "fabs(x, /)" => |_, _, a| real(a, f64::abs),
    "fmod(x, y, /)" => |_, _, a| {
        let (x, y) = (a.float(0)?, a.float(1)?);
        if y == 0.0 { Err(value_error("math domain error")) } else { Ok(Value::Float(x % y)) }
    },
    "hypot(*coordinates)" => |_, _, a| {
        let sum: f64 = a.rest().iter().filter_map(Value::as_f64).map(|x| x * x).sum();
        Ok(Value::Float(sum.sqrt()))
    },
    "copysign(x, y, /)" => |_, _, a| Ok(Value::Float(a.float(0)?.copysign(a.float(1)?))),
    "isnan(x, /)" => |_, _, a| Ok(Value::Bool(a.float(0)?.is_nan())),
    "isinf(x, /)" => |_, _, a| Ok(Value::Bool(a.float(0)?.is_infinite())),
    "isfinite(x, /)" => |_, _, a| Ok(Value::Bool(a.float(0)?.is_finite())),
    "isclose(a, b, *, rel_tol=, abs_tol=)" => |_, _, a| {
        let (x, y) = (a.float(0)?, a.float(1)?);
        let relative = a.get(2).and_then(Value::as_f64).unwrap_or(1e-9);
        let absolute = a.get(3).and_then(Value::as_f64).unwrap_or(0.0);
        #[expect(clippy::float_cmp, reason = "equal values are close, infinities too")]
        let close = x == y || (x - y).abs() <= (relative * x.abs().max(y.abs())).max(absolute);
        Ok(Value::Bool(close && (x.is_finite() && y.is_finite() || x.to_bits() == y.to_bits())))
    },
    "gcd(*integers)" => |vm, _, a| {
        let mut result = BigInt::default();
        for value in a.rest() {
            let (mut x, mut y) = (result.clone(), integer(value)?);
            while y != BigInt::default() {
                vm.tick(1 + y.bits() / 64)?;
                (x, y) = (y.clone(), x % y);
            }
            result = x;
        }
        Ok(Value::int(BigInt::from(result.magnitude().clone())))
    },
    "factorial(x, /)" => |vm, _, a| {
        let count = a.int(0)?;
        if count < 0 {
            return Err(value_error("factorial() not defined for negative values"));
        }
        let mut result = Value::Int(1);
        for factor in 2..=count {
            vm.tick(1)?;
            result = arith::binary(vm, BinOp::Mul, &result, &Value::Int(factor))?;
        }
        Ok(result)
    },
    "comb(n, k, /)" => |vm, _, a| {
        let (n, k) = (a.int(0)?, a.int(1)?);
        if n < 0 || k < 0 {
            return Err(value_error("n and k must be non-negative integers"));
        }
        if k > n {
            return Ok(Value::Int(0));
        }
        let k = k.min(n - k);
        let mut result = Value::Int(1);
        for step in 0..k {
            vm.tick(1)?;
            result = arith::binary(vm, BinOp::Mul, &result, &Value::Int(n - step))?;
            result = arith::binary(vm, BinOp::FloorDiv, &result, &Value::Int(step + 1))?;
        }
        Ok(result)
    },
    "isqrt(n, /)" => |vm, _, a| {
        let number = integer(a.at(0))?;
        if number < BigInt::default() {
            return Err(value_error("isqrt() argument must be nonnegative"));
        }
        vm.tick(number.bits())?;
        Ok(Value::int(number.sqrt()))
    },
    "prod(iterable, /, *, start=)" => |vm, _, a| {
        let mut result = a.get(1).cloned().unwrap_or(Value::Int(1));
        for item in vm.collect(a.at(0))? {
            result = arith::binary(vm, BinOp::Mul, &result, &item)?;
        }
        Ok(result)
    },
    "fsum(seq, /)" => |vm, _, a| {
        let mut total = 0.0;
        for item in vm.collect(a.at(0))? {
            total += item.as_f64().ok_or_else(|| type_error("must be real number"))?;
        }
        Ok(Value::Float(total))
    },
}

fn integer(value: &Value) -> R<BigInt> {
    value
        .as_big()
        .ok_or_else(|| type_error(format!("'{}' object cannot be interpreted as an integer", value.type_name())))
}

fn whole(args: &Args<'_>, round: fn(f64) -> f64) -> R<Value> {
    if args.at(0).is_int() {
        return Ok(Value::int(args.at(0).as_big().unwrap_or_default()));
    }
    float_to_int(round(args.float(0)?))
}

fn real(args: &Args<'_>, function: fn(f64) -> f64) -> R<Value> {
    let x = args.float(0)?;
    let result = function(x);
    if result.is_nan() && !x.is_nan() {
        return Err(value_error("math domain error"));
    }
    if result.is_infinite() && x.is_finite() {
        return Err(overflow_error("math range error"));
    }
    Ok(Value::Float(result))
}

fn positive(args: &Args<'_>, function: fn(f64) -> f64) -> R<Value> {
    let x = args.float(0)?;
    if x <= 0.0 {
        return Err(value_error("math domain error"));
    }
    Ok(Value::Float(function(x)))
}

fn log(vm: &mut Vm, _: &Value, args: &Args<'_>) -> R<Value> {
    let x = args.float(0)?;
    let zero = Value::Int(0);
    if !ops::compare::rich(vm, CmpOp::Gt, args.at(0), &zero)? {
        return Err(value_error("math domain error"));
    }
    if args.get(1).is_none() {
        Ok(Value::Float(x.ln()))
    } else {
        let base = args.float(1)?;
        if base <= 0.0 {
            return Err(value_error("math domain error"));
        }
        if base.ln() == 0.0 {
            return Err(crate::flow::raise("ZeroDivisionError", "float division by zero"));
        }
        Ok(Value::Float(x.ln() / base.ln()))
    }
}
