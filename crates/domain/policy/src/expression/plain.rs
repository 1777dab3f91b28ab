//! A plain object with attributes, for what has no row: a flow plan, the result of a policy.

use std::any::Any;

use expr::{HostObject, HostResult, Value};
use parking_lot::Mutex;

/// An object that is nothing but its attributes. They can be set.
pub struct Namespace {
    type_name: String,
    attributes: Mutex<Vec<(String, Value)>>,
    text: Option<String>,
}

impl Namespace {
    pub fn new(type_name: impl Into<String>) -> Self {
        Self { type_name: type_name.into(), attributes: Mutex::default(), text: None }
    }
    #[must_use]
    pub fn with(self, name: &str, value: impl Into<Value>) -> Self {
        self.attributes.lock().push((name.to_owned(), value.into()));
        self
    }
    #[must_use]
    pub fn shown_as(mut self, text: impl Into<String>) -> Self {
        self.text = Some(text.into());
        self
    }
    pub fn value(self) -> Value {
        Value::host(self)
    }
    pub fn get(&self, name: &str) -> Option<Value> {
        self.attributes.lock().iter().find(|(n, _)| n == name).map(|(_, v)| v.clone())
    }
}

impl std::fmt::Debug for Namespace {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.type_name)
    }
}

impl HostObject for Namespace {
    fn as_any(&self) -> &dyn Any {
        self
    }
    fn type_name(&self) -> &str {
        &self.type_name
    }
    fn attr(&self, name: &str) -> HostResult {
        self.get(name).map_or_else(|| HostResult::no_attribute(&self.type_name, name), HostResult::Ready)
    }
    fn set_attr(&self, name: &str, value: &Value) -> HostResult {
        let mut attributes = self.attributes.lock();
        let old = if let Some((_, slot)) = attributes.iter_mut().find(|(n, _)| n == name) {
            Some(std::mem::replace(slot, value.clone()))
        } else {
            attributes.push((name.to_owned(), value.clone()));
            None
        };
        drop(attributes);
        drop(old);
        HostResult::Ready(Value::None)
    }
    fn to_repr(&self) -> HostResult {
        let text = self.text.clone().unwrap_or_else(|| format!("<{} object>", self.type_name));
        HostResult::Ready(Value::from(text))
    }
    fn to_json(&self) -> Option<serde_json::Value> {
        let attributes = self.attributes.lock().clone();
        Some(attributes.into_iter().map(|(name, value)| (name, super::show::show(&value))).collect())
    }
}
