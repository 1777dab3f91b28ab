//! All rows of all tables, out of one database and into another: for moving and for copies that are kept.
//!
//! It walks tables, not models: what is carried is exactly what is there, references and counters included, and neither
//! side runs any behaviour of a kind. Reading sees one moment; writing is one transaction, read back before it is committed.

mod load;

use std::sync::Arc;

use object::Value;

use crate::conn::Conn;
use crate::error::{Error, Result};
use crate::shape::{Shape, Table, TableKey};
use crate::sql::{Dialect, quoted};
use crate::statement::{Column, Expect, Param, Statement};
use crate::store::Store;

pub use load::Load;

/// Tables of the moment, which mean nothing elsewhere.
const OWN: [&str; 2] = ["keywright_news", "keywright_turn"];
/// Rows read at once.
const PAGE: usize = 1000;

/// The tables of a catalogue and what a row of each holds.
#[derive(Clone)]
pub struct Layout(Arc<Shape>);

impl Layout {
    /// For comparing: two databases with the same text hold the same columns.
    pub fn text(&self) -> String {
        self.0.to_json()
    }
    /// The tables that are carried, in the order of their names.
    pub fn tables(&self) -> impl Iterator<Item = &str> {
        self.0.tables.keys().map(String::as_str).filter(|name| !OWN.contains(name))
    }
    /// The types of a table's columns.
    pub fn columns(&self, table: &str) -> Result<Vec<Column>> {
        Ok(self.table(table)?.columns.iter().map(|c| c.kind).collect())
    }
    fn table(&self, name: &str) -> Result<&Table> {
        self.0.tables.get(name).ok_or_else(|| Error::Schema(format!("there is no table {name}")))
    }
    /// How many of the first columns are the key.
    fn key(table: &Table) -> usize {
        if table.key == TableKey::Pair { 2 } else { 1 }
    }

    fn page(&self, dialect: Dialect, name: &str, after: Option<&[Value]>) -> Result<Statement> {
        let table = self.table(name)?;
        let names: Vec<String> = table.columns.iter().map(|c| quoted(&c.name)).collect();
        let key = names[..Self::key(table)].join(", ");
        let mut sql = format!("SELECT {} FROM {}", names.join(", "), quoted(name));
        let mut params: Vec<Param> = Vec::new();
        if let Some(row) = after {
            let marks: Vec<String> = (1..=Self::key(table)).map(|n| mark(dialect, n)).collect();
            sql.push_str(&format!(" WHERE ({key}) > ({})", marks.join(", ")));
            params.extend(row.iter().take(Self::key(table)).cloned().map(Param::from));
        }
        sql.push_str(&format!(" ORDER BY {key} LIMIT {PAGE}"));
        Ok(plain(sql, params, table.columns.iter().map(|c| c.kind).collect()))
    }

    fn count(&self, name: &str) -> Result<Statement> {
        self.table(name)?;
        Ok(plain(format!("SELECT COUNT(*) FROM {}", quoted(name)), vec![], vec![Column::Int]))
    }

    /// The last number that a table's counter gave.
    fn counter(&self, dialect: Dialect, name: &str) -> Result<Option<Statement>> {
        let table = self.table(name)?;
        if table.key != TableKey::Counted {
            return Ok(None);
        }
        let sql = match dialect {
            Dialect::Sqlite => format!("SELECT seq FROM sqlite_sequence WHERE name = '{name}'"),
            Dialect::Postgres => format!(
                "SELECT pg_sequence_last_value(pg_get_serial_sequence('{}', '{}')::regclass)",
                quoted(name),
                table.columns[0].name
            ),
        };
        Ok(Some(plain(sql, vec![], vec![Column::Int])))
    }
}

fn mark(dialect: Dialect, n: usize) -> String {
    match dialect {
        Dialect::Sqlite => format!("?{n}"),
        Dialect::Postgres => format!("${n}"),
    }
}

fn plain(sql: String, params: Vec<Param>, columns: Vec<Column>) -> Statement {
    Statement { sql, params, columns, expect: Expect::Any, hot: false, heavy: true }
}

/// A database as it was at one moment.
pub struct Frozen {
    source: Source,
    layout: Layout,
}

enum Source {
    Sqlite(crate::sqlite::Frozen),
    Tx(Conn),
}

impl Store {
    /// The tables of this store.
    pub fn layout(&self) -> Layout {
        Layout(Arc::new(Shape::of(self.catalogue())))
    }

    /// Whether there are no rows at all.
    pub async fn is_empty(&self) -> Result<bool> {
        let layout = self.layout();
        for table in layout.tables() {
            let sql = format!("SELECT 1 FROM {} LIMIT 1", quoted(table));
            let one = Statement { columns: vec![], ..plain(sql, vec![], vec![]) };
            if !self.conn.read(one).await?.is_empty() {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Holds on to this moment. Others go on reading and writing.
    pub async fn freeze(&self) -> Result<Frozen> {
        let source = match &self.conn {
            Conn::Sqlite(db) => Source::Sqlite(db.freeze().await?),
            Conn::Postgres(db) => {
                let tx = db.begin().await?;
                tx.batch(
                    "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY; SET LOCAL statement_timeout = 0; \
                     SET LOCAL idle_in_transaction_session_timeout = 0",
                )
                .await?;
                Source::Tx(Conn::PostgresTx(Arc::new(tx)))
            }
            Conn::SqliteTx(_) | Conn::PostgresTx(_) => return Err(Error::TransactionOver),
        };
        Ok(Frozen { source, layout: self.layout() })
    }
}

impl Frozen {
    pub fn layout(&self) -> &Layout {
        &self.layout
    }
    /// The number of rows.
    pub async fn count(&self, table: &str) -> Result<u64> {
        number(self.read(self.layout.count(table)?).await?).map(|n| n.unwrap_or_default().unsigned_abs())
    }
    /// The rows behind `after`, or the first; none when there are no more.
    pub async fn page(&self, table: &str, after: Option<&[Value]>) -> Result<Vec<Vec<Value>>> {
        self.read(self.layout.page(self.dialect(), table, after)?).await
    }
    /// The last number that the table's counter gave.
    pub async fn counter(&self, table: &str) -> Result<Option<i64>> {
        match self.layout.counter(self.dialect(), table)? {
            Some(statement) => number(self.read(statement).await?),
            None => Ok(None),
        }
    }
    fn dialect(&self) -> Dialect {
        match &self.source {
            Source::Sqlite(_) => Dialect::Sqlite,
            Source::Tx(conn) => conn.dialect(),
        }
    }
    async fn read(&self, statement: Statement) -> Result<Vec<Vec<Value>>> {
        match &self.source {
            Source::Sqlite(frozen) => frozen.read(statement).await,
            Source::Tx(conn) => conn.read(statement).await,
        }
    }
}

#[expect(clippy::unnecessary_wraps, reason = "stands at the end of a chain of results")]
fn number(rows: Vec<Vec<Value>>) -> Result<Option<i64>> {
    Ok(rows.first().and_then(|r| r.first()).and_then(Value::as_int))
}

/// A row as bytes that are the same whichever database it comes from.
pub fn canonical(row: &[Value], out: &mut Vec<u8>) {
    for value in row {
        match value {
            Value::Null => out.push(b'n'),
            Value::Bool(b) => out.extend([b'b', u8::from(*b)]),
            Value::Int(n) => {
                out.push(b'i');
                out.extend(n.to_be_bytes());
            }
            Value::Float(f) => {
                out.push(b'f');
                out.extend(f.to_be_bytes());
            }
            Value::Text(text) => sized(out, b't', text.as_bytes()),
            Value::Uuid(uuid) => sized(out, b'u', uuid.as_bytes()),
            Value::Time(at) => {
                out.push(b'a');
                out.extend(at.as_microsecond().to_be_bytes());
            }
            Value::Json(json) => canonical_json(json, out),
            // No column holds any.
            Value::Keys(_) => out.push(b'k'),
        }
    }
}

fn sized(out: &mut Vec<u8>, sign: u8, bytes: &[u8]) {
    out.push(sign);
    out.extend((bytes.len() as u64).to_be_bytes());
    out.extend(bytes);
}

fn canonical_json(json: &serde_json::Value, out: &mut Vec<u8>) {
    use serde_json::Value as Json;
    match json {
        Json::Null => out.push(b'N'),
        Json::Bool(b) => out.extend([b'B', u8::from(*b)]),
        // Other databases write `1e2` and `100` alike.
        Json::Number(n) => match n.as_i64() {
            Some(n) => sized(out, b'#', n.to_string().as_bytes()),
            None => match n.as_f64() {
                Some(f) if f.fract() == 0.0 => sized(out, b'#', format!("{f:.0}").as_bytes()),
                // Reading a fraction may move its last digit; fifteen are certain.
                Some(f) => sized(out, b'#', format!("{f:.14e}").as_bytes()),
                None => sized(out, b'#', n.to_string().as_bytes()),
            },
        },
        Json::String(text) => sized(out, b'"', text.as_bytes()),
        Json::Array(items) => {
            sized(out, b'[', &(items.len() as u64).to_be_bytes());
            for item in items {
                canonical_json(item, out);
            }
        }
        Json::Object(map) => {
            sized(out, b'{', &(map.len() as u64).to_be_bytes());
            let mut names: Vec<_> = map.iter().collect();
            names.sort_unstable_by_key(|(name, _)| *name);
            for (name, value) in names {
                sized(out, b'"', name.as_bytes());
                canonical_json(value, out);
            }
        }
    }
}
