//! PostgreSQL's errors in the store's terms.

use tokio_postgres::error::{DbError, SqlState};

use crate::error::Error;

/// What a fault means for what to do next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// The connection is dead.
    Lost,
    /// Another transaction was in the way; the same again may succeed.
    Conflict,
    /// A prepared statement no longer fits its tables.
    Stale,
    Other,
}

/// An error with what it means.
#[derive(Debug)]
pub struct Fault {
    pub error: Error,
    pub cause: Cause,
    /// Whether a COMMIT was on its way, so that nobody knows what became of it.
    pub commit_sent: bool,
    /// The server ended a transaction that stood idle.
    pub is_idle: bool,
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        Self { error, cause: Cause::Other, commit_sent: false, is_idle: false }
    }
}

impl Fault {
    pub fn of(sql: &str, error: &tokio_postgres::Error) -> Self {
        let is_idle = error.code().is_some_and(|code| code.code() == "25P03");
        let (error, cause) = match error.as_db_error() {
            Some(db) => of_server(sql, db),
            None if error.is_closed() || is_io(error) => {
                (Error::Unavailable(format!("the connection broke: {}", chain(error))), Cause::Lost)
            }
            None => (database(sql, chain(error)), Cause::Other),
        };
        Self { error, cause, commit_sent: false, is_idle }
    }
}

/// The error with its causes, as the library's own text says only where it happened.
pub fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        next = cause.source();
    }
    text
}

fn is_io(error: &tokio_postgres::Error) -> bool {
    std::error::Error::source(error).is_some_and(|e| e.downcast_ref::<std::io::Error>().is_some())
}

fn database(sql: &str, message: String) -> Error {
    Error::Database { what: sql.chars().take(120).collect(), message }
}

fn of_server(sql: &str, db: &DbError) -> (Error, Cause) {
    let code = db.code();
    if *code == SqlState::UNIQUE_VIOLATION {
        let table = db.table().unwrap_or_default().to_owned();
        return (Error::Unique { table, columns: columns(db.detail().unwrap_or_default()) }, Cause::Other);
    }
    if *code == SqlState::FOREIGN_KEY_VIOLATION {
        return (Error::ForeignKey, Cause::Other);
    }
    if *code == SqlState::T_R_SERIALIZATION_FAILURE || *code == SqlState::T_R_DEADLOCK_DETECTED {
        return (Error::Guard, Cause::Conflict);
    }
    if *code == SqlState::FEATURE_NOT_SUPPORTED && db.message().contains("cached plan") {
        return (database(sql, db.message().to_owned()), Cause::Stale);
    }
    let text = db.message().to_owned();
    match code.code() {
        "57014" => (Error::Unavailable(format!("the query took too long: {text}")), Cause::Other),
        // Shutting down, starting up, idle for too long, or a replica that will not write.
        "57P01" | "57P02" | "57P03" | "25P03" | "25006" => (Error::Unavailable(text), Cause::Lost),
        // Prepared statements that a pooler lost on the way.
        "26000" => (database(sql, text), Cause::Stale),
        code if code.starts_with("08") => (Error::Unavailable(text), Cause::Lost),
        // Out of disk, memory or connections; who we are is refused.
        code if code.starts_with("53") || code.starts_with("28") || code == "3D000" => {
            (Error::Unavailable(text), Cause::Other)
        }
        _ => (database(sql, text), Cause::Other),
    }
}

/// The columns out of `Key (a, b)=(1, 2) already exists.`, which keeps its brackets in every language.
fn columns(detail: &str) -> Vec<String> {
    let inside = detail.split_once('(').and_then(|(_, rest)| rest.split_once(")=(")).map_or("", |(list, _)| list);
    inside.split(", ").filter(|c| !c.is_empty()).map(|c| c.trim_matches('"').to_owned()).collect()
}
