//! Durations as administrators write them: `hours=1;minutes=30`.
//!
//! COMPAT: authentik reads these with Python's `timedelta(**pairs)`, so the accepted spelling is
//! Python's: keys in any case, fractions and signs allowed, a repeated key counts once with its last
//! value, pairs with an unknown key are passed over as long as one known key remains.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

const MICROSECONDS_PER_SECOND: i128 = 1_000_000;
/// Python's `timedelta.max` is a little under this many days.
const MAX_DAYS: i128 = 1_000_000_000;
const MAX_MICROSECONDS: i128 = MAX_DAYS * 86_400 * MICROSECONDS_PER_SECOND;

/// The accepted keys and what each is worth in microseconds.
const UNITS: [(&str, i128); 7] = [
    ("microseconds", 1),
    ("milliseconds", 1_000),
    ("seconds", 1_000_000),
    ("minutes", 60_000_000),
    ("hours", 3_600_000_000),
    ("days", 86_400_000_000),
    ("weeks", 604_800_000_000),
];

/// A duration, possibly negative, with microseconds as its finest grain.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TimeDelta(SignedDuration);

impl TimeDelta {
    pub const ZERO: Self = Self(SignedDuration::ZERO);

    /// Read `key=number` pairs separated by `;`.
    pub fn parse(text: &str) -> Result<Self, TimeDeltaError> {
        let mut amounts: [Option<i128>; UNITS.len()] = [None; UNITS.len()];
        for pair in text.split(';') {
            let (key, value) = pair
                .split_once('=')
                .filter(|(_, value)| !value.contains('='))
                .ok_or_else(|| TimeDeltaError::Pair(pair.to_owned()))?;
            let key = key.to_lowercase();
            let Some(index) = UNITS.iter().position(|(unit, _)| *unit == key) else {
                continue;
            };
            amounts[index] = Some(microseconds(&key, value.trim(), UNITS[index].1)?);
        }
        if amounts.iter().all(Option::is_none) {
            return Err(TimeDeltaError::NoKnownKey(text.to_owned()));
        }
        // Each amount is bounded by `microseconds`, so the sum of seven cannot overflow.
        let total: i128 = amounts.iter().flatten().sum();
        if total.abs() >= MAX_MICROSECONDS {
            return Err(TimeDeltaError::OutOfRange(text.to_owned()));
        }
        Ok(Self::from_microseconds(total))
    }

    /// The duration with its sign.
    pub fn signed(self) -> SignedDuration {
        self.0
    }

    /// The duration for timers and headers; a negative one counts as nothing.
    pub fn unsigned(self) -> Duration {
        Duration::try_from(self.0).unwrap_or(Duration::ZERO)
    }

    /// Whole seconds, rounded towards zero, as in `expires_in`.
    pub fn as_secs(self) -> i64 {
        self.0.as_secs()
    }

    /// Whether the duration is zero: many settings mean "off" or "for this session" by it.
    pub fn is_zero(self) -> bool {
        self.0.is_zero()
    }

    /// `from` moved by this duration, held inside the range a timestamp can have.
    pub fn after(self, from: Timestamp) -> Timestamp {
        shift(from, self.0)
    }

    fn from_microseconds(total: i128) -> Self {
        let seconds = total.div_euclid(MICROSECONDS_PER_SECOND);
        let rest = total.rem_euclid(MICROSECONDS_PER_SECOND);
        // Callers keep |total| under MAX_MICROSECONDS, whose seconds fit i64 many times over.
        let seconds = i64::try_from(seconds).unwrap_or(i64::MAX);
        Self(SignedDuration::from_secs(seconds) + SignedDuration::from_micros(rest as i64))
    }
}

impl FromStr for TimeDelta {
    type Err = TimeDeltaError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

impl From<SignedDuration> for TimeDelta {
    /// Cut to microseconds.
    fn from(duration: SignedDuration) -> Self {
        let limit = MAX_MICROSECONDS - 1;
        Self::from_microseconds(duration.as_micros().clamp(-limit, limit))
    }
}

/// Written so that `parse` gives the same value back.
impl fmt::Display for TimeDelta {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let micros = self.0.as_micros();
        let sign = if micros < 0 { "-" } else { "" };
        let (whole, rest) = (micros.abs() / MICROSECONDS_PER_SECOND, micros.abs() % MICROSECONDS_PER_SECOND);
        if rest == 0 {
            return write!(f, "seconds={sign}{whole}");
        }
        let fraction = format!("{rest:06}");
        write!(f, "seconds={sign}{whole}.{}", fraction.trim_end_matches('0'))
    }
}

/// Why a text is no duration.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TimeDeltaError {
    #[error("\"{0}\" is not a pair like hours=3; write key=number, separated by ';'")]
    Pair(String),
    #[error("{key} needs a number, not \"{value}\"")]
    Number { key: String, value: String },
    #[error("\"{0}\" has none of the keys microseconds, milliseconds, seconds, minutes, hours, days, weeks")]
    NoKnownKey(String),
    #[error("\"{0}\" is longer than a duration can be")]
    OutOfRange(String),
}

/// `at` moved by `by`, held inside the range of timestamps.
pub(crate) fn shift(at: Timestamp, by: SignedDuration) -> Timestamp {
    at.checked_add(by).unwrap_or(if by.is_negative() { Timestamp::MIN } else { Timestamp::MAX })
}

/// `value` units in microseconds, rounded half to even as Python does.
fn microseconds(key: &str, value: &str, unit: i128) -> Result<i128, TimeDeltaError> {
    let out_of_range = || TimeDeltaError::OutOfRange(format!("{key}={value}"));
    let digits = without_separators(value);
    // Whole numbers are exact; only fractions go through floating point.
    if let Ok(whole) = digits.parse::<i64>() {
        let total = i128::from(whole) * unit;
        return if total.abs() < MAX_MICROSECONDS { Ok(total) } else { Err(out_of_range()) };
    }
    let number: f64 =
        digits.parse().map_err(|_| TimeDeltaError::Number { key: key.to_owned(), value: value.to_owned() })?;
    if number.is_nan() {
        return Err(TimeDeltaError::Number { key: key.to_owned(), value: value.to_owned() });
    }
    let total = (number * unit as f64).round_ties_even();
    if total.abs() < MAX_MICROSECONDS as f64 { Ok(total as i128) } else { Err(out_of_range()) }
}

/// Python allows `1_000`: an underscore between two digits.
fn without_separators(value: &str) -> String {
    let bytes = value.as_bytes();
    let is_digit = |index: usize| bytes.get(index).is_some_and(u8::is_ascii_digit);
    value
        .char_indices()
        .filter(|(at, c)| !(*c == '_' && *at > 0 && is_digit(at - 1) && is_digit(at + 1)))
        .map(|(_, c)| c)
        .collect()
}

#[cfg(test)]
mod tests;
