//! The settings that administrators change while the program runs, as every layer may read them.
//!
//! The object that keeps them is declared further up (crate `brand`). Here its one row is read by name out of the snapshot,
//! so that events, tokens and lists can heed it. Until somebody changed one there is no row: the declared defaults count.

use std::sync::Arc;

use object::{Default as FieldDefault, Record, Value};
use serde_json::Value as Json;

use crate::app::App;

/// The model that keeps them.
const LABEL: &str = "authentik_tenants.tenant";

/// The settings as of now.
#[derive(Debug, Clone)]
pub struct Installation<'a> {
    app: &'a App,
    row: Option<Arc<Record>>,
}

impl<'a> Installation<'a> {
    pub fn of(app: &'a App) -> Self {
        let row = app.store().snapshot().rows(LABEL).first().cloned();
        Self { app, row }
    }
    /// A setting that is on or off.
    pub fn flag(&self, name: &str) -> Option<bool> {
        match self.default(name) {
            Some(FieldDefault::Bool(on)) if self.row.is_none() => Some(on),
            _ => self.value(name)?.as_bool(),
        }
    }
    pub fn number(&self, name: &str) -> Option<i64> {
        match self.default(name) {
            Some(FieldDefault::Int(n)) if self.row.is_none() => Some(n),
            _ => self.value(name)?.as_int(),
        }
    }
    pub fn text(&self, name: &str) -> Option<String> {
        match self.default(name) {
            Some(FieldDefault::Text(text)) if self.row.is_none() => Some(text.to_owned()),
            _ => self.value(name)?.as_str().map(str::to_owned),
        }
    }
    pub fn json(&self, name: &str) -> Option<Json> {
        self.value(name)?.as_json().cloned()
    }
    /// A span such as `days=365`.
    pub fn span(&self, name: &str) -> Option<clock::TimeDelta> {
        clock::TimeDelta::parse(&self.text(name)?).ok()
    }

    fn value(&self, name: &str) -> Option<&Value> {
        let row = self.row.as_ref()?;
        row.model.field(name).map(|_| row.get(name))
    }
    fn default(&self, name: &str) -> Option<FieldDefault> {
        let model = self.app.registry().catalogue.model(LABEL)?;
        Some(model.field(name)?.default)
    }
}
