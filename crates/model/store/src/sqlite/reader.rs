//! Reader connections, lent out one statement at a time.

use std::sync::Arc;
use std::time::Duration;

use object::Value;
use parking_lot::Mutex;
use rusqlite::{Connection, InterruptHandle};
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

/// Stops a read from outside: full while it runs, so that no later read on the same connection is hit.
#[derive(Default)]
struct Brake {
    running: Mutex<(bool, Option<InterruptHandle>)>,
}

impl Brake {
    /// False when it was pulled before the read began.
    fn start(&self, conn: &Connection) -> bool {
        let mut running = self.running.lock();
        running.1 = Some(conn.get_interrupt_handle());
        !running.0
    }
    fn finish(&self) {
        self.running.lock().1 = None;
    }
    fn pull(&self) {
        let mut running = self.running.lock();
        running.0 = true;
        if let Some(handle) = &running.1 {
            handle.interrupt();
        }
    }
}

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
                    brake.finish();
                    result.map(|outcome| outcome.rows)
                })
            };
            tokio::task::spawn_blocking(read).await.map_err(|e| Error::Unavailable(e.to_string()))?
        };
        let result = tokio::time::timeout(self.limit, work).await.unwrap_or_else(|_| Err(late()));
        drop(waiting);
        result
    }

    fn lend<T>(&self, work: impl FnOnce(&Connection) -> Result<T>) -> Result<T> {
        let taken = self.idle.lock().pop();
        let conn = match taken {
            Some(conn) => conn,
            None => connect(&self.location, true)?,
        };
        let result = work(&conn);
        let mut idle = self.idle.lock();
        if idle.len() < KEPT {
            idle.push(conn);
        }
        result
    }
}

#[cfg(test)]
mod tests;
