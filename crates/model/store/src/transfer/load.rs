//! Filling a database with rows, wholly or not at all.

use object::Value;

use super::{Layout, mark, number, plain};
use crate::error::{Error, Result};
use crate::shape::TableKey;
use crate::sql::{self, Dialect, quoted};
use crate::statement::{Param, Statement};
use crate::store::Store;
use crate::touch::Touch;
use crate::tx::Tx;

/// Parameters of one statement: both databases take more than this.
const PARAMETERS: usize = 8000;

/// A transaction that replaces every row. Until [`Load::commit`] nothing has happened.
pub struct Load {
    tx: Tx,
    layout: Layout,
}

impl Store {
    /// Starts to fill the database; what it holds goes with the commit. References are checked at the end, as tables refer
    /// to each other in circles.
    pub async fn load(&self) -> Result<Load> {
        let load = Load { tx: self.begin().await?, layout: self.layout() };
        let mut statements = Vec::new();
        match load.dialect() {
            Dialect::Sqlite => {
                load.tx.conn.script("PRAGMA defer_foreign_keys = ON").await?;
                statements.extend(load.layout.tables().map(|t| format!("DELETE FROM {}", quoted(t))));
            }
            Dialect::Postgres => {
                statements.push("SET LOCAL statement_timeout = 0".to_owned());
                statements.push("SET LOCAL idle_in_transaction_session_timeout = 0".to_owned());
                for (name, table) in &load.layout.0.tables {
                    let referring = table.columns.iter().filter(|c| c.references.is_some());
                    statements.extend(referring.map(|c| sql::drop_reference(name, &c.name)));
                }
                let all: Vec<_> = load.layout.tables().map(quoted).collect();
                statements.push(format!("TRUNCATE {}", all.join(", ")));
            }
        }
        for sql in statements {
            load.tx.conn.write(vec![plain(sql, vec![], vec![])]).await?;
        }
        Ok(load)
    }
}

impl Load {
    pub fn layout(&self) -> &Layout {
        &self.layout
    }

    fn dialect(&self) -> Dialect {
        self.tx.conn.dialect()
    }

    /// Writes rows as they are.
    pub async fn insert(&self, name: &str, rows: Vec<Vec<Value>>) -> Result<()> {
        let table = self.layout.table(name)?;
        let (dialect, width) = (self.dialect(), table.columns.len());
        let names: Vec<String> = table.columns.iter().map(|c| quoted(&c.name)).collect();
        let kinds: Vec<&str> = table.columns.iter().map(|c| sql::sql_type(c.kind, dialect)).collect();
        let at_once = (PARAMETERS / width).max(1);
        let mut rows = rows.into_iter().peekable();
        while rows.peek().is_some() {
            let mut params: Vec<Param> = Vec::new();
            let mut groups = Vec::new();
            for row in rows.by_ref().take(at_once) {
                if row.len() != width {
                    return Err(Error::Schema(format!("a row of {name} has {} values, not {width}", row.len())));
                }
                if dialect == Dialect::Postgres {
                    refuse_zeros(name, table.columns.iter().map(|c| &*c.name).zip(&row))?;
                }
                let first = params.len();
                let marks: Vec<String> = (0..width)
                    .map(|i| match dialect {
                        Dialect::Sqlite => mark(dialect, first + i + 1),
                        Dialect::Postgres => format!("{}::{}", mark(dialect, first + i + 1), kinds[i]),
                    })
                    .collect();
                groups.push(format!("({})", marks.join(", ")));
                params.extend(row.into_iter().map(Param::from));
            }
            let sql = format!("INSERT INTO {} ({}) VALUES {}", quoted(name), names.join(", "), groups.join(", "));
            self.tx.conn.write(vec![plain(sql, params, vec![])]).await?;
        }
        Ok(())
    }

    /// Sets a table's counter, so that no number is given twice.
    pub async fn set_counter(&self, name: &str, last: i64) -> Result<()> {
        let table = self.layout.table(name)?;
        if table.key != TableKey::Counted || last < 1 {
            return Ok(());
        }
        let statements: Vec<Statement> = match self.dialect() {
            Dialect::Sqlite => vec![
                plain("DELETE FROM sqlite_sequence WHERE name = ?1".into(), vec![Value::from(name).into()], vec![]),
                plain(
                    "INSERT INTO sqlite_sequence (name, seq) VALUES (?1, ?2)".into(),
                    vec![Value::from(name).into(), Value::Int(last).into()],
                    vec![],
                ),
            ],
            Dialect::Postgres => vec![plain(
                format!("SELECT setval(pg_get_serial_sequence('{}', '{}'), $1)", quoted(name), table.columns[0].name),
                vec![Value::Int(last).into()],
                vec![crate::statement::Column::Int],
            )],
        };
        self.tx.conn.write(statements).await.map(|_| ())
    }

    /// The rows behind `after` as they now stand there.
    pub async fn page(&self, table: &str, after: Option<&[Value]>) -> Result<Vec<Vec<Value>>> {
        self.tx.conn.read(self.layout.page(self.dialect(), table, after)?).await
    }

    /// The number of rows as they now stand there.
    pub async fn count(&self, table: &str) -> Result<u64> {
        number(self.tx.conn.read(self.layout.count(table)?).await?).map(|n| n.unwrap_or_default().unsigned_abs())
    }

    /// Checks every reference and makes it all happen.
    pub async fn commit(self) -> Result<()> {
        if self.dialect() == Dialect::Postgres {
            for (name, table) in &self.layout.0.tables {
                for sql in table.columns.iter().filter_map(|c| sql::add_reference(name, c)) {
                    self.tx.conn.write(vec![plain(sql, vec![], vec![])]).await?;
                }
            }
        }
        // Whoever is connected reads everything again.
        let labels: Vec<&'static str> = self.tx.catalogue().models().iter().map(|m| m.name()).collect();
        if let Some(touched) = &self.tx.touched {
            touched.lock().touches.extend(labels.into_iter().map(Touch::Deleted));
        }
        self.tx.commit().await
    }

    /// Leaves everything as it was.
    pub async fn undo(self) -> Result<()> {
        self.tx.rollback().await
    }
}

/// PostgreSQL keeps no zero characters, and says so without naming where.
fn refuse_zeros<'a>(table: &str, row: impl Iterator<Item = (&'a str, &'a Value)>) -> Result<()> {
    fn has_zero(json: &serde_json::Value) -> bool {
        match json {
            serde_json::Value::String(text) => text.contains('\0'),
            serde_json::Value::Array(items) => items.iter().any(has_zero),
            serde_json::Value::Object(map) => map.iter().any(|(name, v)| name.contains('\0') || has_zero(v)),
            _ => false,
        }
    }
    let mut key = None;
    for (column, value) in row {
        let key = &*key.get_or_insert_with(|| value.as_key().map(|k| k.to_string()).unwrap_or_default());
        let zero = match value {
            Value::Text(text) => text.contains('\0'),
            Value::Json(json) => has_zero(json),
            _ => false,
        };
        if zero {
            return Err(Error::Schema(format!(
                "{table} {key}: {column} holds a zero character, which PostgreSQL cannot keep; take it out and try again"
            )));
        }
    }
    Ok(())
}
