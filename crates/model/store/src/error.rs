//! What can go wrong in the store.

use object::{Key, Mismatch};
use thiserror::Error;

pub type Result<T> = std::result::Result<T, Error>;

/// A fault or a refusal of the database.
#[derive(Debug, Error)]
pub enum Error {
    /// A unique field's value is taken. `columns` are the column names as the database reports them.
    #[error("a row of {table} with the same {} exists", columns.join(" and "))]
    Unique { table: String, columns: Vec<String> },
    /// A reference leads nowhere.
    #[error("a reference leads to a row that does not exist")]
    ForeignKey,
    /// The row is referred to and may not go.
    #[error("{model} {key} is still referred to")]
    Restricted { model: &'static str, key: Key },
    /// A condition that the change depends on did not hold; nothing was written.
    #[error("the row changed meanwhile")]
    Guard,
    /// The database cannot be reached or answers too late.
    #[error("the database is not available: {0}")]
    Unavailable(String),
    /// The transaction was given up, by time limit or by its owner.
    #[error("the transaction is over")]
    TransactionOver,
    #[error("{model} is not in the catalogue")]
    NoModel { model: String },
    /// A name in a filter or an order is not a field.
    #[error("{model} has no field {name}")]
    NoField { model: &'static str, name: String },
    #[error("a row does not fit its type: {0}")]
    Mismatch(#[from] Mismatch),
    #[error("{what}: {message}")]
    Database { what: String, message: String },
    #[error("the schema: {0}")]
    Schema(String),
}

impl Error {
    /// Whether trying again later may help.
    pub fn is_unavailable(&self) -> bool {
        matches!(self, Self::Unavailable(_))
    }
}
