//! `date` and `time`.

use std::any::Any;
use std::cmp::Ordering;

use super::calendar::{self, Ymd};
use super::{DAY, Delta, Moment, construct, constructor, text};
use crate::flow::{R, overflow_error, type_error};
use crate::lib_object::LibObject;
use crate::native::{Args, Table, table};
use crate::ops::arith::BinOp;
use crate::value::{LibType, Value};
use crate::vm::Vm;

/// A `date`, as days since year 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Date(pub i64);

/// A `time` of day in microseconds.
#[derive(Debug, Clone, PartialEq)]
pub struct Time(pub i128);

pub(super) static DATE: LibType = LibType {
    name: "date",
    module: "datetime",
    construct: Some(make_date),
    statics: Some(|_, name| Ok(statics().get(name).map(Value::Native))),
    base: None,
};
pub(super) static TIME: LibType =
    LibType { name: "time", module: "datetime", construct: Some(make_time), statics: None, base: None };

constructor!(make_date, "date(year, month, day)", |_, _, args: &Args<'_>| {
    Ok(Value::lib(Date(construct::days(args.int(0)?, args.int(1)?, args.int(2)?)?)))
});
constructor!(make_time, "time(hour=, minute=, second=, microsecond=, tzinfo=)", |_, _, args: &Args<'_>| {
    Ok(Value::lib(Time(construct::time_of_day(args, 0)?)))
});

table! { statics:
    "today()" => |vm, _, _| {
        let micros = super::EPOCH + i128::from(vm.environment_now());
        Ok(Value::lib(Date(micros.div_euclid(DAY) as i64)))
    },
    "fromisoformat(date_string, /)" => |_, _, a| {
        let moment = text::parse_iso(a.str(0)?)?;
        Ok(Value::lib(Date(moment.micros.div_euclid(DAY) as i64)))
    },
    "fromtimestamp(timestamp, /)" => |_, _, a| {
        let moment = Moment::from_seconds(a.float(0)?, None)?;
        Ok(Value::lib(Date(moment.micros.div_euclid(DAY) as i64)))
    },
    "fromordinal(ordinal, /)" => |_, _, a| Date::checked(a.int(0)? - 1).map(Value::lib),
}

impl Date {
    pub fn checked(days: i64) -> R<Self> {
        if (0..3_652_059).contains(&days) { Ok(Self(days)) } else { Err(overflow_error("date value out of range")) }
    }
    pub fn ymd(self) -> Ymd {
        calendar::date(self.0)
    }
    fn iso(self) -> String {
        let Ymd { year, month, day } = self.ymd();
        format!("{year:04}-{month:02}-{day:02}")
    }
}

/// What `date` and `datetime` share, by days since year 1.
pub fn date_attr(days: i64, name: &str) -> Option<Value> {
    let date = calendar::date(days);
    Some(Value::Int(match name {
        "year" => date.year,
        "month" => date.month,
        "day" => date.day,
        _ => return None,
    }))
}

table! { methods:
    "isoformat()" => |_, d, _| Ok(Value::from(own(d)?.iso())),
    "weekday()" => |_, d, _| Ok(Value::Int(calendar::weekday(own(d)?.0))),
    "isoweekday()" => |_, d, _| Ok(Value::Int(calendar::weekday(own(d)?.0) + 1)),
    "isocalendar()" => |vm, d, _| {
        let (year, week, day) = calendar::iso(own(d)?.0);
        vm.tuple(vec![Value::Int(year), Value::Int(week), Value::Int(day)])
    },
    "toordinal()" => |_, d, _| Ok(Value::Int(own(d)?.0 + 1)),
    "strftime(format)" => |vm, d, a| {
        let moment = Moment { micros: i128::from(own(d)?.0) * DAY, zone: None };
        let text = text::format(vm, &moment, a.str(0)?)?;
        vm.text(text)
    },
    "replace(year=, month=, day=)" => |_, d, a| {
        let date = own(d)?.ymd();
        let days = construct::days(a.int_or(0, date.year)?, a.int_or(1, date.month)?, a.int_or(2, date.day)?)?;
        Ok(Value::lib(Date(days)))
    },
    "timetuple()" => |vm, d, _| Moment { micros: i128::from(own(d)?.0) * DAY, zone: None }.time_tuple(vm),
}

fn own(value: &Value) -> R<Date> {
    value.downcast_lib::<Date>().copied().ok_or_else(|| type_error("expected a date"))
}

impl LibObject for Date {
    fn as_any(&self) -> &dyn Any {
        self
    }
    fn lib_type(&self) -> &'static LibType {
        &DATE
    }
    fn methods(&self) -> Option<&'static Table> {
        Some(methods())
    }
    fn attr(&self, _: &mut Vm, name: &str) -> R<Option<Value>> {
        Ok(date_attr(self.0, name))
    }
    fn repr(&self, _: &mut Vm) -> R<String> {
        let Ymd { year, month, day } = self.ymd();
        Ok(format!("datetime.date({year}, {month}, {day})"))
    }
    fn str(&self, _: &mut Vm) -> R<String> {
        Ok(self.iso())
    }
    fn equals(&self, other: &Value) -> bool {
        other.downcast_lib::<Date>() == Some(self)
    }
    fn hash_key(&self) -> Option<u64> {
        Some(self.0 as u64)
    }
    fn compare(&self, other: &Value) -> R<Option<Ordering>> {
        Ok(other.downcast_lib::<Date>().map(|other| self.cmp(other)))
    }
    fn binary(&self, _: &mut Vm, op: BinOp, other: &Value, swapped: bool) -> R<Option<Value>> {
        if let Some(delta) = other.downcast_lib::<Delta>() {
            let days = delta.0.div_euclid(DAY) as i64;
            return Ok(match op {
                BinOp::Add => Some(Value::lib(Self::checked(self.0 + days)?)),
                BinOp::Sub if !swapped => Some(Value::lib(Self::checked(self.0 - days)?)),
                _ => None,
            });
        }
        match (op, other.downcast_lib::<Date>()) {
            (BinOp::Sub, Some(other)) if !swapped => Delta::checked(i128::from(self.0 - other.0) * DAY).map(Some),
            _ => Ok(None),
        }
    }
    fn format(&self, vm: &mut Vm, spec: &str) -> R<String> {
        if spec.is_empty() {
            return self.str(vm);
        }
        text::format(vm, &Moment { micros: i128::from(self.0) * DAY, zone: None }, spec)
    }
    fn json_text(&self) -> Option<String> {
        Some(self.iso())
    }
}

table! { time_methods:
    "isoformat()" => |_, t, _| Ok(Value::from(text::time_text(time(t)?))),
    "strftime(format)" => |vm, t, a| {
        let moment = Moment { micros: 693_595 * DAY + time(t)?, zone: None };
        let text = text::format(vm, &moment, a.str(0)?)?;
        vm.text(text)
    },
}

fn time(value: &Value) -> R<i128> {
    value.downcast_lib::<Time>().map(|time| time.0).ok_or_else(|| type_error("expected a time"))
}

/// What `time` and `datetime` share, by microseconds of the day.
pub fn time_attr(micros: i128, name: &str) -> Option<Value> {
    Some(Value::int128(match name {
        "hour" => micros / 3_600_000_000,
        "minute" => micros / 60_000_000 % 60,
        "second" => micros / 1_000_000 % 60,
        "microsecond" => micros % 1_000_000,
        "fold" => 0,
        _ => return None,
    }))
}

impl LibObject for Time {
    fn as_any(&self) -> &dyn Any {
        self
    }
    fn lib_type(&self) -> &'static LibType {
        &TIME
    }
    fn methods(&self) -> Option<&'static Table> {
        Some(time_methods())
    }
    fn attr(&self, _: &mut Vm, name: &str) -> R<Option<Value>> {
        if name == "tzinfo" {
            return Ok(Some(Value::None));
        }
        Ok(time_attr(self.0, name))
    }
    fn repr(&self, _: &mut Vm) -> R<String> {
        Ok(format!("datetime.time({})", text::time_args(self.0)))
    }
    fn str(&self, _: &mut Vm) -> R<String> {
        Ok(text::time_text(self.0))
    }
    fn equals(&self, other: &Value) -> bool {
        other.downcast_lib::<Time>() == Some(self)
    }
    fn hash_key(&self) -> Option<u64> {
        Some(self.0 as u64)
    }
    fn compare(&self, other: &Value) -> R<Option<Ordering>> {
        Ok(other.downcast_lib::<Time>().map(|other| self.0.cmp(&other.0)))
    }
    fn json_text(&self) -> Option<String> {
        Some(text::time_text(self.0))
    }
}
