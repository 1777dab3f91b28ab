//! Steps to SQL.

use std::collections::BTreeSet;

use super::plan::Step;
use crate::shape::{Column, Shape, Table, TableKey};
use crate::sql::{self, Dialect, quoted};
use crate::statement::Column as Type;

pub fn render(old: &Shape, new: &Shape, steps: &[Step], dialect: Dialect) -> Vec<String> {
    match dialect {
        Dialect::Postgres => steps.iter().flat_map(|s| postgres(new, s)).collect(),
        Dialect::Sqlite => sqlite(old, new, steps),
    }
}

fn postgres(new: &Shape, step: &Step) -> Vec<String> {
    let on = |table: &str, what: String| format!("ALTER TABLE {} {what}", quoted(table));
    match step {
        Step::CreateTable { table } => {
            let Some(shape) = new.tables.get(table) else { return Vec::new() };
            let mut out = vec![sql::create_table(table, shape, Dialect::Postgres)];
            out.extend(shape.columns.iter().filter_map(|c| sql::add_reference(table, c)));
            out
        }
        Step::DropTable { table } => vec![format!("DROP TABLE {} CASCADE", quoted(table))],
        Step::RenameTable { from, to } => vec![on(from, format!("RENAME TO {}", quoted(to)))],
        Step::AddColumn { table, column } => {
            let name = quoted(&column.name);
            let kind = sql::sql_type(column.kind, Dialect::Postgres);
            let null = if column.null { "" } else { " NOT NULL" };
            match sql::fill(column, Dialect::Postgres) {
                Some(fill) => vec![
                    on(table, format!("ADD COLUMN {name} {kind}{null} DEFAULT {fill}")),
                    on(table, format!("ALTER COLUMN {name} DROP DEFAULT")),
                ],
                None => vec![on(table, format!("ADD COLUMN {name} {kind}{null}"))],
            }
        }
        Step::DropColumn { table, column } => vec![on(table, format!("DROP COLUMN {}", quoted(column)))],
        Step::RenameColumn { table, from, to } => {
            vec![on(table, format!("RENAME COLUMN {} TO {}", quoted(from), quoted(to)))]
        }
        Step::ChangeType { table, column, from } => {
            let (name, kind) = (quoted(&column.name), sql::sql_type(column.kind, Dialect::Postgres));
            let using = match (from, column.kind) {
                (Type::Int, Type::Bool) => format!("{name} <> 0"),
                (Type::Bool, Type::Int) => format!("{name}::int::bigint"),
                _ => format!("{name}::{kind}"),
            };
            vec![on(table, format!("ALTER COLUMN {name} TYPE {kind} USING {using}"))]
        }
        Step::ChangeNull { table, column } => {
            let name = quoted(&column.name);
            if column.null {
                return vec![on(table, format!("ALTER COLUMN {name} DROP NOT NULL"))];
            }
            let filled = sql::fill(column, Dialect::Postgres)
                .map(|fill| format!("UPDATE {} SET {name} = {fill} WHERE {name} IS NULL", quoted(table)));
            filled.into_iter().chain([on(table, format!("ALTER COLUMN {name} SET NOT NULL"))]).collect()
        }
        Step::AddReference { table, column } => sql::add_reference(table, column).into_iter().collect(),
        Step::DropReference { table, column } => vec![sql::drop_reference(table, column)],
        Step::AddIndex { table, index } => vec![sql::create_index(table, index)],
        Step::DropIndex { table, index } => vec![sql::drop_index(table, index)],
    }
}

/// SQLite can change little of a table in place, so a changed table is made anew and filled from the old one.
fn sqlite(old: &Shape, new: &Shape, steps: &[Step]) -> Vec<String> {
    let mut out = Vec::new();
    let mut indexes = Vec::new();
    let mut rebuilt: BTreeSet<&str> = BTreeSet::new();
    for step in steps {
        if let Some(table) = step.alters()
            && !in_place(step)
            && new.tables.contains_key(table)
        {
            rebuilt.insert(table);
        }
    }
    let renames: Vec<(&str, &str)> = steps
        .iter()
        .filter_map(|s| if let Step::RenameTable { from, to } = s { Some((&**from, &**to)) } else { None })
        .collect();
    for step in steps {
        match step {
            Step::CreateTable { table } => {
                out.extend(new.tables.get(table).map(|t| sql::create_table(table, t, Dialect::Sqlite)));
            }
            Step::DropTable { table } => out.push(format!("DROP TABLE {}", quoted(table))),
            Step::RenameTable { from, to } => {
                out.push(format!("ALTER TABLE {} RENAME TO {}", quoted(from), quoted(to)));
            }
            Step::AddColumn { table, column } if !rebuilt.contains(&**table) => out.push(format!(
                "ALTER TABLE {} ADD COLUMN {} {}",
                quoted(table),
                quoted(&column.name),
                sql::sql_type(column.kind, Dialect::Sqlite)
            )),
            Step::DropIndex { table, index } => out.push(sql::drop_index(table, index)),
            Step::AddIndex { table, index } if !rebuilt.contains(&**table) => {
                indexes.push(sql::create_index(table, index));
            }
            _ => {}
        }
    }
    for name in rebuilt {
        let from = renames.iter().find(|(_, to)| *to == name).map_or(name, |(from, _)| from);
        if let (Some(before), Some(table)) = (old.tables.get(from), new.tables.get(name)) {
            rebuild(name, before, table, steps, &mut out);
            indexes.extend(table.indexes.iter().map(|i| sql::create_index(name, i)));
        }
    }
    out.extend(indexes);
    out
}

fn in_place(step: &Step) -> bool {
    matches!(step, Step::AddColumn { column, .. }
        if column.null && column.references.is_none() && sql::fill(column, Dialect::Sqlite).is_none())
}

fn rebuild(name: &str, before: &Table, table: &Table, steps: &[Step], out: &mut Vec<String>) {
    let fresh = format!("{name}__new");
    out.push(sql::create_table(&fresh, table, Dialect::Sqlite));
    let (mut into, mut from) = (Vec::new(), Vec::new());
    for column in &table.columns {
        into.push(quoted(&column.name));
        from.push(value(name, column, before, steps));
    }
    out.push(format!(
        "INSERT INTO {} ({}) SELECT {} FROM {}",
        quoted(&fresh),
        into.join(", "),
        from.join(", "),
        quoted(name)
    ));
    if table.key == TableKey::Counted {
        // Numbers that were given away once are not given away again.
        out.push(format!("DELETE FROM sqlite_sequence WHERE name = '{fresh}'"));
        out.push(format!(
            "INSERT INTO sqlite_sequence (name, seq) SELECT '{fresh}', seq FROM sqlite_sequence WHERE name = '{name}'"
        ));
    }
    out.push(format!("DROP TABLE {}", quoted(name)));
    out.push(format!("ALTER TABLE {} RENAME TO {}", quoted(&fresh), quoted(name)));
}

/// Where a column of the new table takes its value from.
fn value(table: &str, column: &Column, before: &Table, steps: &[Step]) -> String {
    let renamed = steps.iter().find_map(|s| match s {
        Step::RenameColumn { table: t, from, to } if t == table && *to == column.name => Some(&**from),
        _ => None,
    });
    let source = renamed.unwrap_or(&column.name);
    let fill = sql::fill(column, Dialect::Sqlite);
    let Some(earlier) = before.columns.iter().find(|c| c.name == source) else {
        return fill.unwrap_or_else(|| "NULL".to_owned());
    };
    let name = quoted(source);
    let cast = match (earlier.kind, column.kind) {
        (Type::Int, Type::Bool) => format!("{name} <> 0"),
        (a, b) if sql::sql_type(a, Dialect::Sqlite) == sql::sql_type(b, Dialect::Sqlite) => name,
        (_, b) => format!("CAST({name} AS {})", sql::sql_type(b, Dialect::Sqlite)),
    };
    match fill {
        Some(fill) if earlier.null && !column.null => format!("COALESCE({cast}, {fill})"),
        _ => cast,
    }
}
