//! The clock: wall time for records and tokens, monotonic time for deadlines.

use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use parking_lot::Mutex;

/// A handle on the time. Cloning is cheap; clones of a fake clock move together.
#[derive(Clone, Debug)]
pub struct Clock(Source);

#[derive(Clone, Debug)]
enum Source {
    System { origin: Instant },
    Fake(Arc<Mutex<Fake>>),
}

#[derive(Debug)]
struct Fake {
    now: Timestamp,
    monotonic: Duration,
}

impl Clock {
    /// The clock of the machine.
    pub fn system() -> Self {
        Self(Source::System { origin: Instant::now() })
    }

    /// A clock that stands at `now` until somebody moves it.
    pub fn fake(now: Timestamp) -> Self {
        Self(Source::Fake(Arc::new(Mutex::new(Fake { now, monotonic: Duration::ZERO }))))
    }

    /// A fake clock at a number of seconds since the epoch; out-of-range values become the epoch.
    pub fn fake_at(unix: i64) -> Self {
        Self::fake(Timestamp::from_second(unix).unwrap_or(Timestamp::UNIX_EPOCH))
    }

    /// The wall time.
    #[expect(clippy::disallowed_methods, reason = "the one place that reads it")]
    pub fn now(&self) -> Timestamp {
        match &self.0 {
            Source::System { .. } => Timestamp::now(),
            Source::Fake(fake) => fake.lock().now,
        }
    }

    /// The wall time in whole seconds since the epoch, as JWT claims and TOTP want it.
    pub fn unix(&self) -> i64 {
        // Floor, not truncation: before the epoch `as_second` would round towards it.
        self.now().as_millisecond().div_euclid(1000)
    }

    /// Time since some fixed origin of this clock. It never goes back, so use it for deadlines,
    /// timeouts and rate limits; it says nothing about the date.
    pub fn monotonic(&self) -> Duration {
        match &self.0 {
            Source::System { origin } => origin.elapsed(),
            Source::Fake(fake) => fake.lock().monotonic,
        }
    }

    /// The wall time moved by `by`, held inside the range a timestamp can have.
    pub fn after(&self, by: SignedDuration) -> Timestamp {
        crate::timedelta::shift(self.now(), by)
    }

    /// Move a fake clock forward, both its wall and its monotonic time.
    ///
    /// Returns false, and does nothing, on the machine's clock.
    pub fn advance(&self, by: Duration) -> bool {
        let Source::Fake(fake) = &self.0 else {
            return false;
        };
        let mut fake = fake.lock();
        fake.monotonic = fake.monotonic.saturating_add(by);
        let signed = SignedDuration::try_from(by).unwrap_or(SignedDuration::MAX);
        fake.now = crate::timedelta::shift(fake.now, signed);
        true
    }

    /// Set the wall time of a fake clock, as when an operator or NTP steps it: monotonic time stays.
    ///
    /// Returns false, and does nothing, on the machine's clock.
    pub fn set(&self, now: Timestamp) -> bool {
        let Source::Fake(fake) = &self.0 else {
            return false;
        };
        fake.lock().now = now;
        true
    }
}

impl Default for Clock {
    fn default() -> Self {
        Self::system()
    }
}

#[cfg(test)]
mod tests;
