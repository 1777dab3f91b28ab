//! Conditions and orders on rows that are in memory, so that questions about configuration need no query.

use std::cmp::Ordering;

use object::{Field, Kind, Record, Value as Cell};
use store::{Filter, Op, Row};

/// The rows that match, or `None` when a condition needs the database.
pub fn select(rows: impl Iterator<Item = Row>, filter: &Filter) -> Option<Vec<Row>> {
    let mut found = Vec::new();
    for row in rows {
        if matches(&row, filter)? {
            found.push(row);
        }
    }
    Some(found)
}

fn matches(row: &Record, filter: &Filter) -> Option<bool> {
    Some(match filter {
        Filter::True => true,
        Filter::False => false,
        Filter::And(all) => {
            for one in all {
                if !matches(row, one)? {
                    return Some(false);
                }
            }
            true
        }
        Filter::Or(any) => {
            for one in any {
                if matches(row, one)? {
                    return Some(true);
                }
            }
            false
        }
        Filter::Not(inner) => !matches(row, inner)?,
        Filter::IsNull { path, null } => cell(row, path)?.is_null() == *null,
        Filter::In { path, values } => {
            let cell = cell(row, path)?;
            values.iter().any(|v| compare(&cell, v) == Some(Ordering::Equal))
        }
        Filter::Compare { path, op, value } => test(&cell(row, path)?, *op, value),
    })
}

/// The value at a path that stays inside the row.
fn cell(row: &Record, path: &str) -> Option<Cell> {
    let mut parts = path.split("__");
    let position = row.model.index_of(parts.next()?)?;
    let field: &Field = row.model.fields[position];
    let value = &row.values[position];
    let rest: Vec<&str> = parts.collect();
    if rest.is_empty() {
        return field.is_column().then(|| value.clone());
    }
    let (Kind::Json(_), Cell::Json(mut json)) = (&field.kind, value.clone()) else { return None };
    for part in rest {
        json = match json {
            serde_json::Value::Object(mut map) => map.remove(part).unwrap_or_default(),
            serde_json::Value::Array(mut items) => match part.parse::<usize>() {
                Ok(i) if i < items.len() => items.swap_remove(i),
                _ => serde_json::Value::Null,
            },
            _ => serde_json::Value::Null,
        };
    }
    Some(match json {
        serde_json::Value::Null => Cell::Null,
        serde_json::Value::Bool(b) => Cell::Bool(b),
        serde_json::Value::Number(n) => {
            n.as_i64().map_or_else(|| Cell::Float(n.as_f64().unwrap_or_default()), Cell::Int)
        }
        serde_json::Value::String(s) => Cell::Text(s),
        other => Cell::Json(other),
    })
}

fn test(cell: &Cell, op: Op, value: &Cell) -> bool {
    let order = || compare(cell, value);
    let text = |fold: bool| {
        let (a, b) = (as_text(cell), as_text(value));
        if fold { (a.to_lowercase(), b.to_lowercase()) } else { (a, b) }
    };
    if cell.is_null() {
        return op == Op::Ne && !value.is_null();
    }
    match op {
        Op::Eq => order() == Some(Ordering::Equal),
        Op::Ne => order() != Some(Ordering::Equal),
        Op::Lt => order() == Some(Ordering::Less),
        Op::Le => matches!(order(), Some(Ordering::Less | Ordering::Equal)),
        Op::Gt => order() == Some(Ordering::Greater),
        Op::Ge => matches!(order(), Some(Ordering::Greater | Ordering::Equal)),
        Op::IEq => {
            let (a, b) = text(true);
            a == b
        }
        Op::Contains | Op::IContains => {
            let (a, b) = text(op == Op::IContains);
            a.contains(&b)
        }
        Op::StartsWith | Op::IStartsWith => {
            let (a, b) = text(op == Op::IStartsWith);
            a.starts_with(&b)
        }
        Op::EndsWith | Op::IEndsWith => {
            let (a, b) = text(op == Op::IEndsWith);
            a.ends_with(&b)
        }
    }
}

fn as_text(cell: &Cell) -> String {
    match cell {
        Cell::Text(s) => s.clone(),
        Cell::Int(n) => n.to_string(),
        Cell::Uuid(u) => u.hyphenated().to_string(),
        other => object::render_value(other).to_string(),
    }
}

/// How two values stand to each other; `None` when they are of different sorts.
pub fn compare(a: &Cell, b: &Cell) -> Option<Ordering> {
    match (a, b) {
        (Cell::Bool(x), Cell::Bool(y)) => Some(x.cmp(y)),
        (Cell::Bool(x), Cell::Int(y)) => Some(i64::from(*x).cmp(y)),
        (Cell::Int(x), Cell::Bool(y)) => Some(x.cmp(&i64::from(*y))),
        (Cell::Int(x), Cell::Int(y)) => Some(x.cmp(y)),
        (Cell::Int(x), Cell::Float(y)) => (*x as f64).partial_cmp(y),
        (Cell::Float(x), Cell::Int(y)) => x.partial_cmp(&(*y as f64)),
        (Cell::Float(x), Cell::Float(y)) => x.partial_cmp(y),
        (Cell::Text(x), Cell::Text(y)) => Some(x.cmp(y)),
        (Cell::Text(x), Cell::Int(y)) => (*x == y.to_string()).then_some(Ordering::Equal),
        (Cell::Uuid(x), Cell::Uuid(y)) => Some(x.cmp(y)),
        (Cell::Time(x), Cell::Time(y)) => Some(x.cmp(y)),
        (Cell::Json(x), Cell::Json(y)) => (x == y).then_some(Ordering::Equal),
        _ => None,
    }
}

/// Sorts by columns, `-` for descending. Nulls come first, as in SQLite.
pub fn sort(rows: &mut [Row], order: &[String]) {
    rows.sort_by(|a, b| {
        for name in order {
            let (name, down) = name.strip_prefix('-').map_or((name.as_str(), false), |n| (n, true));
            let (x, y) = (a.get(name), b.get(name));
            let found = compare(x, y).unwrap_or_else(|| y.is_null().cmp(&x.is_null()));
            if found != Ordering::Equal {
                return if down { found.reverse() } else { found };
            }
        }
        Ordering::Equal
    });
}
