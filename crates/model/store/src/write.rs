//! A change, as part of an atomic batch.

use object::{Key, Model, Record, Value};

use crate::filter::Filter;

/// One change. A batch of them happens wholly or not at all.
#[derive(Debug, Clone)]
pub enum Write {
    Insert(Record),
    /// Writes every column and reference of the row.
    Update(Record),
    /// Inserts, or updates the row with the same key.
    Upsert(Record),
    /// Sets columns of all rows that match. With `guard`, at least one must, else the batch fails with
    /// [`crate::Error::Guard`].
    Change {
        model: &'static Model,
        filter: Filter,
        set: Vec<(&'static str, Value)>,
        guard: bool,
    },
    Delete {
        model: &'static Model,
        key: Key,
    },
    /// Deletes all rows that match; with `guard`, at least one must.
    DeleteWhere {
        model: &'static Model,
        filter: Filter,
        guard: bool,
    },
    /// Adds a reference to a many-to-many field.
    Link {
        model: &'static Model,
        key: Key,
        field: &'static str,
        target: Key,
    },
    /// Takes a reference out of a many-to-many field.
    Unlink {
        model: &'static Model,
        key: Key,
        field: &'static str,
        target: Key,
    },
}

impl Write {
    pub fn model(&self) -> &'static Model {
        match self {
            Self::Insert(r) | Self::Update(r) | Self::Upsert(r) => r.model,
            Self::Change { model, .. }
            | Self::Delete { model, .. }
            | Self::DeleteWhere { model, .. }
            | Self::Link { model, .. }
            | Self::Unlink { model, .. } => model,
        }
    }
}
