//! Which rows, in which order, how many.

use std::borrow::Cow;

use object::{Key, Record};

use crate::filter::Filter;

/// A question to the store.
#[derive(Debug, Clone)]
pub struct Query {
    pub filter: Filter,
    /// Fields, `-` for descending. The key is always added last, so that pages do not overlap.
    pub order: Vec<Cow<'static, str>>,
    pub limit: Option<u64>,
    pub offset: u64,
    /// Whether many-to-many fields are read too.
    pub many: bool,
    /// Only rows that come behind this one.
    pub after: Option<After>,
}

/// Where a page starts: behind a row, which costs the same for the thousandth page as for the first.
#[derive(Debug, Clone)]
pub enum After {
    /// The row with this key; when it is gone, nothing follows it.
    Key(Key),
    /// The row as it was read, whatever became of it.
    Row(Record),
}

impl Default for Query {
    fn default() -> Self {
        Self { filter: Filter::True, order: Vec::new(), limit: None, offset: 0, many: true, after: None }
    }
}

impl Query {
    pub fn all() -> Self {
        Self::default()
    }
    pub fn filter(filter: Filter) -> Self {
        Self { filter, ..Self::default() }
    }
    #[must_use]
    pub fn and(mut self, filter: Filter) -> Self {
        self.filter = self.filter.and(filter);
        self
    }
    #[must_use]
    pub fn order(mut self, fields: &[&'static str]) -> Self {
        self.order = fields.iter().map(|f| Cow::Borrowed(*f)).collect();
        self
    }
    #[must_use]
    pub fn limit(mut self, limit: u64) -> Self {
        self.limit = Some(limit);
        self
    }
    #[must_use]
    pub fn offset(mut self, offset: u64) -> Self {
        self.offset = offset;
        self
    }
    /// Starts behind the row with this key. The order may name fields of the model itself only.
    #[must_use]
    pub fn after(mut self, key: impl Into<Key>) -> Self {
        self.after = Some(After::Key(key.into()));
        self
    }
    /// Starts behind this row, as it was read.
    #[must_use]
    pub fn after_row(mut self, row: Record) -> Self {
        self.after = Some(After::Row(row));
        self
    }
    /// Leaves many-to-many fields empty: one query instead of one more each.
    #[must_use]
    pub fn columns_only(mut self) -> Self {
        self.many = false;
        self
    }
}

/// Some rows and how many there are in all.
#[derive(Debug, Clone)]
pub struct Page {
    pub records: Vec<Record>,
    pub total: u64,
}
