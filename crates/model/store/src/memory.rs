//! Rows that are remembered after they were read: users, access tokens.
//!
//! They are too many for the snapshot, and the same ones are asked for again and again. A row is remembered by the unique
//! field it was looked up by, and forgotten with all of its kind as soon as a row of that kind is changed or deleted, or
//! any configuration changes: coarse, so that it cannot be wrong. New rows change nothing about old ones.
//!
//! A process trusts its memory only as long as it hears what others change ([`Store::catch_up`]).

use std::any::Any;
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use object::{Key, Model, Object, Record, Value};
use parking_lot::RwLock;

use crate::error::Result;
use crate::filter::Filter;
use crate::query::Query;
use crate::snapshot::Row;
use crate::store::Store;

/// How many rows of a kind are remembered; then all are forgotten, which is simpler than choosing.
const MOST: usize = 8192;

/// What a row was looked up by.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Handle {
    model: &'static str,
    field: &'static str,
    value: Looked,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Looked {
    Key(Key),
    Text(Box<str>),
}

/// A remembered row and what it was read as.
#[derive(Clone)]
struct Remembered {
    row: Row,
    typed: Arc<OnceLock<Arc<dyn Any + Send + Sync>>>,
}

/// The rows of this process's memory.
#[derive(Default)]
pub(crate) struct Memory {
    /// Counts how often something was forgotten. A row that was read before may not be remembered after.
    epoch: AtomicU64,
    rows: RwLock<HashMap<Handle, Remembered>>,
}

impl Memory {
    /// Forgets all rows of these models.
    pub fn forget(&self, labels: &[&'static str]) {
        let mut rows = self.rows.write();
        self.epoch.fetch_add(1, Ordering::AcqRel);
        rows.retain(|handle, _| !labels.contains(&handle.model));
    }
    pub fn forget_all(&self) {
        let mut rows = self.rows.write();
        self.epoch.fetch_add(1, Ordering::AcqRel);
        rows.clear();
    }
    fn find(&self, handle: &Handle) -> Option<Remembered> {
        self.rows.read().get(handle).cloned()
    }
    /// Keeps what was read since `epoch`, unless anything was forgotten meanwhile.
    fn keep(&self, epoch: u64, handle: Handle, found: &Remembered) {
        let mut rows = self.rows.write();
        if self.epoch.load(Ordering::Acquire) != epoch {
            return;
        }
        if rows.len() >= MOST {
            rows.clear();
        }
        rows.insert(handle, found.clone());
    }
}

impl Store {
    /// The row of a remembered model with this value of a unique field, with its many-to-many fields. Without a query when
    /// it was read before. Inside a transaction it is always read.
    pub async fn recall(&self, model: &'static Model, field: &'static str, value: Value) -> Result<Option<Row>> {
        Ok(self.remembered(model, field, value).await?.map(|found| found.row))
    }

    /// The same, as the object that it is.
    pub async fn recall_as<T: Object>(&self, field: &'static str, value: Value) -> Result<Option<Arc<T>>> {
        let Some(found) = self.remembered(T::model(), field, value).await? else { return Ok(None) };
        if let Some(known) = found.typed.get().and_then(|t| Arc::clone(t).downcast().ok()) {
            return Ok(Some(known));
        }
        let made: Arc<T> = Arc::new(Record::clone(&found.row).to()?);
        let _ = found.typed.set(Arc::clone(&made) as Arc<dyn Any + Send + Sync>);
        Ok(Some(made))
    }

    async fn remembered(&self, model: &'static Model, field: &'static str, value: Value) -> Result<Option<Remembered>> {
        let looked = match (value.as_key(), value.as_str()) {
            (_, Some(text)) => Some(Looked::Text(text.into())),
            (Some(key), None) => Some(Looked::Key(key)),
            (None, None) => None,
        };
        let trusted = model.schema.remembered && self.touched.is_none() && self.is_caught_up();
        let handle = looked.filter(|_| trusted).map(|value| Handle { model: model.name(), field, value });
        let memory = &self.shared.memory;
        if let Some(found) = handle.as_ref().and_then(|handle| memory.find(handle)) {
            return Ok(Some(found));
        }
        let epoch = memory.epoch.load(Ordering::Acquire);
        let mut rows = self.records(model, &Query::filter(Filter::eq(field, value)).limit(1)).await?;
        let Some(row) = rows.pop() else { return Ok(None) };
        let found = Remembered { row: Arc::new(row), typed: Arc::default() };
        if let Some(handle) = handle {
            memory.keep(epoch, handle, &found);
        }
        Ok(Some(found))
    }
}
