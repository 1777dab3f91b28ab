//! The difference between two shapes, as steps.

use std::fmt;

use crate::error::{Error, Result};
use crate::shape::{Column, Index, Shape, Table};
use crate::statement::Column as Type;

/// One change. Tables carry their new names, except for [`Step::DropTable`] and [`Step::RenameTable`].
#[derive(Debug, Clone)]
pub enum Step {
    CreateTable { table: String },
    DropTable { table: String },
    RenameTable { from: String, to: String },
    AddColumn { table: String, column: Column },
    DropColumn { table: String, column: String },
    RenameColumn { table: String, from: String, to: String },
    ChangeType { table: String, column: Column, from: Type },
    ChangeNull { table: String, column: Column },
    AddReference { table: String, column: Column },
    DropReference { table: String, column: String },
    AddIndex { table: String, index: Index },
    DropIndex { table: String, index: Index },
}

impl Step {
    /// The existing table that it changes otherwise than by its indexes.
    pub fn alters(&self) -> Option<&str> {
        match self {
            Self::AddColumn { table, .. }
            | Self::DropColumn { table, .. }
            | Self::RenameColumn { table, .. }
            | Self::ChangeType { table, .. }
            | Self::ChangeNull { table, .. }
            | Self::AddReference { table, .. }
            | Self::DropReference { table, .. } => Some(table),
            _ => None,
        }
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = |i: &Index| if i.unique { "unique index" } else { "index" };
        let name = |t: Type| format!("{t:?}").to_lowercase();
        match self {
            Self::CreateTable { table } => write!(f, "create table {table}"),
            Self::DropTable { table } => write!(f, "drop table {table} with its rows"),
            Self::RenameTable { from, to } => write!(f, "rename table {from} to {to}"),
            Self::AddColumn { table, column } => write!(f, "add {table}.{} ({})", column.name, name(column.kind)),
            Self::DropColumn { table, column } => write!(f, "drop {table}.{column} with its values"),
            Self::RenameColumn { table, from, to } => write!(f, "rename {table}.{from} to {to}"),
            Self::ChangeType { table, column, from } => {
                write!(f, "change {table}.{} from {} to {}", column.name, name(*from), name(column.kind))
            }
            Self::ChangeNull { table, column } if column.null => write!(f, "let {table}.{} be null", column.name),
            Self::ChangeNull { table, column } => write!(f, "no longer let {table}.{} be null", column.name),
            Self::AddReference { table, column } => {
                let to = column.references.as_ref().map_or("", |r| &r.table);
                write!(f, "make {table}.{} refer to {to}", column.name)
            }
            Self::DropReference { table, column } => write!(f, "drop the reference of {table}.{column}"),
            Self::AddIndex { table, index } => {
                write!(f, "add {} on {table} ({})", kind(index), index.columns.join(", "))
            }
            Self::DropIndex { table, index } => {
                write!(f, "drop {} on {table} ({})", kind(index), index.columns.join(", "))
            }
        }
    }
}

/// The steps from one shape to the other, in an order that PostgreSQL can carry out.
pub fn steps(old: &Shape, new: &Shape) -> Result<Vec<Step>> {
    let mut out = Vec::new();
    let mut kept: Vec<(&str, &Table, &str, &Table)> = Vec::new();
    for (name, table) in &new.tables {
        let before = match (old.tables.get_key_value(name), &table.was) {
            (None, Some(was)) => old.tables.get_key_value(was).filter(|(n, _)| !new.tables.contains_key(*n)),
            (found, _) => found,
        };
        match before {
            Some((from, before)) => {
                if from != name {
                    out.push(Step::RenameTable { from: from.clone(), to: name.clone() });
                }
                kept.push((from, before, name, table));
            }
            None => out.push(Step::CreateTable { table: name.clone() }),
        }
    }
    for (from, before, name, table) in &kept {
        alter(from, before, name, table, &mut out)?;
    }
    for name in old.tables.keys() {
        if !kept.iter().any(|(from, ..)| from == name) {
            out.push(Step::DropTable { table: name.clone() });
        }
    }
    for step in created_extras(new, &out) {
        out.push(step);
    }
    out.sort_by_key(rank);
    Ok(out)
}

/// References and indexes of new tables.
fn created_extras(new: &Shape, steps: &[Step]) -> Vec<Step> {
    let mut out = Vec::new();
    for step in steps {
        let Step::CreateTable { table } = step else { continue };
        let Some(shape) = new.tables.get(table) else { continue };
        for index in &shape.indexes {
            out.push(Step::AddIndex { table: table.clone(), index: index.clone() });
        }
    }
    out
}

fn rank(step: &Step) -> u8 {
    match step {
        Step::DropIndex { .. } => 0,
        Step::DropReference { .. } => 1,
        Step::DropTable { .. } => 2,
        Step::RenameTable { .. } => 3,
        Step::RenameColumn { .. } => 4,
        Step::CreateTable { .. } => 5,
        Step::AddColumn { .. } => 6,
        Step::DropColumn { .. } => 7,
        Step::ChangeType { .. } => 8,
        Step::ChangeNull { .. } => 9,
        Step::AddReference { .. } => 10,
        Step::AddIndex { .. } => 11,
    }
}

fn alter(from: &str, before: &Table, name: &str, table: &Table, out: &mut Vec<Step>) -> Result<()> {
    let owned = || name.to_owned();
    if before.key != table.key {
        return Err(Error::Schema(format!("the key of table {name} changes its kind, which no migration can do")));
    }
    let mut used = Vec::new();
    for column in &table.columns {
        let find = |name: &str| before.columns.iter().find(|c| c.name == name);
        let free = |c: &&Column| !table.columns.iter().any(|n| n.name == c.name);
        let earlier = find(&column.name).or_else(|| column.was.as_deref().and_then(find).filter(free));
        let Some(earlier) = earlier else {
            out.push(Step::AddColumn { table: owned(), column: column.clone() });
            if column.references.is_some() {
                out.push(Step::AddReference { table: owned(), column: column.clone() });
            }
            continue;
        };
        used.push(&earlier.name);
        let renamed = earlier.name != column.name;
        if renamed {
            out.push(Step::RenameColumn { table: owned(), from: earlier.name.clone(), to: column.name.clone() });
        }
        if earlier.kind != column.kind {
            if !convertible(earlier.kind, column.kind) {
                return Err(Error::Schema(format!(
                    "{name}.{} cannot change from {:?} to {:?}; add a field under a new name",
                    column.name, earlier.kind, column.kind
                )));
            }
            out.push(Step::ChangeType { table: owned(), column: column.clone(), from: earlier.kind });
        }
        if earlier.null != column.null {
            out.push(Step::ChangeNull { table: owned(), column: column.clone() });
        }
        // A constraint carries the names of its table and column, so it is made again when they change.
        if earlier.references != column.references || renamed || from != name {
            if earlier.references.is_some() {
                out.push(Step::DropReference { table: from.to_owned(), column: earlier.name.clone() });
            }
            if column.references.is_some() {
                out.push(Step::AddReference { table: owned(), column: column.clone() });
            }
        }
    }
    for column in &before.columns {
        if !used.contains(&&column.name) {
            if column.references.is_some() {
                out.push(Step::DropReference { table: from.to_owned(), column: column.name.clone() });
            }
            out.push(Step::DropColumn { table: owned(), column: column.name.clone() });
        }
    }
    for index in &before.indexes {
        if from != name || !table.indexes.contains(index) {
            out.push(Step::DropIndex { table: from.to_owned(), index: index.clone() });
        }
    }
    for index in &table.indexes {
        if from != name || !before.indexes.contains(index) {
            out.push(Step::AddIndex { table: owned(), index: index.clone() });
        }
    }
    Ok(())
}

/// Changes that lose nothing in either database.
fn convertible(from: Type, to: Type) -> bool {
    matches!(
        (from, to),
        (Type::Int | Type::Uuid | Type::Json | Type::Float, Type::Text)
            | (Type::Int, Type::Float | Type::Bool)
            | (Type::Bool, Type::Int)
    )
}
