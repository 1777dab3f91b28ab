//! What a set answers with: its rows in their shape, one of them, or how many there are.

use std::sync::Arc;

use expr::{HostResult, Value};
use feature::BoxFuture;
use object::Record;
use store::Row;

use super::super::environment::{Answer, Env, Slot, exception, unavailable};
use super::super::{classes, convert, lookup, row};
use super::{QuerySet, Shape};

impl QuerySet {
    pub(super) fn shaped(&self, row: &Row) -> Value {
        match &self.shape {
            Shape::Objects => row::value_of(Arc::clone(row)),
            Shape::Flat(name) => column(row, name),
            Shape::Tuples(names) => Value::tuple(names.iter().map(|n| column(row, n)).collect()),
            Shape::Dicts(names) => Value::dict(names.iter().map(|n| (n.clone(), column(row, n)))),
        }
    }
    pub(super) fn ask(
        &self,
        env: &Arc<Env>,
        slot: Slot,
        made: impl FnOnce(&Self, Vec<Row>) -> Answer + Send + 'static,
    ) -> HostResult {
        if let Some(answer) = env.known(&slot) {
            return answer.map_or_else(HostResult::Raise, HostResult::Ready);
        }
        if let Some(rows) = self.now(env) {
            return made(self, rows).map_or_else(HostResult::Raise, HostResult::Ready);
        }
        let set = self.clone();
        env.once(slot, move |env| -> BoxFuture<'static, Answer> {
            Box::pin(async move {
                let rows = set.rows(&env).await.map_err(|e| unavailable(&e))?;
                made(&set, rows)
            })
        })
    }
    pub(super) fn all(&self, env: &Arc<Env>) -> HostResult {
        self.ask(env, Slot::Object(self.id, "rows"), |set, rows| {
            Ok(Value::list(rows.iter().map(|r| set.shaped(r)).collect()))
        })
    }
    pub fn first(&self, env: &Arc<Env>, slot: Slot) -> HostResult {
        let mut one = self.clone();
        if one.order.is_empty() {
            one.order = vec![self.model.key_field().name.to_owned()];
        }
        one.limit = Some(one.limit.unwrap_or(1).min(1));
        one.ask(env, slot, |set, rows| Ok(rows.first().map_or(Value::None, |r| set.shaped(r))))
    }
    pub fn exists(&self, env: &Arc<Env>, slot: Slot) -> HostResult {
        let mut one = self.clone();
        one.limit = Some(one.limit.unwrap_or(1).min(1));
        one.ask(env, slot, |_, rows| Ok(Value::Bool(!rows.is_empty())))
    }
    pub(super) fn count(&self, env: &Arc<Env>) -> HostResult {
        if let Some(rows) = self.now(env) {
            return HostResult::Ready(Value::usize(rows.len()));
        }
        let set = self.clone();
        env.once(Slot::Object(self.id, "count"), move |env| {
            Box::pin(async move {
                let count = set.counted(&env).await.map_err(|e| unavailable(&e))?;
                Ok(Value::int128(i128::from(count)))
            })
        })
    }
    /// The only row; another number of rows is an exception.
    pub(super) fn only(&self, env: &Arc<Env>, slot: Slot) -> HostResult {
        let mut two = self.clone();
        two.limit = Some(two.limit.unwrap_or(2).min(2));
        let model = self.model;
        two.ask(env, slot, move |set, rows| match rows.as_slice() {
            [row] => Ok(set.shaped(row)),
            [] => Err(exception(
                &classes::does_not_exist(model),
                format!("{} matching query does not exist.", model.schema.api_name),
            )),
            _ => {
                let text = format!("get() returned more than one {} -- it returned 2!", model.schema.api_name);
                Err(exception(&classes::multiple_objects(model), text))
            }
        })
    }
    pub(super) fn nth(&self, env: &Arc<Env>, index: i64) -> HostResult {
        let Ok(index) = u64::try_from(index) else {
            return HostResult::value_error("Negative indexing is not supported.");
        };
        let mut one = self.clone();
        one.offset += index;
        one.limit = match self.limit {
            Some(limit) if limit <= index => Some(0),
            _ => Some(1),
        };
        one.ask(env, Slot::Call(format!("{}\u{1}[{index}]", self.id)), |set, rows| match rows.first() {
            Some(row) => Ok(set.shaped(row)),
            None => Err(exception(&expr::ExcType::builtin("IndexError"), "list index out of range")),
        })
    }
    pub(super) fn sliced(&self, start: &Value, stop: &Value) -> HostResult {
        let bound = |value: &Value| match value {
            Value::None => Ok(None),
            other => match other.as_i64().map(u64::try_from) {
                Some(Ok(n)) => Ok(Some(n)),
                _ => Err(HostResult::value_error("Negative indexing is not supported.")),
            },
        };
        let (start, stop) = match (bound(start), bound(stop)) {
            (Ok(start), Ok(stop)) => (start.unwrap_or(0), stop),
            (Err(refused), _) | (_, Err(refused)) => return refused,
        };
        let mut part = self.again();
        part.offset += start;
        let wanted = stop.map(|stop| stop.saturating_sub(start));
        let left = self.limit.map(|limit| limit.saturating_sub(start));
        part.limit = match (wanted, left) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        };
        HostResult::Ready(part.value())
    }
    pub(super) fn only_first(&self, env: &Arc<Env>, slot: Slot) -> HostResult {
        let mut one = self.clone();
        one.limit = Some(1);
        one.only(env, slot)
    }
}

fn column(row: &Record, path: &str) -> Value {
    let Ok((field, rest)) = lookup::column(row.model, path) else { return Value::None };
    let mut value = convert::cell(row.get(field.name));
    for part in rest {
        value = match &value {
            Value::Dict(dict) => dict.get_str(&part).unwrap_or(Value::None),
            _ => Value::None,
        };
    }
    value
}
