//! Reading many-to-many fields: one query a field for a whole page, never one a row.

use std::collections::HashMap;

use object::{Key, Model, Record, Value};

use super::Store;
use crate::error::Result;
use crate::sql;

/// Cells of the plain columns to a record with places for the other fields.
pub fn widen(model: &'static Model, cells: Vec<Value>) -> Record {
    let mut cells = cells.into_iter();
    let values = model
        .fields
        .iter()
        .map(|f| if f.is_column() { cells.next().unwrap_or_default() } else { Value::Null })
        .collect();
    Record { model, values }
}

/// How many keys one IN list may hold: SQLite allows 32,766 parameters.
const CHUNK: usize = 5000;

impl Store {
    pub(super) async fn load_many(&self, model: &'static Model, records: &mut [Record]) -> Result<()> {
        if records.is_empty() || model.fields.iter().all(|f| f.is_column()) {
            return Ok(());
        }
        let keys: Vec<Key> = records.iter().filter_map(Record::key).collect();
        for position in 0..model.fields.len() {
            if model.fields[position].is_column() {
                continue;
            }
            let links = self.links(model, position, &keys).await?;
            for record in records.iter_mut() {
                let ours = record.key().and_then(|k| links.get(&k)).cloned().unwrap_or_default();
                record.values[position] = Value::Keys(ours);
            }
        }
        Ok(())
    }

    async fn links(&self, model: &'static Model, position: usize, keys: &[Key]) -> Result<HashMap<Key, Vec<Key>>> {
        let mut found: HashMap<Key, Vec<Key>> = HashMap::new();
        for chunk in keys.chunks(CHUNK) {
            let Some(statement) = sql::links(self.catalogue(), self.conn.dialect(), model, position, chunk) else {
                continue;
            };
            for row in self.conn.read(statement).await? {
                if let [ours, theirs] = row.as_slice()
                    && let (Some(ours), Some(theirs)) = (ours.as_key(), theirs.as_key())
                {
                    found.entry(ours).or_default().push(theirs);
                }
            }
        }
        Ok(found)
    }

    /// The keys that one many-to-many field of one row holds.
    pub async fn linked(&self, model: &'static Model, key: Key, field: &str) -> Result<Vec<Key>> {
        let Some(position) = model.index_of(field) else { return Ok(Vec::new()) };
        Ok(self.links(model, position, &[key]).await?.remove(&key).unwrap_or_default())
    }
}
