//! The configuration in memory: every cached model, replaced as a whole after each commit that touched it.
//!
//! Hot paths read it without a lock or a query. What is computed from configuration (parsed keys, compiled expressions,
//! a list of bindings by target) hangs on the snapshot it was computed from and vanishes with it.

use std::any::{Any, TypeId};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use arc_swap::ArcSwap;
use object::{Catalogue, Id, Key, Model, Object, Record};
use parking_lot::{Mutex, RwLock};

use crate::error::Result;
use crate::query::Query;
use crate::sql;
use crate::store::Store;

/// A cached row.
pub type Row = Arc<Record>;

struct Table {
    model: &'static Model,
    rows: Vec<Row>,
    by_key: HashMap<Key, usize>,
    typed: RwLock<Option<Arc<dyn Any + Send + Sync>>>,
}

struct Typed<T> {
    all: Arc<Vec<Arc<T>>>,
    by_key: HashMap<Key, Arc<T>>,
}

/// The configuration at one moment.
#[derive(Default)]
pub struct Snapshot {
    tables: HashMap<&'static str, Arc<Table>>,
    derived: RwLock<HashMap<TypeId, Arc<dyn Any + Send + Sync>>>,
    version: u64,
}

impl Snapshot {
    /// Grows with every change of configuration.
    pub fn version(&self) -> u64 {
        self.version
    }
    /// A configuration object by its key. `None` too for a model that is not cached.
    pub fn get<T: Object>(&self, id: Id<T>) -> Option<Arc<T>> {
        self.typed::<T>()?.by_key.get(&id.key()).cloned()
    }
    /// All of a kind, in the model's default order.
    pub fn all<T: Object>(&self) -> Arc<Vec<Arc<T>>> {
        self.typed::<T>().map(|t| Arc::clone(&t.all)).unwrap_or_default()
    }
    /// All of a kind, untyped.
    pub fn rows(&self, label: &str) -> &[Row] {
        self.tables.get(label).map_or(&[], |t| &t.rows)
    }
    pub fn row(&self, label: &str, key: Key) -> Option<&Row> {
        let table = self.tables.get(label)?;
        table.by_key.get(&key).map(|i| &table.rows[*i])
    }
    /// A row of a family as the kind it is.
    pub fn concrete(&self, root: &str, key: Key) -> Option<&Row> {
        let mut kinds = self.tables.values().filter(|t| t.model.is_a(root));
        // A kind that extends another kind is in both tables: the longest chain is what the row really is.
        let mut best: Option<&Row> = None;
        for table in kinds.by_ref() {
            if let Some(i) = table.by_key.get(&key) {
                let row = &table.rows[*i];
                if best.is_none_or(|b| b.model.chain.len() < row.model.chain.len()) {
                    best = Some(row);
                }
            }
        }
        best
    }
    /// Something computed from this snapshot, once.
    pub fn derive<D: Send + Sync + 'static>(&self, compute: impl FnOnce(&Self) -> D) -> Arc<D> {
        let id = TypeId::of::<D>();
        if let Some(found) = self.derived.read().get(&id)
            && let Ok(found) = Arc::clone(found).downcast::<D>()
        {
            return found;
        }
        // Two at once may compute the same; the first stays.
        let made: Arc<dyn Any + Send + Sync> = Arc::new(compute(self));
        let kept = Arc::clone(self.derived.write().entry(id).or_insert(made));
        match kept.downcast::<D>() {
            Ok(found) => found,
            Err(_) => unreachable!("the entry under a type's id is of that type"),
        }
    }

    fn typed<T: Object>(&self) -> Option<Arc<Typed<T>>> {
        let table = self.tables.get(T::MODEL)?;
        if let Some(found) = table.typed.read().as_ref()
            && let Ok(found) = Arc::clone(found).downcast::<Typed<T>>()
        {
            return Some(found);
        }
        let mut all = Vec::with_capacity(table.rows.len());
        let mut by_key = HashMap::with_capacity(table.rows.len());
        for row in &table.rows {
            match T::from_record(Record::clone(row)) {
                Ok(object) => {
                    let object = Arc::new(object);
                    by_key.insert(object.key(), Arc::clone(&object));
                    all.push(object);
                }
                Err(e) => tracing::error!(model = T::MODEL, "A row does not fit its type and is left out: {e}"),
            }
        }
        let typed = Arc::new(Typed { all: Arc::new(all), by_key });
        *table.typed.write() = Some(Arc::clone(&typed) as Arc<dyn Any + Send + Sync>);
        Some(typed)
    }
}

/// The present snapshot and the turn to replace it.
#[derive(Default)]
pub(crate) struct Snapshots {
    current: ArcSwap<Snapshot>,
    turn: tokio::sync::Mutex<()>,
    /// The counters of changes as of what is loaded.
    seen: Mutex<HashMap<String, i64>>,
    unlinked: std::sync::atomic::AtomicBool,
}

impl Snapshots {
    pub fn set_linked(&self, linked: bool) {
        self.unlinked.store(!linked, std::sync::atomic::Ordering::Relaxed);
    }
    pub fn current(&self) -> Arc<Snapshot> {
        self.current.load_full()
    }
}

/// The cached models whose rows may have changed when rows of `touched` did: deletes cascade.
fn affected(catalogue: &Catalogue, touched: &[&'static str]) -> HashSet<&'static str> {
    let mut seen: HashSet<&'static str> = HashSet::new();
    let mut queue: Vec<&'static str> = touched.to_vec();
    while let Some(label) = queue.pop() {
        if !seen.insert(label) {
            continue;
        }
        let Some(model) = catalogue.model(label) else { continue };
        // A base's rows are part of every kind of it, and the other way round.
        queue.extend(model.chain.iter().map(|s| s.model));
        if model.schema.family {
            queue.extend(catalogue.kinds(label).iter().map(|m| m.name()));
        }
        queue.extend(catalogue.dependents_of(model).map(|d| d.model.name()));
        for field in &model.fields {
            if let object::Kind::Reverse { target, .. } = field.kind {
                queue.push(target);
            }
        }
    }
    seen.retain(|label| catalogue.model(label).is_some_and(|m| m.schema.cached && !m.schema.family));
    seen
}

impl Store {
    /// Whether changes made by other instances are heard of at once. When not, they are found by looking every few seconds.
    pub fn is_linked(&self) -> bool {
        !self.shared.snapshots.unlinked.load(std::sync::atomic::Ordering::Relaxed)
    }

    /// Reads the touched configuration again and replaces the snapshot.
    pub(crate) async fn refresh(&self, touched: &[&'static str]) -> Result<()> {
        let touched: Vec<_> = touched.iter().copied().filter(|label| !self.is_remembered(label)).collect();
        if touched.is_empty() {
            return Ok(());
        }
        let models = affected(self.catalogue(), &touched);
        let _turn = self.shared.snapshots.turn.lock().await;
        // Counters first: what is loaded afterwards is at least as new as they say.
        let counters = self.counters().await?;
        let old = self.snapshot();
        let mut tables = old.tables.clone();
        for label in models {
            let model = self.model(label)?;
            let order = model.chain.iter().rev().map(|s| s.ordering).find(|o| !o.is_empty()).unwrap_or(&[]);
            let rows = self.records(model, &Query::all().order(order)).await?;
            let rows: Vec<Row> = rows.into_iter().map(Arc::new).collect();
            let by_key = rows.iter().enumerate().filter_map(|(i, r)| Some((r.key()?, i))).collect();
            tables.insert(label, Arc::new(Table { model, rows, by_key, typed: RwLock::new(None) }));
        }
        let next = Snapshot { tables, derived: RwLock::default(), version: old.version + 1 };
        self.shared.snapshots.current.store(Arc::new(next));
        let mut seen = self.shared.snapshots.seen.lock();
        for (label, version) in counters {
            if touched.contains(&&*label) {
                seen.insert(label, version);
            }
        }
        Ok(())
    }

    /// After a commit: the change stands, so that a failure to read it back is no failure of the change. The
    /// feed tries again.
    pub(crate) async fn refresh_committed(&self, touched: &[&'static str]) {
        self.forget(touched);
        for _ in 0..3 {
            match self.refresh(touched).await {
                Ok(()) => return,
                Err(e) => tracing::error!("Changed configuration could not be read back: {e}"),
            }
        }
    }

    /// Reads what differs from the counters.
    pub(crate) async fn follow_counters(&self, rows: Vec<Vec<object::Value>>) -> Result<()> {
        let counters = pairs(rows);
        let stale: Vec<&'static str> = {
            let seen = self.shared.snapshots.seen.lock();
            let differs = counters.iter().filter(|(label, version)| seen.get(label) != Some(version));
            differs.filter_map(|(label, _)| self.catalogue().model(label).map(object::Model::name)).collect()
        };
        self.forget(&stale);
        let rows = counters.into_iter().filter(|(label, _)| self.is_remembered(label));
        self.shared.snapshots.seen.lock().extend(rows);
        self.refresh(&stale).await
    }

    /// Forgets rows that may not be as they were. Configuration can be part of any of them (a user's groups).
    fn forget(&self, touched: &[&'static str]) {
        if touched.is_empty() {
            return;
        }
        if touched.iter().all(|label| self.is_remembered(label)) {
            self.shared.memory.forget(touched);
        } else {
            self.shared.memory.forget_all();
        }
    }

    async fn counters(&self) -> Result<Vec<(String, i64)>> {
        Ok(pairs(self.conn.read(sql::counters()).await?))
    }
}

fn pairs(rows: Vec<Vec<object::Value>>) -> Vec<(String, i64)> {
    let pair = |row: Vec<object::Value>| Some((row.first()?.as_str()?.to_owned(), row.get(1)?.as_int()?));
    rows.into_iter().filter_map(pair).collect()
}
