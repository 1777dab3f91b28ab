//! SELECT statements.

use object::{Catalogue, Key, Model, Record};

use super::{Builder, Dialect, column_of, key_column, quoted, through_of};
use crate::error::{Error, Result};
use crate::filter::Filter;
use crate::query::Query;
use crate::statement::{Column, Statement};

/// All columns of the rows that match, in the order of [`Model::fields`] without the many-to-many ones.
pub fn select(
    catalogue: &Catalogue,
    dialect: Dialect,
    model: &'static Model,
    query: &Query,
    hot: bool,
) -> Result<Statement> {
    let mut b = Builder::new(catalogue, dialect);
    let columns = columns(&mut b, model);
    tail(&mut b, model, query)?;
    let heavy = !hot || !pinpoints(model, &query.filter);
    Ok(Statement { hot, heavy, ..Statement::hot(b.text, b.params).returning(columns) })
}

/// `SELECT` with every column; returns their types.
fn columns(b: &mut Builder<'_>, model: &Model) -> Vec<Column> {
    let mut columns = Vec::new();
    b.push("SELECT ");
    for (i, field) in model.fields.iter().enumerate() {
        if !field.is_column() {
            continue;
        }
        if i > 0 {
            b.push(", ");
        }
        b.push(&format!("t_{}.{}", model.home[i], quoted(field.name)));
        columns.push(column_of(b.catalogue, field));
    }
    columns
}

/// Whether an index leads to the few rows that can match.
fn pinpoints(model: &Model, filter: &Filter) -> bool {
    match filter {
        Filter::And(all) => all.iter().any(|f| pinpoints(model, f)),
        Filter::Compare { path, op: crate::Op::Eq, .. } => model.index_of(path).is_some_and(|i| {
            let field = model.fields[i];
            i == 0 || field.unique || field.index || matches!(field.kind, object::Kind::Ref { .. })
        }),
        _ => false,
    }
}

/// Key and kind of the rows of a family that match.
pub fn kinds(catalogue: &Catalogue, dialect: Dialect, root: &'static Model, query: &Query) -> Result<Statement> {
    let mut b = Builder::new(catalogue, dialect);
    b.push(&format!("SELECT t_0.{}, t_0.\"kind\"", quoted(root.key_field().name)));
    tail(&mut b, root, query)?;
    let columns = vec![key_column(root.schema.key), Column::Text];
    Ok(Statement::heavy(b.text, b.params).returning(columns))
}

/// One row by its key, which is the only parameter.
pub fn by_key(catalogue: &Catalogue, dialect: Dialect, model: &'static Model) -> Statement {
    let mut b = Builder::new(catalogue, dialect);
    let columns = columns(&mut b, model);
    b.push(" FROM ");
    b.from(model, "t");
    b.push(&format!(" WHERE t_0.{} = ", quoted(model.key_field().name))).bind(0i64);
    Statement::hot(b.text, Vec::new()).returning(columns)
}

/// How many rows match, counting no further than `limit`.
pub fn count_up_to(
    catalogue: &Catalogue,
    dialect: Dialect,
    model: &'static Model,
    filter: &Filter,
    limit: u64,
) -> Result<Statement> {
    let mut b = Builder::new(catalogue, dialect);
    b.push("SELECT COUNT(*) FROM (SELECT 1 FROM ");
    b.from(model, "t");
    b.push(" WHERE ");
    b.condition(model, "t", filter)?;
    b.push(&format!(" LIMIT {limit}) AS counted"));
    Ok(Statement::heavy(b.text, b.params).returning(vec![Column::Int]))
}

/// How many rows match.
pub fn count(catalogue: &Catalogue, dialect: Dialect, model: &'static Model, filter: &Filter) -> Result<Statement> {
    let mut b = Builder::new(catalogue, dialect);
    b.push("SELECT COUNT(*) FROM ");
    b.from(model, "t");
    b.push(" WHERE ");
    b.condition(model, "t", filter)?;
    Ok(Statement::heavy(b.text, b.params).returning(vec![Column::Int]))
}

/// The links of one many-to-many field for some rows: pairs of our key and the other's.
pub fn links(
    catalogue: &Catalogue,
    dialect: Dialect,
    model: &'static Model,
    position: usize,
    keys: &[Key],
) -> Option<Statement> {
    let through = through_of(catalogue, model, position)?;
    let target = catalogue.model(model.fields[position].target()?)?;
    let mut b = Builder::new(catalogue, dialect);
    b.push(&format!(
        "SELECT {}, {} FROM {} WHERE {} IN (",
        quoted(through.ours),
        quoted(through.theirs),
        quoted(&through.table),
        quoted(through.ours)
    ));
    for (i, key) in keys.iter().enumerate() {
        if i > 0 {
            b.push(", ");
        }
        b.bind(object::Value::from(*key));
    }
    b.push(&format!(") ORDER BY {}, \"position\", {}", quoted(through.ours), quoted(through.theirs)));
    let columns = vec![key_column(model.root().key), key_column(target.root().key)];
    let hot = keys.len() == 1;
    let links = if hot { Statement::hot(b.text, b.params) } else { Statement::heavy(b.text, b.params) };
    Some(links.returning(columns))
}

fn tail(b: &mut Builder<'_>, model: &'static Model, query: &Query) -> Result<()> {
    b.push(" FROM ");
    b.from(model, "t");
    b.push(" WHERE ");
    b.condition(model, "t", &query.filter)?;
    if let Some(crate::query::After::Row(row)) = &query.after {
        b.push(" AND ");
        after(b, model, query, row)?;
    }
    order(b, model, query)?;
    if let Some(limit) = query.limit {
        b.push(&format!(" LIMIT {limit}"));
    }
    if query.offset > 0 {
        if query.limit.is_none() && b.dialect == Dialect::Sqlite {
            b.push(" LIMIT -1");
        }
        b.push(&format!(" OFFSET {}", query.offset));
    }
    Ok(())
}

fn order(b: &mut Builder<'_>, model: &'static Model, query: &Query) -> Result<()> {
    if query.order.is_empty() && query.limit == Some(1) && query.offset == 0 {
        return Ok(());
    }
    b.push(" ORDER BY ");
    let mut keyed = false;
    for spelling in &query.order {
        let (name, descending) = spelling.strip_prefix('-').map_or((&**spelling, false), |n| (n, true));
        let (head, rest) = name.split_once("__").map_or((name, None), |(h, r)| (h, Some(r)));
        let unknown = || Error::NoField { model: model.name(), name: name.to_owned() };
        let position = model.index_of(head).ok_or_else(unknown)?;
        let field = model.fields[position];
        if !field.is_column() {
            return Err(unknown());
        }
        let column = format!("t_{}.{}", model.home[position], quoted(field.name));
        match (rest, field.target().and_then(|t| b.catalogue.model(t))) {
            (Some(rest), Some(to)) => {
                let inner = to.index_of(rest).ok_or_else(unknown)?;
                b.push(&format!("(SELECT o_{}.{} FROM ", to.home[inner], quoted(to.fields[inner].name)));
                b.from(to, "o");
                b.push(&format!(" WHERE o_0.{} = {column})", quoted(to.key_field().name)));
            }
            (Some(_), None) => return Err(unknown()),
            (None, _) => _ = b.push(&column),
        }
        b.push(if descending { " DESC" } else { "" });
        // PostgreSQL sorts nulls last, SQLite first; the contract is PostgreSQL's.
        if b.dialect == Dialect::Sqlite && field.null {
            b.push(if descending { " NULLS FIRST" } else { " NULLS LAST" });
        }
        b.push(", ");
        keyed |= position == 0;
    }
    if keyed {
        b.text.truncate(b.text.len() - 2);
    } else {
        b.push(&format!("t_0.{}", quoted(model.key_field().name)));
    }
    Ok(())
}

/// The rows behind `row`: greater in the first field, or equal there and greater in the next, and so on to the key.
fn after(b: &mut Builder<'_>, model: &'static Model, query: &Query, row: &Record) -> Result<()> {
    let key = format!("t_0.{}", quoted(model.key_field().name));
    let mut end = (">", String::new());
    for spelling in &query.order {
        let (name, descending) = spelling.strip_prefix('-').map_or((&**spelling, false), |n| (n, true));
        let unknown = || Error::NoField { model: model.name(), name: name.to_owned() };
        let position = model.index_of(name).ok_or_else(unknown)?;
        if position == 0 {
            // Nothing that comes behind the key in the order can matter.
            end.0 = if descending { "<" } else { ">" };
            break;
        }
        let field = model.fields[position];
        if !field.is_column() {
            return Err(unknown());
        }
        let column = format!("t_{}.{}", model.home[position], quoted(field.name));
        let value = row.get(name).clone();
        // Nulls come last, or first when descending.
        match (value.is_null(), descending) {
            (true, false) => {
                b.push(&format!("({column} IS NULL AND ("));
                end.1.push_str("))");
            }
            (true, true) => {
                b.push(&format!("({column} IS NOT NULL OR ({column} IS NULL AND ("));
                end.1.push_str(")))");
            }
            (false, false) if field.null => {
                b.push(&format!("({column} IS NULL OR {column} > ")).bind(value.clone());
                b.push(&format!(" OR ({column} = ")).bind(value).push(" AND (");
                end.1.push_str(")))");
            }
            (false, _) => {
                // The first part follows from the second, but an index is found by an AND, not by an OR.
                let (wide, sharp) = if descending { ("<=", "<") } else { (">=", ">") };
                b.push(&format!("({column} {wide} ")).bind(value.clone());
                b.push(&format!(" AND ({column} {sharp} ")).bind(value.clone());
                b.push(&format!(" OR ({column} = ")).bind(value).push(" AND (");
                end.1.push_str("))))");
            }
        }
    }
    b.push(&format!("{key} {} ", end.0)).bind(row.values[0].clone()).push(&end.1);
    Ok(())
}
