//! From one database straight into another, checked row by row before it counts.

use aws_lc_rs::digest::{Context, SHA256};
use data_encoding::HEXLOWER;
use object::Value;
use store::{Frozen, Load, Store, canonical};

use crate::archive::{Report, TableReport};
use crate::{Error, Result};

/// How far it is, for whoever waits.
#[derive(Debug, Clone)]
pub struct Progress<'a> {
    /// What is done: copying, checking.
    pub act: &'static str,
    pub table: &'a str,
    pub done: u64,
    pub total: u64,
}

/// Counts and sums up the rows of one table.
pub struct Tally {
    rows: u64,
    sum: Context,
    bytes: Vec<u8>,
}

impl Default for Tally {
    fn default() -> Self {
        Self { rows: 0, sum: Context::new(&SHA256), bytes: Vec::new() }
    }
}

impl Tally {
    pub fn add(&mut self, row: &[Value]) {
        self.bytes.clear();
        canonical(row, &mut self.bytes);
        self.sum.update(&self.bytes);
        self.rows += 1;
    }
    pub fn end(self, table: &str) -> TableReport {
        TableReport { table: table.to_owned(), rows: self.rows, sha256: HEXLOWER.encode(self.sum.finish().as_ref()) }
    }
}

/// Copies everything from `source` into the empty `target` in one transaction, reads it back and compares each row.
///
/// # Errors
/// The target holds rows, the databases are of different versions, or a row came out otherwise than it went in; then the
/// target is as it was.
pub async fn copy(source: &Store, target: &Store, tell: &mut (dyn FnMut(Progress<'_>) + Send)) -> Result<Report> {
    if source.layout().text() != target.layout().text() {
        return Err(Error::Refused("the two databases are not of the same version".into()));
    }
    if !target.is_empty().await? {
        return Err(Error::Refused(
            "the target already holds data; give an empty database, so that nothing is mixed or lost".into(),
        ));
    }
    let frozen = source.freeze().await?;
    let tables: Vec<String> = frozen.layout().tables().map(str::to_owned).collect();
    let mut total = 0;
    for table in &tables {
        total += frozen.count(table).await?;
    }
    let load = target.load().await?;
    let result = fill(&frozen, &load, &tables, total, tell).await;
    match result {
        Ok(report) => {
            load.commit().await?;
            Ok(report)
        }
        Err(error) => {
            let _ = load.undo().await;
            Err(error)
        }
    }
}

async fn fill(
    frozen: &Frozen,
    load: &Load,
    tables: &[String],
    total: u64,
    tell: &mut (dyn FnMut(Progress<'_>) + Send),
) -> Result<Report> {
    let mut done = 0;
    for table in tables {
        let mut last: Option<Vec<Value>> = None;
        loop {
            tell(Progress { act: "copying", table, done, total });
            let rows = frozen.page(table, last.as_deref()).await?;
            let Some(end) = rows.last() else { break };
            last = Some(end.clone());
            done += rows.len() as u64;
            load.insert(table, rows).await?;
        }
        if let Some(counter) = frozen.counter(table).await? {
            load.set_counter(table, counter).await?;
        }
    }
    let mut report = Report::default();
    done = 0;
    for table in tables {
        let (mut ours, mut theirs) = (Tally::default(), Tally::default());
        let mut last: Option<Vec<Value>> = None;
        loop {
            tell(Progress { act: "checking", table, done, total });
            let wanted = frozen.page(table, last.as_deref()).await?;
            let found = load.page(table, last.as_deref()).await?;
            compare(table, &wanted, &found)?;
            for row in &wanted {
                ours.add(row);
            }
            for row in &found {
                theirs.add(row);
            }
            done += wanted.len() as u64;
            match wanted.last() {
                Some(end) => last = Some(end.clone()),
                None => break,
            }
        }
        let (ours, theirs) = (ours.end(table), theirs.end(table));
        if ours != theirs {
            return Err(Error::Refused(format!("{table} came out otherwise than it went in; the target is as it was")));
        }
        report.tables.push(ours);
    }
    tell(Progress { act: "checking", table: "", done: total, total });
    Ok(report)
}

fn compare(table: &str, wanted: &[Vec<Value>], found: &[Vec<Value>]) -> Result<()> {
    let bytes = |row: &Vec<Value>| {
        let mut out = Vec::new();
        canonical(row, &mut out);
        out
    };
    let key =
        |row: &Vec<Value>| row.first().and_then(Value::as_key).map_or_else(|| "?".to_owned(), |key| key.to_string());
    for i in 0..wanted.len().max(found.len()) {
        let (a, b) = (wanted.get(i), found.get(i));
        if a.map(bytes) != b.map(bytes) {
            let row = a.or(b).map(key).unwrap_or_default();
            return Err(Error::Refused(format!(
                "{table} {row} came out otherwise than it went in; the target is as it was"
            )));
        }
    }
    Ok(())
}
