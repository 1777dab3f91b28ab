//! Query sets: rows that are asked for when they are needed, with Django's methods.
//!
//! Rows of configuration and the groups of a user come from memory; everything else is one query when it is first looked at.

mod answer;
mod find;
mod method;

use std::any::Any;
use std::sync::{Arc, OnceLock};

use expr::{HostArgs, HostObject, HostResult, Value};
use object::{Key, Model};
use store::Filter;

use super::environment::{Env, Slot, env, unique};
use super::{classes, functions, lookup, row};
use crate::subject::{GROUP, Subject};

/// Where the rows come from.
#[derive(Clone)]
enum Source {
    All,
    Keys(Arc<[Key]>),
    /// A user's groups, with what they lie in when `true`.
    Groups(Arc<Subject>, bool),
    /// What a many-to-many field of a row holds.
    Linked(&'static Model, Key, &'static str),
}

/// What is made of each row.
#[derive(Clone)]
enum Shape {
    Objects,
    Dicts(Vec<String>),
    Tuples(Vec<String>),
    Flat(String),
}

/// Some rows of a model.
#[derive(Clone)]
pub struct QuerySet {
    id: u64,
    model: &'static Model,
    source: Source,
    filter: Filter,
    order: Vec<String>,
    offset: u64,
    limit: Option<u64>,
    shape: Shape,
    /// Set for what must be asked with `all()` first (`user.ak_groups`).
    manager: Option<&'static str>,
    /// What is shown of it when its evaluation has ended.
    shown: Arc<OnceLock<String>>,
}

impl QuerySet {
    pub fn of(model: &'static Model) -> Self {
        Self {
            id: unique(),
            model,
            source: Source::All,
            filter: Filter::True,
            order: Vec::new(),
            offset: 0,
            limit: None,
            shape: Shape::Objects,
            manager: None,
            shown: Arc::default(),
        }
    }
    pub fn of_keys(model: &'static Model, keys: Vec<Key>) -> Self {
        Self { source: Source::Keys(keys.into()), ..Self::of(model) }
    }
    /// What a many-to-many field of a row holds.
    pub fn linked(model: &'static Model, holder: &'static Model, key: Key, field: &'static str) -> Self {
        Self { source: Source::Linked(holder, key, field), ..Self::of(model) }
    }
    /// The groups of a user.
    pub fn groups_of(env: &Env, user: &Arc<Subject>, all: bool) -> Result<Self, HostResult> {
        match env.app.store().model(GROUP) {
            Ok(model) => Ok(Self { source: Source::Groups(Arc::clone(user), all), ..Self::of(model) }),
            Err(_) => Err(functions::refuse("There are no groups in this installation.")),
        }
    }
    #[must_use]
    pub fn filtered(mut self, filter: Filter) -> Self {
        self.filter = self.filter.and(filter);
        self
    }
    /// As the attribute of an object gives it: to be asked with `all()` or a condition.
    #[must_use]
    pub fn manager(mut self, type_name: &'static str) -> Self {
        self.manager = Some(type_name);
        self
    }
    pub fn value(self) -> Value {
        Value::host(self)
    }
    fn again(&self) -> Self {
        Self { id: unique(), manager: None, shown: Arc::default(), ..self.clone() }
    }
    /// With one more condition in Django's spelling.
    pub fn narrowed(&self, env: &Env, path: &str, value: &Value, exclude: bool) -> Result<Self, HostResult> {
        let condition = lookup::condition(env, self.model, path, value)?;
        let condition = if exclude { condition.negate() } else { condition };
        Ok(self.again().filtered(condition))
    }
    /// Keeps what is shown of the set, to be called while its evaluation lasts: the load that it needs, if any.
    pub fn settle(&self, env: &Arc<Env>) -> Option<Box<dyn Any + Send>> {
        match env.enter(|| self.to_repr()) {
            HostResult::Load(load) => Some(load),
            HostResult::Ready(Value::Str(text)) => {
                _ = self.shown.set(text.to_string());
                None
            }
            _ => None,
        }
    }
    fn kind(&self) -> &'static str {
        if self.model.schema.family || self.model.chain.len() > 1 { "InheritanceQuerySet" } else { "QuerySet" }
    }
}

impl std::fmt::Debug for QuerySet {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "<{} of {}>", self.kind(), self.model.name())
    }
}

impl HostObject for QuerySet {
    fn as_any(&self) -> &dyn Any {
        self
    }
    fn type_name(&self) -> &str {
        self.manager.unwrap_or(self.kind())
    }
    fn attr(&self, name: &str) -> HostResult {
        match name {
            "model" => HostResult::Ready(classes::class_of(self.model)),
            _ => HostResult::no_attribute(self.type_name(), name),
        }
    }
    fn has_method(&self, name: &str) -> bool {
        method::METHODS.contains(&name)
    }
    fn call_method(&self, name: &str, args: &HostArgs<'_>) -> HostResult {
        env(|env| self.run(&env, name, args).unwrap_or_else(|refused| refused))
    }
    fn iterate(&self) -> Option<HostResult> {
        self.manager.is_none().then(|| env(|env| self.all(&env)))
    }
    fn len(&self) -> Option<HostResult> {
        self.manager.is_none().then(|| env(|env| self.count(&env)))
    }
    fn truth(&self) -> Option<HostResult> {
        Some(match self.manager {
            Some(_) => HostResult::Ready(Value::Bool(true)),
            None => env(|env| self.exists(&env, Slot::Object(self.id, "exists"))),
        })
    }
    fn get_item(&self, key: &Value) -> HostResult {
        if self.manager.is_some() {
            return HostResult::type_error(format!("'{}' object is not subscriptable", self.type_name()));
        }
        match key {
            Value::Slice(slice) if slice.step.is_none() => self.sliced(&slice.start, &slice.stop),
            Value::Slice(_) => functions::refuse("A step is not available here; make a list with list(…) first."),
            other => match other.as_i64() {
                Some(index) => env(|env| self.nth(&env, index)),
                None => HostResult::type_error("QuerySet indices must be integers or slices."),
            },
        }
    }
    fn to_repr(&self) -> HostResult {
        if let Some(manager) = self.manager {
            return HostResult::Ready(Value::from(format!("<{manager} object>")));
        }
        if let Some(text) = self.shown.get() {
            return HostResult::Ready(Value::str(text));
        }
        let mut few = self.clone();
        few.limit = Some(few.limit.unwrap_or(21).min(21));
        let kind = self.kind();
        env(|env| {
            few.ask(&env, Slot::Object(self.id, "repr"), move |set, rows| {
                let mut shown: Vec<String> = rows.iter().take(20).map(|r| row::repr(&set.shaped(r))).collect();
                if rows.len() > 20 {
                    shown.push("'...(remaining elements truncated)...'".to_owned());
                }
                Ok(Value::from(format!("<{kind} [{}]>", shown.join(", "))))
            })
        })
    }
}
