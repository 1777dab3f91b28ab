//! What was reported of a set-up that is wrong, so that it is not reported again with every request.
//!
//! SECURITY: anybody can make a request that fails; nobody may fill the audit record with it.

use std::collections::HashMap;
use std::time::Duration;

use clock::Clock;
use parking_lot::Mutex;

/// How long a report stands.
const STANDS: Duration = Duration::from_mins(5);
/// Reports that are remembered. Messages are few and so are providers; should there be more, old ones are dropped.
const MOST: usize = 1000;

/// The reports of this process.
#[derive(Default)]
pub struct Reports(Mutex<HashMap<(i64, String), Duration>>);

impl Reports {
    /// Whether this is to be told: it was not, lately.
    pub fn is_new(&self, clock: &Clock, provider: i64, message: &str) -> bool {
        let now = clock.monotonic();
        let mut told = self.0.lock();
        if told.len() >= MOST {
            told.retain(|_, at| now.saturating_sub(*at) < STANDS);
        }
        if told.len() >= MOST {
            told.clear();
        }
        match told.get(&(provider, message.to_owned())) {
            Some(at) if now.saturating_sub(*at) < STANDS => false,
            _ => {
                told.insert((provider, message.to_owned()), now);
                true
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_is_made_once_in_a_while() {
        let (clock, reports) = (Clock::fake_at(1_700_000_000), Reports::default());
        assert!(reports.is_new(&clock, 1, "a"));
        assert!(!reports.is_new(&clock, 1, "a"));
        assert!(reports.is_new(&clock, 2, "a") && reports.is_new(&clock, 1, "b"));
        clock.advance(STANDS);
        assert!(reports.is_new(&clock, 1, "a"));
    }
}
