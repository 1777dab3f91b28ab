//! The driver behind a store: a database, or a transaction in it.

use std::sync::Arc;

use object::Value;

use crate::error::Result;
use crate::postgres::{Postgres, PostgresTx};
use crate::sql::Dialect;
use crate::sqlite::{Sqlite, SqliteTx};
use crate::statement::{Outcome, Statement};

#[derive(Clone)]
pub enum Conn {
    Sqlite(Arc<Sqlite>),
    SqliteTx(Arc<SqliteTx>),
    Postgres(Arc<Postgres>),
    PostgresTx(Arc<PostgresTx>),
}

impl Conn {
    pub fn dialect(&self) -> Dialect {
        match self {
            Self::Sqlite(_) | Self::SqliteTx(_) => Dialect::Sqlite,
            Self::Postgres(_) | Self::PostgresTx(_) => Dialect::Postgres,
        }
    }
    pub fn is_transaction(&self) -> bool {
        matches!(self, Self::SqliteTx(_) | Self::PostgresTx(_))
    }
    pub async fn read(&self, statement: Statement) -> Result<Vec<Vec<Value>>> {
        match self {
            Self::Sqlite(db) => db.read(statement).await,
            Self::SqliteTx(tx) => {
                let mut outcomes = tx.run(vec![statement]).await?;
                Ok(outcomes.pop().map(|o| o.rows).unwrap_or_default())
            }
            Self::Postgres(db) => db.read(statement).await,
            Self::PostgresTx(tx) => tx.read(&statement).await,
        }
    }
    /// Runs the statements atomically.
    pub async fn write(&self, statements: Vec<Statement>) -> Result<Vec<Outcome>> {
        match self {
            Self::Sqlite(db) => db.write(statements).await,
            Self::SqliteTx(tx) => tx.run(statements).await,
            Self::Postgres(db) => db.write(statements).await,
            Self::PostgresTx(tx) => tx.run(statements).await,
        }
    }
    pub async fn begin(&self) -> Result<Self> {
        match self {
            Self::Sqlite(db) => Ok(Self::SqliteTx(Arc::new(db.begin().await?))),
            Self::Postgres(db) => Ok(Self::PostgresTx(Arc::new(db.begin().await?))),
            Self::SqliteTx(_) | Self::PostgresTx(_) => Ok(self.clone()),
        }
    }
    /// A savepoint command inside a transaction.
    pub async fn script(&self, sql: &'static str) -> Result<()> {
        match self {
            Self::Sqlite(_) | Self::Postgres(_) => Err(crate::Error::TransactionOver),
            Self::SqliteTx(tx) => tx.script(sql).await,
            Self::PostgresTx(tx) => tx.batch(sql).await,
        }
    }
    pub async fn end(&self, commit: bool) -> Result<()> {
        match self {
            Self::Sqlite(_) | Self::Postgres(_) => Ok(()),
            Self::SqliteTx(tx) => tx.end(commit).await,
            Self::PostgresTx(tx) => tx.end(commit).await,
        }
    }
}
