//! `timedelta`.

use std::any::Any;
use std::cmp::Ordering;

use super::{DAY, constructor};
use crate::flow::{R, overflow_error, raise, type_error};
use crate::lib_object::LibObject;
use crate::native::{Args, Table, table};
use crate::ops::arith::BinOp;
use crate::value::{LibType, Value};
use crate::vm::Vm;

/// A `timedelta`, in microseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Delta(pub i128);

pub(super) static TIMEDELTA: LibType = LibType {
    name: "timedelta",
    module: "datetime",
    construct: Some(make),
    statics: Some(|_, name| {
        Ok(match name {
            "min" => Some(Value::lib(Delta(-999_999_999 * DAY))),
            "max" => Some(Value::lib(Delta(1_000_000_000 * DAY - 1))),
            "resolution" => Some(Value::lib(Delta(1))),
            _ => None,
        })
    }),
    base: None,
};

constructor!(
    make,
    "timedelta(days=, seconds=, microseconds=, milliseconds=, minutes=, hours=, weeks=)",
    |_, _, args| construct(args)
);

const UNITS: [i128; 7] = [DAY, 1_000_000, 1, 1000, 60_000_000, 3_600_000_000, 7 * DAY];

fn construct(args: &Args<'_>) -> R<Value> {
    let mut whole: i128 = 0;
    let mut fraction = 0.0;
    for (index, unit) in UNITS.iter().enumerate() {
        match args.get(index) {
            None => {}
            Some(value) if value.as_i64().is_some() => {
                whole += i128::from(value.as_i64().unwrap_or(0)) * unit;
            }
            Some(Value::Float(number)) => fraction += number * *unit as f64,
            Some(other) => {
                return Err(type_error(format!(
                    "unsupported type for timedelta {} component: {}",
                    args.sig.params[index].name,
                    other.type_name()
                )));
            }
        }
    }
    Delta::of_float(fraction).and_then(|part| Delta::checked(whole + part))
}

impl Delta {
    fn of_float(micros: f64) -> R<i128> {
        if !micros.is_finite() || micros.abs() > 1e20 {
            return Err(overflow_error("timedelta too large"));
        }
        Ok(micros.round_ties_even() as i128)
    }
    /// The value, within the limits of the type.
    pub fn checked(micros: i128) -> R<Value> {
        if micros.div_euclid(DAY).abs() > 999_999_999 {
            let days = micros.div_euclid(DAY);
            return Err(overflow_error(format!("days={days}; must have magnitude <= 999999999")));
        }
        Ok(Value::lib(Self(micros)))
    }
    fn parts(self) -> (i128, i128, i128) {
        let rest = self.0.rem_euclid(DAY);
        (self.0.div_euclid(DAY), rest / 1_000_000, rest % 1_000_000)
    }
}

table! { methods:
    "total_seconds()" => |_, d, _| {
        Ok(Value::Float(d.downcast_lib::<Delta>().map_or(0.0, |delta| delta.0 as f64 / 1e6)))
    },
}

impl LibObject for Delta {
    fn as_any(&self) -> &dyn Any {
        self
    }
    fn lib_type(&self) -> &'static LibType {
        &TIMEDELTA
    }
    fn methods(&self) -> Option<&'static Table> {
        Some(methods())
    }
    fn attr(&self, _: &mut Vm, name: &str) -> R<Option<Value>> {
        let (days, seconds, micros) = self.parts();
        Ok(match name {
            "days" => Some(Value::int128(days)),
            "seconds" => Some(Value::int128(seconds)),
            "microseconds" => Some(Value::int128(micros)),
            _ => None,
        })
    }
    fn repr(&self, _: &mut Vm) -> R<String> {
        let (days, seconds, micros) = self.parts();
        let parts: Vec<String> = [("days", days), ("seconds", seconds), ("microseconds", micros)]
            .iter()
            .filter(|(_, value)| *value != 0)
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        let inner = if parts.is_empty() { "0".to_owned() } else { parts.join(", ") };
        Ok(format!("datetime.timedelta({inner})"))
    }
    fn str(&self, _: &mut Vm) -> R<String> {
        let (days, seconds, micros) = self.parts();
        let mut text = String::new();
        if days != 0 {
            text = format!("{days} day{}, ", if days.abs() == 1 { "" } else { "s" });
        }
        text.push_str(&format!("{}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60));
        if micros != 0 {
            text.push_str(&format!(".{micros:06}"));
        }
        Ok(text)
    }
    fn equals(&self, other: &Value) -> bool {
        other.downcast_lib::<Delta>() == Some(self)
    }
    fn hash_key(&self) -> Option<u64> {
        Some(self.0 as u64)
    }
    fn compare(&self, other: &Value) -> R<Option<Ordering>> {
        Ok(other.downcast_lib::<Delta>().map(|other| self.cmp(other)))
    }
    fn binary(&self, _: &mut Vm, op: BinOp, other: &Value, swapped: bool) -> R<Option<Value>> {
        let zero = || raise("ZeroDivisionError", "integer division or modulo by zero");
        if let Some(other) = other.downcast_lib::<Delta>() {
            let (a, b) = if swapped { (other.0, self.0) } else { (self.0, other.0) };
            return Ok(Some(match op {
                BinOp::Add => Self::checked(a + b)?,
                BinOp::Sub => Self::checked(a - b)?,
                BinOp::Div | BinOp::FloorDiv | BinOp::Mod if b == 0 => return Err(zero()),
                BinOp::Div => Value::Float(a as f64 / b as f64),
                BinOp::FloorDiv => Value::int128(floor_div(a, b)),
                BinOp::Mod => Self::checked(a - floor_div(a, b) * b)?,
                _ => return Ok(None),
            }));
        }
        match (op, other) {
            (BinOp::Mul, Value::Float(factor)) => Self::checked(Self::of_float(self.0 as f64 * factor)?).map(Some),
            (BinOp::Mul, factor) if factor.as_i64().is_some() => {
                let product = self.0.checked_mul(i128::from(factor.as_i64().unwrap_or(0)));
                Self::checked(product.unwrap_or(i128::MAX)).map(Some)
            }
            (BinOp::Div, divisor) if !swapped && divisor.as_f64().is_some() => {
                let divisor = divisor.as_f64().unwrap_or(1.0);
                if divisor == 0.0 {
                    return Err(raise("ZeroDivisionError", "division by zero"));
                }
                Self::checked(Self::of_float(self.0 as f64 / divisor)?).map(Some)
            }
            (BinOp::FloorDiv, divisor) if !swapped && divisor.as_i64().is_some() => {
                let divisor = i128::from(divisor.as_i64().unwrap_or(1));
                if divisor == 0 {
                    return Err(zero());
                }
                Self::checked(floor_div(self.0, divisor)).map(Some)
            }
            _ => Ok(None),
        }
    }
    fn negate(&self) -> Option<Value> {
        Some(Value::lib(Self(-self.0)))
    }
    fn truth(&self) -> bool {
        self.0 != 0
    }
    fn json_text(&self) -> Option<String> {
        Some(format!("{}", self.0 as f64 / 1e6))
    }
}

fn floor_div(a: i128, b: i128) -> i128 {
    let quotient = a / b;
    if a % b != 0 && ((a < 0) != (b < 0)) { quotient - 1 } else { quotient }
}
