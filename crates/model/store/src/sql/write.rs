//! INSERT, UPDATE and DELETE statements.

use object::{Catalogue, Key, Kind, Model, Record, Value};

use super::{Builder, Dialect, column_of, key_column, quoted, through_of};
use crate::error::{Error, Result};
use crate::filter::Filter;
use crate::statement::{Column, Expect, Param, Statement};
use crate::write::Write;

/// The statements of one change.
pub fn plan(catalogue: &Catalogue, dialect: Dialect, write: &Write, out: &mut Vec<Statement>) -> Result<()> {
    let planner = Planner { catalogue, dialect };
    match write {
        Write::Insert(record) => planner.insert(record, false, out),
        Write::Upsert(record) => planner.insert(record, true, out),
        Write::Update(record) => planner.update(record, out),
        Write::Change { model, filter, set, guard } => planner.change(model, filter, set, *guard, out),
        Write::Delete { model, key } => planner.delete(model, &Filter::eq(model.key_field().name, *key), false, out),
        Write::DeleteWhere { model, filter, guard } => planner.delete(model, filter, *guard, out),
        Write::Link { model, key, field, target } => planner.link(model, *key, field, *target, true, out),
        Write::Unlink { model, key, field, target } => planner.link(model, *key, field, *target, false, out),
    }
}

/// Deletes one row that matches and returns its columns: a thing that may be used once.
pub fn take(catalogue: &Catalogue, dialect: Dialect, model: &'static Model, filter: &Filter) -> Result<Statement> {
    let mut b = Builder::new(catalogue, dialect);
    let schema = model.schema;
    b.push(&format!("DELETE FROM {} AS t_0 WHERE ", quoted(schema.table)));
    b.condition(model, "t", filter)?;
    b.push(" RETURNING ");
    let mut columns = Vec::new();
    for (i, field) in model.fields.iter().filter(|f| f.is_column()).enumerate() {
        if i > 0 {
            b.push(", ");
        }
        // SQLite knows the alias in WHERE, but RETURNING takes bare names in both.
        b.push(&quoted(field.name));
        columns.push(column_of(catalogue, field));
    }
    Ok(Statement::hot(b.text, b.params).returning(columns))
}

/// A key that was given rather than counted: PostgreSQL's counter must not hand it out again.
fn skip_counted(table: &str, key: &str, taken: i64) -> Statement {
    let counter = format!("pg_get_serial_sequence('{}', '{key}')", quoted(table));
    let sql = format!("SELECT setval({counter}, GREATEST(nextval({counter}), $1))");
    Statement::hot(sql, vec![taken.into()]).returning(vec![Column::Int])
}

struct Planner<'a> {
    catalogue: &'a Catalogue,
    dialect: Dialect,
}

impl Planner<'_> {
    fn builder(&self) -> Builder<'_> {
        Builder::new(self.catalogue, self.dialect)
    }

    fn insert(&self, record: &Record, or_update: bool, out: &mut Vec<Statement>) -> Result<()> {
        let model = record.model;
        let key = record.key();
        let mut key_param: Param = key.map_or(Param::Inserted, |k| Value::from(k).into());
        for (level, part) in model.chain.iter().enumerate() {
            let mut b = self.builder();
            let mut names = Vec::new();
            let mut values: Vec<Param> = Vec::new();
            if level > 0 || key.is_some() {
                names.push(model.key_field().name);
                values.push(key_param.clone());
            }
            if level == 0 && part.family {
                names.push("kind");
                values.push(Value::from(model.name()).into());
            }
            for (i, field) in model.fields.iter().enumerate() {
                if i > 0 && model.home[i] == level && field.is_column() {
                    names.push(field.name);
                    values.push(record.values[i].clone().into());
                }
            }
            let list: Vec<_> = names.iter().map(|n| quoted(n)).collect();
            b.push(&format!("INSERT INTO {} ({}) VALUES (", quoted(part.table), list.join(", ")));
            for (i, value) in values.into_iter().enumerate() {
                if i > 0 {
                    b.push(", ");
                }
                b.bind(value);
            }
            b.push(")");
            if names.is_empty() {
                b.text = format!("INSERT INTO {} DEFAULT VALUES", quoted(part.table));
            }
            let key_name = quoted(model.key_field().name);
            if or_update {
                let set: Vec<_> =
                    list.iter().filter(|n| **n != key_name).map(|n| format!("{n} = excluded.{n}")).collect();
                if set.is_empty() {
                    b.push(&format!(" ON CONFLICT ({key_name}) DO NOTHING"));
                } else {
                    b.push(&format!(" ON CONFLICT ({key_name}) DO UPDATE SET {}", set.join(", ")));
                }
            }
            let returns = level == 0 && key.is_none();
            if returns {
                b.push(&format!(" RETURNING {key_name}"));
            }
            let insert = Statement::hot(b.text, b.params);
            out.push(if returns {
                insert.returning(vec![key_column(model.root().key)]).expecting(Expect::Key)
            } else {
                insert
            });
            if level == 0
                && self.dialect == Dialect::Postgres
                && let Some(Key::Int(n)) = key
            {
                out.push(skip_counted(part.table, model.key_field().name, n));
            }
        }
        if key.is_none() {
            key_param = Param::Inserted;
        }
        self.links(record, &key_param, or_update, out);
        Ok(())
    }

    fn update(&self, record: &Record, out: &mut Vec<Statement>) -> Result<()> {
        let model = record.model;
        let Some(key) = record.key() else { return Err(Error::Guard) };
        for (level, part) in model.chain.iter().enumerate() {
            let mut b = self.builder();
            b.push(&format!("UPDATE {} SET ", quoted(part.table)));
            let mut some = false;
            for (i, field) in model.fields.iter().enumerate() {
                if i > 0 && model.home[i] == level && field.is_column() {
                    if some {
                        b.push(", ");
                    }
                    b.push(&quoted(field.name)).push(" = ").bind(record.values[i].clone());
                    some = true;
                }
            }
            if !some {
                continue;
            }
            b.push(&format!(" WHERE {} = ", quoted(model.key_field().name))).bind(Value::from(key));
            out.push(Statement::hot(b.text, b.params).expecting(Expect::Row));
        }
        self.links(record, &Value::from(key).into(), true, out);
        Ok(())
    }

    /// Replaces the links of every many-to-many field that the record carries; a null means "as they are".
    fn links(&self, record: &Record, key: &Param, clear: bool, out: &mut Vec<Statement>) {
        let model = record.model;
        for (i, value) in record.values.iter().enumerate() {
            let Value::Keys(targets) = value else { continue };
            let Some(through) = through_of(self.catalogue, model, i) else { continue };
            if clear {
                let mut b = self.builder();
                b.push(&format!("DELETE FROM {} WHERE {} = ", quoted(&through.table), quoted(through.ours)))
                    .bind(key.clone());
                out.push(Statement::hot(b.text, b.params));
            }
            for (position, target) in targets.iter().enumerate() {
                out.push(self.link_statement(&through, key.clone(), *target, position as i64));
            }
        }
    }

    fn link_statement(&self, through: &super::Through, key: Param, target: Key, position: i64) -> Statement {
        let mut b = self.builder();
        b.push(&format!(
            "INSERT INTO {} ({}, {}, \"position\") VALUES (",
            quoted(&through.table),
            quoted(through.ours),
            quoted(through.theirs)
        ));
        b.bind(key).push(", ").bind(Value::from(target)).push(", ").bind(position);
        b.push(") ON CONFLICT DO NOTHING");
        Statement::hot(b.text, b.params)
    }

    fn link(
        &self,
        model: &'static Model,
        key: Key,
        field: &str,
        target: Key,
        add: bool,
        out: &mut Vec<Statement>,
    ) -> Result<()> {
        let unknown = || Error::NoField { model: model.name(), name: field.to_owned() };
        let position = model.index_of(field).ok_or_else(unknown)?;
        let through = through_of(self.catalogue, model, position).ok_or_else(unknown)?;
        if add {
            out.push(self.link_statement(&through, Value::from(key).into(), target, 0));
            return Ok(());
        }
        let mut b = self.builder();
        b.push(&format!("DELETE FROM {} WHERE {} = ", quoted(&through.table), quoted(through.ours)));
        b.bind(Value::from(key)).push(&format!(" AND {} = ", quoted(through.theirs))).bind(Value::from(target));
        out.push(Statement::hot(b.text, b.params));
        Ok(())
    }

    fn change(
        &self,
        model: &'static Model,
        filter: &Filter,
        set: &[(&'static str, Value)],
        guard: bool,
        out: &mut Vec<Statement>,
    ) -> Result<()> {
        let expect = if guard { Expect::Row } else { Expect::Any };
        for (level, part) in model.chain.iter().enumerate() {
            let mut b = self.builder();
            b.push(&format!("UPDATE {}{} SET ", quoted(part.table), Self::direct(model)));
            let mut some = false;
            for (name, value) in set {
                let position = model
                    .index_of(name)
                    .ok_or_else(|| Error::NoField { model: model.name(), name: (*name).to_owned() })?;
                if model.home[position] != level || !model.fields[position].is_column() {
                    continue;
                }
                if some {
                    b.push(", ");
                }
                b.push(&quoted(model.fields[position].name)).push(" = ").bind(value.clone());
                some = true;
            }
            if !some {
                continue;
            }
            Self::matching(&mut b, model, filter)?;
            out.push(Statement::hot(b.text, b.params).expecting(expect));
        }
        Ok(())
    }

    /// Deletes from the root's table; the rows below go by cascade.
    fn delete(&self, model: &'static Model, filter: &Filter, guard: bool, out: &mut Vec<Statement>) -> Result<()> {
        let mut b = self.builder();
        b.push(&format!("DELETE FROM {}{}", quoted(model.root().table), Self::direct(model)));
        Self::matching(&mut b, model, filter)?;
        let expect = if guard { Expect::Row } else { Expect::Any };
        out.push(Statement::hot(b.text, b.params).expecting(expect));
        Ok(())
    }

    /// A table of its own is filtered in place: PostgreSQL then tests a row again after waiting for its lock, which a
    /// subquery would not, so that of two takers of a one-time thing only one succeeds.
    fn direct(model: &Model) -> &'static str {
        if model.chain.len() == 1 { " AS t_0" } else { "" }
    }

    fn matching(b: &mut Builder<'_>, model: &'static Model, filter: &Filter) -> Result<()> {
        let key = model.key_field();
        if let Filter::Compare { path, op: crate::Op::Eq, value } = filter
            && model.index_of(path) == Some(0)
            && !matches!(key.kind, Kind::Ref { .. })
            && value.as_key().is_some()
        {
            b.push(&format!(" WHERE {} = ", quoted(key.name))).bind(value.clone());
            return Ok(());
        }
        if model.chain.len() == 1 {
            b.push(" WHERE ");
            return b.condition(model, "t", filter);
        }
        b.push(&format!(" WHERE {0} IN (SELECT t_0.{0} FROM ", quoted(key.name)));
        b.from(model, "t");
        b.push(" WHERE ");
        b.condition(model, "t", filter)?;
        b.push(")");
        Ok(())
    }
}
