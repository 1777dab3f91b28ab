//! The PostgreSQL driver: a small pool, batches in one pipelined transaction, interactive transactions.
//!
//! A connection is lent for one statement, one batch or one transaction. Work that its caller gave up is cancelled on the
//! server and the connection comes back clean. Reads that met a dead connection are repeated once; batches are repeated
//! when the database chose them as the victim of a conflict, or when the connection broke before their COMMIT was sent.

mod batch;
mod bind;
mod config;
mod connect;
mod fault;
mod feed;
mod health;
mod pool;
mod tls;

use std::sync::Arc;
use std::time::Duration;

use object::Value;
use tokio::time::timeout;

pub use config::{PostgresConfig, SslMode};
pub use feed::{CHANNEL, follow, read_over};

use crate::error::{Error, Result};
use crate::statement::{Outcome, Statement};
use batch::Frame;
use fault::{Cause, Fault};
use pool::{Lent, Pool};

/// How often a batch is repeated that lost against another.
const CONFLICTS: u32 = 6;
/// How long an interactive transaction may stand idle; the same as with SQLite.
const PATIENCE: Duration = Duration::from_secs(15);

/// An open PostgreSQL database.
pub struct Postgres {
    pool: Arc<Pool>,
    /// Gone with the driver: what the change feed waits for to end.
    pub(crate) alive: tokio::sync::watch::Sender<bool>,
}

/// An interactive transaction, at READ COMMITTED: lock what a decision rests on with a guarded write.
pub struct PostgresTx {
    lent: tokio::sync::Mutex<Option<Lent>>,
    failed: std::sync::atomic::AtomicBool,
}

impl Postgres {
    /// Opens the database and makes a first connection, so that a wrong password is found now.
    pub async fn open(config: PostgresConfig) -> Result<Self> {
        let pool = Arc::new(Pool::new(config)?);
        drop(pool.acquire().await?);
        Ok(Self { pool, alive: tokio::sync::watch::Sender::new(false) })
    }

    /// Whether the server has been silent for so long that nothing waits for it.
    pub fn is_gone(&self) -> bool {
        self.pool.health.is_gone()
    }

    pub fn is_down(&self) -> bool {
        self.pool.health.is_down()
    }

    pub fn config(&self) -> &PostgresConfig {
        &self.pool.options
    }

    pub async fn read(&self, statement: Statement) -> Result<Vec<Vec<Value>>> {
        let mut tries = 0;
        loop {
            let mut lent = self.pool.acquire().await?;
            match lent.within(bind::run, &statement).await {
                Ok(outcome) => return Ok(outcome.rows),
                Err(fault) if tries == 0 && matches!(fault.cause, Cause::Lost | Cause::Stale) => {
                    self.recover(&lent, fault.cause);
                    tries += 1;
                }
                Err(fault) => return Err(fault.error),
            }
        }
    }

    /// Runs the statements in one transaction.
    pub async fn write(&self, statements: Vec<Statement>) -> Result<Vec<Outcome>> {
        let mut tries = 0;
        loop {
            let mut lent = self.pool.acquire().await?;
            let fault = match batch::run(&mut lent, &statements, Frame::Transaction).await {
                Ok(outcomes) => return Ok(outcomes),
                Err(fault) => fault,
            };
            let again = match fault.cause {
                Cause::Conflict => tries < CONFLICTS,
                Cause::Lost | Cause::Stale => tries == 0 && !fault.commit_sent,
                Cause::Other => false,
            };
            if !again {
                return Err(fault.error);
            }
            self.recover(&lent, fault.cause);
            drop(lent);
            if fault.cause == Cause::Conflict {
                // Two that met once must not meet again at the same moment.
                let wait = clock::Random::system().below(10 << tries) + 1;
                tokio::time::sleep(Duration::from_millis(wait)).await;
            }
            tries += 1;
        }
    }

    /// What a fault says about the other connections: when one is dead, those that lie idle are too.
    fn recover(&self, lent: &Lent, cause: Cause) {
        match cause {
            Cause::Lost => self.pool.forget(),
            Cause::Stale => lent.forget_statements(),
            Cause::Conflict | Cause::Other => {}
        }
    }

    pub async fn begin(&self) -> Result<PostgresTx> {
        let mut tries = 0;
        loop {
            let mut lent = self.pool.acquire().await?;
            lent.busy = true;
            // SET LOCAL ends with the transaction, so a pooler between us and the server does no harm.
            let sql = format!("BEGIN; SET LOCAL idle_in_transaction_session_timeout = {}", PATIENCE.as_millis());
            let begun = lent.hoping(async |client| Ok(client.batch_execute(&sql).await)).await?;
            match begun {
                Ok(()) => return Ok(PostgresTx { lent: tokio::sync::Mutex::new(Some(lent)), failed: false.into() }),
                Err(e) => {
                    let fault = Fault::of("BEGIN", &e);
                    if fault.cause != Cause::Lost || tries > 0 {
                        return Err(fault.error);
                    }
                    self.pool.forget();
                    tries += 1;
                }
            }
        }
    }

    /// Changes the schema: runs what `look` decides, in one transaction, one instance at a time, without time limits.
    pub async fn script<F>(&self, lock: i64, look: F) -> Result<()>
    where
        F: AsyncFnOnce(&PostgresTx) -> Result<Option<(Vec<String>, Statement)>>,
    {
        let tx = self.begin().await?;
        let schema = &self.config().schema;
        if schema != "public" {
            tx.batch(&format!("CREATE SCHEMA IF NOT EXISTS {}", crate::sql::quoted(schema))).await?;
        }
        let prepare = format!(
            "SET LOCAL statement_timeout = 0; SET LOCAL idle_in_transaction_session_timeout = 0; SELECT pg_advisory_xact_lock({lock})"
        );
        tx.batch(&prepare).await?;
        if let Some((script, record)) = look(&tx).await? {
            tx.batch(&script.join(";\n")).await?;
            tx.run(vec![record]).await?;
        }
        tx.end(true).await
    }
}

impl PostgresTx {
    pub async fn read(&self, statement: &Statement) -> Result<Vec<Vec<Value>>> {
        let mut guard = self.lent.lock().await;
        let lent = guard.as_mut().ok_or(Error::TransactionOver)?;
        let health = Arc::clone(&lent.health);
        let answered = tokio::select! {
            biased;
            answered = bind::run(lent, statement) => answered,
            () = health.gone() => Err(health::Health::error().into()),
        };
        match answered {
            Ok(outcome) => Ok(outcome.rows),
            Err(fault) => {
                // PostgreSQL refuses everything after an error; commit must not look like success.
                self.failed.store(true, std::sync::atomic::Ordering::Relaxed);
                Err(over(fault))
            }
        }
    }

    /// Runs the statements so that their failure leaves the rest of the transaction as it was.
    pub async fn run(&self, statements: Vec<Statement>) -> Result<Vec<Outcome>> {
        let mut guard = self.lent.lock().await;
        let lent = guard.as_mut().ok_or(Error::TransactionOver)?;
        batch::run(lent, &statements, Frame::Savepoint).await.map_err(over)
    }

    pub async fn batch(&self, sql: &str) -> Result<()> {
        let mut guard = self.lent.lock().await;
        let lent = guard.as_mut().ok_or(Error::TransactionOver)?;
        let done = async |client: &tokio_postgres::Client| {
            client.batch_execute(sql).await.map_err(|e| Fault::of(sql, &e).error)
        };
        lent.hoping(done).await?;
        if sql.starts_with("ROLLBACK TO") {
            self.failed.store(false, std::sync::atomic::Ordering::Relaxed);
        }
        Ok(())
    }

    pub async fn end(&self, commit: bool) -> Result<()> {
        let mut lent = self.lent.lock().await.take().ok_or(Error::TransactionOver)?;
        let failed = self.failed.load(std::sync::atomic::Ordering::Relaxed);
        let sql = if commit && !failed { "COMMIT" } else { "ROLLBACK" };
        let limit = lent.limit;
        let ended =
            lent.hoping(async |client| timeout(limit, client.batch_execute(sql)).await.map_err(|_| Lent::too_long()));
        match ended.await? {
            Ok(()) => lent.busy = false,
            Err(e) => return Err(over(Fault::of(sql, &e))),
        }
        if commit && failed { Err(Error::TransactionOver) } else { Ok(()) }
    }
}

/// A connection that broke took the transaction with it; a conflict inside one is for the caller to repeat.
fn over(fault: Fault) -> Error {
    match fault.cause {
        // The server ends one that stands idle for too long.
        Cause::Lost if fault.is_idle => Error::TransactionOver,
        Cause::Conflict => Error::Guard,
        _ => fault.error,
    }
}
