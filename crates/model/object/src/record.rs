//! Rows: typed ([`Object`]) and untyped ([`Record`]).

use std::fmt;

use thiserror::Error;

use crate::catalogue::Model;
use crate::id::{Key, KeyType};
use crate::schema::Schema;
use crate::typed::ValueReader;
use crate::value::Value;

/// A row that does not fit its type: the database and the schema disagree.
#[derive(Debug, Error, Clone, PartialEq, Eq)]
#[error("field {field} should be {expected}")]
pub struct Mismatch {
    pub field: &'static str,
    pub expected: &'static str,
}

/// A struct with a schema; written by `#[derive(Object)]`.
pub trait Object: Sized + Send + Sync + 'static {
    /// `i64` or [`uuid::Uuid`].
    type Key: KeyType;
    const MODEL: &'static str;
    const SCHEMA: Schema;
    /// The flattened schema, built once.
    fn model() -> &'static Model;
    fn key(&self) -> Key;
    /// The field values, base first, in the order of [`Model::fields`].
    fn push_values(&self, out: &mut Vec<Value>);
    /// # Errors
    /// A value does not fit its field.
    fn read_values(reader: &mut ValueReader) -> Result<Self, Mismatch>;

    fn to_record(&self) -> Record {
        let mut values = Vec::with_capacity(Self::model().fields.len());
        self.push_values(&mut values);
        Record { model: Self::model(), values }
    }
    /// # Errors
    /// The record is of another model or a value does not fit.
    fn from_record(record: Record) -> Result<Self, Mismatch> {
        if !std::ptr::eq(record.model, Self::model()) && record.model.schema.model != Self::MODEL {
            return Err(Mismatch { field: "model", expected: Self::MODEL });
        }
        Self::read_values(&mut ValueReader::new(record.values))
    }
}

/// A row whose type is known only by its model.
#[derive(Clone)]
pub struct Record {
    pub model: &'static Model,
    /// In the order of [`Model::fields`].
    pub values: Vec<Value>,
}

impl Record {
    /// A row with nothing in it.
    pub fn empty(model: &'static Model) -> Self {
        Self { model, values: vec![Value::Null; model.fields.len()] }
    }
    /// The primary key; `None` before it was inserted.
    pub fn key(&self) -> Option<Key> {
        self.values.first().and_then(Value::as_key)
    }
    /// The value of a field by its column or wire name; null for a name that does not exist.
    pub fn get(&self, name: &str) -> &Value {
        self.model.index_of(name).map_or(&Value::Null, |i| &self.values[i])
    }
    /// Sets a field; false when there is none of that name.
    pub fn set(&mut self, name: &str, value: impl Into<Value>) -> bool {
        match self.model.index_of(name) {
            Some(i) => {
                self.values[i] = value.into();
                true
            }
            None => false,
        }
    }
    pub fn text(&self, name: &str) -> &str {
        self.get(name).as_str().unwrap_or_default()
    }
    /// # Errors
    /// The record is of another model or a value does not fit.
    pub fn to<T: Object>(self) -> Result<T, Mismatch> {
        T::from_record(self)
    }
}

impl fmt::Debug for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut map = f.debug_map();
        for (field, value) in self.model.fields.iter().zip(&self.values) {
            if field.secret {
                map.entry(&field.name, &"***");
            } else {
                map.entry(&field.name, value);
            }
        }
        map.finish()
    }
}
