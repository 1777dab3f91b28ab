//! Query sets: rows that are asked for when they are needed, with Django's methods.
//!
//! Rows of configuration and the groups of a user come from memory; everything else is one query when it is first looked at.

use std::any::Any;
use std::sync::{Arc, OnceLock};

use expr::{HostArgs, HostObject, HostResult, Value};
use feature::BoxFuture;
use object::{Key, Model, Record};
use store::{Filter, Query, Row};

use super::environment::{Answer, Env, Slot, env, exception, unavailable, unique};
use super::{classes, convert, functions, lookup, matching, row, show};
use crate::subject::{GROUP, Subject};

/// The most rows that one look brings into memory.
const MOST: u64 = 20_000;

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

    // ---- finding rows

    /// The keys of the rows to choose from, if they are known; `Err` when they must be looked up first.
    fn candidates(&self, env: &Env) -> Result<Option<Vec<Key>>, ()> {
        match &self.source {
            Source::All => Ok(None),
            Source::Keys(keys) => Ok(Some(keys.to_vec())),
            Source::Groups(user, all) => {
                let known = user.known_membership(&env.snapshot).ok_or(())?;
                Ok(Some(if *all { known.all.clone() } else { known.direct.clone() }))
            }
            Source::Linked(..) => Err(()),
        }
    }
    fn in_memory(&self, env: &Env, keys: Option<&[Key]>) -> Option<Vec<Row>> {
        if self.model.schema.family || !self.model.schema.cached {
            return None;
        }
        let label = self.model.name();
        let mut rows = match keys {
            Some(keys) => {
                let rows = keys.iter().filter_map(|k| env.snapshot.row(label, *k).cloned());
                matching::select(rows, &self.filter)?
            }
            None => matching::select(env.snapshot.rows(label).iter().cloned(), &self.filter)?,
        };
        matching::sort(&mut rows, &self.order);
        let from = usize::try_from(self.offset).unwrap_or(usize::MAX).min(rows.len());
        let upto = self
            .limit
            .map_or(rows.len(), |n| from.saturating_add(usize::try_from(n).unwrap_or(usize::MAX)).min(rows.len()));
        rows.truncate(upto);
        rows.drain(..from);
        Some(rows)
    }
    /// The rows, when no query is needed.
    fn now(&self, env: &Env) -> Option<Vec<Row>> {
        self.in_memory(env, self.candidates(env).ok()?.as_deref())
    }
    /// The keys of the rows, when no query is needed.
    pub fn keys_now(&self, env: &Env) -> Option<Vec<Value>> {
        Some(self.now(env)?.iter().filter_map(|r| r.key()).map(convert::key).collect())
    }
    async fn resolved(&self, env: &Env) -> store::Result<Option<Vec<Key>>> {
        Ok(match &self.source {
            Source::All => None,
            Source::Keys(keys) => Some(keys.to_vec()),
            Source::Groups(user, all) => {
                let known = user.membership(env.app.store()).await?;
                Some(if *all { known.all.clone() } else { known.direct.clone() })
            }
            Source::Linked(model, key, field) => Some(env.app.store().linked(model, *key, field).await?),
        })
    }
    fn condition(&self, keys: Option<Vec<Key>>) -> Filter {
        match keys {
            Some(keys) => self.filter.clone().and(Filter::any_of(self.model.key_field().name, keys)),
            None => self.filter.clone(),
        }
    }
    async fn rows(&self, env: &Env) -> store::Result<Vec<Row>> {
        let keys = self.resolved(env).await?;
        if let Some(rows) = self.in_memory(env, keys.as_deref()) {
            return Ok(rows);
        }
        let mut query = Query::filter(self.condition(keys)).columns_only().offset(self.offset);
        query.limit = Some(self.limit.unwrap_or(MOST).min(MOST));
        query.order = self.order.iter().map(|name| name.clone().into()).collect();
        let found = env.app.store().concretes(self.model, &query).await?;
        Ok(found.into_iter().map(Arc::new).collect())
    }
    async fn counted(&self, env: &Env) -> store::Result<u64> {
        let keys = self.resolved(env).await?;
        if let Some(rows) = self.in_memory(env, keys.as_deref()) {
            return Ok(rows.len() as u64);
        }
        let all = env.app.store().count(self.model, &self.condition(keys)).await?;
        Ok(all.saturating_sub(self.offset).min(self.limit.unwrap_or(u64::MAX)))
    }

    // ---- answers

    fn shaped(&self, row: &Row) -> Value {
        match &self.shape {
            Shape::Objects => row::value_of(Arc::clone(row)),
            Shape::Flat(name) => column(row, name),
            Shape::Tuples(names) => Value::tuple(names.iter().map(|n| column(row, n)).collect()),
            Shape::Dicts(names) => Value::dict(names.iter().map(|n| (n.clone(), column(row, n)))),
        }
    }
    fn ask(
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
    fn all(&self, env: &Arc<Env>) -> HostResult {
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
    fn count(&self, env: &Arc<Env>) -> HostResult {
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
    fn only(&self, env: &Arc<Env>, slot: Slot) -> HostResult {
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
    fn nth(&self, env: &Arc<Env>, index: i64) -> HostResult {
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
    fn sliced(&self, start: &Value, stop: &Value) -> HostResult {
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

    // ---- methods

    fn with_conditions(&self, env: &Env, args: &HostArgs<'_>, exclude: bool) -> Result<Self, HostResult> {
        if !args.positional.is_empty() {
            return Err(functions::refuse("Q objects are not available; give conditions by name: filter(name=\"x\")."));
        }
        if self.limit.is_some() || self.offset > 0 {
            return Err(HostResult::type_error("Cannot filter a query once a slice has been taken."));
        }
        let mut all = Filter::True;
        for (path, value) in args.keyword {
            all = all.and(lookup::condition(env, self.model, path, value)?);
        }
        let all = if exclude { all.negate() } else { all };
        Ok(if args.keyword.is_empty() { self.again() } else { self.again().filtered(all) })
    }
    fn ordered(&self, args: &HostArgs<'_>) -> Result<Self, HostResult> {
        let mut order = Vec::new();
        for name in args.positional {
            let name = show::text(name);
            let (bare, sign) = name.strip_prefix('-').map_or((name.as_str(), ""), |n| (n, "-"));
            if bare == "?" {
                continue;
            }
            let (field, rest) = lookup::column(self.model, bare)?;
            if !rest.is_empty() || !field.is_column() {
                return Err(lookup::field_error(format!("Cannot order by '{bare}'.")));
            }
            order.push(format!("{sign}{}", field.name));
        }
        Ok(Self { order, ..self.again() })
    }
    fn reversed(&self) -> Self {
        let mut order = self.order.clone();
        if order.is_empty() {
            order.push(self.model.key_field().name.to_owned());
        }
        let turn = |name: String| name.strip_prefix('-').map_or_else(|| format!("-{name}"), str::to_owned);
        Self { order: order.into_iter().map(turn).collect(), ..self.again() }
    }
    fn columns(&self, args: &HostArgs<'_>) -> Result<Vec<String>, HostResult> {
        let names: Vec<String> = args.positional.iter().map(show::text).collect();
        for name in &names {
            lookup::column(self.model, name)?;
        }
        if names.is_empty() {
            return Ok(lookup::visible(self.model).filter(|f| f.is_column()).map(|f| f.name.to_owned()).collect());
        }
        Ok(names)
    }
    fn run(&self, env: &Arc<Env>, name: &str, args: &HostArgs<'_>) -> Result<HostResult, HostResult> {
        let called = |name: &str| {
            let mut text = format!("{}\u{1}{name}", self.id);
            for (path, value) in args.keyword {
                let value = row::key_of(value).map_or_else(|| show::text(value), |k| k.to_string());
                text.push_str(&format!("\u{2}{path}={value}"));
            }
            Slot::Call(text)
        };
        Ok(match name {
            "all" | "distinct" | "iterator" | "select_related" | "prefetch_related" | "select_subclasses" | "only"
            | "defer" | "using" | "including_expired" | "select_for_update" => HostResult::Ready(self.again().value()),
            "filter" => HostResult::Ready(self.with_conditions(env, args, false)?.value()),
            "exclude" => HostResult::Ready(self.with_conditions(env, args, true)?.value()),
            "none" => HostResult::Ready(self.again().filtered(Filter::False).value()),
            "order_by" => HostResult::Ready(self.ordered(args)?.value()),
            "reverse" => HostResult::Ready(self.reversed().value()),
            "exists" => self.exists(env, Slot::Object(self.id, "exists")),
            "count" => self.count(env),
            "first" => self.first(env, Slot::Object(self.id, "first")),
            "last" => self.reversed().first(env, Slot::Object(self.id, "last")),
            "earliest" => self.ordered(args)?.only_first(env, called("earliest")),
            "latest" => self.ordered(args)?.reversed().only_first(env, called("latest")),
            "get" => self.with_conditions(env, args, false)?.only(env, called("get")),
            "values" => HostResult::Ready(Self { shape: Shape::Dicts(self.columns(args)?), ..self.again() }.value()),
            "values_list" => {
                let flat = matches!(args.get("flat"), Some(Value::Bool(true)));
                let names = self.columns(args)?;
                let shape = match names.as_slice() {
                    [one] if flat => Shape::Flat(one.clone()),
                    _ if flat => {
                        return Err(HostResult::type_error(
                            "'flat' is not valid when values_list is called with more than one field.",
                        ));
                    }
                    _ => Shape::Tuples(names),
                };
                HostResult::Ready(Self { shape, ..self.again() }.value())
            }
            "contains" => {
                let Some(key) = args.positional.first().and_then(row::key_of) else {
                    return Err(HostResult::type_error("'obj' must be a model instance."));
                };
                let one = self.again().filtered(Filter::eq(self.model.key_field().name, key));
                one.exists(env, Slot::Call(format!("{}\u{1}contains\u{1}{key}", self.id)))
            }
            "update" => super::related::update(env, self.model, &self.filter, args, called("update")),
            _ => functions::refuse(&format!("{name}() is not available: expressions only read objects.")),
        })
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
    fn only_first(&self, env: &Arc<Env>, slot: Slot) -> HostResult {
        let mut one = self.clone();
        one.limit = Some(1);
        one.only(env, slot)
    }
    fn kind(&self) -> &'static str {
        if self.model.schema.family || self.model.chain.len() > 1 { "InheritanceQuerySet" } else { "QuerySet" }
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

const METHODS: &[&str] = &[
    "all",
    "distinct",
    "iterator",
    "select_related",
    "prefetch_related",
    "select_subclasses",
    "only",
    "defer",
    "using",
    "including_expired",
    "select_for_update",
    "filter",
    "exclude",
    "none",
    "order_by",
    "reverse",
    "exists",
    "count",
    "first",
    "last",
    "earliest",
    "latest",
    "get",
    "values",
    "values_list",
    "contains",
    "update",
    "create",
    "delete",
    "get_or_create",
    "update_or_create",
    "bulk_create",
    "bulk_update",
    "add",
    "remove",
    "set",
    "clear",
    "aggregate",
    "annotate",
    "raw",
    "extra",
    "union",
    "intersection",
    "difference",
    "in_bulk",
    "dates",
    "datetimes",
];

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
        METHODS.contains(&name)
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
