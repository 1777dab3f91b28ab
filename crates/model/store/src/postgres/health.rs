//! Whether the database answers, as far as is known: what makes requests fail at once instead of queueing up.
//!
//! The change feed is the judge, as it asks twice a second over a connection of its own. A short silence (a restart, a
//! standby that takes over) is waited for; after [`GRACE`] everything that waits is let go and nothing more is let in until
//! the feed gets an answer again.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

use crate::error::{Error, Result};

/// How long callers wait for a database that has just gone silent.
const GRACE: Duration = Duration::from_secs(2);
/// How many callers may wait for a connection at once.
const WAITING: usize = 1000;

#[derive(Debug)]
pub struct Health {
    down: watch::Sender<Option<Instant>>,
    waiting: AtomicUsize,
}

/// A place among those who wait.
pub struct Place<'a>(&'a AtomicUsize);

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Default for Health {
    fn default() -> Self {
        Self { down: watch::Sender::new(None), waiting: AtomicUsize::new(0) }
    }
}

impl Health {
    /// The server answered.
    pub fn up(&self) {
        let was = self.down.send_replace(None);
        if let Some(since) = was.filter(|since| since.elapsed() > GRACE) {
            tracing::info!("PostgreSQL answers again after {} s", since.elapsed().as_secs());
        }
    }

    /// The server did not answer.
    pub fn down(&self, why: &str) {
        self.down.send_if_modified(|down| {
            let first = down.is_none();
            if first {
                tracing::warn!("PostgreSQL does not answer: {why}");
                *down = Some(Instant::now());
            }
            first
        });
    }

    pub fn is_down(&self) -> bool {
        self.down.borrow().is_some()
    }

    /// Whether it has been silent for so long that nobody should wait for it.
    pub fn is_gone(&self) -> bool {
        self.down.borrow().is_some_and(|since| since.elapsed() > GRACE)
    }

    /// Ends when nobody should wait any longer.
    pub async fn gone(&self) {
        let mut down = self.down.subscribe();
        loop {
            let since = *down.borrow_and_update();
            let changed = match since {
                None => down.changed().await,
                Some(since) => tokio::select! {
                    () = sleep_until(since + GRACE) => return,
                    changed = down.changed() => changed,
                },
            };
            if changed.is_err() {
                return;
            }
        }
    }

    pub fn error() -> Error {
        Error::Unavailable("PostgreSQL does not answer".into())
    }

    /// Lets one more wait.
    pub fn enter(&self) -> Result<Place<'_>> {
        if self.is_gone() {
            return Err(Self::error());
        }
        let place = Place(&self.waiting);
        if self.waiting.fetch_add(1, Ordering::Relaxed) >= WAITING {
            return Err(Error::Unavailable(format!("{WAITING} requests wait for PostgreSQL already")));
        }
        Ok(place)
    }
}
