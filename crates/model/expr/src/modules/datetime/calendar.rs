//! The calendar: days since year 1 and back.

/// Year, month and day.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Ymd {
    pub year: i64,
    pub month: i64,
    pub day: i64,
}

pub fn is_leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

pub fn days_in_month(year: i64, month: i64) -> i64 {
    match month {
        2 if is_leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

fn days_before_year(year: i64) -> i64 {
    let y = year - 1;
    y * 365 + y / 4 - y / 100 + y / 400
}

/// Days since 0001-01-01.
pub fn days(date: Ymd) -> i64 {
    let before: i64 = (1..date.month).map(|month| days_in_month(date.year, month)).sum();
    days_before_year(date.year) + before + date.day - 1
}

/// The date this many days after 0001-01-01.
pub fn date(days: i64) -> Ymd {
    let mut year = days * 400 / 146_097 + 1;
    while days_before_year(year) > days {
        year -= 1;
    }
    while days_before_year(year + 1) <= days {
        year += 1;
    }
    let mut left = days - days_before_year(year);
    let mut month = 1;
    while left >= days_in_month(year, month) {
        left -= days_in_month(year, month);
        month += 1;
    }
    Ymd { year, month, day: left + 1 }
}

/// Monday is 0.
pub fn weekday(days: i64) -> i64 {
    days.rem_euclid(7)
}

/// ISO year, week and weekday (Monday is 1).
pub fn iso(days: i64) -> (i64, i64, i64) {
    let thursday = days - weekday(days) + 3;
    let year = date(thursday).year;
    ((year), (thursday - days_before_year(year)) / 7 + 1, weekday(days) + 1)
}

pub fn day_of_year(date: Ymd) -> i64 {
    days(date) - days_before_year(date.year) + 1
}

pub const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
pub const WEEKDAYS: [&str; 7] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
