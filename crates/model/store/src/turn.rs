//! Who does what, where several processes could: turns that come round, and work that only one does at a time.
//!
//! Neither needs a connection that is kept (a pooler would not give one), nor somebody who tidies up after a process that
//! died: a turn passes with its time, a lock with its transaction.

use std::os::unix::fs::OpenOptionsExt as _;
use std::time::Duration;

use object::Value;

use crate::conn::Conn;
use crate::error::{Error, Result};
use crate::sql;
use crate::sqlite::Location;
use crate::store::Store;

impl Store {
    /// Takes the turn for `name`: of all processes that ask, one gets it, and nobody again before `period` is over.
    pub async fn claim(&self, name: &str, period: Duration) -> Result<bool> {
        let statement = sql::claim(self.conn.dialect(), name, period);
        let outcomes = self.conn.write(vec![statement]).await?;
        Ok(outcomes.first().is_some_and(|o| o.affected > 0))
    }

    /// Gives a turn back before its time.
    pub async fn release(&self, name: &str) -> Result<()> {
        self.conn.write(vec![sql::release(name)]).await.map(|_| ())
    }

    /// Does the work while no other process on this database does work under the same name; whoever comes second waits.
    /// The work may use the store, in this process it must not ask for the same name again.
    pub async fn exclusively<T, E>(
        &self,
        name: &str,
        work: impl Future<Output = std::result::Result<T, E>>,
    ) -> std::result::Result<T, E>
    where
        E: From<Error>,
    {
        let _ours = self.shared.exclusive.lock().await;
        match &self.conn {
            Conn::Postgres(db) => {
                let tx = db.begin().await?;
                // It stands idle while the work is done elsewhere.
                let lock = format!(
                    "SET LOCAL statement_timeout = 0; SET LOCAL idle_in_transaction_session_timeout = 0; \
                     SELECT pg_advisory_xact_lock({})",
                    number(name)
                );
                tx.batch(&lock).await?;
                let result = work.await;
                tx.end(false).await?;
                result
            }
            Conn::Sqlite(db) => {
                let Location::File(path) = db.location() else { return work.await };
                let mut path = path.clone().into_os_string();
                path.push(".lock");
                let lock = move || -> std::io::Result<std::fs::File> {
                    let file = std::fs::OpenOptions::new().create(true).append(true).mode(0o600).open(path)?;
                    file.lock()?;
                    Ok(file)
                };
                let locked = tokio::task::spawn_blocking(lock).await;
                let file = locked.map_err(|e| Error::Unavailable(e.to_string()))?;
                let _file = file.map_err(|e| Error::Unavailable(format!("the lock beside the database: {e}")))?;
                work.await
            }
            Conn::SqliteTx(_) | Conn::PostgresTx(_) => Err(Error::TransactionOver.into()),
        }
    }

    /// Whether the database did not answer when it was last asked. Requests may still be waiting for it.
    pub fn is_down(&self) -> bool {
        match &self.conn {
            Conn::Postgres(driver) => driver.is_down(),
            Conn::Sqlite(_) | Conn::SqliteTx(_) | Conn::PostgresTx(_) => false,
        }
    }
}

/// A lock's number by its name.
fn number(name: &str) -> i64 {
    let sum = name.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |h, b| (h ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3));
    sum.cast_signed()
}

/// The parameters of [`sql::claim`].
pub(crate) fn micros(period: Duration) -> Value {
    Value::Int(i64::try_from(period.as_micros()).unwrap_or(i64::MAX))
}
