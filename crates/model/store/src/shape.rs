//! The tables that a catalogue asks for, as plain data: what a database is made from, compared with, and recorded as.

use std::collections::BTreeMap;
use std::fmt::Write;

use object::{Catalogue, Field, KeyKind, Kind, Model, OnDelete};
use serde::{Deserialize, Serialize};

use crate::sql::{column_of, key_column, through};
use crate::statement::Column as Type;

/// Every table by name.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Shape {
    pub tables: BTreeMap<String, Table>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Table {
    pub key: TableKey,
    pub columns: Vec<Column>,
    pub indexes: Vec<Index>,
    /// Earlier name; not part of the state.
    #[serde(skip)]
    pub was: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TableKey {
    /// The first column, a number that the database counts.
    Counted,
    /// The first column.
    Given,
    /// The first two columns: links.
    Pair,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Column {
    pub name: String,
    #[serde(rename = "type")]
    pub kind: Type,
    pub null: bool,
    pub references: Option<Reference>,
    /// Earlier name; not part of the state.
    #[serde(skip)]
    pub was: Option<String>,
    /// What rows hold that were there before the column; not part of the state.
    #[serde(skip)]
    pub fill: Option<object::Default>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reference {
    pub table: String,
    pub column: String,
    pub on_delete: Rule,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rule {
    Cascade,
    SetNull,
    Restrict,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Index {
    pub unique: bool,
    pub columns: Vec<String>,
}

impl Shape {
    pub fn of(catalogue: &Catalogue) -> Self {
        let mut shape = Self::default();
        for model in catalogue.models() {
            shape.add(catalogue, model);
        }
        shape.tables.insert("keywright_news".into(), news());
        shape.tables.insert("keywright_turn".into(), turns());
        shape
    }

    fn add(&mut self, catalogue: &Catalogue, model: &Model) {
        let schema = model.schema;
        let key = model.key_field();
        let mut first = plain(key.name, key_column(schema.key));
        if let Some(base) = schema.base {
            first.references = Some(reference(base.table, key.name, OnDelete::Cascade));
        }
        let mut columns = vec![first];
        let mut indexes = Vec::new();
        let root = schema.base.is_none();
        if root && schema.family {
            columns.push(plain("kind", Type::Text));
        }
        for field in if root { schema.fields.get(1..).unwrap_or_default() } else { schema.fields } {
            if let Kind::Many { target } = field.kind
                && let Some(to) = catalogue.model(target)
            {
                self.tables.insert(through(schema.table, field.name), links(model, field, to));
            }
            if !field.is_column() {
                continue;
            }
            columns.push(column(catalogue, field));
            if field.unique || field.index || matches!(field.kind, Kind::Ref { .. }) {
                indexes.push(Index { unique: field.unique, columns: vec![field.name.to_owned()] });
            }
        }
        for group in schema.unique_together {
            indexes.push(Index { unique: true, columns: group.iter().map(|c| (*c).to_owned()).collect() });
        }
        // A list is read in its default order; the key makes the order total.
        for order in schema.ordering.iter().take(1) {
            let name = order.trim_start_matches('-');
            let own = columns.iter().skip(1).any(|c| c.name == name);
            if own && !indexes.iter().any(|i| i.columns.first().is_some_and(|c| c == name)) {
                indexes.push(Index { unique: false, columns: vec![name.to_owned()] });
            }
        }
        let key = if root && schema.key == KeyKind::Int { TableKey::Counted } else { TableKey::Given };
        self.tables.insert(schema.table.to_owned(), Table { key, columns, indexes, was: None });
    }

    /// The state as it is recorded in the database.
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// For people, one line a fact, so that a change is seen in review.
    pub fn to_text(&self) -> String {
        let mut out = String::from("# Tables as the declarations ask for them. Generated; do not edit.\n");
        for (name, table) in &self.tables {
            let _ = writeln!(out, "\n{name}");
            for (i, column) in table.columns.iter().enumerate() {
                let kind = format!("{:?}", column.kind).to_lowercase();
                let mut line = format!("  {} {kind}", column.name);
                match (table.key, i) {
                    (TableKey::Counted, 0) => line.push_str(" key counted"),
                    (TableKey::Given, 0) | (TableKey::Pair, 0 | 1) => line.push_str(" key"),
                    _ if column.null => line.push_str(" null"),
                    _ => {}
                }
                if let Some(to) = &column.references {
                    let _ = write!(line, " -> {}.{} on delete {:?}", to.table, to.column, to.on_delete);
                }
                let _ = writeln!(out, "{line}");
            }
            for index in &table.indexes {
                let kind = if index.unique { "unique" } else { "index" };
                let _ = writeln!(out, "  {kind} ({})", index.columns.join(", "));
            }
        }
        out
    }
}

/// What processes tell each other, for a while.
fn news() -> Table {
    let columns = [("pk", Type::Int), ("at", Type::Time), ("channel", Type::Text), ("payload", Type::Text)];
    Table {
        key: TableKey::Counted,
        columns: columns.into_iter().map(|(name, kind)| plain(name, kind)).collect(),
        indexes: vec![],
        was: None,
    }
}

/// Whose turn it is until when, by what for.
fn turns() -> Table {
    let columns = [("name", Type::Text), ("ends", Type::Time)];
    Table {
        key: TableKey::Given,
        columns: columns.into_iter().map(|(name, kind)| plain(name, kind)).collect(),
        indexes: vec![],
        was: None,
    }
}

fn plain(name: &str, kind: Type) -> Column {
    Column { name: name.to_owned(), kind, null: false, references: None, was: None, fill: None }
}

fn reference(table: &str, column: &str, on_delete: OnDelete) -> Reference {
    let on_delete = match on_delete {
        OnDelete::Cascade => Rule::Cascade,
        OnDelete::SetNull => Rule::SetNull,
        OnDelete::Restrict => Rule::Restrict,
    };
    Reference { table: table.to_owned(), column: column.to_owned(), on_delete }
}

fn column(catalogue: &Catalogue, field: &Field) -> Column {
    let references = match field.kind {
        Kind::Ref { target, on_delete } => {
            catalogue.model(target).map(|to| reference(to.schema.table, to.key_field().name, on_delete))
        }
        _ => None,
    };
    Column {
        null: field.null,
        references,
        was: field.was.map(ToOwned::to_owned),
        fill: Some(field.default),
        ..plain(field.name, column_of(catalogue, field))
    }
}

fn links(model: &Model, field: &Field, to: &Model) -> Table {
    let end = |name: &str, of: &Model| Column {
        references: Some(reference(of.schema.table, of.key_field().name, OnDelete::Cascade)),
        ..plain(name, key_column(of.root().key))
    };
    Table {
        key: TableKey::Pair,
        columns: vec![end("owner", model), end("target", to), plain("position", Type::Int)],
        indexes: vec![Index { unique: false, columns: vec!["target".into()] }],
        was: field.was.map(|was| through(model.schema.table, was)),
    }
}
