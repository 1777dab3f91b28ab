//! `datetime` and `zoneinfo`.

mod calendar;
mod construct;
mod date;
mod delta;
mod moment;
mod text;
mod zone;

use crate::value::{Type, Value};

pub use delta::Delta;
pub use moment::Moment;
pub use zone::Zone;

pub(crate) const DAY: i128 = 86_400_000_000;
/// Microseconds from year 1 to 1970.
pub(crate) const EPOCH: i128 = 719_162 * DAY;

pub fn module() -> Value {
    Value::module(
        "datetime",
        vec![
            ("datetime", Value::Type(Type::Lib(&moment::DATETIME))),
            ("date", Value::Type(Type::Lib(&date::DATE))),
            ("time", Value::Type(Type::Lib(&date::TIME))),
            ("timedelta", Value::Type(Type::Lib(&delta::TIMEDELTA))),
            ("timezone", Value::Type(Type::Lib(&zone::TIMEZONE))),
            ("UTC", Value::lib(Zone::Utc)),
            ("MINYEAR", Value::Int(1)),
            ("MAXYEAR", Value::Int(9999)),
        ],
    )
}

pub fn zoneinfo() -> Value {
    Value::module("zoneinfo", vec![("ZoneInfo", Value::Type(Type::Lib(&zone::ZONEINFO)))])
}

impl Value {
    /// A `datetime` in UTC, from microseconds since 1970.
    pub fn datetime_utc(micros: i64) -> Self {
        Self::lib(Moment { micros: EPOCH + i128::from(micros), zone: Some(Zone::Utc) })
    }
}

/// Declares the constructor of a library type.
macro_rules! constructor {
    ($name:ident, $sig:literal, $run:expr) => {
        pub(super) fn $name() -> &'static crate::native::Def {
            static DEF: std::sync::LazyLock<crate::native::Def> =
                std::sync::LazyLock::new(|| crate::native::Def { sig: crate::native::Sig::parse($sig), run: $run });
            &DEF
        }
    };
}
use constructor;
