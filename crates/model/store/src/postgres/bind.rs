//! Values to PostgreSQL and back, and running one statement on a connection.

use futures::TryStreamExt;
use object::Value;
use tokio_postgres::types::private::BytesMut;
use tokio_postgres::types::{IsNull, ToSql, Type};
use tokio_postgres::{Client, Row, RowStream};

use super::fault::Fault;
use super::pool::Lent;
use crate::error::Error;
use crate::statement::{Column, Outcome, Param, Statement};

/// A value that goes out as whatever type the server expects in its place.
#[derive(Debug)]
pub struct Bound<'a>(&'a Value);

type Refusal = Box<dyn std::error::Error + Sync + Send>;

impl ToSql for Bound<'_> {
    fn to_sql(&self, ty: &Type, out: &mut BytesMut) -> Result<IsNull, Refusal> {
        match (self.0, ty) {
            (Value::Null, _) => Ok(IsNull::Yes),
            (Value::Bool(b), &Type::BOOL) => b.to_sql(ty, out),
            (Value::Int(n), &Type::INT8) => n.to_sql(ty, out),
            (Value::Int(n), &Type::INT4) => i32::try_from(*n)?.to_sql(ty, out),
            (Value::Int(n), &Type::FLOAT8) => (*n as f64).to_sql(ty, out),
            (Value::Float(f), &Type::FLOAT8) => f.to_sql(ty, out),
            (Value::Text(s), &Type::TEXT | &Type::VARCHAR | &Type::NAME) => s.to_sql(ty, out),
            (Value::Uuid(u), &Type::UUID) => u.to_sql(ty, out),
            // Cut to microseconds as SQLite keeps them; rounding could make a moment lie in the future.
            (Value::Time(t), &Type::TIMESTAMPTZ) => {
                jiff::Timestamp::from_microsecond(t.as_microsecond())?.to_sql(ty, out)
            }
            (Value::Json(j), &Type::JSONB | &Type::JSON) => j.to_sql(ty, out),
            (value, _) => Err(format!("{value:?} does not fit a parameter of type {ty}").into()),
        }
    }
    fn accepts(_: &Type) -> bool {
        true
    }
    fn to_sql_checked(&self, ty: &Type, out: &mut BytesMut) -> Result<IsNull, Refusal> {
        self.to_sql(ty, out)
    }
}

/// The type that a value names by itself; the server finds out a null's from where it stands.
fn type_of(value: &Value) -> Type {
    match value {
        Value::Bool(_) => Type::BOOL,
        Value::Int(_) => Type::INT8,
        Value::Float(_) => Type::FLOAT8,
        Value::Text(_) => Type::TEXT,
        Value::Uuid(_) => Type::UUID,
        Value::Time(_) => Type::TIMESTAMPTZ,
        Value::Json(_) => Type::JSONB,
        Value::Null | Value::Keys(_) => Type::UNKNOWN,
    }
}

/// Runs a statement outside a batch.
pub async fn run(lent: &mut Lent, statement: &Statement) -> Result<Outcome, Fault> {
    let was_busy = std::mem::replace(&mut lent.busy, true);
    let prepared = lent.prepared(statement).await?;
    let result = run_prepared(lent.client(), statement, prepared.as_ref(), None).await;
    lent.busy = was_busy;
    result
}

/// Sends a statement and reads what it returns. The message goes out at the first poll: several of these polled together
/// are a pipeline.
pub async fn run_prepared(
    client: &Client,
    statement: &Statement,
    prepared: Option<&tokio_postgres::Statement>,
    inserted: Option<&Value>,
) -> Result<Outcome, Fault> {
    let mut params = Vec::with_capacity(statement.params.len());
    for param in &statement.params {
        params.push(Bound(match param {
            Param::Value(value) => value,
            Param::Inserted => inserted.ok_or(Error::Guard)?,
        }));
    }
    let params = params.iter().map(|p| p as &(dyn ToSql + Sync));
    let at = |e: tokio_postgres::Error| Fault::of(&statement.sql, &e);
    let stream: RowStream = if let Some(prepared) = prepared {
        client.query_raw(prepared, params).await.map_err(at)?
    } else {
        let types = statement.params.iter().map(|p| match p {
            Param::Value(value) => type_of(value),
            Param::Inserted => inserted.map_or(Type::UNKNOWN, type_of),
        });
        client.query_typed_raw(&statement.sql, params.zip(types)).await.map_err(at)?
    };
    let mut stream = std::pin::pin!(stream);
    let mut rows = Vec::new();
    while let Some(row) = stream.try_next().await.map_err(at)? {
        rows.push(cells(&row, statement)?);
    }
    Ok(Outcome { affected: stream.rows_affected().unwrap_or_default(), rows })
}

fn cells(row: &Row, statement: &Statement) -> Result<Vec<Value>, Error> {
    let mut values = Vec::with_capacity(statement.columns.len());
    for (i, column) in statement.columns.iter().enumerate() {
        values.push(cell(row, i, *column).map_err(|e| Error::Database {
            what: statement.sql.chars().take(120).collect(),
            message: format!("column {i} does not hold {column:?}: {e}"),
        })?);
    }
    Ok(values)
}

fn cell(row: &Row, i: usize, column: Column) -> Result<Value, tokio_postgres::Error> {
    fn some<'r, T: tokio_postgres::types::FromSql<'r>>(
        row: &'r Row,
        i: usize,
        make: impl FnOnce(T) -> Value,
    ) -> Result<Value, tokio_postgres::Error> {
        Ok(row.try_get::<_, Option<T>>(i)?.map_or(Value::Null, make))
    }
    match column {
        Column::Bool => some(row, i, Value::Bool),
        Column::Int => some(row, i, Value::Int),
        Column::Float => some(row, i, Value::Float),
        Column::Text => some(row, i, Value::Text),
        Column::Uuid => some(row, i, Value::Uuid),
        Column::Time => some(row, i, Value::Time),
        Column::Json => some(row, i, Value::Json),
    }
}
