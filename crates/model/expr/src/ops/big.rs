//! Integers beyond 64 bits.
//!
//! Separate because each operation here needs a bound on the size of its result first.

use num_bigint::{BigInt, Sign};
use num_traits::{One, Signed, ToPrimitive, Zero};

use super::arith::BinOp;
use crate::flow::{Flow, Limit, R, overflow_error, raise, value_error};
use crate::value::Value;
use crate::vm::Vm;

const MAX_BITS: u64 = 1 << 20;
const MAX_DIGITS: usize = 4300;

fn bounded(vm: &mut Vm, bits: u64) -> R<()> {
    if bits > MAX_BITS {
        return Err(Flow::Limit(Limit::Memory));
    }
    vm.charge(bits as usize / 8)?;
    // Multiplication and division take more than linear time.
    let words = bits / 64;
    vm.tick(words * words / 256)
}

pub(super) fn binary(vm: &mut Vm, op: BinOp, x: &BigInt, y: &BigInt) -> R<Option<Value>> {
    let (x_bits, y_bits) = (x.bits(), y.bits());
    let zero = |message: &str| raise("ZeroDivisionError", message);
    let value = match op {
        BinOp::Add => {
            bounded(vm, x_bits.max(y_bits) + 1)?;
            x + y
        }
        BinOp::Sub => {
            bounded(vm, x_bits.max(y_bits) + 1)?;
            x - y
        }
        BinOp::Mul => {
            bounded(vm, x_bits + y_bits)?;
            x * y
        }
        BinOp::Div => {
            if y.is_zero() {
                return Err(zero("division by zero"));
            }
            return true_div(x, y).map(|value| Some(Value::Float(value)));
        }
        BinOp::FloorDiv | BinOp::Mod => {
            if y.is_zero() {
                return Err(zero(if op == BinOp::Mod {
                    "integer modulo by zero"
                } else {
                    "integer division or modulo by zero"
                }));
            }
            bounded(vm, x_bits.max(y_bits))?;
            let (quotient, remainder) = floor_div(x, y);
            if op == BinOp::Mod { remainder } else { quotient }
        }
        BinOp::Pow => {
            if y.sign() == Sign::Minus {
                if x.is_zero() {
                    return Err(zero("0.0 cannot be raised to a negative power"));
                }
                let (x, y) = (x.to_f64().unwrap_or(f64::INFINITY), y.to_f64().unwrap_or(f64::NEG_INFINITY));
                return Ok(Some(Value::Float(x.powf(y))));
            }
            if x.is_zero() || x.is_one() || (x.magnitude().is_one() && x.is_negative()) {
                let odd = y.bit(0);
                return Ok(Some(Value::int(if y.is_zero() {
                    BigInt::one()
                } else if x.is_negative() && !odd {
                    -x
                } else {
                    x.clone()
                })));
            }
            let exponent = y.to_u32().ok_or(Flow::Limit(Limit::Memory))?;
            bounded(vm, x_bits.saturating_mul(u64::from(exponent)))?;
            x.pow(exponent)
        }
        BinOp::LShift => {
            if y.sign() == Sign::Minus {
                return Err(value_error("negative shift count"));
            }
            if x.is_zero() {
                return Ok(Some(Value::Int(0)));
            }
            let count = y.to_u64().ok_or(Flow::Limit(Limit::Memory))?;
            bounded(vm, x_bits.saturating_add(count))?;
            x << count
        }
        BinOp::RShift => {
            if y.sign() == Sign::Minus {
                return Err(value_error("negative shift count"));
            }
            match y.to_u64().filter(|count| *count <= x_bits) {
                Some(count) => x >> count,
                None if x.is_negative() => BigInt::from(-1),
                None => BigInt::zero(),
            }
        }
        BinOp::And => x & y,
        BinOp::Or => x | y,
        BinOp::Xor => x ^ y,
        BinOp::MatMul => return Ok(None),
    };
    vm.charge(value.bits() as usize / 8)?;
    Ok(Some(Value::int(value)))
}

/// Quotient rounded down, and the remainder with the sign of `y`.
pub fn floor_div(x: &BigInt, y: &BigInt) -> (BigInt, BigInt) {
    let (quotient, remainder) = (x / y, x % y);
    if !remainder.is_zero() && (remainder.is_negative() != y.is_negative()) {
        (quotient - 1, remainder + y)
    } else {
        (quotient, remainder)
    }
}

fn true_div(x: &BigInt, y: &BigInt) -> R<f64> {
    let (a, b) = (x.to_f64().unwrap_or(f64::INFINITY), y.to_f64().unwrap_or(f64::INFINITY));
    if a.is_finite() && b.is_finite() && x.bits() <= 53 && y.bits() <= 53 {
        return Ok(a / b);
    }
    // Scale so that the quotient keeps 64 significant bits, then scale back.
    let shift = y.bits() as i64 - x.bits() as i64 + 66;
    let quotient = if shift >= 0 { (x << shift as u64) / y } else { x / (y << (-shift) as u64) };
    let mut value = quotient.to_f64().unwrap_or(f64::INFINITY);
    let mut left = -shift;
    while left != 0 {
        let part = left.clamp(-1000, 1000);
        value *= 2f64.powi(part as i32);
        left -= part;
    }
    if value.is_infinite() {
        return Err(overflow_error("integer division result too large for a float"));
    }
    Ok(value)
}

pub(super) fn mod_pow(vm: &mut Vm, x: &BigInt, y: &BigInt, m: &BigInt) -> R<Value> {
    if m.is_zero() {
        return Err(value_error("pow() 3rd argument cannot be 0"));
    }
    if m.bits() > 8192 || y.bits() > 8192 {
        return Err(Flow::Limit(Limit::Memory));
    }
    vm.tick(y.bits() * (m.bits() / 64 + 1) / 16)?;
    if y.is_negative() {
        let inverse = x.modinv(&m.abs()).ok_or_else(|| value_error("base is not invertible for the given modulus"))?;
        return mod_pow(vm, &inverse, &-y, m);
    }
    Ok(Value::int(x.modpow(y, m)))
}

/// The decimal digits, within CPython's limit.
pub fn to_decimal(value: &BigInt) -> R<String> {
    if value.bits() as f64 * std::f64::consts::LOG10_2 > MAX_DIGITS as f64 + 1.0 {
        return Err(value_error(
            "Exceeds the limit (4300 digits) for integer string conversion; use sys.set_int_max_str_digits() to increase the limit",
        ));
    }
    Ok(value.to_string())
}

/// Parses digits that were checked to fit the radix.
pub fn parse(digits: &str, radix: u32) -> R<Option<BigInt>> {
    if digits.len() > MAX_DIGITS && !radix.is_power_of_two() {
        return Err(value_error(format!(
            "Exceeds the limit (4300 digits) for integer string conversion: value has {} digits; use sys.set_int_max_str_digits() to increase the limit",
            digits.len()
        )));
    }
    Ok(BigInt::parse_bytes(digits.as_bytes(), radix))
}
