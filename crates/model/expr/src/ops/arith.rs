//! Binary and unary operators.

use std::sync::Arc;

use num_bigint::BigInt;
use num_traits::ToPrimitive;

use super::{big, compare, key, sequence};
use crate::compile::code::UnOp;
use crate::flow::{Flow, R, overflow_error, raise, type_error};
use crate::value::{Dict, DictKind, Key, Set, Value};
use crate::vm::Vm;

/// The binary operators.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum BinOp {
    Add,
    Sub,
    Mul,
    MatMul,
    Div,
    FloorDiv,
    Mod,
    Pow,
    LShift,
    RShift,
    Or,
    Xor,
    And,
}

impl BinOp {
    pub fn symbol(self) -> &'static str {
        match self {
            Self::Add => "+",
            Self::Sub => "-",
            Self::Mul => "*",
            Self::MatMul => "@",
            Self::Div => "/",
            Self::FloorDiv => "//",
            Self::Mod => "%",
            Self::Pow => "** or pow()",
            Self::LShift => "<<",
            Self::RShift => ">>",
            Self::Or => "|",
            Self::Xor => "^",
            Self::And => "&",
        }
    }
}

/// `a op b`.
pub fn binary(vm: &mut Vm, op: BinOp, a: &Value, b: &Value) -> R<Value> {
    if let (Value::Int(x), Value::Int(y)) = (a, b) {
        let quick = match op {
            BinOp::Add => x.checked_add(*y),
            BinOp::Sub => x.checked_sub(*y),
            BinOp::Mul => x.checked_mul(*y),
            _ => None,
        };
        if let Some(value) = quick {
            return Ok(Value::Int(value));
        }
    }
    if let Some(value) = numbers(vm, op, a, b)? {
        return Ok(value);
    }
    if let Some(value) = containers(vm, op, a, b)? {
        return Ok(value);
    }
    if let Value::Lib(object) = a {
        let object = object.clone();
        if let Some(value) = object.binary(vm, op, b, false)? {
            return Ok(value);
        }
    }
    if let Value::Lib(object) = b {
        let object = object.clone();
        if let Some(value) = object.binary(vm, op, a, true)? {
            return Ok(value);
        }
    }
    Err(unsupported(op.symbol(), a, b))
}

fn unsupported(symbol: &str, a: &Value, b: &Value) -> Flow {
    if symbol == "+" || symbol == "+=" {
        match (a, b) {
            (Value::Str(_), _) => {
                return type_error(format!("can only concatenate str (not \"{}\") to str", b.type_name()));
            }
            (Value::List(_), _) => {
                return type_error(format!("can only concatenate list (not \"{}\") to list", b.type_name()));
            }
            (Value::Tuple(_), _) => {
                return type_error(format!("can only concatenate tuple (not \"{}\") to tuple", b.type_name()));
            }
            (Value::Bytes(_), _) => {
                return type_error(format!("can't concat {} to bytes", b.type_name()));
            }
            _ => {}
        }
    }
    if symbol.starts_with('*') && !symbol.starts_with("**") {
        let is_sequence = |v: &Value| matches!(v, Value::Str(_) | Value::List(_) | Value::Tuple(_) | Value::Bytes(_));
        let other = if is_sequence(a) { Some(b) } else { is_sequence(b).then_some(a) };
        if let Some(other) = other {
            return type_error(format!("can't multiply sequence by non-int of type '{}'", other.type_name()));
        }
    }
    type_error(format!("unsupported operand type(s) for {symbol}: '{}' and '{}'", a.type_name(), b.type_name()))
}

fn numbers(vm: &mut Vm, op: BinOp, a: &Value, b: &Value) -> R<Option<Value>> {
    match (a, b) {
        (Value::Float(_), _) | (_, Value::Float(_)) => {
            let (Some(x), Some(y)) = (a.as_f64(), b.as_f64()) else {
                return Ok(None);
            };
            for (value, float) in [(a, x), (b, y)] {
                if matches!(value, Value::Big(_)) && float.is_infinite() {
                    return Err(overflow_error("int too large to convert to float"));
                }
            }
            floats(op, x, y)
        }
        (Value::Bool(x), Value::Bool(y)) if matches!(op, BinOp::And | BinOp::Or | BinOp::Xor) => {
            Ok(Some(Value::Bool(match op {
                BinOp::And => *x && *y,
                BinOp::Or => *x || *y,
                _ => x != y,
            })))
        }
        _ if a.is_int() && b.is_int() => integers(vm, op, a, b),
        _ => Ok(None),
    }
}

fn zero_division(message: &str) -> Flow {
    raise("ZeroDivisionError", message)
}

fn floats(op: BinOp, x: f64, y: f64) -> R<Option<Value>> {
    let value = match op {
        BinOp::Add => x + y,
        BinOp::Sub => x - y,
        BinOp::Mul => x * y,
        BinOp::Div if y == 0.0 => return Err(zero_division("float division by zero")),
        BinOp::Div => x / y,
        BinOp::FloorDiv if y == 0.0 => return Err(zero_division("float floor division by zero")),
        BinOp::FloorDiv => float_divmod(x, y).0,
        BinOp::Mod if y == 0.0 => return Err(zero_division("float modulo")),
        BinOp::Mod => float_divmod(x, y).1,
        BinOp::Pow => return float_pow(x, y).map(Some),
        _ => return Ok(None),
    };
    Ok(Some(Value::Float(value)))
}

/// Quotient and remainder rounded as Python does; `y` is not zero.
pub fn float_divmod(x: f64, y: f64) -> (f64, f64) {
    let mut remainder = x % y;
    let mut quotient = (x - remainder) / y;
    if remainder == 0.0 {
        remainder = 0f64.copysign(y);
    } else if (remainder < 0.0) != (y < 0.0) {
        remainder += y;
        quotient -= 1.0;
    }
    let floor = if quotient == 0.0 {
        0f64.copysign(x / y)
    } else {
        let floor = quotient.floor();
        if quotient - floor > 0.5 { floor + 1.0 } else { floor }
    };
    (floor, remainder)
}

fn float_pow(x: f64, y: f64) -> R<Value> {
    if x == 0.0 && y < 0.0 {
        return Err(zero_division("0.0 cannot be raised to a negative power"));
    }
    if x < 0.0 && y.is_finite() && y.fract() != 0.0 {
        return Err(type_error("complex results are not supported"));
    }
    let value = x.powf(y);
    if value.is_infinite() && x.is_finite() && y.is_finite() {
        return Err(overflow_error("(34, 'Numerical result out of range')"));
    }
    Ok(Value::Float(value))
}

fn integers(vm: &mut Vm, op: BinOp, a: &Value, b: &Value) -> R<Option<Value>> {
    if let (Some(x), Some(y)) = (a.as_i64(), b.as_i64()) {
        let quick = match op {
            BinOp::Add => x.checked_add(y),
            BinOp::Sub => x.checked_sub(y),
            BinOp::Mul => x.checked_mul(y),
            BinOp::Div => {
                if y == 0 {
                    return Err(zero_division("division by zero"));
                }
                if x.unsigned_abs() < (1 << 53) && y.unsigned_abs() < (1 << 53) {
                    return Ok(Some(Value::Float(x as f64 / y as f64)));
                }
                None
            }
            BinOp::FloorDiv if y == 0 => {
                return Err(zero_division("integer division or modulo by zero"));
            }
            BinOp::Mod if y == 0 => return Err(zero_division("integer modulo by zero")),
            BinOp::FloorDiv if y != -1 => Some(x.div_euclid(y) - i64::from(y < 0 && x.rem_euclid(y) != 0)),
            BinOp::Mod if y != -1 => {
                let remainder = x % y;
                Some(if remainder != 0 && (remainder < 0) != (y < 0) { remainder + y } else { remainder })
            }
            BinOp::And => Some(x & y),
            BinOp::Or => Some(x | y),
            BinOp::Xor => Some(x ^ y),
            BinOp::RShift if (0..64).contains(&y) => Some(x >> y),
            BinOp::Pow if (0..64).contains(&y) => x.checked_pow(y as u32),
            _ => None,
        };
        if let Some(value) = quick {
            // Floor division rounds down for either sign of the divisor.
            if op == BinOp::FloorDiv {
                return Ok(Some(Value::Int(floor_div(x, y))));
            }
            return Ok(Some(Value::Int(value)));
        }
    }
    let (Some(x), Some(y)) = (a.as_big(), b.as_big()) else {
        return Ok(None);
    };
    big::binary(vm, op, &x, &y)
}

fn floor_div(x: i64, y: i64) -> i64 {
    let quotient = x / y;
    if x % y != 0 && ((x < 0) != (y < 0)) { quotient - 1 } else { quotient }
}

fn containers(vm: &mut Vm, op: BinOp, a: &Value, b: &Value) -> R<Option<Value>> {
    let value = match (op, a, b) {
        (BinOp::Add, Value::Str(x), Value::Str(y)) => {
            vm.charge(x.len() + y.len())?;
            vm.tick((x.len() + y.len()) as u64 / 256)?;
            let mut text = String::with_capacity(x.len() + y.len());
            text.push_str(x);
            text.push_str(y);
            Value::from(text)
        }
        (BinOp::Add, Value::Bytes(x), Value::Bytes(y)) => {
            vm.charge(x.len() + y.len())?;
            Value::bytes([&**x, &**y].concat())
        }
        (BinOp::Add, Value::List(x), Value::List(y)) => {
            vm.charge_items(x.len() + y.len())?;
            let mut items = x.to_vec();
            items.extend(y.to_vec());
            Value::list(items)
        }
        (BinOp::Add, Value::Tuple(x), Value::Tuple(y)) => {
            vm.charge_items(x.items().len() + y.items().len())?;
            Value::tuple([x.items(), y.items()].concat())
        }
        (BinOp::Mul, sequence_value, count) if is_sequence(sequence_value) && count.is_int() => {
            return sequence::repeat(vm, sequence_value, count).map(Some);
        }
        (BinOp::Mul, count, sequence_value) if is_sequence(sequence_value) && count.is_int() => {
            return sequence::repeat(vm, sequence_value, count).map(Some);
        }
        (BinOp::Mod, Value::Str(template), values) => {
            return crate::format::percent::format(vm, template, values).map(Some);
        }
        (BinOp::Mod, Value::Bytes(_), _) => {
            return Err(type_error("bytes formatting is not supported"));
        }
        (BinOp::Add | BinOp::Sub | BinOp::And | BinOp::Or, Value::Dict(x), Value::Dict(y))
            if matches!(x.kind, DictKind::Counter) && matches!(y.kind, DictKind::Counter) =>
        {
            return crate::modules::collections::counter_binary(vm, op, x, y).map(Some);
        }
        (BinOp::Or, Value::Dict(x), Value::Dict(y)) => {
            vm.charge_items((x.len() + y.len()) * 4)?;
            let mut data = x.get().clone();
            data.extend(y.get().iter().map(|(key, value)| (key.clone(), value.clone())));
            Value::Dict(Arc::new(Dict::new(data)))
        }
        (BinOp::Or | BinOp::And | BinOp::Sub | BinOp::Xor, Value::Set(_) | Value::View(_), _) => {
            let (Some(x), Some(y)) = (compare::as_set(a), compare::as_set(b)) else {
                return Ok(None);
            };
            vm.charge_items((x.len() + y.len()) * 2)?;
            let data = match op {
                BinOp::Or => x.into_iter().chain(y).collect(),
                BinOp::And => x.into_iter().filter(|key| y.contains(key)).collect(),
                BinOp::Sub => x.into_iter().filter(|key| !y.contains(key)).collect(),
                _ => {
                    let mut both: indexmap::IndexSet<Key> = x.iter().filter(|key| !y.contains(*key)).cloned().collect();
                    both.extend(y.into_iter().filter(|key| !x.contains(key)));
                    both
                }
            };
            let frozen = matches!(a, Value::Set(set) if set.frozen);
            Set::value(data, frozen)
        }
        _ => return Ok(None),
    };
    Ok(Some(value))
}

fn is_sequence(value: &Value) -> bool {
    matches!(value, Value::Str(_) | Value::List(_) | Value::Tuple(_) | Value::Bytes(_))
}

/// `a op= b`.
pub fn in_place(vm: &mut Vm, op: BinOp, a: &Value, b: &Value) -> R<Value> {
    match (op, a, b) {
        (BinOp::Add, Value::List(list), _) => {
            let items = vm.collect(b)?;
            vm.charge_items(items.len())?;
            list.set().extend(items);
            Ok(a.clone())
        }
        (BinOp::Mul, Value::List(list), _) if b.is_int() => {
            if let Value::List(repeated) = sequence::repeat(vm, a, b)? {
                let items = repeated.to_vec();
                let old = std::mem::replace(&mut *list.set(), items);
                drop(old);
            }
            Ok(a.clone())
        }
        (BinOp::Or, Value::Dict(dict), Value::Dict(_)) => {
            super::merge_mapping(vm, dict, b)?;
            Ok(a.clone())
        }
        (BinOp::Or, Value::Dict(dict), _) => {
            let pairs = crate::native::builtins::pairs(vm, b)?;
            for (name, value) in pairs {
                let name = key(name)?;
                dict.set().insert(name, value);
            }
            Ok(a.clone())
        }
        (BinOp::Or | BinOp::And | BinOp::Sub | BinOp::Xor, Value::Set(set), Value::Set(_)) if !set.frozen => {
            if let Value::Set(result) = binary(vm, op, a, b)? {
                let data = result.get().clone();
                *set.set() = data;
            }
            Ok(a.clone())
        }
        _ => binary(vm, op, a, b).map_err(|flow| rename_in_place(op, a, b, flow)),
    }
}

fn rename_in_place(op: BinOp, a: &Value, b: &Value, flow: Flow) -> Flow {
    match &flow {
        Flow::Raise(exc)
            if exc.ty.is_named("TypeError")
                && exc
                    .args()
                    .first()
                    .and_then(Value::as_str)
                    .is_some_and(|message| message.starts_with("unsupported operand")) =>
        {
            let symbol = if op == BinOp::Pow { "**=".to_owned() } else { format!("{}=", op.symbol()) };
            unsupported(&symbol, a, b)
        }
        _ => flow,
    }
}

/// `-a`, `+a` and `~a`.
pub fn unary(vm: &mut Vm, op: UnOp, a: &Value) -> R<Value> {
    if let (UnOp::Neg, Value::Lib(object)) = (op, a)
        && let Some(value) = object.negate()
    {
        return Ok(value);
    }
    match (op, a) {
        (UnOp::Neg, Value::Float(value)) => Ok(Value::Float(-value)),
        (UnOp::Pos, Value::Float(value)) => Ok(Value::Float(*value)),
        (UnOp::Neg, _) if a.is_int() => {
            vm.charge(16)?;
            Ok(Value::int(-a.as_big().unwrap_or_default()))
        }
        (UnOp::Pos, _) if a.is_int() => Ok(Value::int(a.as_big().unwrap_or_default())),
        (UnOp::Invert, _) if a.is_int() => Ok(Value::int(-(a.as_big().unwrap_or_default() + BigInt::from(1)))),
        _ => {
            let symbol = match op {
                UnOp::Neg => "-",
                UnOp::Pos => "+",
                _ => "~",
            };
            Err(type_error(format!("bad operand type for unary {symbol}: '{}'", a.type_name())))
        }
    }
}

/// `pow(a, b, m)` and `a ** b`.
#[expect(clippy::many_single_char_names, reason = "operands")]
pub fn power(vm: &mut Vm, a: &Value, b: &Value, modulus: Option<&Value>) -> R<Value> {
    let Some(modulus) = modulus else {
        return binary(vm, BinOp::Pow, a, b);
    };
    let (Some(x), Some(y), Some(m)) = (a.as_big(), b.as_big(), modulus.as_big()) else {
        return Err(type_error("pow() 3rd argument not allowed unless all arguments are integers"));
    };
    big::mod_pow(vm, &x, &y, &m)
}

/// The count of a repetition: negative counts are none.
pub fn repeat_count(count: &Value) -> R<usize> {
    match count {
        Value::Int(n) => Ok(usize::try_from(*n).unwrap_or(0)),
        Value::Bool(flag) => Ok(usize::from(*flag)),
        Value::Big(n) if n.sign() == num_bigint::Sign::Minus => Ok(0),
        Value::Big(n) => n.to_usize().ok_or_else(|| overflow_error("cannot fit 'int' into an index-sized integer")),
        other => Err(type_error(format!("can't multiply sequence by non-int of type '{}'", other.type_name()))),
    }
}
