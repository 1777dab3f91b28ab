//! The SQLite driver: one writer thread with group commit, readers that are lent out.
//!
//! Writes are collected while the writer is busy and committed together; each is acknowledged only after the COMMIT that
//! holds it, with `synchronous=FULL`, so an acknowledged write survives a crash. A failed batch is undone by its savepoint
//! and does not disturb the others. An interactive transaction holds the writer, so it has a time limit.

mod bind;
mod feed;
mod frozen;
mod reader;
mod script;
mod writer;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::sync::oneshot;

pub use feed::follow;
pub use frozen::Frozen;

use crate::error::{Error, Result};
use crate::statement::{Outcome, Statement};

/// Where the database is.
#[derive(Debug, Clone)]
pub enum Location {
    File(PathBuf),
    /// A file that lives as long as the store and need not survive a crash, for tests.
    Temporary(PathBuf),
}

impl Location {
    fn path(&self) -> &std::path::Path {
        match self {
            Self::File(path) | Self::Temporary(path) => path,
        }
    }
}

/// An open SQLite database.
pub struct Sqlite {
    readers: Arc<reader::Readers>,
    writer: writer::Writer,
    location: Location,
}

impl Drop for Sqlite {
    fn drop(&mut self) {
        if let Location::Temporary(path) = &self.location {
            for suffix in ["", "-wal", "-shm"] {
                let mut name = path.clone().into_os_string();
                name.push(suffix);
                let _ = std::fs::remove_file(name);
            }
        }
    }
}

/// An interactive transaction.
pub struct SqliteTx {
    commands: writer::TxSender,
}

impl Sqlite {
    pub fn open(location: &Location) -> Result<Self> {
        private(location.path())?;
        let writer = writer::Writer::start(location)?;
        let readers = Arc::new(reader::Readers::new(location.clone()));
        Ok(Self { readers, writer, location: location.clone() })
    }

    /// Short reads run in place, which costs less than a thread change; others go where blocking does no harm.
    pub async fn read(&self, statement: Statement) -> Result<Vec<Vec<object::Value>>> {
        if !statement.heavy {
            return self.readers.run(&statement);
        }
        self.readers.run_apart(statement).await
    }

    pub async fn write(&self, statements: Vec<Statement>) -> Result<Vec<Outcome>> {
        let (reply, answer) = oneshot::channel();
        self.writer.batch(statements, reply)?;
        answer.await.map_err(|_| Error::Unavailable("the writer has stopped".into()))?
    }

    pub async fn begin(&self) -> Result<SqliteTx> {
        let (reply, answer) = oneshot::channel();
        self.writer.begin(reply)?;
        let commands = answer.await.map_err(|_| Error::Unavailable("the writer has stopped".into()))?;
        Ok(SqliteTx { commands })
    }

    #[cfg(test)]
    pub fn kill_writer(&self) {
        self.writer.die();
    }

    pub async fn freeze(&self) -> Result<Frozen> {
        let location = self.location.clone();
        tokio::task::spawn_blocking(move || Frozen::open(&location))
            .await
            .map_err(|e| Error::Unavailable(e.to_string()))?
    }

    pub fn location(&self) -> &Location {
        &self.location
    }

    /// Changes the schema: runs what `look` decides under the write lock.
    pub async fn script<F>(&self, look: F) -> Result<()>
    where
        F: FnOnce(&dyn Fn(Statement) -> Result<Vec<Vec<object::Value>>>) -> Result<Option<(Vec<String>, Statement)>>
            + Send
            + 'static,
    {
        let location = self.location.clone();
        tokio::task::spawn_blocking(move || script::run(&location, look))
            .await
            .map_err(|e| Error::Unavailable(e.to_string()))?
    }

    /// A consistent copy of the database in a new file.
    pub async fn copy_to(&self, path: &std::path::Path) -> Result<()> {
        let (location, path) = (self.location.clone(), path.to_string_lossy().into_owned());
        let copy = move || {
            private(path.as_ref())?;
            // Readers refuse to write, even elsewhere.
            let conn = connect(&location, false)?;
            conn.execute("VACUUM INTO ?1", [&path]).map(|_| ()).map_err(|e| fault("VACUUM INTO", &e))
        };
        tokio::task::spawn_blocking(copy).await.map_err(|e| Error::Unavailable(e.to_string()))?
    }
}

impl SqliteTx {
    pub async fn run(&self, statements: Vec<Statement>) -> Result<Vec<Outcome>> {
        let (reply, answer) = oneshot::channel();
        self.commands.send(writer::TxCommand::Run(statements, reply)).map_err(|_| Error::TransactionOver)?;
        answer.await.map_err(|_| Error::TransactionOver)?
    }
    pub async fn script(&self, sql: &'static str) -> Result<()> {
        let (reply, answer) = oneshot::channel();
        self.commands.send(writer::TxCommand::Script(sql, reply)).map_err(|_| Error::TransactionOver)?;
        answer.await.map_err(|_| Error::TransactionOver)?
    }
    pub async fn end(&self, commit: bool) -> Result<()> {
        let (reply, answer) = oneshot::channel();
        self.commands.send(writer::TxCommand::End(commit, reply)).map_err(|_| Error::TransactionOver)?;
        answer.await.map_err(|_| Error::TransactionOver)?
    }
}

/// What went wrong, in the store's terms.
fn fault(sql: &str, error: &rusqlite::Error) -> Error {
    use rusqlite::ffi;
    if let rusqlite::Error::SqliteFailure(code, message) = error {
        let message = message.clone().unwrap_or_default();
        match code.extended_code {
            ffi::SQLITE_CONSTRAINT_UNIQUE | ffi::SQLITE_CONSTRAINT_PRIMARYKEY => {
                let list = message.split_once(": ").map_or("", |(_, l)| l);
                let mut table = String::new();
                let columns = list
                    .split(", ")
                    .map(|part| {
                        let (t, c) = part.split_once('.').unwrap_or(("", part));
                        t.clone_into(&mut table);
                        c.to_owned()
                    })
                    .collect();
                return Error::Unique { table, columns };
            }
            ffi::SQLITE_CONSTRAINT_FOREIGNKEY => return Error::ForeignKey,
            _ => {}
        }
        match code.code {
            rusqlite::ErrorCode::OperationInterrupted => return Error::Unavailable("the query took too long".into()),
            rusqlite::ErrorCode::DatabaseBusy
            | rusqlite::ErrorCode::DiskFull
            | rusqlite::ErrorCode::SystemIoFailure
            | rusqlite::ErrorCode::CannotOpen => return Error::Unavailable(message),
            _ => {}
        }
    }
    let what: String = sql.chars().take(120).collect();
    Error::Database { what, message: error.to_string() }
}

/// Makes the file, unless it is there, for nobody else to read: it holds keys and password hashes.
fn private(path: &Path) -> Result<()> {
    let wrong = |e: std::io::Error| Error::Unavailable(format!("the database {}: {e}", path.display()));
    if let Some(folder) = path.parent().filter(|f| !f.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder).map_err(wrong)?;
    }
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(path) {
        Err(e) if e.kind() != std::io::ErrorKind::AlreadyExists => Err(wrong(e)),
        _ => Ok(()),
    }
}

/// A connection with the settings that our promises rest on.
fn connect(location: &Location, read_only: bool) -> Result<rusqlite::Connection> {
    use rusqlite::OpenFlags;
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let opened = rusqlite::Connection::open_with_flags(location.path(), flags);
    let conn = opened.map_err(|e| Error::Unavailable(format!("{location:?}: {e}")))?;
    let set = || -> rusqlite::Result<()> {
        conn.busy_timeout(std::time::Duration::from_secs(5))?;
        conn.pragma_update(None, "journal_mode", "WAL")?;
        let durable = matches!(location, Location::File(_));
        conn.pragma_update(None, "synchronous", if durable { "FULL" } else { "OFF" })?;
        conn.pragma_update(None, "foreign_keys", true)?;
        conn.pragma_update(None, "temp_store", "MEMORY")?;
        conn.pragma_update(None, "cache_size", -4000)?;
        if read_only {
            conn.pragma_update(None, "query_only", true)?;
        }
        conn.set_prepared_statement_cache_capacity(256);
        conn.create_scalar_function(
            "fold",
            1,
            rusqlite::functions::FunctionFlags::SQLITE_UTF8 | rusqlite::functions::FunctionFlags::SQLITE_DETERMINISTIC,
            |ctx| Ok(ctx.get::<Option<String>>(0)?.map(|s| s.to_lowercase())),
        )
    };
    set().map_err(|e| fault("opening the database", &e))?;
    Ok(conn)
}
