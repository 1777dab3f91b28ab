//! `timezone` and `ZoneInfo`.

use std::any::Any;

use jiff::tz::TimeZone;

use super::{Delta, EPOCH, constructor};
use crate::flow::{R, raise, type_error, value_error};
use crate::lib_object::LibObject;
use crate::native::{Args, Table, table};
use crate::value::{LibType, Value};
use crate::vm::Vm;

/// A time zone.
#[derive(Debug, Clone, PartialEq)]
pub enum Zone {
    Utc,
    /// Microseconds east of UTC, and a name.
    Fixed(i128, Option<String>),
    Named(TimeZone),
}

pub(super) static TIMEZONE: LibType = LibType {
    name: "timezone",
    module: "datetime",
    construct: Some(make),
    statics: Some(|_, name| Ok((name == "utc").then(|| Value::lib(Zone::Utc)))),
    base: None,
};
pub(super) static ZONEINFO: LibType =
    LibType { name: "ZoneInfo", module: "zoneinfo", construct: Some(make_named), statics: None, base: None };

constructor!(make, "timezone(offset, name=)", |_, _, args: &Args<'_>| {
    let Some(offset) = args.at(0).downcast_lib::<Delta>() else {
        return Err(type_error(format!(
            "timezone() argument 1 must be datetime.timedelta, not {}",
            args.at(0).type_name()
        )));
    };
    if offset.0.abs() >= super::DAY {
        return Err(value_error(
            "offset must be a timedelta strictly between -timedelta(hours=24) and timedelta(hours=24)",
        ));
    }
    let name = args.opt_str(1)?.map(str::to_owned);
    Ok(Value::lib(if offset.0 == 0 && name.is_none() { Zone::Utc } else { Zone::Fixed(offset.0, name) }))
});
constructor!(make_named, "ZoneInfo(key)", |_, _, args: &Args<'_>| {
    let key = args.str(0)?;
    match TimeZone::get(key) {
        Ok(zone) => Ok(Value::lib(Zone::Named(zone))),
        Err(_) => Err(raise("KeyError", format!("No time zone found with key {key}"))),
    }
});

impl Zone {
    /// Microseconds east of UTC at a local time.
    pub fn offset_at_local(&self, local: i128) -> i128 {
        match self {
            Self::Utc => 0,
            Self::Fixed(offset, _) => *offset,
            Self::Named(_) => {
                // The offset just before decides, then that of the instant it gives.
                let first = self.offset_at_utc(local);
                self.offset_at_utc(local - first)
            }
        }
    }
    /// Microseconds east of UTC at an instant.
    pub fn offset_at_utc(&self, utc: i128) -> i128 {
        match self {
            Self::Utc => 0,
            Self::Fixed(offset, _) => *offset,
            Self::Named(zone) => {
                let seconds = (utc - EPOCH).div_euclid(1_000_000);
                let timestamp = i64::try_from(seconds).ok().and_then(|s| jiff::Timestamp::from_second(s).ok());
                timestamp.map_or(0, |at| i128::from(zone.to_offset(at).seconds()) * 1_000_000)
            }
        }
    }
    pub fn name(&self, local: Option<i128>) -> String {
        match self {
            Self::Utc => "UTC".to_owned(),
            Self::Fixed(_, Some(name)) => name.clone(),
            Self::Fixed(offset, None) => format!("UTC{}", offset_text(*offset, ":")),
            Self::Named(zone) => {
                let utc = local.map_or(0, |local| local - self.offset_at_local(local));
                let seconds = i64::try_from((utc - EPOCH).div_euclid(1_000_000)).unwrap_or(0);
                jiff::Timestamp::from_second(seconds)
                    .map_or_else(|_| String::new(), |at| zone.to_offset_info(at).abbreviation().to_owned())
            }
        }
    }
}

/// `+HH:MM`, with seconds when there are any.
pub fn offset_text(offset: i128, separator: &str) -> String {
    let sign = if offset < 0 { '-' } else { '+' };
    let seconds = offset.abs() / 1_000_000;
    let mut text = format!("{sign}{:02}{separator}{:02}", seconds / 3600, seconds / 60 % 60);
    if seconds % 60 != 0 {
        text.push_str(&format!("{separator}{:02}", seconds % 60));
    }
    text
}

table! { methods:
    "utcoffset(dt, /)" => |_, z, a| {
        let local = a.at(0).downcast_lib::<super::Moment>().map_or(EPOCH, |moment| moment.micros);
        let offset = z.downcast_lib::<Zone>().map_or(0, |zone| zone.offset_at_local(local));
        Delta::checked(offset)
    },
    "tzname(dt, /)" => |_, z, a| {
        let local = a.at(0).downcast_lib::<super::Moment>().map(|moment| moment.micros);
        Ok(z.downcast_lib::<Zone>().map_or(Value::None, |zone| Value::from(zone.name(local))))
    },
}

impl LibObject for Zone {
    fn as_any(&self) -> &dyn Any {
        self
    }
    fn lib_type(&self) -> &'static LibType {
        if let Self::Named(_) = self { &ZONEINFO } else { &TIMEZONE }
    }
    fn methods(&self) -> Option<&'static Table> {
        Some(methods())
    }
    fn attr(&self, _: &mut Vm, name: &str) -> R<Option<Value>> {
        Ok(match (name, self) {
            ("key", Self::Named(zone)) => Some(Value::str(zone.iana_name().unwrap_or(""))),
            _ => None,
        })
    }
    fn repr(&self, vm: &mut Vm) -> R<String> {
        Ok(match self {
            Self::Utc => "datetime.timezone.utc".to_owned(),
            Self::Fixed(offset, name) => {
                let delta = Delta(*offset).repr(vm)?;
                match name {
                    Some(name) => {
                        let name = crate::ops::repr::repr(vm, &Value::str(name))?;
                        format!("datetime.timezone({delta}, {name})")
                    }
                    None => format!("datetime.timezone({delta})"),
                }
            }
            Self::Named(zone) => format!("zoneinfo.ZoneInfo(key='{}')", zone.iana_name().unwrap_or("")),
        })
    }
    fn str(&self, _: &mut Vm) -> R<String> {
        Ok(match self {
            Self::Named(zone) => zone.iana_name().unwrap_or("").to_owned(),
            other => other.name(None),
        })
    }
    fn equals(&self, other: &Value) -> bool {
        other.downcast_lib::<Zone>() == Some(self)
    }
    fn hash_key(&self) -> Option<u64> {
        Some(self.offset_at_utc(EPOCH) as u64)
    }
}
