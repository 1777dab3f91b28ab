//! Django's methods by name.

use std::sync::Arc;

use expr::{HostArgs, HostResult, Value};
use store::Filter;

use super::super::environment::{Env, Slot};
use super::super::{functions, lookup, related, row, show};
use super::{QuerySet, Shape};

/// What a set is known to have; what only changes objects is refused by name.
pub(super) const METHODS: &[&str] = &[
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

impl QuerySet {
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
    pub(super) fn run(&self, env: &Arc<Env>, name: &str, args: &HostArgs<'_>) -> Result<HostResult, HostResult> {
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
            "update" => related::update(env, self.model, &self.filter, args, called("update")),
            _ => functions::refuse(&format!("{name}() is not available: expressions only read objects.")),
        })
    }
}
