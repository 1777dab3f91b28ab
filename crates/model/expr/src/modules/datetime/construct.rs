//! Checking the parts of dates and times.

use super::calendar::{self, Ymd};
use crate::flow::{R, value_error};
use crate::native::Args;

/// Days since year 1 of a date.
pub fn days(year: i64, month: i64, day: i64) -> R<i64> {
    if !(1..=9999).contains(&year) {
        return Err(value_error(format!("year {year} is out of range")));
    }
    if !(1..=12).contains(&month) {
        return Err(value_error("month must be in 1..12"));
    }
    if !(1..=calendar::days_in_month(year, month)).contains(&day) {
        return Err(value_error("day is out of range for month"));
    }
    Ok(calendar::days(Ymd { year, month, day }))
}

/// Microseconds of the day, from four arguments starting at `first`.
pub fn time_of_day(args: &Args<'_>, first: usize) -> R<i128> {
    let part = |index: usize, most: i64, name: &str| -> R<i128> {
        let value = args.int_or(first + index, 0)?;
        if (0..=most).contains(&value) {
            return Ok(i128::from(value));
        }
        Err(value_error(format!("{name} must be in 0..{most}")))
    };
    let (hour, minute) = (part(0, 23, "hour")?, part(1, 59, "minute")?);
    let (second, micros) = (part(2, 59, "second")?, part(3, 999_999, "microsecond")?);
    Ok(((hour * 60 + minute) * 60 + second) * 1_000_000 + micros)
}
