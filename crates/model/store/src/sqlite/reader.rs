//! Reader connections, lent out one statement at a time.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use object::Value;
use parking_lot::Mutex;
use rusqlite::Connection;
use tokio::sync::Semaphore;

use super::{Location, bind, connect};
use crate::error::{Error, Result};
use crate::statement::Statement;

/// Idle connections kept; more are opened when all are lent, and closed when they come back.
const KEPT: usize = 8;
/// Reads that may occupy a thread each at once; others wait their turn.
const APART: usize = 16;
/// How long a read may take, waiting included.
const LIMIT: Duration = Duration::from_secs(30);

pub struct Readers {
    location: Location,
    idle: Mutex<Vec<Connection>>,
    apart: Arc<Semaphore>,
    limit: Duration,
}

/// Stops a read from outside. It is taken off the connection after the read, so that no later one is hit.
#[derive(Default)]
struct Brake(AtomicBool);

impl Brake {
    /// False when it was pulled before the read began. SQLite looks at it while it works: an interrupt that arrives just
    /// before the first step would be lost.
    fn start(self: &Arc<Self>, conn: &mut Connection) -> bool {
        let brake = Arc::clone(self);
        let watched = conn.progress_handler(STEPS, Some(move || brake.is_pulled()));
        watched.is_ok() && !self.is_pulled()
    }
    fn finish(conn: &mut Connection) {
        let _ = conn.progress_handler(0, None::<fn() -> bool>);
    }
    fn pull(&self) {
        self.0.store(true, Ordering::Relaxed);
    }
    fn is_pulled(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// How many steps of its machine SQLite makes between two looks at the brake.
const STEPS: i32 = 2000;

/// Pulls the brake when nobody waits for the read any more.
struct Waiting(Arc<Brake>);

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.pull();
    }
}

impl Readers {
    pub fn new(location: Location) -> Self {
        Self { location, idle: Mutex::new(Vec::new()), apart: Arc::new(Semaphore::new(APART)), limit: LIMIT }
    }

    /// Runs a read on this thread.
    pub fn run(&self, statement: &Statement) -> Result<Vec<Vec<Value>>> {
        self.lend(|conn| bind::run(conn, statement, None).map(|outcome| outcome.rows))
    }

    /// Runs a read on a thread for such; stops it when it takes too long or nobody waits for it.
    pub async fn run_apart(self: &Arc<Self>, statement: Statement) -> Result<Vec<Vec<Value>>> {
        let late = || Error::Unavailable("the query took too long".into());
        let brake = Arc::new(Brake::default());
        let waiting = Waiting(Arc::clone(&brake));
        let readers = Arc::clone(self);
        let work = async {
            let permit =
                Arc::clone(&self.apart).acquire_owned().await.map_err(|e| Error::Unavailable(e.to_string()))?;
            let read = move || {
                let _permit = permit;
                readers.lend(|conn| {
                    let result = if brake.start(conn) { bind::run(conn, &statement, None) } else { Err(late()) };
                    Brake::finish(conn);
                    result.map(|outcome| outcome.rows)
                })
            };
            tokio::task::spawn_blocking(read).await.map_err(|e| Error::Unavailable(e.to_string()))?
        };
        let result = tokio::time::timeout(self.limit, work).await.unwrap_or_else(|_| Err(late()));
        drop(waiting);
        result
    }

    fn lend<T>(&self, work: impl FnOnce(&mut Connection) -> Result<T>) -> Result<T> {
        let taken = self.idle.lock().pop();
        let mut conn = match taken {
            Some(conn) => conn,
            None => connect(&self.location, true)?,
        };
        let result = work(&mut conn);
        let mut idle = self.idle.lock();
        if idle.len() < KEPT {
            idle.push(conn);
        }
        result
    }
}

#[cfg(test)]
mod tests;
