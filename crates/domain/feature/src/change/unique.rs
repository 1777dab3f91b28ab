//! Unique fields, asked before the database would refuse, so that the message names the field.

use object::{Field, FieldErrors, Model, Record, Value};
use store::Filter;

use super::Context;
use crate::problem::Problem;

pub async fn check(
    context: Context<'_>,
    before: Option<&Record>,
    record: &Record,
    errors: &mut FieldErrors,
) -> Result<(), Problem> {
    let model = record.model;
    let others = |filter: Filter| match record.key().filter(|_| before.is_some()) {
        Some(key) => filter.and(Filter::eq(model.key_field().name, key).negate()),
        None => filter,
    };
    for (position, field) in model.fields.iter().enumerate() {
        let value = &record.values[position];
        let same = before.is_some_and(|b| b.values[position] == *value);
        if !field.unique || position == 0 || value.is_null() || same || errors.0.contains_key(field.wire) {
            continue;
        }
        // A name is unique in the table it lives in: among all kinds of a family.
        let home = model.chain[model.home[position]].model;
        let table = context.app.registry().catalogue.model(home).unwrap_or(model);
        if context.store.exists(table, others(Filter::eq(field.name, value.clone()))).await? {
            errors.add(field.wire, taken(table, field));
        }
    }
    for part in &model.chain {
        for group in part.unique_together {
            together(context, before, record, group, errors).await?;
        }
    }
    Ok(())
}

async fn together(
    context: Context<'_>,
    before: Option<&Record>,
    record: &Record,
    group: &[&'static str],
    errors: &mut FieldErrors,
) -> Result<(), Problem> {
    let mut filter = Filter::True;
    let mut same = true;
    for name in group {
        let value = record.get(name);
        if value.is_null() {
            // Nulls differ from each other.
            return Ok(());
        }
        same &= before.is_some_and(|b| b.get(name) == value);
        filter = filter.and(Filter::eq(*name, Value::clone(value)));
    }
    if same || group.iter().any(|n| errors.0.contains_key(*n)) {
        return Ok(());
    }
    if let Some(key) = record.key().filter(|_| before.is_some()) {
        filter = filter.and(Filter::eq(record.model.key_field().name, key).negate());
    }
    if context.store.exists(record.model, filter).await? {
        errors.add_general(format!("The fields {} must make a unique set.", group.join(", ")));
    }
    Ok(())
}

fn taken(table: &Model, field: &Field) -> String {
    if !field.unique_text.is_empty() {
        return field.unique_text.to_owned();
    }
    let label = if field.label.is_empty() { field.name.replace('_', " ") } else { field.label.to_owned() };
    format!("{} with this {label} already exists.", table.schema.verbose_name)
}
