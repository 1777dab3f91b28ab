//! The user that is decided about or described to an application, with the groups it is in.
//!
//! Separate from the row because the groups are looked up once and then serve every policy and every mapping of a request.

use std::fmt;
use std::sync::{Arc, OnceLock, Weak};

use expr::Value as Expression;
use feature::App;
use object::{Key, Model, Record, Value};
use parking_lot::Mutex;
use store::{Row, Snapshot, Store};

pub const USER: &str = "authentik_core.user";
pub const GROUP: &str = "authentik_core.group";

/// A user as policies and expressions see it. Share one per request.
pub struct Subject {
    record: Arc<Record>,
    membership: OnceLock<Arc<Membership>>,
    /// What expressions and flows attached to it, and the parts of the row that can be changed in place.
    pub(crate) extra: Extra,
    /// Itself, for query sets that outlive the moment: an expression holds the user only as an object.
    pub(crate) shared: Weak<Self>,
}

/// Attributes that were set on an object during an evaluation.
pub type Extra = Mutex<Vec<(Box<str>, Expression)>>;

/// The groups of a user, as keys.
#[derive(Debug, Default, Clone)]
pub struct Membership {
    /// The groups the user was put into.
    pub direct: Vec<Key>,
    /// Those and all that they lie in.
    pub all: Vec<Key>,
}

impl Membership {
    /// Adds what the groups lie in.
    pub fn of(direct: Vec<Key>, snapshot: &Snapshot) -> Self {
        let mut all = direct.clone();
        let mut seen: std::collections::HashSet<Key> = direct.iter().copied().collect();
        let mut next = 0;
        while let Some(key) = all.get(next).copied() {
            next += 1;
            let Some(row) = snapshot.row(GROUP, key) else { continue };
            all.extend(row.get("parents").as_keys().iter().filter(|k| seen.insert(**k)));
        }
        Self { direct, all }
    }
    /// The groups as rows.
    pub fn rows<'s>(&'s self, snapshot: &'s Snapshot) -> impl Iterator<Item = &'s Row> {
        self.all.iter().filter_map(|k| snapshot.row(GROUP, *k))
    }
    pub fn is_superuser(&self, snapshot: &Snapshot) -> bool {
        self.rows(snapshot).any(|g| g.get("is_superuser").as_bool() == Some(true))
    }
}

impl Subject {
    /// A user out of its row. The groups are looked up when they are needed, unless the row has them.
    pub fn new(record: impl Into<Arc<Record>>) -> Arc<Self> {
        let record = record.into();
        Arc::new_cyclic(|shared| Self {
            record,
            membership: OnceLock::new(),
            extra: Extra::default(),
            shared: Weak::clone(shared),
        })
    }
    /// A user out of its object, with the groups that are in there.
    pub fn of(user: &directory::User) -> Arc<Self> {
        Self::new(object::Object::to_record(user))
    }
    /// The user with this key, with its groups.
    pub async fn load(app: &App, user: i64) -> store::Result<Option<Arc<Self>>> {
        let store = app.store();
        let model = store.model(USER)?;
        let record = store.recall(model, model.key_field().name, Key::Int(user).into()).await?;
        Ok(record.map(Self::new))
    }
    pub fn record(&self) -> &Arc<Record> {
        &self.record
    }
    pub fn model(&self) -> &'static Model {
        self.record.model
    }
    pub fn key(&self) -> Option<i64> {
        self.record.get("pk").as_int()
    }
    pub fn username(&self) -> &str {
        self.record.text("username")
    }
    /// Something that others than the row know of the user, such as the `backend` that checked the password.
    pub fn attach(&self, name: &str, value: impl Into<Expression>) {
        set_extra(&self.extra, name, value.into());
    }
    /// What was attached under this name.
    pub fn attached(&self, name: &str) -> Option<Expression> {
        get_extra(&self.extra, name)
    }

    /// Whether it is just what its row says.
    pub fn is_plain(&self) -> bool {
        self.extra.lock().is_empty()
    }

    /// The groups, if they are known without a query.
    pub fn known_membership(&self, snapshot: &Snapshot) -> Option<Arc<Membership>> {
        if let Some(known) = self.membership.get() {
            return Some(Arc::clone(known));
        }
        // A row that was read without its many-to-many fields has null there, not an empty list.
        let Value::Keys(direct) = self.record.get("groups") else { return None };
        let made = Arc::new(Membership::of(direct.clone(), snapshot));
        Some(Arc::clone(self.membership.get_or_init(|| made)))
    }
    /// The groups: one query the first time.
    pub async fn membership(&self, store: &Store) -> store::Result<Arc<Membership>> {
        let snapshot = store.snapshot();
        if let Some(known) = self.known_membership(&snapshot) {
            return Ok(known);
        }
        let direct = match self.record.key() {
            Some(key) => store.linked(self.record.model, key, "groups").await?,
            None => Vec::new(),
        };
        let made = Arc::new(Membership::of(direct, &snapshot));
        Ok(Arc::clone(self.membership.get_or_init(|| made)))
    }
}

pub(crate) fn get_extra(extra: &Extra, name: &str) -> Option<Expression> {
    extra.lock().iter().find(|(n, _)| &**n == name).map(|(_, v)| v.clone())
}

pub(crate) fn set_extra(extra: &Extra, name: &str, value: Expression) {
    let mut all = extra.lock();
    let old = if let Some((_, slot)) = all.iter_mut().find(|(n, _)| &**n == name) {
        Some(std::mem::replace(slot, value))
    } else {
        all.push((name.into(), value));
        None
    };
    drop(all);
    // A host object's end may look at this list again.
    drop(old);
}

impl fmt::Debug for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Subject({:?})", self.key())
    }
}
