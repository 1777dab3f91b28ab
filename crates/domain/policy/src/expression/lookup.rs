//! Django's spelling of conditions (`name__startswith="x"`) as filters of the store.

use expr::{ExcType, HostResult, Value};
use object::{Dependent, Field, Kind, Model, Value as Cell};
use store::{Filter, Op};

use super::convert;
use super::environment::Env;
use super::query_set::QuerySet;
use super::show;

/// How a path ends.
#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    Compare(Op),
    In,
    IsNull,
}

fn end(name: &str) -> Option<End> {
    match name {
        "in" => Some(End::In),
        "isnull" => Some(End::IsNull),
        _ => Op::of_word(name).map(End::Compare),
    }
}

/// The exception for a name that is no field.
pub fn field_error(message: impl AsRef<str>) -> HostResult {
    static TYPE: std::sync::LazyLock<ExcType> = std::sync::LazyLock::new(|| {
        ExcType::define("django.core.exceptions", "FieldError", &ExcType::builtin("Exception"))
    });
    HostResult::raise(&TYPE, message)
}

fn unknown(model: &Model, name: &str) -> HostResult {
    let mut names: Vec<&str> = visible(model).map(|f| f.name).collect();
    names.sort_unstable();
    field_error(format!("Cannot resolve keyword '{name}' into field. Choices are: {}", names.join(", ")))
}

/// The fields that expressions may see.
pub fn visible(model: &Model) -> impl Iterator<Item = &'static Field> + '_ {
    model.fields.iter().copied().filter(|f| !(f.secret && f.access == object::Access::Internal))
}

/// The field behind a name that Django's models have.
pub fn field_of(model: &'static Model, name: &str) -> Option<&'static Field> {
    let found = visible(model).find(|f| f.name == name || f.wire == name);
    if found.is_some() {
        return found;
    }
    let root = model.root().model_name();
    let alias = match (root, name) {
        (_, "pk" | "id") => return Some(model.key_field()),
        ("user", "ak_groups") => "groups",
        ("group", "parent") => "parents",
        _ if name.ends_with("_uuid") => return Some(model.key_field()),
        _ => name.strip_suffix("_id")?,
    };
    visible(model).find(|f| f.name == alias)
}

/// The many-to-many field by which others hold rows of a model, by the name of what holds them. COMPAT: users hold groups
/// under the name `users` for Django.
fn holder_of<'c>(env: &Env, model: &Model, name: &str) -> Option<&'c Dependent> {
    let name = if name == "users" { "user" } else { name };
    let catalogue = env.app.store().catalogue();
    catalogue
        .dependents_of(model)
        .find(|d| d.on_delete.is_none() && d.model.schema.model_name() == name && super::classes::is_open(d.model))
}

/// The field that a path leads to when no query is needed to follow it, and the path into its JSON.
pub fn column(model: &'static Model, path: &str) -> Result<(&'static Field, Vec<String>), HostResult> {
    let mut parts = path.split("__");
    let head = parts.next().unwrap_or_default();
    let Some(field) = field_of(model, head) else { return Err(unknown(model, head)) };
    let rest: Vec<String> = parts.map(str::to_owned).collect();
    if rest.is_empty() || matches!(field.kind, Kind::Json(_)) { Ok((field, rest)) } else { Err(unknown(model, path)) }
}

/// One condition.
pub fn condition(env: &Env, model: &'static Model, spelling: &str, value: &Value) -> Result<Filter, HostResult> {
    let parts: Vec<&str> = spelling.split("__").collect();
    let mut path: Vec<&str> = Vec::with_capacity(parts.len());
    let mut at = model;
    let mut last: Option<&'static Field> = None;
    let mut how = End::Compare(Op::Eq);
    let mut in_json = false;
    for (i, part) in parts.iter().enumerate() {
        let is_last = i + 1 == parts.len();
        if is_last
            && i > 0
            && let Some(found) = end(part)
        {
            how = found;
            break;
        }
        if in_json {
            path.push(part);
            continue;
        }
        if last.is_some_and(|f| f.target().is_none()) {
            return Err(field_error(format!(
                "Unsupported lookup '{part}' for field or join on the field not permitted."
            )));
        }
        let Some(field) = field_of(at, part) else {
            // The other end of a many-to-many field: `user` of a group.
            let Some(holder) = holder_of(env, at, part) else { return Err(unknown(at, part)) };
            path.push(holder.model.schema.model_name());
            (at, last) = (holder.model, Some(holder.field));
            continue;
        };
        path.push(if std::ptr::eq(field, at.key_field()) { "pk" } else { field.name });
        in_json = matches!(field.kind, Kind::Json(_));
        last = Some(field);
        if let Some(target) = field.target().and_then(|t| env.app.store().catalogue().model(t)) {
            at = target;
        }
    }
    let Some(field) = last else { return Err(unknown(model, spelling)) };
    // A path that ends at a reference compares the key at its other end.
    let compared = if field.target().is_some() { at.key_field() } else { field };
    let path = path.join("__");
    match how {
        End::IsNull => {
            Ok(Filter::IsNull { path: path.into(), null: !matches!(value, Value::Bool(false) | Value::Int(0)) })
        }
        End::In => Ok(Filter::In { path: path.into(), values: members(env, compared, value)? }),
        End::Compare(op) => {
            let mut operand = if in_json { json_operand(value) } else { convert::operand(compared, value) };
            if !matches!(op, Op::Eq | Op::Lt | Op::Le | Op::Gt | Op::Ge) {
                operand = Cell::Text(show::text(value));
            }
            Ok(Filter::compare(path, op, operand))
        }
    }
}

fn json_operand(value: &Value) -> Cell {
    match value {
        Value::None => Cell::Null,
        Value::Bool(b) => Cell::Bool(*b),
        Value::Int(n) => Cell::Int(*n),
        Value::Float(f) => Cell::Float(*f),
        other => Cell::Text(show::text(other)),
    }
}

fn members(env: &Env, field: &Field, value: &Value) -> Result<Vec<Cell>, HostResult> {
    let items = match value {
        Value::List(list) => list.to_vec(),
        Value::Tuple(tuple) => tuple.items().to_vec(),
        Value::Set(set) => set.get().iter().map(|k| k.value().clone()).collect(),
        Value::Host(_) => match value.downcast_host::<QuerySet>().and_then(|set| set.keys_now(env)) {
            Some(keys) => keys,
            None => return Err(field_error("“in” needs a list here; make one with list(…)")),
        },
        other => return Err(HostResult::type_error(format!("'{}' object is not iterable", other.type_name()))),
    };
    Ok(items.iter().map(|item| convert::operand(field, item)).collect())
}
