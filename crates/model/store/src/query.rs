//! Which rows, in which order, how many.

use std::borrow::Cow;

use object::Record;

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
}

impl Default for Query {
    fn default() -> Self {
        Self { filter: Filter::True, order: Vec::new(), limit: None, offset: 0, many: true }
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
