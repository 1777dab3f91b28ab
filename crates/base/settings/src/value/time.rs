//! Durations and rates in authentik's notation.

use std::{fmt, time::Duration};

use serde_json::{Value as Json, json};

use super::{Raw, Value, one};

/// Seconds in each unit.
const UNITS: &[(&str, u64)] =
    &[("weeks", 604_800), ("days", 86_400), ("hours", 3_600), ("minutes", 60), ("seconds", 1)];

impl Value for Duration {
    fn parse(raw: &Raw) -> Result<Self, String> {
        let text = one(raw)?;
        let seconds = match text.trim().parse::<u64>() {
            Ok(seconds) => Some(seconds),
            Err(_) => text.split(';').try_fold(0_u64, |total, part| {
                let (unit, count) = part.split_once('=')?;
                let factor = UNITS.iter().find(|(name, _)| *name == unit.trim())?.1;
                let count: u64 = count.trim().parse().ok()?;
                total.checked_add(count.checked_mul(factor)?)
            }),
        };
        seconds.map(Self::from_secs).ok_or_else(|| text.to_owned())
    }

    fn allowed() -> String {
        "seconds, or parts such as days=1;hours=12 (weeks, days, hours, minutes, seconds)".to_owned()
    }

    fn schema() -> Json {
        json!({"type": ["string", "integer"]})
    }
}

/// So many times within a period, written `20/hour`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// How many times.
    pub count: u32,
    /// The period.
    pub per: Duration,
}

impl fmt::Display for Rate {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} in {} s", self.count, self.per.as_secs())
    }
}

impl Value for Rate {
    fn parse(raw: &Raw) -> Result<Self, String> {
        let text = one(raw)?;
        let rate = text.split_once('/').and_then(|(count, period)| {
            let count = count.trim().parse().ok()?;
            // Only the first letter counts, as in Django REST framework.
            let seconds = match period.trim().to_lowercase().chars().next()? {
                's' => 1,
                'm' => 60,
                'h' => 3_600,
                'd' => 86_400,
                _ => return None,
            };
            Some(Self { count, per: Duration::from_secs(seconds) })
        });
        rate.ok_or_else(|| text.to_owned())
    }

    fn allowed() -> String {
        "a rate such as 20/hour (second, minute, hour, day)".to_owned()
    }

    fn schema() -> Json {
        json!({"type": "string"})
    }
}
