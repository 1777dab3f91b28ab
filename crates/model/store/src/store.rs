//! The store: typed and untyped access to every object of the catalogue.

mod many;

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use object::{Catalogue, Id, Key, Model, Object, Record, Value};
use parking_lot::{Mutex, RwLock};

use crate::conn::Conn;
use crate::error::{Error, Result};
use crate::filter::Filter;
use crate::memory::Memory;
use crate::migrate::{MigrateOptions, Plan};
use crate::news::{Hub, Item};
use crate::postgres::{Postgres, PostgresConfig};
use crate::query::{After, Page, Query};
use crate::snapshot::{Snapshot, Snapshots};
use crate::sql;
use crate::sqlite::{Location, Sqlite};
use crate::statement::{Expect, Outcome, Statement};
use crate::touch::{Falling, Touch};
use crate::tx::Tx;
use crate::write::Write;

/// A database with a catalogue, or a transaction in one: code that takes a `&Store` works in both. Cheap to clone.
#[derive(Clone)]
pub struct Store {
    pub(crate) conn: Conn,
    pub(crate) shared: Arc<Shared>,
    /// In a transaction: what it did so far that others have to hear of.
    pub(crate) touched: Option<Arc<Mutex<Touched>>>,
}

#[derive(Default)]
pub(crate) struct Touched {
    /// What was written.
    pub touches: Vec<Touch>,
    pub news: Vec<Item>,
}

pub(crate) struct Shared {
    pub catalogue: &'static Catalogue,
    pub news: Hub,
    pub snapshots: Snapshots,
    /// The turn for exclusive work within this process.
    pub exclusive: tokio::sync::Mutex<()>,
    /// The turn to catch up with the others: who waits for it need not look as well.
    pub catching_up: tokio::sync::Mutex<()>,
    pub memory: Memory,
    pub falling: Falling,
    /// By the address of the model.
    by_key: RwLock<HashMap<usize, Statement>>,
}

/// Where a database is.
#[derive(Debug, Clone)]
pub enum Place {
    Sqlite(PathBuf),
    Postgres(Box<PostgresConfig>),
}

impl Store {
    /// Opens (and creates) an SQLite database in a file.
    pub async fn open_sqlite(path: &Path, catalogue: &'static Catalogue) -> Result<Self> {
        Self::open(&Place::Sqlite(path.to_owned()), catalogue, &MigrateOptions::default()).await
    }

    /// Opens a PostgreSQL database, makes its tables when it is empty, and follows what other instances change.
    pub async fn open_postgres(config: PostgresConfig, catalogue: &'static Catalogue) -> Result<Self> {
        Self::open(&Place::Postgres(Box::new(config)), catalogue, &MigrateOptions::default()).await
    }

    /// A fresh database that goes with the store, for tests.
    pub async fn open_temporary(catalogue: &'static Catalogue) -> Result<Self> {
        let path = std::env::temp_dir().join(format!("keywright-{}.db", clock::Random::system().uuid_v4()));
        let conn = Conn::Sqlite(Arc::new(Sqlite::open(&Location::Temporary(path))?));
        Self::with(conn, catalogue, &MigrateOptions::default()).await
    }

    /// Opens a database and brings it to the shape of the catalogue.
    pub async fn open(place: &Place, catalogue: &'static Catalogue, options: &MigrateOptions) -> Result<Self> {
        let store = Self::with(Self::connect(place).await?, catalogue, options).await?;
        // Feeds must not keep alive what they feed.
        let shared = Arc::downgrade(&store.shared);
        match &store.conn {
            Conn::Postgres(driver) => {
                let weak = Arc::downgrade(driver);
                let again = weak.clone();
                let find = move || {
                    Some(Self { conn: Conn::Postgres(weak.upgrade()?), shared: shared.upgrade()?, touched: None })
                };
                tokio::spawn(crate::postgres::follow(again, find));
            }
            Conn::Sqlite(driver) => {
                let weak = Arc::downgrade(driver);
                let find = move || {
                    Some(Self { conn: Conn::Sqlite(weak.upgrade()?), shared: shared.upgrade()?, touched: None })
                };
                tokio::spawn(crate::sqlite::follow(find));
            }
            Conn::SqliteTx(_) | Conn::PostgresTx(_) => {}
        }
        Ok(store)
    }

    /// What opening the database would change in it, as text for people.
    pub async fn pending(place: &Place, catalogue: &Catalogue) -> Result<Plan> {
        match place {
            // Looking must not make the file.
            Place::Sqlite(path) if !path.exists() => crate::migrate::pending_new(catalogue),
            _ => crate::migrate::pending(&Self::connect(place).await?, catalogue).await,
        }
    }

    async fn connect(place: &Place) -> Result<Conn> {
        Ok(match place {
            Place::Sqlite(path) => Conn::Sqlite(Arc::new(Sqlite::open(&Location::File(path.clone()))?)),
            Place::Postgres(config) => Conn::Postgres(Arc::new(Postgres::open(PostgresConfig::clone(config)).await?)),
        })
    }

    async fn with(conn: Conn, catalogue: &'static Catalogue, options: &MigrateOptions) -> Result<Self> {
        crate::migrate::migrate(&conn, catalogue, options).await?;
        let shared = Arc::new(Shared {
            catalogue,
            news: Hub::default(),
            snapshots: Snapshots::default(),
            exclusive: tokio::sync::Mutex::default(),
            catching_up: tokio::sync::Mutex::default(),
            memory: Memory::default(),
            falling: Falling::default(),
            by_key: RwLock::default(),
        });
        let store = Self { conn, shared, touched: None };
        let all: Vec<_> = catalogue.models().iter().map(|m| m.name()).collect();
        store.refresh(&all).await?;
        store.look().await?;
        Ok(store)
    }

    pub fn catalogue(&self) -> &'static Catalogue {
        self.shared.catalogue
    }
    /// The model of a label.
    pub fn model(&self, label: &str) -> Result<&'static Model> {
        self.catalogue().model(label).ok_or_else(|| Error::NoModel { model: label.to_owned() })
    }
    /// Whether the database has been silent for so long that nothing waits for it. Everything that needs it fails at once
    /// with [`Error::Unavailable`] until it answers again.
    pub fn is_gone(&self) -> bool {
        match &self.conn {
            Conn::Postgres(driver) => driver.is_gone(),
            Conn::Sqlite(_) | Conn::SqliteTx(_) | Conn::PostgresTx(_) => false,
        }
    }
    /// The configuration as of the last commit. Needs no query.
    pub fn snapshot(&self) -> Arc<Snapshot> {
        self.shared.snapshots.current()
    }

    // ---- reading

    /// A row by its key.
    pub async fn get<T: Object>(&self, key: impl Into<Key>) -> Result<Option<T>> {
        match self.record(T::model(), key.into()).await? {
            Some(record) => Ok(Some(record.to()?)),
            None => Ok(None),
        }
    }
    /// The first row that matches.
    pub async fn first<T: Object>(&self, filter: Filter) -> Result<Option<T>> {
        let found = self.records(T::model(), &Query::filter(filter).limit(1)).await?;
        found.into_iter().next().map(|r| r.to().map_err(Error::from)).transpose()
    }
    /// All rows that match.
    pub async fn find<T: Object>(&self, query: &Query) -> Result<Vec<T>> {
        let found = self.records(T::model(), query).await?;
        found.into_iter().map(|r| r.to().map_err(Error::from)).collect()
    }
    /// A row by its key, untyped. For a family's root this is the root's part; see [`Store::concrete`].
    pub async fn record(&self, model: &'static Model, key: Key) -> Result<Option<Record>> {
        let statement = Statement { params: vec![Value::from(key).into()], ..self.by_key(model) };
        let mut rows = self.conn.read(statement).await?;
        let Some(cells) = rows.pop() else { return Ok(None) };
        let mut record = [many::widen(model, cells)];
        self.load_many(model, &mut record).await?;
        let [record] = record;
        Ok(Some(record))
    }
    /// The statement that reads a row by its key, built once a model: building it takes longer than running it.
    fn by_key(&self, model: &'static Model) -> Statement {
        let id = std::ptr::from_ref(model) as usize;
        if let Some(found) = self.shared.by_key.read().get(&id) {
            return found.clone();
        }
        let made = sql::by_key(self.catalogue(), self.conn.dialect(), model);
        self.shared.by_key.write().insert(id, made.clone());
        made
    }
    /// Rows, untyped.
    pub async fn records(&self, model: &'static Model, query: &Query) -> Result<Vec<Record>> {
        let resolved;
        let query = match query.after {
            Some(After::Key(key)) => {
                let Some(row) = self.record(model, key).await? else { return Ok(Vec::new()) };
                resolved = query.clone().after_row(row);
                &resolved
            }
            _ => query,
        };
        let hot = query.limit == Some(1) && query.offset == 0;
        let statement = sql::select(self.catalogue(), self.conn.dialect(), model, query, hot)?;
        let rows = self.conn.read(statement).await?;
        let mut records: Vec<Record> = rows.into_iter().map(|cells| many::widen(model, cells)).collect();
        if query.many {
            self.load_many(model, &mut records).await?;
        }
        Ok(records)
    }
    /// A row of a family as the kind it is.
    pub async fn concrete(&self, root: &'static Model, key: Key) -> Result<Option<Record>> {
        Ok(self
            .concretes(root, &Query::filter(Filter::eq(root.key_field().name, key)).limit(1))
            .await?
            .into_iter()
            .next())
    }
    /// Rows of a family as the kinds they are, in the order asked for: a query, and one more a kind.
    pub async fn concretes(&self, root: &'static Model, query: &Query) -> Result<Vec<Record>> {
        if !root.root().family {
            return self.records(root, query).await;
        }
        let resolved;
        let query = match query.after {
            Some(After::Key(key)) => {
                let Some(row) = self.record(root, key).await? else { return Ok(Vec::new()) };
                resolved = query.clone().after_row(row);
                &resolved
            }
            _ => query,
        };
        let rows = self.conn.read(sql::kinds(self.catalogue(), self.conn.dialect(), root, query)?).await?;
        let mut keys = Vec::with_capacity(rows.len());
        let mut by_kind: Vec<(&'static Model, Vec<Value>)> = Vec::new();
        for row in rows {
            let (Some(key), Some(kind)) = (row.first().and_then(Value::as_key), row.get(1).and_then(Value::as_str))
            else {
                continue;
            };
            let model = self.model(kind)?;
            keys.push(key);
            match by_kind.iter_mut().find(|(m, _)| std::ptr::eq(*m, model)) {
                Some((_, list)) => list.push(key.into()),
                None => by_kind.push((model, vec![key.into()])),
            }
        }
        let mut found = HashMap::with_capacity(keys.len());
        for (model, list) in by_kind {
            let query = Query { many: query.many, ..Query::filter(Filter::any_of(model.key_field().name, list)) };
            for record in self.records(model, &query).await? {
                if let Some(key) = record.key() {
                    found.insert(key, record);
                }
            }
        }
        Ok(keys.into_iter().filter_map(|k| found.remove(&k)).collect())
    }
    /// Some rows and the number of all that match.
    pub async fn page(&self, model: &'static Model, query: &Query) -> Result<Page> {
        let total = self.count(model, &query.filter).await?;
        let records = self.records(model, query).await?;
        Ok(Page { records, total })
    }
    pub async fn count(&self, model: &'static Model, filter: &Filter) -> Result<u64> {
        let statement = sql::count(self.catalogue(), self.conn.dialect(), model, filter)?;
        let rows = self.conn.read(statement).await?;
        Ok(rows.first().and_then(|r| r.first()).and_then(Value::as_int).unwrap_or_default() as u64)
    }
    /// The number of rows that match, counted no further than `limit`: what a list of millions shows.
    pub async fn count_up_to(&self, model: &'static Model, filter: &Filter, limit: u64) -> Result<u64> {
        let statement = sql::count_up_to(self.catalogue(), self.conn.dialect(), model, filter, limit)?;
        let rows = self.conn.read(statement).await?;
        Ok(rows.first().and_then(|r| r.first()).and_then(Value::as_int).unwrap_or_default() as u64)
    }
    pub async fn exists(&self, model: &'static Model, filter: Filter) -> Result<bool> {
        let query = Query::filter(filter).limit(1).columns_only();
        Ok(!self.records(model, &query).await?.is_empty())
    }

    // ---- writing

    /// Inserts a row; its key is made by the database where it is a number.
    pub async fn insert<T: Object>(&self, object: &T) -> Result<Id<T>> {
        let mut record = object.to_record();
        self.insert_record(&mut record).await?;
        record.key().and_then(Id::from_key).ok_or(Error::Guard)
    }
    /// Inserts a row and sets its key.
    pub async fn insert_record(&self, record: &mut Record) -> Result<()> {
        if record.key().is_none() && record.model.root().key == object::KeyKind::Uuid {
            // Time-ordered, so that new rows lie together in the index.
            record.values[0] = Value::Uuid(uuid::Uuid::now_v7());
        }
        let inserted = self.apply(vec![Write::Insert(record.clone())]).await?;
        if let Some(key) = inserted.first() {
            record.values[0] = (*key).into();
        }
        Ok(())
    }
    /// Writes all of a row.
    pub async fn update<T: Object>(&self, object: &T) -> Result<()> {
        self.update_record(&object.to_record()).await
    }
    pub async fn update_record(&self, record: &Record) -> Result<()> {
        self.apply(vec![Write::Update(record.clone())]).await.map(|_| ())
    }
    /// Sets columns of all rows that match; says how many there were.
    pub async fn change(&self, model: &'static Model, filter: Filter, set: Vec<(&'static str, Value)>) -> Result<u64> {
        let mut statements = Vec::new();
        let write = Write::Change { model, filter, set, guard: false };
        sql::plan(self.catalogue(), self.conn.dialect(), &write, &mut statements)?;
        let outcomes = self.run(statements, vec![Touch::Changed(model.name())]).await?;
        Ok(outcomes.iter().map(|o| o.affected).max().unwrap_or_default())
    }
    /// Deletes a row; false when there was none.
    pub async fn delete(&self, model: &'static Model, key: impl Into<Key>) -> Result<bool> {
        let key = key.into();
        match self.delete_where(model, Filter::eq(model.key_field().name, key)).await {
            Err(Error::ForeignKey) => Err(Error::Restricted { model: model.name(), key }),
            other => other.map(|n| n > 0),
        }
    }
    pub async fn delete_where(&self, model: &'static Model, filter: Filter) -> Result<u64> {
        let mut statements = Vec::new();
        let write = Write::DeleteWhere { model, filter, guard: false };
        sql::plan(self.catalogue(), self.conn.dialect(), &write, &mut statements)?;
        let outcomes = self.run(statements, vec![Touch::Deleted(model.name())]).await?;
        Ok(outcomes.iter().map(|o| o.affected).sum())
    }
    /// Removes a row that matches and returns it: of any number of callers at once, exactly one gets it.
    pub async fn take<T: Object>(&self, filter: Filter) -> Result<Option<T>> {
        let model = T::model();
        let statement = sql::take(self.catalogue(), self.conn.dialect(), model, &filter)?;
        let mut outcomes = self.run(vec![statement], vec![Touch::Deleted(model.name())]).await?;
        let row = outcomes.pop().and_then(|o| o.rows.into_iter().next());
        row.map(|cells| many::widen(model, cells).to().map_err(Error::from)).transpose()
    }
    /// Carries out the writes atomically; returns the keys of the inserted rows whose keys the database made.
    pub async fn apply(&self, writes: Vec<Write>) -> Result<Vec<Key>> {
        let mut statements = Vec::new();
        let mut touched = Vec::new();
        for write in &writes {
            touched.push(Touch::of(write));
            sql::plan(self.catalogue(), self.conn.dialect(), write, &mut statements)?;
        }
        let keyed: Vec<bool> = statements.iter().map(|s| s.expect == Expect::Key).collect();
        let outcomes = self.run(statements, touched).await?;
        let keys = outcomes.iter().zip(keyed).filter(|(_, k)| *k);
        Ok(keys.filter_map(|(o, _)| o.rows.first()?.first()?.as_key()).collect())
    }
    /// Starts a transaction. It is undone unless [`Tx::commit`] is called. On SQLite it holds the only writer: keep it
    /// short and wait for nothing but the store inside.
    pub async fn begin(&self) -> Result<Tx> {
        Tx::begin(self).await
    }

    pub(crate) async fn run(&self, statements: Vec<Statement>, touched: Vec<Touch>) -> Result<Vec<Outcome>> {
        if let Some(list) = &self.touched {
            let outcomes = self.conn.write(statements).await?;
            list.lock().touches.extend(touched);
            return Ok(outcomes);
        }
        let concerned = self.concerned(&touched);
        if concerned.is_empty() {
            return self.conn.write(statements).await;
        }
        // On a task of its own: whoever asked may stop waiting (a browser that goes away), and the configuration must not
        // stay behind what was committed.
        let store = self.clone();
        let change = async move {
            let wanted = statements.len();
            let mut statements = statements;
            statements.extend(sql::announce(store.conn.dialect(), &concerned));
            let mut outcomes = store.conn.write(statements).await?;
            outcomes.truncate(wanted);
            store.refresh_committed(&concerned).await;
            Ok(outcomes)
        };
        tokio::spawn(change).await.map_err(|e| Error::Unavailable(e.to_string()))?
    }

    /// Copies the database into a file (SQLite only).
    pub async fn copy_to(&self, path: &Path) -> Result<()> {
        match &self.conn {
            Conn::Sqlite(db) => db.copy_to(path).await,
            Conn::SqliteTx(_) => Err(Error::TransactionOver),
            Conn::Postgres(_) | Conn::PostgresTx(_) => {
                Err(Error::Unavailable("a PostgreSQL database is copied with pg_dump".into()))
            }
        }
    }
}
