//! Changes to the schema: a connection of their own, references checked at the end instead of at each step.

use object::Value;

use super::{Location, bind, connect, fault};
use crate::error::{Error, Result};
use crate::statement::Statement;

type Read<'a> = &'a dyn Fn(Statement) -> Result<Vec<Vec<Value>>>;

/// Runs what `look` decides under the write lock, or nothing of it.
pub fn run(location: &Location, look: impl FnOnce(Read<'_>) -> Result<Option<(Vec<String>, Statement)>>) -> Result<()> {
    let conn = connect(location, false)?;
    let step = |sql: &str| conn.execute_batch(sql).map_err(|e| fault(sql, &e));
    // Cannot be switched inside a transaction. A rebuilt table would take the rows that refer to it along.
    step("PRAGMA foreign_keys = OFF")?;
    step("BEGIN IMMEDIATE")?;
    // Whatever fails below, closing the connection rolls back.
    let read = |s: Statement| bind::run(&conn, &s, None).map(|o| o.rows);
    let Some((script, record)) = look(&read)? else { return step("ROLLBACK") };
    for sql in &script {
        step(sql)?;
    }
    check_references(&conn)?;
    bind::run(&conn, &record, None)?;
    step("COMMIT")
}

fn check_references(conn: &rusqlite::Connection) -> Result<()> {
    let sql = "SELECT \"table\", parent, COUNT(*) FROM pragma_foreign_key_check GROUP BY 1, 2";
    let at = |e| fault(sql, &e);
    let mut prepared = conn.prepare(sql).map_err(at)?;
    let rows = prepared.query_map([], |row| {
        let (table, parent, count): (String, String, i64) = (row.get(0)?, row.get(1)?, row.get(2)?);
        Ok(format!("{count} rows of {table} refer to rows of {parent} that do not exist"))
    });
    let broken: Vec<String> = rows.map_err(at)?.collect::<rusqlite::Result<_>>().map_err(at)?;
    if broken.is_empty() {
        return Ok(());
    }
    Err(Error::Schema(format!("{}; nothing was changed. Delete these rows with the version before", broken.join(", "))))
}
