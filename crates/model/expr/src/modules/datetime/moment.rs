//! `datetime`.

use std::any::Any;
use std::cmp::Ordering;
use std::sync::{Arc, LazyLock};

use super::calendar;
use super::date::{Date, Time, date_attr, time_attr};
use super::{DAY, Delta, EPOCH, Zone, construct, constructor, text};
use crate::flow::{R, overflow_error, type_error, value_error};
use crate::lib_object::LibObject;
use crate::native::{Args, Table, table};
use crate::ops::arith::BinOp;
use crate::value::{LibType, NamedTuple, Tuple, Value};
use crate::vm::Vm;

/// A `datetime`: local microseconds since year 1, and a zone.
#[derive(Debug, Clone)]
pub struct Moment {
    pub micros: i128,
    pub zone: Option<Zone>,
}

pub(super) static DATETIME: LibType = LibType {
    name: "datetime",
    module: "datetime",
    construct: Some(make),
    statics: Some(|_, name| {
        Ok(match name {
            "min" => Some(Value::lib(Moment { micros: 0, zone: None })),
            "max" => Some(Value::lib(Moment { micros: LAST, zone: None })),
            _ => statics().get(name).map(Value::Native),
        })
    }),
    base: Some(&super::date::DATE),
};

const LAST: i128 = 3_652_059 * DAY - 1;

constructor!(
    make,
    "datetime(year, month, day, hour=, minute=, second=, microsecond=, tzinfo=, *, fold=)",
    |_, _, args: &Args<'_>| {
        let days = construct::days(args.int(0)?, args.int(1)?, args.int(2)?)?;
        let micros = i128::from(days) * DAY + construct::time_of_day(args, 3)?;
        Ok(Value::lib(Moment { micros, zone: zone(args.get(7))? }))
    }
);

fn zone(value: Option<&Value>) -> R<Option<Zone>> {
    match value {
        None | Some(Value::None) => Ok(None),
        Some(other) => match other.downcast_lib::<Zone>() {
            Some(zone) => Ok(Some(zone.clone())),
            None => Err(type_error(format!(
                "tzinfo argument must be None or of a tzinfo subclass, not type '{}'",
                other.type_name()
            ))),
        },
    }
}

table! { statics:
    "now(tz=)" => |vm, _, a| Moment::of_utc(EPOCH + i128::from(vm.environment_now()), zone(a.get(0))?).map(Value::lib),
    "utcnow()" => |vm, _, _| Moment::of_utc(EPOCH + i128::from(vm.environment_now()), None).map(Value::lib),
    "today()" => |vm, _, _| Moment::of_utc(EPOCH + i128::from(vm.environment_now()), None).map(Value::lib),
    "fromtimestamp(timestamp, tz=)" => |_, _, a| Moment::from_seconds(a.float(0)?, zone(a.get(1))?).map(Value::lib),
    "utcfromtimestamp(timestamp, /)" => |_, _, a| Moment::from_seconds(a.float(0)?, None).map(Value::lib),
    "fromisoformat(date_string, /)" => |_, _, a| text::parse_iso(a.str(0)?).map(Value::lib),
    "strptime(date_string, format, /)" => |vm, _, a| text::parse(vm, a.str(0)?, a.str(1)?).map(Value::lib),
    "combine(date, time, tzinfo=)" => |_, _, a| {
        match (a.at(0).downcast_lib::<Date>(), a.at(1).downcast_lib::<Time>()) {
            (Some(date), Some(time)) => {
                Ok(Value::lib(Moment { micros: i128::from(date.0) * DAY + time.0, zone: zone(a.get(2))? }))
            }
            _ => Err(type_error("combine() needs a date and a time")),
        }
    },
}

impl Moment {
    fn checked(micros: i128, zone: Option<Zone>) -> R<Self> {
        if (0..=LAST).contains(&micros) {
            return Ok(Self { micros, zone });
        }
        Err(overflow_error("date value out of range"))
    }
    /// The local time of a zone (UTC without one) at an instant.
    fn of_utc(utc: i128, zone: Option<Zone>) -> R<Self> {
        let offset = zone.as_ref().map_or(0, |zone| zone.offset_at_utc(utc));
        Self::checked(utc + offset, zone)
    }
    pub fn from_seconds(seconds: f64, zone: Option<Zone>) -> R<Self> {
        if !seconds.is_finite() || seconds.abs() > 1e13 {
            return Err(value_error("year is out of range"));
        }
        Self::of_utc(EPOCH + (seconds * 1e6).round_ties_even() as i128, zone)
            .map_err(|_| value_error("year is out of range"))
    }
    pub fn offset(&self) -> Option<i128> {
        self.zone.as_ref().map(|zone| zone.offset_at_local(self.micros))
    }
    /// The instant; a moment without zone counts as UTC.
    fn utc(&self) -> i128 {
        self.micros - self.offset().unwrap_or(0)
    }
    pub fn days(&self) -> i64 {
        self.micros.div_euclid(DAY) as i64
    }
    pub fn time(&self) -> i128 {
        self.micros.rem_euclid(DAY)
    }
    pub fn time_tuple(&self, vm: &mut Vm) -> R<Value> {
        static NAMES: LazyLock<Arc<NamedTuple>> = LazyLock::new(|| {
            let fields =
                ["tm_year", "tm_mon", "tm_mday", "tm_hour", "tm_min", "tm_sec", "tm_wday", "tm_yday", "tm_isdst"];
            Arc::new(NamedTuple {
                name: "time.struct_time".to_owned(),
                fields: fields.iter().map(|field| Arc::from(*field)).collect(),
                defaults: Vec::new(),
            })
        });
        vm.charge_items(9)?;
        let date = calendar::date(self.days());
        let seconds = (self.time() / 1_000_000) as i64;
        let parts = [
            date.year,
            date.month,
            date.day,
            seconds / 3600,
            seconds / 60 % 60,
            seconds % 60,
            calendar::weekday(self.days()),
            calendar::day_of_year(date),
            -1,
        ];
        let items = parts.into_iter().map(Value::Int).collect();
        Ok(Value::Tuple(Arc::new(Tuple::with_names(items, NAMES.clone()))))
    }
}

fn own(value: &Value) -> R<&Moment> {
    value.downcast_lib::<Moment>().ok_or_else(|| type_error("expected a datetime"))
}

table! { methods:
    "isoformat(sep=, timespec=)" => |_, m, a| {
        let moment = own(m)?;
        Ok(Value::from(text::iso(moment, a.opt_str(0)?.unwrap_or("T"), a.opt_str(1)?.unwrap_or("auto"))?))
    },
    "date()" => |_, m, _| Ok(Value::lib(Date(own(m)?.days()))),
    "time()" => |_, m, _| Ok(Value::lib(Time(own(m)?.time()))),
    "weekday()" => |_, m, _| Ok(Value::Int(calendar::weekday(own(m)?.days()))),
    "isoweekday()" => |_, m, _| Ok(Value::Int(calendar::weekday(own(m)?.days()) + 1)),
    "isocalendar()" => |vm, m, _| {
        let (year, week, day) = calendar::iso(own(m)?.days());
        vm.tuple(vec![Value::Int(year), Value::Int(week), Value::Int(day)])
    },
    "toordinal()" => |_, m, _| Ok(Value::Int(own(m)?.days() + 1)),
    "timestamp()" => |_, m, _| Ok(Value::Float((own(m)?.utc() - EPOCH) as f64 / 1e6)),
    "timetuple()" => |vm, m, _| own(m)?.time_tuple(vm),
    "strftime(format)" => |vm, m, a| {
        let text = text::format(vm, own(m)?, a.str(0)?)?;
        vm.text(text)
    },
    "replace(year=, month=, day=, hour=, minute=, second=, microsecond=, tzinfo=, *, fold=)" => |_, m, a| {
        let moment = own(m)?;
        let date = calendar::date(moment.days());
        let days = construct::days(a.int_or(0, date.year)?, a.int_or(1, date.month)?, a.int_or(2, date.day)?)?;
        let now = moment.time();
        let part = |index: usize, value: i128, most: i64, name: &str| -> R<i128> {
            let value = a.int_or(index, value as i64)?;
            if (0..=most).contains(&value) { Ok(i128::from(value)) } else {
                Err(value_error(format!("{name} must be in 0..{most}")))
            }
        };
        let hour = part(3, now / 3_600_000_000, 23, "hour")?;
        let minute = part(4, now / 60_000_000 % 60, 59, "minute")?;
        let second = part(5, now / 1_000_000 % 60, 59, "second")?;
        let micros = part(6, now % 1_000_000, 999_999, "microsecond")?;
        let time = ((hour * 60 + minute) * 60 + second) * 1_000_000 + micros;
        let zone = if a.get(7).is_some() { zone(a.get(7))? } else { moment.zone.clone() };
        Ok(Value::lib(Moment { micros: i128::from(days) * DAY + time, zone }))
    },
    "astimezone(tz=)" => |_, m, a| {
        let zone = zone(a.get(0))?.unwrap_or(Zone::Utc);
        Moment::of_utc(own(m)?.utc(), Some(zone)).map(Value::lib)
    },
    "utcoffset()" => |_, m, _| own(m)?.offset().map_or(Ok(Value::None), Delta::checked),
    "tzname()" => |_, m, _| {
        let moment = own(m)?;
        Ok(moment.zone.as_ref().map_or(Value::None, |zone| Value::from(zone.name(Some(moment.micros)))))
    },
    "dst()" => |_, _, _| Ok(Value::None),
}

impl LibObject for Moment {
    fn as_any(&self) -> &dyn Any {
        self
    }
    fn lib_type(&self) -> &'static LibType {
        &DATETIME
    }
    fn methods(&self) -> Option<&'static Table> {
        Some(methods())
    }
    fn attr(&self, _: &mut Vm, name: &str) -> R<Option<Value>> {
        if name == "tzinfo" {
            return Ok(Some(self.zone.clone().map_or(Value::None, Value::lib)));
        }
        Ok(date_attr(self.days(), name).or_else(|| time_attr(self.time(), name)))
    }
    fn repr(&self, vm: &mut Vm) -> R<String> {
        let date = calendar::date(self.days());
        let zone = match &self.zone {
            Some(zone) => format!(", tzinfo={}", zone.repr(vm)?),
            None => String::new(),
        };
        let time = text::time_args(self.time());
        Ok(format!("datetime.datetime({}, {}, {}, {time}{zone})", date.year, date.month, date.day))
    }
    fn str(&self, _: &mut Vm) -> R<String> {
        text::iso(self, " ", "auto")
    }
    fn equals(&self, other: &Value) -> bool {
        other
            .downcast_lib::<Moment>()
            .is_some_and(|other| self.zone.is_some() == other.zone.is_some() && self.utc() == other.utc())
    }
    fn hash_key(&self) -> Option<u64> {
        Some(self.utc() as u64)
    }
    fn compare(&self, other: &Value) -> R<Option<Ordering>> {
        let Some(other) = other.downcast_lib::<Moment>() else {
            if other.downcast_lib::<Date>().is_some() {
                return Err(type_error("can't compare datetime.datetime to datetime.date"));
            }
            return Ok(None);
        };
        if self.zone.is_some() != other.zone.is_some() {
            return Err(type_error("can't compare offset-naive and offset-aware datetimes"));
        }
        Ok(Some(self.utc().cmp(&other.utc())))
    }
    fn binary(&self, _: &mut Vm, op: BinOp, other: &Value, swapped: bool) -> R<Option<Value>> {
        if let Some(delta) = other.downcast_lib::<Delta>() {
            return Ok(match op {
                BinOp::Add => Some(Value::lib(Self::checked(self.micros + delta.0, self.zone.clone())?)),
                BinOp::Sub if !swapped => Some(Value::lib(Self::checked(self.micros - delta.0, self.zone.clone())?)),
                _ => None,
            });
        }
        match (op, other.downcast_lib::<Moment>()) {
            (BinOp::Sub, Some(other)) if !swapped => {
                if self.zone.is_some() != other.zone.is_some() {
                    return Err(type_error("can't subtract offset-naive and offset-aware datetimes"));
                }
                Delta::checked(self.utc() - other.utc()).map(Some)
            }
            _ => Ok(None),
        }
    }
    fn format(&self, vm: &mut Vm, spec: &str) -> R<String> {
        if spec.is_empty() { self.str(vm) } else { text::format(vm, self, spec) }
    }
    fn json_text(&self) -> Option<String> {
        text::iso(self, "T", "auto").ok()
    }
}
