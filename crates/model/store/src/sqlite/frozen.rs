//! A connection that sees one moment of the database for as long as it is kept.

use std::sync::Arc;

use object::Value;
use parking_lot::Mutex;
use rusqlite::Connection;

use super::{Location, bind, connect, fault};
use crate::error::{Error, Result};
use crate::statement::Statement;

pub struct Frozen(Arc<Mutex<Connection>>);

impl Frozen {
    pub fn open(location: &Location) -> Result<Self> {
        let conn = connect(location, true)?;
        // The moment is that of the first read.
        conn.execute_batch("BEGIN; SELECT COUNT(*) FROM sqlite_master").map_err(|e| fault("BEGIN", &e))?;
        Ok(Self(Arc::new(Mutex::new(conn))))
    }

    pub async fn read(&self, statement: Statement) -> Result<Vec<Vec<Value>>> {
        let conn = Arc::clone(&self.0);
        let read = move || bind::run(&conn.lock(), &statement, None).map(|outcome| outcome.rows);
        tokio::task::spawn_blocking(read).await.map_err(|e| Error::Unavailable(e.to_string()))?
    }
}
