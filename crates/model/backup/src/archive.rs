//! A backup's contents: every row of every table as lines of JSON, with counts and sums, sealed.

use std::collections::BTreeMap;
use std::fmt;
use std::fs::File;
use std::io::{BufReader, BufWriter};
use std::path::Path;

use clock::{Clock, Random};
use object::Value;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use store::{Column, Layout, Store};

use crate::copy::{Progress, Tally};
use crate::seal::{Opening, Passphrase, Sealing};
use crate::{Error, Result};

/// What goes along with the rows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Extras {
    /// The key that the installation's secrets are kept with.
    pub secret_key: String,
}

/// One table as it was carried.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableReport {
    pub table: String,
    pub rows: u64,
    pub sha256: String,
}

/// All tables as they were carried.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    pub tables: Vec<TableReport>,
}

impl Report {
    pub fn rows(&self) -> u64 {
        self.tables.iter().map(|t| t.rows).sum()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for table in self.tables.iter().filter(|t| t.rows > 0) {
            writeln!(f, "{:>9}  {}  {}", table.rows, &table.sha256[..16], table.table)?;
        }
        writeln!(f, "{:>9}  rows in {} tables", self.rows(), self.tables.len())
    }
}

/// What a backup says of itself, once all of it was checked.
#[derive(Debug)]
pub struct Contents {
    pub created: String,
    pub extras: Extras,
    pub report: Report,
}

/// The lines of the sealed text, except for rows, which are arrays.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Line {
    Installation { program: String, shape: String, secret_key: String },
    Table { name: String },
    End { report: TableReport, counter: Option<i64> },
    Done { tables: u64, rows: u64 },
}

/// Writes all of the store into a new file, as of one moment.
pub async fn create(
    store: &Store,
    extras: &Extras,
    passphrase: &Passphrase,
    path: &Path,
    tell: &mut (dyn FnMut(Progress<'_>) + Send),
) -> Result<Report> {
    let frozen = store.freeze().await?;
    let wrong = |e| Error::File(path.display().to_string(), e);
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = options.open(path).map_err(wrong)?;
    let created = Clock::system().now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
    let mut out = Sealing::begin(BufWriter::new(file), passphrase, &Random::system(), &created)?;
    let first = Line::Installation {
        program: env!("CARGO_PKG_VERSION").into(),
        shape: frozen.layout().text(),
        secret_key: extras.secret_key.clone(),
    };
    line(&mut out, &first)?;
    let tables: Vec<String> = frozen.layout().tables().map(str::to_owned).collect();
    let (mut report, mut done, mut total) = (Report::default(), 0, 0);
    for table in &tables {
        total += frozen.count(table).await?;
    }
    for table in &tables {
        line(&mut out, &Line::Table { name: table.clone() })?;
        let mut tally = Tally::default();
        let mut last: Option<Vec<Value>> = None;
        loop {
            tell(Progress { act: "saving", table, done, total });
            let rows = frozen.page(table, last.as_deref()).await?;
            for row in &rows {
                tally.add(row);
                line(&mut out, &Json::Array(row.iter().map(encode).collect()))?;
            }
            done += rows.len() as u64;
            match rows.last() {
                Some(end) => last = Some(end.clone()),
                None => break,
            }
        }
        let ended = tally.end(table);
        line(&mut out, &Line::End { report: ended.clone(), counter: frozen.counter(table).await? })?;
        report.tables.push(ended);
    }
    line(&mut out, &Line::Done { tables: tables.len() as u64, rows: report.rows() })?;
    let file = out.end()?.into_inner().map_err(|e| wrong(e.into_error()))?;
    file.sync_all().map_err(wrong)?;
    Ok(report)
}

fn line<T: Serialize>(out: &mut Sealing<BufWriter<File>>, value: &T) -> Result<()> {
    let mut text = serde_json::to_vec(value).map_err(|e| Error::Refused(e.to_string()))?;
    text.push(b'\n');
    out.write(&text)
}

fn encode(value: &Value) -> Json {
    match value {
        Value::Null | Value::Keys(_) => Json::Null,
        Value::Bool(b) => (*b).into(),
        Value::Int(n) => (*n).into(),
        // As text: not every reader of JSON gives every fraction back as it was.
        Value::Float(f) => format!("{f:?}").into(),
        Value::Text(text) => text.as_str().into(),
        Value::Uuid(uuid) => uuid.hyphenated().to_string().into(),
        Value::Time(at) => at.as_microsecond().into(),
        // Wrapped, so that a JSON null is not no value.
        Value::Json(json) => Json::Array(vec![exact(json)]),
    }
}

/// Marks a fraction that is written as text, and a name that begins like the mark.
const MARK: &str = "\u{1}";

/// JSON in which fractions are text under [`MARK`].
fn exact(json: &Json) -> Json {
    match json {
        Json::Number(n) if n.as_i64().is_none() && n.as_u64().is_none() => {
            let text = n.as_f64().map_or_else(|| n.to_string(), |f| format!("{f:?}"));
            Json::Object([(MARK.to_owned(), Json::String(text))].into_iter().collect())
        }
        Json::Array(items) => items.iter().map(exact).collect(),
        Json::Object(map) => {
            let name = |name: &String| if name.starts_with(MARK) { format!("{MARK}{name}") } else { name.clone() };
            Json::Object(map.iter().map(|(n, value)| (name(n), exact(value))).collect())
        }
        other => other.clone(),
    }
}

fn inexact(json: Json) -> Option<Json> {
    Some(match json {
        Json::Array(items) => items.into_iter().map(inexact).collect::<Option<_>>()?,
        Json::Object(map) => match map.get(MARK) {
            Some(Json::String(text)) => serde_json::Number::from_f64(text.parse().ok()?)?.into(),
            Some(_) => return None,
            None => {
                let named = map.into_iter().map(|(name, value)| {
                    let name = name.strip_prefix(MARK).map_or(name.clone(), str::to_owned);
                    Some((name, inexact(value)?))
                });
                Json::Object(named.collect::<Option<_>>()?)
            }
        },
        other => other,
    })
}

fn decode(json: Json, column: Column) -> Option<Value> {
    Some(match (column, json) {
        (_, Json::Null) => Value::Null,
        (Column::Bool, Json::Bool(b)) => Value::Bool(b),
        (Column::Int, Json::Number(n)) => Value::Int(n.as_i64()?),
        (Column::Float, Json::String(text)) => Value::Float(text.parse().ok()?),
        (Column::Text, Json::String(text)) => Value::Text(text),
        (Column::Uuid, Json::String(text)) => Value::Uuid(uuid::Uuid::parse_str(&text).ok()?),
        (Column::Time, Json::Number(n)) => Value::Time(jiff::Timestamp::from_microsecond(n.as_i64()?).ok()?),
        (Column::Json, Json::Array(items)) => Value::Json(inexact(items.into_iter().next()?)?),
        _ => return None,
    })
}

/// What reading hands over, in the order of the file.
enum Event {
    Rows(String, Vec<Vec<Value>>),
    Counter(String, i64),
}

/// Rows handed over at once.
const BATCH: usize = 1000;

/// A file being read: each call gives the next event, the end has been checked when there is none.
struct Reading {
    opening: Opening<BufReader<File>>,
    text: Vec<u8>,
    start: usize,
    layout: Layout,
    columns: BTreeMap<String, Vec<Column>>,
    table: Option<String>,
    tally: Tally,
    contents: Contents,
    /// Counters of tables whose last rows were handed over just now.
    counters: Vec<(String, i64)>,
    done: bool,
}

impl Reading {
    fn begin(path: &Path, passphrase: &Passphrase, layout: &Layout) -> Result<Self> {
        let file = File::open(path).map_err(|e| Error::File(path.display().to_string(), e))?;
        let opening = Opening::begin(BufReader::new(file), passphrase)?;
        let created = opening.created.clone();
        let contents = Contents { created, extras: Extras::default(), report: Report::default() };
        let mut reading = Self {
            opening,
            text: Vec::new(),
            start: 0,
            columns: layout.tables().map(|t| Ok((t.to_owned(), layout.columns(t)?))).collect::<Result<_>>()?,
            layout: layout.clone(),
            table: None,
            tally: Tally::default(),
            contents,
            counters: Vec::new(),
            done: false,
        };
        let odd = || Error::Damaged("it does not begin with the installation".into());
        let Line::Installation { program, shape, secret_key } =
            serde_json::from_slice(&reading.line()?.ok_or_else(odd)?).map_err(|_| odd())?
        else {
            return Err(odd());
        };
        if shape != reading.layout.text() {
            return Err(Error::Refused(format!(
                "the backup was made by version {program}, whose tables differ from this version's: restore it with that \
                 version, then start this one"
            )));
        }
        reading.contents.extras.secret_key = secret_key;
        Ok(reading)
    }

    fn line(&mut self) -> Result<Option<Vec<u8>>> {
        loop {
            if let Some(length) = self.text[self.start..].iter().position(|b| *b == b'\n') {
                let line = self.text[self.start..self.start + length].to_vec();
                self.start += length + 1;
                return Ok(Some(line));
            }
            self.text.drain(..self.start);
            self.start = 0;
            match self.opening.next()? {
                Some(more) => self.text.extend(more),
                None if self.text.is_empty() => return Ok(None),
                None => return Err(Error::Damaged("it ends in the middle of a line".into())),
            }
        }
    }

    fn next(&mut self) -> Result<Option<Event>> {
        if let Some((table, last)) = self.counters.pop() {
            return Ok(Some(Event::Counter(table, last)));
        }
        let mut rows = Vec::new();
        let odd = |what: &str| Error::Damaged(format!("it holds {what}"));
        loop {
            let Some(line) = self.line()? else {
                return if self.done { Ok(None) } else { Err(odd("no end")) };
            };
            if self.done {
                return Err(odd("something behind its end"));
            }
            if line.first() == Some(&b'[') {
                let table = self.table.as_ref().ok_or_else(|| odd("a row outside a table"))?;
                let columns = &self.columns[table];
                let cells: Vec<Json> = serde_json::from_slice(&line).map_err(|_| odd("an odd row"))?;
                let row = cells.into_iter().zip(columns).map(|(json, column)| decode(json, *column));
                let row: Vec<Value> = row.collect::<Option<_>>().ok_or_else(|| odd("a value of another type"))?;
                if row.len() != columns.len() {
                    return Err(odd("a row of another length"));
                }
                self.tally.add(&row);
                rows.push(row);
                if rows.len() == BATCH {
                    return Ok(Some(Event::Rows(table.clone(), rows)));
                }
                continue;
            }
            match serde_json::from_slice(&line).map_err(|_| odd("an odd line"))? {
                Line::Table { name } if self.table.is_none() && self.columns.contains_key(&name) => {
                    self.table = Some(name);
                    self.tally = Tally::default();
                }
                Line::End { report, counter } => {
                    let table = self.table.take().ok_or_else(|| odd("an end without a table"))?;
                    if std::mem::take(&mut self.tally).end(&table) != report {
                        return Err(odd(&format!("other rows of {table} than it says")));
                    }
                    self.contents.report.tables.push(report);
                    // The rows first, as they move the counter themselves.
                    self.counters.extend(counter.map(|last| (table.clone(), last)));
                    return Ok(Some(Event::Rows(table, rows)));
                }
                Line::Done { tables, rows } if self.table.is_none() => {
                    let all = self.columns.len() as u64;
                    if tables != all || self.contents.report.tables.len() as u64 != all {
                        return Err(odd("not all tables"));
                    }
                    if rows != self.contents.report.rows() {
                        return Err(odd("another number of rows than it says"));
                    }
                    self.done = true;
                }
                _ => return Err(odd("a line out of place")),
            }
        }
    }
}

/// Checks all of a backup and says what is in it. Changes nothing.
pub fn verify(path: &Path, passphrase: &Passphrase, layout: &Layout) -> Result<Contents> {
    let mut reading = Reading::begin(path, passphrase, layout)?;
    while reading.next()?.is_some() {}
    Ok(reading.contents)
}

/// Puts a backup in the place of everything that the store holds. All of the file is checked before anything is touched, and
/// all of what was written is read back before it counts.
pub async fn restore(
    store: &Store,
    passphrase: &Passphrase,
    path: &Path,
    tell: &mut (dyn FnMut(Progress<'_>) + Send),
) -> Result<Contents> {
    let layout = store.layout();
    let contents = verify(path, passphrase, &layout)?;
    let total = contents.report.rows();
    let load = store.load().await?;
    let filled = async {
        let mut reading = Reading::begin(path, passphrase, &layout)?;
        let mut done = 0;
        while let Some(event) = reading.next()? {
            match event {
                Event::Rows(table, rows) => {
                    done += rows.len() as u64;
                    tell(Progress { act: "restoring", table: &table, done, total });
                    load.insert(&table, rows).await?;
                }
                Event::Counter(table, last) => load.set_counter(&table, last).await?,
            }
        }
        done = 0;
        for wanted in &contents.report.tables {
            let mut tally = Tally::default();
            let mut last: Option<Vec<Value>> = None;
            loop {
                tell(Progress { act: "checking", table: &wanted.table, done, total });
                let rows = load.page(&wanted.table, last.as_deref()).await?;
                for row in &rows {
                    tally.add(row);
                }
                done += rows.len() as u64;
                match rows.last() {
                    Some(end) => last = Some(end.clone()),
                    None => break,
                }
            }
            if tally.end(&wanted.table) != *wanted {
                return Err(Error::Refused(format!(
                    "{} came out otherwise than it went in; nothing was changed",
                    wanted.table
                )));
            }
        }
        Ok(())
    };
    match filled.await {
        Ok(()) => {
            load.commit().await?;
            Ok(contents)
        }
        Err(error) => {
            let _ = load.undo().await;
            Err(error)
        }
    }
}
