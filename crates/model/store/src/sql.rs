//! Requests to statements, for either dialect.

mod change;
mod condition;
mod ddl;
mod read;
mod write;

use object::{Catalogue, Field, KeyKind, Kind, Model, Value};

pub use change::{announce, claim, counters, forget_news, news, release, tell};
pub use ddl::{add_reference, create_all, create_index, create_table, drop_index, drop_reference, fill, sql_type};
pub use read::{by_key, count, count_up_to, kinds, links, select};
pub use write::{plan, take};

use crate::statement::{Column, Param};

/// The two spellings of SQL we speak.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    Sqlite,
    Postgres,
}

/// A statement in the making.
pub struct Builder<'a> {
    pub catalogue: &'a Catalogue,
    pub dialect: Dialect,
    pub text: String,
    pub params: Vec<Param>,
    aliases: usize,
}

impl<'a> Builder<'a> {
    pub fn new(catalogue: &'a Catalogue, dialect: Dialect) -> Self {
        Self { catalogue, dialect, text: String::new(), params: Vec::new(), aliases: 0 }
    }
    pub fn push(&mut self, text: &str) -> &mut Self {
        self.text.push_str(text);
        self
    }
    /// A placeholder for a value.
    pub fn bind(&mut self, value: impl Into<Param>) -> &mut Self {
        self.params.push(value.into());
        let n = self.params.len();
        match self.dialect {
            Dialect::Sqlite => self.text.push_str(&format!("?{n}")),
            Dialect::Postgres => self.text.push_str(&format!("${n}")),
        }
        self
    }
    /// A fresh table alias.
    fn alias(&mut self) -> String {
        self.aliases += 1;
        format!("t{}", self.aliases)
    }
}

/// A name in double quotes. Names come from declarations, never from a request.
pub fn quoted(name: &str) -> String {
    debug_assert!(!name.contains('"'));
    format!("\"{name}\"")
}

/// The table that keeps a many-to-many field.
pub fn through(model_table: &str, field: &str) -> String {
    ddl::short(&format!("{model_table}_{field}"))
}

/// Where a many-to-many field is kept: table, our column, the other's column.
pub struct Through {
    pub table: String,
    pub ours: &'static str,
    pub theirs: &'static str,
}

/// Where the field's links are kept; `None` for a plain column.
pub fn through_of(catalogue: &Catalogue, model: &Model, position: usize) -> Option<Through> {
    let field = model.fields[position];
    match field.kind {
        Kind::Many { .. } => Some(Through {
            table: through(model.chain[model.home[position]].table, field.name),
            ours: "owner",
            theirs: "target",
        }),
        Kind::Reverse { target, field: far } => {
            let other = catalogue.model(target)?;
            let home = other.index_of(far).map(|i| other.chain[other.home[i]])?;
            Some(Through { table: through(home.table, far), ours: "target", theirs: "owner" })
        }
        _ => None,
    }
}

/// Another model's many-to-many field that leads here, by the name of that model: users of a group, although groups do
/// not declare them.
pub fn through_back(catalogue: &Catalogue, model: &Model, name: &str) -> Option<(&'static Model, Through)> {
    let from = catalogue.models().iter().copied().filter(|m| m.schema.model_name() == name);
    let mut fields = from.flat_map(|m| (0..m.fields.len()).map(move |i| (m, i)));
    fields.find_map(|(other, position)| match other.fields[position].kind {
        Kind::Many { target } if model.is_a(target) => {
            let forth = through_of(catalogue, other, position)?;
            Some((other, Through { table: forth.table, ours: forth.theirs, theirs: forth.ours }))
        }
        _ => None,
    })
}

/// The column type of a field, following references to the key of their target.
pub fn column_of(catalogue: &Catalogue, field: &Field) -> Column {
    match field.target().and_then(|t| catalogue.model(t)) {
        Some(target) => key_column(target.root().key),
        None => Column::of(&field.kind),
    }
}

pub fn key_column(kind: KeyKind) -> Column {
    match kind {
        KeyKind::Int => Column::Int,
        KeyKind::Uuid => Column::Uuid,
    }
}

/// Text as the inside of a LIKE pattern.
fn like_escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if matches!(c, '%' | '_' | '\\') {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

fn as_text(value: &Value) -> String {
    match value {
        Value::Text(s) => s.clone(),
        Value::Int(n) => n.to_string(),
        Value::Uuid(u) => u.hyphenated().to_string(),
        Value::Bool(b) => b.to_string(),
        Value::Float(f) => f.to_string(),
        Value::Time(t) => t.to_string(),
        Value::Json(serde_json::Value::String(s)) => s.clone(),
        Value::Json(j) => j.to_string(),
        Value::Null | Value::Keys(_) => String::new(),
    }
}
