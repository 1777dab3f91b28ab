//! Filters to WHERE.

use object::{Field, Kind, Model, Value};

use super::{Builder, Dialect, Through, as_text, column_of, like_escaped, quoted, through_back, through_of};
use crate::error::{Error, Result};
use crate::filter::{Filter, Op};
use crate::statement::Column;

/// How many values a list may have that is written out.
const LISTED: usize = 1000;

impl Builder<'_> {
    /// Writes a condition on rows of `model`, whose tables are joined as `alias_0`, `alias_1`… along its chain.
    pub fn condition(&mut self, model: &'static Model, alias: &str, filter: &Filter) -> Result<()> {
        match filter {
            Filter::True => _ = self.push("1=1"),
            Filter::False => _ = self.push("1=0"),
            Filter::And(all) => self.joined(model, alias, all, " AND ", "1=1")?,
            Filter::Or(any) => self.joined(model, alias, any, " OR ", "1=0")?,
            Filter::Not(inner) => {
                self.push("NOT (");
                self.condition(model, alias, inner)?;
                self.push(")");
            }
            Filter::Compare { path, op, value } => {
                self.path(model, alias, path, &Test::Compare(*op, value))?;
            }
            Filter::In { path, values } => self.path(model, alias, path, &Test::In(values))?,
            Filter::IsNull { path, null } => self.path(model, alias, path, &Test::IsNull(*null))?,
        }
        Ok(())
    }

    fn joined(&mut self, model: &'static Model, alias: &str, parts: &[Filter], by: &str, empty: &str) -> Result<()> {
        if parts.is_empty() {
            self.push(empty);
            return Ok(());
        }
        self.push("(");
        for (i, part) in parts.iter().enumerate() {
            if i > 0 {
                self.push(by);
            }
            self.condition(model, alias, part)?;
        }
        self.push(")");
        Ok(())
    }

    /// Walks `a__b__c`: columns end it, references and many-to-many fields go on in an EXISTS, JSON takes the rest.
    fn path(&mut self, model: &'static Model, alias: &str, path: &str, test: &Test<'_>) -> Result<()> {
        let (head, rest) = path.split_once("__").map_or((path, None), |(h, r)| (h, Some(r)));
        let Some(position) = model.index_of(head) else {
            let Some((to, through)) = through_back(self.catalogue, model, head) else {
                return Err(Error::NoField { model: model.name(), name: head.to_owned() });
            };
            return self.linked(model, alias, &through, to, rest, test);
        };
        let field = model.fields[position];
        let column = format!("{alias}_{}.{}", model.home[position], quoted(field.name));
        match field.kind {
            Kind::Ref { target, .. } => {
                let to = self.target(target)?;
                match rest {
                    None => self.test(field, &column, test),
                    Some(r) if to.index_of(r) == Some(0) => self.test(field, &column, test),
                    Some(r) => {
                        let inner = self.alias();
                        self.push("EXISTS (SELECT 1 FROM ");
                        self.from(to, &inner);
                        self.push(&format!(" WHERE {inner}_0.{} = {column} AND ", quoted(to.key_field().name)));
                        self.path(to, &inner, r, test)?;
                        self.push(")");
                        Ok(())
                    }
                }
            }
            Kind::Many { target } | Kind::Reverse { target, .. } => {
                let to = self.target(target)?;
                let Some(through) = through_of(self.catalogue, model, position) else {
                    return Err(Error::NoField { model: model.name(), name: head.to_owned() });
                };
                self.linked(model, alias, &through, to, rest, test)
            }
            Kind::Json(_) | Kind::List(_) if rest.is_some() => self.json(&column, rest.unwrap_or_default(), test),
            _ if rest.is_some() => Err(Error::NoField { model: model.name(), name: path.to_owned() }),
            _ => self.test(field, &column, test),
        }
    }

    /// A condition on rows at the other end of a table of links.
    fn linked(
        &mut self,
        model: &'static Model,
        alias: &str,
        through: &Through,
        to: &'static Model,
        rest: Option<&str>,
        test: &Test<'_>,
    ) -> Result<()> {
        let key = format!("{alias}_0.{}", quoted(model.key_field().name));
        let link = self.alias();
        if let Test::IsNull(null) = test
            && rest.is_none()
        {
            self.push(if *null { "NOT EXISTS (" } else { "EXISTS (" });
            self.push(&format!(
                "SELECT 1 FROM {} {link} WHERE {link}.{} = {key})",
                quoted(&through.table),
                quoted(through.ours)
            ));
            return Ok(());
        }
        self.push(&format!("EXISTS (SELECT 1 FROM {} {link}", quoted(&through.table)));
        let on_key = rest.is_none_or(|r| to.index_of(r) == Some(0));
        let other = format!("{link}.{}", quoted(through.theirs));
        if on_key {
            self.push(&format!(" WHERE {link}.{} = {key} AND ", quoted(through.ours)));
            self.test(to.key_field(), &other, test)?;
        } else {
            let inner = self.alias();
            self.push(" JOIN ");
            self.from(to, &inner);
            self.push(&format!(
                " ON {inner}_0.{} = {other} WHERE {link}.{} = {key} AND ",
                quoted(to.key_field().name),
                quoted(through.ours)
            ));
            self.path(to, &inner, rest.unwrap_or("pk"), test)?;
        }
        self.push(")");
        Ok(())
    }

    fn target(&self, label: &str) -> Result<&'static Model> {
        self.catalogue.model(label).ok_or_else(|| Error::NoModel { model: label.to_owned() })
    }

    /// `table a_0 JOIN child a_1 USING (key)` along the chain.
    pub fn from(&mut self, model: &Model, alias: &str) {
        let key = quoted(model.key_field().name);
        for (i, part) in model.chain.iter().enumerate() {
            if i == 0 {
                self.push(&format!("{} {alias}_0", quoted(part.table)));
            } else {
                self.push(&format!(" JOIN {} {alias}_{i} ON {alias}_{i}.{key} = {alias}_0.{key}", quoted(part.table)));
            }
        }
    }

    fn test(&mut self, field: &Field, column: &str, test: &Test<'_>) -> Result<()> {
        let kind = column_of(self.catalogue, field);
        match test {
            Test::IsNull(true) => _ = self.push(column).push(" IS NULL"),
            Test::IsNull(false) => _ = self.push(column).push(" IS NOT NULL"),
            Test::In(values) => {
                let fitting: Vec<_> = values.iter().filter_map(|v| fit(v, kind)).collect();
                if fitting.is_empty() {
                    self.push("1=0");
                    return Ok(());
                }
                if fitting.len() > LISTED && matches!(kind, Column::Int | Column::Uuid | Column::Text) {
                    self.among(column, kind, &fitting);
                    return Ok(());
                }
                self.push(column).push(" IN (");
                for (i, value) in fitting.into_iter().enumerate() {
                    if i > 0 {
                        self.push(", ");
                    }
                    self.bind(value);
                }
                self.push(")");
            }
            Test::Compare(op, value) => match fit(value, kind) {
                Some(value) if is_plain(*op) => _ = self.push(column).push(sign(*op)).bind(value),
                // A value of another type equals nothing; it is no error, as a filter comes from a person.
                None if is_plain(*op) => _ = self.push(if *op == Op::Ne { "1=1" } else { "1=0" }),
                _ => self.text_test(column, *op, &as_text(value), kind != Column::Text),
            },
        }
        Ok(())
    }

    /// A long list as one parameter: databases limit how many there may be.
    fn among(&mut self, column: &str, kind: Column, values: &[Value]) {
        let list: serde_json::Value = values.iter().map(object::render_value).collect();
        match self.dialect {
            Dialect::Sqlite => {
                self.push(column).push(" IN (SELECT value FROM json_each(").bind(list).push("))");
            }
            Dialect::Postgres => {
                self.push(column).push(" IN (SELECT jsonb_array_elements_text(").bind(list);
                self.push(&format!("::jsonb)::{})", super::sql_type(kind, Dialect::Postgres)));
            }
        }
    }

    fn text_test(&mut self, column: &str, op: Op, text: &str, cast: bool) {
        let column = if cast { format!("CAST({column} AS TEXT)") } else { column.to_owned() };
        let pattern = match op {
            Op::Contains | Op::IContains => format!("%{}%", like_escaped(text)),
            Op::StartsWith | Op::IStartsWith => format!("{}%", like_escaped(text)),
            Op::EndsWith | Op::IEndsWith => format!("%{}", like_escaped(text)),
            _ => like_escaped(text),
        };
        let folded = matches!(op, Op::IContains | Op::IStartsWith | Op::IEndsWith | Op::IEq);
        match (self.dialect, folded) {
            (Dialect::Postgres, true) => _ = self.push(&format!("{column} ILIKE ")).bind(pattern).push(" ESCAPE '\\'"),
            (Dialect::Postgres, false) => _ = self.push(&format!("{column} LIKE ")).bind(pattern).push(" ESCAPE '\\'"),
            (Dialect::Sqlite, true) => {
                self.push(&format!("fold({column}) LIKE fold(")).bind(pattern).push(") ESCAPE '\\'");
            }
            // SQLite's LIKE ignores the case of ASCII letters; GLOB does not, but has other wildcards.
            (Dialect::Sqlite, false) => match op {
                Op::StartsWith => {
                    self.push(&format!("substr({column}, 1, length(")).bind(text).push(")) = ").bind(text);
                }
                Op::EndsWith => {
                    self.push(&format!("substr({column}, -length(")).bind(text).push(")) = ").bind(text);
                }
                _ => _ = self.push(&format!("instr({column}, ")).bind(text).push(") > 0"),
            },
        }
    }

    /// A value inside a JSON column. The path is bound, never spliced.
    fn json(&mut self, column: &str, path: &str, test: &Test<'_>) -> Result<()> {
        let keys: Vec<&str> = path.split("__").collect();
        let outside = std::mem::take(&mut self.text);
        // Text is never a number, however it compares with one.
        let number;
        match self.dialect {
            Dialect::Sqlite => {
                let mut json_path = String::from("$");
                for key in &keys {
                    json_path.push_str(&format!(".\"{}\"", key.replace('"', "")));
                }
                self.bind(json_path);
                let path = std::mem::take(&mut self.text);
                number = format!(
                    "(CASE WHEN json_type({column}, {path}) IN ('integer', 'real') THEN json_extract({column}, {path}) END)"
                );
                self.push(&format!("json_extract({column}, {path})"));
            }
            Dialect::Postgres => {
                let list = serde_json::Value::from(keys);
                self.push("ARRAY(SELECT jsonb_array_elements_text(").bind(list).push("::jsonb))");
                let path = std::mem::take(&mut self.text);
                number = format!(
                    "(CASE WHEN jsonb_typeof({column} #> {path}) = 'number' THEN ({column} #>> {path})::double precision END)"
                );
                self.push(&format!("({column} #>> {path})"));
            }
        }
        let place = std::mem::replace(&mut self.text, outside);
        match test {
            Test::IsNull(true) => _ = self.push(&place).push(" IS NULL"),
            Test::IsNull(false) => _ = self.push(&place).push(" IS NOT NULL"),
            Test::In(values) => {
                if values.is_empty() {
                    self.push("1=0");
                    return Ok(());
                }
                self.push(&format!("CAST({place} AS TEXT) IN ("));
                for (i, value) in values.iter().enumerate() {
                    if i > 0 {
                        self.push(", ");
                    }
                    self.bind(self.json_text(value));
                }
                self.push(")");
            }
            Test::Compare(op, value) if is_plain(*op) => match value {
                Value::Int(n) => _ = self.push(&number).push(sign(*op)).bind(Value::Float(*n as f64)),
                Value::Float(f) => _ = self.push(&number).push(sign(*op)).bind(Value::Float(*f)),
                _ => {
                    let text = self.json_text(value);
                    self.push(&format!("CAST({place} AS TEXT)")).push(sign(*op)).bind(text);
                }
            },
            Test::Compare(op, value) => self.text_test(&place, *op, &as_text(value), true),
        }
        Ok(())
    }

    /// How a JSON scalar looks once it was extracted as text: SQLite turns booleans into numbers.
    fn json_text(&self, value: &Value) -> String {
        match (self.dialect, value) {
            (Dialect::Sqlite, Value::Bool(b)) => if *b { "1" } else { "0" }.to_owned(),
            _ => as_text(value),
        }
    }
}

enum Test<'v> {
    Compare(Op, &'v Value),
    In(&'v [Value]),
    IsNull(bool),
}

fn is_plain(op: Op) -> bool {
    matches!(op, Op::Eq | Op::Ne | Op::Lt | Op::Le | Op::Gt | Op::Ge)
}

fn sign(op: Op) -> &'static str {
    match op {
        Op::Ne => " <> ",
        Op::Lt => " < ",
        Op::Le => " <= ",
        Op::Gt => " > ",
        Op::Ge => " >= ",
        _ => " = ",
    }
}

/// The value as the column's type, where that makes sense.
fn fit(value: &Value, column: Column) -> Option<Value> {
    Some(match (column, value) {
        (Column::Text, Value::Text(_))
        | (Column::Int, Value::Int(_))
        | (Column::Bool, Value::Bool(_))
        | (Column::Uuid, Value::Uuid(_))
        | (Column::Time, Value::Time(_))
        | (Column::Float, Value::Float(_))
        | (Column::Json, Value::Json(_)) => value.clone(),
        (Column::Text, v) => Value::Text(as_text(v)),
        (Column::Int, Value::Text(s)) => Value::Int(s.trim().parse().ok()?),
        (Column::Float, Value::Int(n)) => Value::Float(*n as f64),
        (Column::Float, Value::Text(s)) => Value::Float(s.trim().parse().ok()?),
        (Column::Bool, Value::Int(n)) => Value::Bool(*n != 0),
        (Column::Bool, Value::Text(s)) => match s.to_ascii_lowercase().as_str() {
            "true" | "1" => Value::Bool(true),
            "false" | "0" => Value::Bool(false),
            _ => return None,
        },
        (Column::Uuid, Value::Text(s)) => Value::Uuid(uuid::Uuid::try_parse(s).ok()?),
        (Column::Time, Value::Text(s)) => Value::Time(s.parse().ok()?),
        _ => return None,
    })
}
