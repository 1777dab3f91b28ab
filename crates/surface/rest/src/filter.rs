//! The parameters of a list as conditions.
//!
//! A kind names what its list may be filtered by; the type of the field says how a value is read and what is said when it
//! cannot be. The sentences are those of django-filter, which clients match on.

mod value;

use feature::{BoxFuture, Problem};
use object::{Catalogue, Dependent, Field, FieldErrors, Kind, Model, Record, Value};
use serde_json::{Value as Json, json};
use store::{Filter, Query, Store, scalar};

use crate::ask::Ask;

/// Rows looked at when a condition goes through a reference that points at us.
const MAX_REVERSE: u64 = 10_000;

/// All conditions that the query string gives.
pub async fn conditions(ask: &Ask, model: &'static Model) -> Result<Filter, Problem> {
    let mut errors = FieldErrors::default();
    let mut all = Filter::True;
    for declared in model.schema.filters {
        let (parameter, path) = declared.split_once('=').unwrap_or((declared, declared));
        let values = ask.values(parameter);
        if values.is_empty() {
            continue;
        }
        let Some(end) = resolve(ask.app.registry().catalogue, model, path) else {
            tracing::debug!("{} cannot be filtered by {declared}", model.name());
            continue;
        };
        match condition(ask.app.store(), model, end, &values).await? {
            Ok(filter) => all = all.and(filter),
            Err(message) => errors.add(parameter, message),
        }
    }
    if errors.is_empty() { Ok(all) } else { Err(errors.into()) }
}

/// Where a path ends.
pub enum End {
    /// At a field, compared somehow (`""` for plain equality).
    Field { path: String, field: &'static Field, op: &'static str },
    /// Inside JSON.
    Inside { path: String },
    /// At what refers to us; the rest of the path goes on there.
    Reverse { path: String, through: Dependent, rest: String },
}

const OPS: [&str; 14] = [
    "in",
    "isnull",
    "exact",
    "iexact",
    "contains",
    "icontains",
    "startswith",
    "istartswith",
    "endswith",
    "iendswith",
    "lt",
    "lte",
    "gt",
    "gte",
];

/// What a path of names joined by `__` leads to.
pub fn resolve(catalogue: &'static Catalogue, model: &'static Model, path: &str) -> Option<End> {
    let names: Vec<&str> = path.split("__").collect();
    let mut at = model;
    let mut walked: Vec<&str> = Vec::new();
    let mut field: Option<&'static Field> = None;
    for (i, name) in names.iter().enumerate() {
        let last = i + 1 == names.len();
        match field {
            Some(f) if matches!(f.kind, Kind::Json(_) | Kind::List(_)) => {
                walked.extend(&names[i..]);
                return Some(End::Inside { path: walked.join("__") });
            }
            Some(f) if f.target().is_none() || (last && OPS.contains(name)) => {
                let op = OPS.iter().find(|op| **op == *name).filter(|_| last)?;
                return Some(End::Field { path: walked.join("__"), field: f, op });
            }
            Some(f) => at = catalogue.model(f.target()?)?,
            None => {}
        }
        let found = at.field(name).or_else(|| (name.ends_with("_uuid")).then(|| at.key_field()));
        if let Some(found) = found {
            walked.push(found.name);
            field = Some(found);
            continue;
        }
        let through = reverse(catalogue, at, name)?;
        return Some(End::Reverse { path: walked.join("__"), through, rest: names[i + 1..].join("__") });
    }
    Some(End::Field { path: walked.join("__"), field: field?, op: "" })
}

/// Whether the store can follow a path to a value.
pub fn is_path(catalogue: &'static Catalogue, model: &'static Model, path: &str) -> bool {
    match resolve(catalogue, model, path) {
        Some(End::Field { field, op: "", .. }) => field.is_column(),
        Some(End::Inside { .. }) => true,
        _ => false,
    }
}

/// The reference to us that goes by a name: the model's (`application`) or the end of it in the plural (`bindings`).
fn reverse(catalogue: &'static Catalogue, model: &'static Model, name: &str) -> Option<Dependent> {
    let fits = |d: &&Dependent| {
        let other = d.model.schema.model_name();
        other == name || name.strip_suffix('s').is_some_and(|one| other.ends_with(one))
    };
    catalogue.dependents_of(model).find(fits).copied()
}

/// What a condition came out as: itself, or the sentence about a bad value.
type Outcome = Result<Filter, String>;

fn condition<'a>(
    store: &'a Store,
    model: &'static Model,
    end: End,
    values: &'a [&'a str],
) -> BoxFuture<'a, Result<Outcome, Problem>> {
    Box::pin(async move {
        match end {
            End::Inside { path } => Ok(Ok(inside(&path, values))),
            End::Field { path, field, op } if matches!(field.kind, Kind::Json(_)) && op.is_empty() => {
                mapping(&path, values).map(Ok)
            }
            End::Field { path, field, op } => value::condition(store, &path, field, op, values).await,
            End::Reverse { path, through, rest } => referrers(store, model, &path, through, &rest, values).await,
        }
    })
}

/// Rows that something refers to which meets the rest of the condition.
async fn referrers(
    store: &Store,
    model: &'static Model,
    path: &str,
    through: Dependent,
    rest: &str,
    values: &[&str],
) -> Result<Outcome, Problem> {
    let (other, field) = (through.model, through.field);
    let mut negate = false;
    let filter = match rest {
        "isnull" => match value::boolean(values) {
            Some(null) => {
                negate = null;
                Filter::IsNull { path: field.name.into(), null: false }
            }
            None => return Ok(Ok(Filter::True)),
        },
        "" | "in" => {
            let end = End::Field { path: other.key_field().name.to_owned(), field: other.key_field(), op: "in" };
            match condition(store, other, end, values).await? {
                Ok(filter) => filter,
                Err(_) => return Ok(Err(value::NO_CHOICE.to_owned())),
            }
        }
        rest => match resolve(store.catalogue(), other, rest) {
            Some(end) => match condition(store, other, end, values).await? {
                Ok(filter) => filter,
                Err(message) => return Ok(Err(message)),
            },
            None => return Ok(Ok(Filter::True)),
        },
    };
    let found = store.records(other, &Query::filter(filter).limit(MAX_REVERSE)).await?;
    let keys: Vec<Value> = found.iter().flat_map(|r| referred(r, field)).collect();
    let path = if path.is_empty() { model.key_field().name.to_owned() } else { path.to_owned() };
    let filter = Filter::any_of(path, keys);
    Ok(Ok(if negate { filter.negate() } else { filter }))
}

fn referred(record: &Record, field: &Field) -> Vec<Value> {
    match record.get(field.name) {
        Value::Keys(keys) => keys.iter().copied().map(Value::from).collect(),
        Value::Null => Vec::new(),
        one => vec![one.clone()],
    }
}

fn inside(path: &str, values: &[&str]) -> Filter {
    let last = path.rsplit("__").next().unwrap_or_default();
    if OPS.contains(&last) {
        return Filter::lookup(path, Value::from(values[values.len() - 1]));
    }
    Filter::any_of(path.to_owned(), values.iter().copied())
}

/// `attributes={"a": 1}`: every key with its value; a key may be a path and end in a comparison.
fn mapping(path: &str, values: &[&str]) -> Result<Filter, Problem> {
    let refuse = |text: &str| Problem::new(http::StatusCode::BAD_REQUEST, json!([text]));
    let mut all = Filter::True;
    for text in values {
        let json: Json = serde_json::from_str(text).map_err(|_| refuse("filter: failed to parse JSON"))?;
        let Json::Object(map) = json else { return Err(refuse("filter: value must be key:value mapping")) };
        for (key, wanted) in map {
            all = all.and(Filter::lookup(&format!("{path}__{key}"), scalar(wanted)));
        }
    }
    Ok(all)
}
