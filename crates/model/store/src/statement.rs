//! A statement in one dialect, ready to be run by a driver.

use object::{Kind, Value};

/// How a column's cell is read back and how a parameter is bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Column {
    Bool,
    Int,
    Float,
    Text,
    Uuid,
    Time,
    Json,
}

impl Column {
    /// The column type of a kind. References follow the key of their target, which the caller knows.
    pub fn of(kind: &Kind) -> Self {
        match kind {
            Kind::Bool => Self::Bool,
            Kind::Int { .. } => Self::Int,
            Kind::Float => Self::Float,
            Kind::Uuid | Kind::Ref { .. } | Kind::Many { .. } | Kind::Reverse { .. } => Self::Uuid,
            Kind::Time => Self::Time,
            Kind::List(_) | Kind::Json(_) => Self::Json,
            Kind::Text { .. }
            | Kind::Slug { .. }
            | Kind::Email
            | Kind::Url
            | Kind::Duration
            | Kind::Code
            | Kind::Choice(_) => Self::Text,
        }
    }
}

/// A parameter.
#[derive(Debug, Clone)]
pub enum Param {
    Value(Value),
    /// The key that the last [`Expect::Key`] statement of the batch returned.
    Inserted,
}

impl<T: Into<Value>> From<T> for Param {
    fn from(value: T) -> Self {
        Self::Value(value.into())
    }
}

/// What a write must have done for the batch to go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expect {
    Any,
    /// At least one row, else everything is rolled back with [`crate::Error::Guard`].
    Row,
    /// Returns the key of the row it inserted.
    Key,
}

/// One statement.
#[derive(Debug, Clone)]
pub struct Statement {
    pub sql: String,
    pub params: Vec<Param>,
    /// Column types of the rows it returns; empty for one that returns none.
    pub columns: Vec<Column>,
    pub expect: Expect,
    /// Worth a place in the prepared-statement cache.
    pub hot: bool,
    /// May touch many rows: not to be run on an async worker.
    pub heavy: bool,
}

impl Statement {
    /// One that is run often and touches little; it returns no rows.
    pub fn hot(sql: impl Into<String>, params: Vec<Param>) -> Self {
        Self { sql: sql.into(), params, columns: Vec::new(), expect: Expect::Any, hot: true, heavy: false }
    }
    /// One of many shapes, which may touch many rows; it returns no rows.
    pub fn heavy(sql: impl Into<String>, params: Vec<Param>) -> Self {
        Self { hot: false, heavy: true, ..Self::hot(sql, params) }
    }
    #[must_use]
    pub fn returning(self, columns: Vec<Column>) -> Self {
        Self { columns, ..self }
    }
    #[must_use]
    pub fn expecting(self, expect: Expect) -> Self {
        Self { expect, ..self }
    }
}

/// What a statement did.
#[derive(Debug, Clone, Default)]
pub struct Outcome {
    pub affected: u64,
    pub rows: Vec<Vec<Value>>,
}
