//! Values to SQLite and back, and running one statement on a connection.

use object::Value;
use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, ToSql};

use super::fault;
use crate::error::{Error, Result};
use crate::statement::{Column, Outcome, Param, Statement};

struct Bound<'a>(&'a Value);

impl ToSql for Bound<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        use rusqlite::types::Value as Owned;
        Ok(match self.0 {
            Value::Null => ToSqlOutput::Owned(Owned::Null),
            Value::Bool(b) => ToSqlOutput::Owned(Owned::Integer(i64::from(*b))),
            Value::Int(n) => ToSqlOutput::Owned(Owned::Integer(*n)),
            Value::Float(f) => ToSqlOutput::Owned(Owned::Real(*f)),
            Value::Text(s) => ToSqlOutput::Borrowed(ValueRef::Text(s.as_bytes())),
            Value::Uuid(u) => ToSqlOutput::Owned(Owned::Text(u.hyphenated().to_string())),
            // Microseconds since 1970: sorts, compares and is small.
            Value::Time(t) => ToSqlOutput::Owned(Owned::Integer(t.as_microsecond())),
            Value::Json(j) => ToSqlOutput::Owned(Owned::Text(j.to_string())),
            Value::Keys(_) => ToSqlOutput::Owned(Owned::Null),
        })
    }
}

fn cell(value: ValueRef<'_>, column: Column) -> Option<Value> {
    Some(match (column, value) {
        (_, ValueRef::Null) => Value::Null,
        (Column::Bool, ValueRef::Integer(n)) => Value::Bool(n != 0),
        (Column::Int, ValueRef::Integer(n)) => Value::Int(n),
        (Column::Float, ValueRef::Real(f)) => Value::Float(f),
        (Column::Float, ValueRef::Integer(n)) => Value::Float(n as f64),
        (Column::Text, ValueRef::Text(t)) => Value::Text(std::str::from_utf8(t).ok()?.to_owned()),
        (Column::Uuid, ValueRef::Text(t)) => Value::Uuid(uuid::Uuid::try_parse_ascii(t).ok()?),
        (Column::Time, ValueRef::Integer(n)) => Value::Time(jiff::Timestamp::from_microsecond(n).ok()?),
        (Column::Json, ValueRef::Text(t)) => Value::Json(serde_json::from_slice(t).ok()?),
        _ => return None,
    })
}

/// Runs a statement and reads what it returns.
pub fn run(conn: &Connection, statement: &Statement, inserted: Option<&Value>) -> Result<Outcome> {
    let at = |e| fault(&statement.sql, &e);
    let mut params = Vec::with_capacity(statement.params.len());
    for param in &statement.params {
        params.push(Bound(match param {
            Param::Value(value) => value,
            Param::Inserted => inserted.ok_or(Error::Guard)?,
        }));
    }
    let params = rusqlite::params_from_iter(params.iter());
    if statement.hot {
        let mut prepared = conn.prepare_cached(&statement.sql).map_err(at)?;
        step(&mut prepared, params, statement)
    } else {
        let mut prepared = conn.prepare(&statement.sql).map_err(at)?;
        step(&mut prepared, params, statement)
    }
}

fn step(
    prepared: &mut rusqlite::Statement<'_>,
    params: impl rusqlite::Params,
    statement: &Statement,
) -> Result<Outcome> {
    let at = |e| fault(&statement.sql, &e);
    if prepared.column_count() == 0 {
        return Ok(Outcome { affected: prepared.execute(params).map_err(at)? as u64, rows: Vec::new() });
    }
    let mut rows = Vec::new();
    let mut cursor = prepared.query(params).map_err(at)?;
    while let Some(row) = cursor.next().map_err(at)? {
        let mut values = Vec::with_capacity(statement.columns.len());
        for (i, column) in statement.columns.iter().enumerate() {
            let value = cell(row.get_ref(i).map_err(at)?, *column);
            values.push(value.ok_or_else(|| Error::Database {
                what: statement.sql.chars().take(120).collect(),
                message: format!("column {i} does not hold {column:?}"),
            })?);
        }
        rows.push(values);
    }
    Ok(Outcome { affected: rows.len() as u64, rows })
}
