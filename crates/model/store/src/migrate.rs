//! Bringing a database to the catalogue's shape.

use object::Catalogue;

use crate::conn::Conn;
use crate::error::Result;
use crate::sql;
use crate::statement::{Column, Expect, Statement};

fn plain(sql: String, columns: Vec<Column>) -> Statement {
    Statement { sql, params: vec![], columns, expect: Expect::Any, hot: false, heavy: true }
}

/// Makes every table when the database is empty.
pub async fn migrate(conn: &Conn, catalogue: &Catalogue) -> Result<()> {
    let exists = match conn.dialect() {
        sql::Dialect::Sqlite => "SELECT COUNT(*) FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'",
        sql::Dialect::Postgres => "SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = current_schema()",
    };
    let rows = conn.read(plain(exists.into(), vec![Column::Int])).await?;
    if rows.first().and_then(|r| r.first()).and_then(object::Value::as_int) != Some(0) {
        return Ok(());
    }
    let statements = sql::create_tables(catalogue, conn.dialect());
    conn.write(statements.into_iter().map(|s| plain(s, vec![])).collect()).await?;
    Ok(())
}
