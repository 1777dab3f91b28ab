//! Equality and order.

use std::cmp::Ordering;

use num_bigint::BigInt;
use num_traits::{FromPrimitive, ToPrimitive};

use crate::compile::code::CmpOp;
use crate::flow::{R, recursion_error, type_error};
use crate::value::{Value, ViewKind};
use crate::vm::Vm;

const MAX_DEPTH: u32 = 60;

/// `a == b`.
pub fn equal(a: &Value, b: &Value, depth: u32) -> R<bool> {
    if depth > MAX_DEPTH {
        return Err(recursion_error(" in comparison"));
    }
    Ok(match (a, b) {
        (Value::Str(a), Value::Str(b)) => a == b,
        (Value::Int(a), Value::Int(b)) => a == b,
        (Value::Bytes(a), Value::Bytes(b)) => a == b,
        (Value::Host(x), _) => a.is(b) || x.equals(b),
        (_, Value::Host(y)) => y.equals(a),
        (Value::Lib(x), _) => a.is(b) || x.equals(b),
        (_, Value::Lib(y)) => y.equals(a),
        (Value::List(a), Value::List(b)) => {
            if std::sync::Arc::ptr_eq(a, b) {
                return Ok(true);
            }
            let (a, b) = (a.to_vec(), b.to_vec());
            equal_items(&a, &b, depth)?
        }
        (Value::Tuple(a), Value::Tuple(b)) => equal_items(a.items(), b.items(), depth)?,
        (Value::Dict(a), Value::Dict(b)) => {
            if std::sync::Arc::ptr_eq(a, b) {
                return Ok(true);
            }
            let (a, b) = (a.get(), b.get());
            if a.len() != b.len() {
                return Ok(false);
            }
            for (key, value) in a.iter() {
                match b.get(key) {
                    Some(other) if value.is(other) || equal(value, other, depth + 1)? => {}
                    _ => return Ok(false),
                }
            }
            true
        }
        (Value::Set(_) | Value::View(_), Value::Set(_) | Value::View(_)) => match (as_set(a), as_set(b)) {
            (Some(a), Some(b)) => a.len() == b.len() && a.iter().all(|key| b.contains(key)),
            _ => a.is(b),
        },
        (Value::Range(a), Value::Range(b)) => {
            a.len() == b.len() && (a.is_empty() || (a.start == b.start && (a.len() == 1 || a.step == b.step)))
        }
        (Value::Slice(a), Value::Slice(b)) => {
            equal(&a.start, &b.start, depth + 1)?
                && equal(&a.stop, &b.stop, depth + 1)?
                && equal(&a.step, &b.step, depth + 1)?
        }
        (Value::Float(a), Value::Float(b)) => a.partial_cmp(b) == Some(Ordering::Equal),
        _ => match numeric(a, b) {
            Some(order) => order == Some(Ordering::Equal),
            None => a.is(b),
        },
    })
}

fn equal_items(a: &[Value], b: &[Value], depth: u32) -> R<bool> {
    if a.len() != b.len() {
        return Ok(false);
    }
    for (a, b) in a.iter().zip(b) {
        if !a.is(b) && !equal(a, b, depth + 1)? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// A set, frozenset, or a view that acts like one.
pub fn as_set(value: &Value) -> Option<indexmap::IndexSet<crate::value::Key>> {
    match value {
        Value::Set(set) => Some(set.get().clone()),
        Value::View(view) => match view.kind {
            ViewKind::Keys => Some(view.dict.get().keys().cloned().collect()),
            ViewKind::Items => view
                .dict
                .get()
                .iter()
                .map(|(key, value)| crate::value::Key::new(Value::tuple(vec![key.value().clone(), value.clone()])).ok())
                .collect(),
            ViewKind::Values => None,
        },
        _ => None,
    }
}

/// The order of two numbers; the inner `None` is for NaN, the outer when one is no number.
#[expect(clippy::option_option, reason = "no number and not ordered are different answers")]
pub fn numeric(a: &Value, b: &Value) -> Option<Option<Ordering>> {
    if let (Some(a), Some(b)) = (a.as_i64(), b.as_i64()) {
        return Some(Some(a.cmp(&b)));
    }
    match (a, b) {
        (Value::Float(a), Value::Float(b)) => Some(a.partial_cmp(b)),
        (Value::Float(a), _) => Some(float_int(*a, &b.as_big()?)),
        (_, Value::Float(b)) => Some(float_int(*b, &a.as_big()?).map(Ordering::reverse)),
        _ => Some(Some(a.as_big()?.cmp(&b.as_big()?))),
    }
}

fn float_int(a: f64, b: &BigInt) -> Option<Ordering> {
    if a.is_nan() {
        return None;
    }
    if a.is_infinite() {
        return Some(if a > 0.0 { Ordering::Greater } else { Ordering::Less });
    }
    let floor = BigInt::from_f64(a.floor())?;
    Some(match floor.cmp(b) {
        Ordering::Equal if a.fract() != 0.0 => Ordering::Greater,
        order => order,
    })
}

/// A comparison operator other than `is` and `in`.
pub fn rich(vm: &mut Vm, op: CmpOp, a: &Value, b: &Value) -> R<bool> {
    match op {
        CmpOp::Eq => {
            vm.tick(weight(a))?;
            return equal(a, b, 0);
        }
        CmpOp::Ne => {
            vm.tick(weight(a))?;
            return equal(a, b, 0).map(|equal| !equal);
        }
        _ => {}
    }
    if let (Some(a), Some(b)) = (as_set_for_order(a), as_set_for_order(b)) {
        let subset = |a: &indexmap::IndexSet<crate::value::Key>, b: &indexmap::IndexSet<crate::value::Key>| {
            a.len() <= b.len() && a.iter().all(|key| b.contains(key))
        };
        return Ok(match op {
            CmpOp::Lt => a.len() < b.len() && subset(&a, &b),
            CmpOp::Le => subset(&a, &b),
            CmpOp::Gt => b.len() < a.len() && subset(&b, &a),
            _ => subset(&b, &a),
        });
    }
    vm.tick(weight(a))?;
    let order = order(a, b, op, 0)?;
    Ok(match (op, order) {
        (_, None) => false,
        (CmpOp::Lt, Some(order)) => order == Ordering::Less,
        (CmpOp::Le, Some(order)) => order != Ordering::Greater,
        (CmpOp::Gt, Some(order)) => order == Ordering::Greater,
        (_, Some(order)) => order != Ordering::Less,
    })
}

fn weight(value: &Value) -> u64 {
    match value {
        Value::List(list) => list.len() as u64 / 8,
        Value::Dict(dict) => dict.len() as u64 / 8,
        Value::Str(text) => text.len() as u64 / 256,
        _ => 0,
    }
}

fn as_set_for_order(value: &Value) -> Option<indexmap::IndexSet<crate::value::Key>> {
    matches!(value, Value::Set(_) | Value::View(_)).then(|| as_set(value)).flatten()
}

/// The order of two values; `None` for NaN. `op` is for the message.
pub fn order(a: &Value, b: &Value, op: CmpOp, depth: u32) -> R<Option<Ordering>> {
    if depth > MAX_DEPTH {
        return Err(recursion_error(" in comparison"));
    }
    match (a, b) {
        (Value::Str(a), Value::Str(b)) => return Ok(Some(a.cmp(b))),
        (Value::Bytes(a), Value::Bytes(b)) => return Ok(Some(a.cmp(b))),
        (Value::List(a), Value::List(b)) => {
            let (a, b) = (a.to_vec(), b.to_vec());
            return order_items(&a, &b, op, depth);
        }
        (Value::Tuple(a), Value::Tuple(b)) => return order_items(a.items(), b.items(), op, depth),
        (Value::Lib(object), _) => {
            if let Some(order) = object.compare(b)? {
                return Ok(Some(order));
            }
        }
        _ => {}
    }
    if let Some(order) = numeric(a, b) {
        return Ok(order);
    }
    let symbol = match op {
        CmpOp::Lt => "<",
        CmpOp::Le => "<=",
        CmpOp::Gt => ">",
        _ => ">=",
    };
    Err(type_error(format!(
        "'{symbol}' not supported between instances of '{}' and '{}'",
        a.type_name(),
        b.type_name()
    )))
}

fn order_items(a: &[Value], b: &[Value], op: CmpOp, depth: u32) -> R<Option<Ordering>> {
    for (x, y) in a.iter().zip(b) {
        if !x.is(y) && !equal(x, y, depth + 1)? {
            return order(x, y, op, depth + 1);
        }
    }
    Ok(Some(a.len().cmp(&b.len())))
}

/// The float nearest to an integer, infinite when out of range.
pub fn big_to_float(value: &BigInt) -> f64 {
    value.to_f64().unwrap_or(f64::INFINITY)
}
