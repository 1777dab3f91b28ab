//! From a row to the rows it is connected with.

use std::sync::Arc;

use expr::{ExcType, HostArgs, HostResult, Value};
use feature::Caller;
use feature::change::{self, Context, Options};
use object::{Field, Kind, Model, Record, Value as Cell};
use serde_json::Map;
use store::{Filter, Query};

use super::environment::{Env, Slot, env, exception, unavailable};
use super::query_set::QuerySet;
use super::{classes, functions, row, show};

/// What expressions may change: the setup flow of upstream's stock blueprints closes itself this way.
const CHANGEABLE: &[(&str, &str)] = &[("authentik_flows.flow", "authentication")];

/// The row at the other end of a reference.
pub fn follow(target: &'static str, cell: &Cell) -> HostResult {
    let Some(key) = cell.as_key() else { return HostResult::Ready(Value::None) };
    env(|env| {
        let slot = Slot::Row(target, key);
        if let Some(answer) = env.known(&slot) {
            return answer.map_or_else(HostResult::Raise, HostResult::Ready);
        }
        let Some(model) = env.app.store().catalogue().model(target) else { return HostResult::Ready(Value::None) };
        let cached =
            if model.schema.family { env.snapshot.concrete(target, key) } else { env.snapshot.row(target, key) };
        if let Some(found) = cached {
            let value = row::value_of(Arc::clone(found));
            env.keep(slot, Ok(value.clone()));
            return HostResult::Ready(value);
        }
        env.once(slot, move |env| {
            Box::pin(async move {
                let found = env.app.store().concrete(model, key).await.map_err(|e| unavailable(&e))?;
                Ok(found.map_or(Value::None, |record| row::value_of(Arc::new(record))))
            })
        })
    })
}

/// What a many-to-many field holds.
pub fn many(record: &Arc<Record>, field: &'static Field, target: &'static str) -> HostResult {
    env(|env| {
        let (Some(model), Some(key)) = (env.app.store().catalogue().model(target), record.key()) else {
            return HostResult::Ready(Value::None);
        };
        let set = match record.get(field.name) {
            Cell::Keys(keys) => QuerySet::of_keys(model, keys.clone()),
            _ => QuerySet::linked(model, record.model, key, field.name),
        };
        HostResult::Ready(set.manager("ManyRelatedManager").value())
    })
}

/// What refers to a row: `application` of a provider, `token_set` of a user.
pub fn reverse(record: &Arc<Record>, name: &str) -> HostResult {
    let model = record.model;
    let missing = || HostResult::no_attribute(model.schema.api_name, name);
    let Some(key) = record.key() else { return missing() };
    let (wanted, many) = name.strip_suffix("_set").map_or((name, false), |n| (n, true));
    env(|env| {
        let catalogue = env.app.store().catalogue();
        let found = catalogue.dependents_of(model).find(|d| {
            d.model.schema.model_name() == wanted
                && d.on_delete.is_some()
                && d.field.unique != many
                && classes::is_open(d.model)
        });
        let Some(dependent) = found else { return missing() };
        let set = QuerySet::of(dependent.model).filtered(Filter::eq(dependent.field.name, key));
        if many {
            return HostResult::Ready(set.manager("RelatedManager").value());
        }
        let one = set.first(&env, Slot::Call(format!("reverse {} {key} {name}", model.name())));
        match one {
            HostResult::Ready(Value::None) => HostResult::raise(
                &ExcType::define(
                    &classes::module_of(model),
                    "RelatedObjectDoesNotExist",
                    &classes::does_not_exist(dependent.model),
                ),
                format!("{} has no {name}.", model.schema.api_name),
            ),
            other => other,
        }
    })
}

/// `update(name=value)` on a query set, for the few fields that expressions may change.
pub fn update(env: &Arc<Env>, model: &'static Model, filter: &Filter, args: &HostArgs<'_>, slot: Slot) -> HostResult {
    let mut input = Map::new();
    for (name, value) in args.keyword {
        if !CHANGEABLE.contains(&(model.name(), &**name)) {
            let text = format!("Expressions may not change {name} of {}.", model.schema.verbose_name_plural);
            return functions::refuse(&text);
        }
        input.insert(name.to_string(), show::show(value));
    }
    let filter = filter.clone();
    env.act(slot, move |env| {
        Box::pin(async move {
            let failed = |text: String| exception(&ExcType::builtin("ValueError"), text);
            let tx = env.app.store().begin().await.map_err(|e| unavailable(&e))?;
            let caller = Caller::system();
            let context = Context { app: &env.app, store: &tx, caller: &caller, options: Options::default() };
            let rows = tx.records(model, &Query::filter(filter)).await.map_err(|e| unavailable(&e))?;
            if env.scope.request.debug {
                // A trial tells what would change and leaves it as it is.
                return Ok(Value::usize(rows.len()));
            }
            for row in &rows {
                change::update(context, row, &input, true).await.map_err(|p| failed(p.body.to_string()))?;
            }
            tx.commit().await.map_err(|e| unavailable(&e))?;
            Ok(Value::usize(rows.len()))
        })
    })
}

/// Rows of `model` whose field refers to `key`, from memory.
pub fn referring<'s>(
    env: &'s Env,
    model: &Model,
    field: &str,
    key: object::Key,
) -> impl Iterator<Item = &'s store::Row> {
    let rows = env.snapshot.rows(model.name());
    let position =
        model.field(field).filter(|f| matches!(f.kind, Kind::Ref { .. })).and_then(|_| model.index_of(field));
    rows.iter().filter(move |row| position.is_some_and(|i| row.values[i].as_key() == Some(key)))
}
