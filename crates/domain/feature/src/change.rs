//! The one way an object is created, changed and deleted, for REST and blueprints alike.
//!
//! Reads the input by the schema, fills in defaults, checks references and uniqueness, runs the hooks of the kind and of
//! its bases, writes, and tells the observers (the audit record), all inside the caller's transaction. All problems with
//! fields are reported together.

mod read;
mod unique;

use futures::future::BoxFuture;
use object::{FieldErrors, Model, Record, Value};
use serde_json::{Map, Value as Json};
use store::Store;

use crate::app::App;
use crate::caller::Caller;
use crate::problem::Problem;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Doing {
    Create,
    Update,
    Delete,
}

/// A change under way, as hooks see it.
pub struct Change<'a> {
    pub app: &'a App,
    /// The transaction.
    pub store: &'a Store,
    pub caller: &'a Caller,
    pub doing: Doing,
    /// The record as it was; `None` when it is created.
    pub before: Option<&'a Record>,
    /// The record as it will be. Check hooks may adjust it.
    pub record: Record,
    /// What was given, by wire name, including [`crate::Input`] fields.
    pub input: &'a Map<String, Json>,
}

impl Change<'_> {
    /// Whether the field was given.
    pub fn given(&self, name: &str) -> bool {
        self.input.contains_key(name)
    }
    /// Whether the field's value is another than before (true for a new object).
    pub fn differs(&self, name: &str) -> bool {
        self.before.is_none_or(|b| b.get(name) != self.record.get(name))
    }
}

/// A finished change, as observers see it.
pub struct Changed<'a> {
    pub app: &'a App,
    pub store: &'a Store,
    pub caller: &'a Caller,
    pub doing: Doing,
    pub before: Option<&'a Record>,
    pub record: &'a Record,
}

/// Somebody who is told of every change, inside its transaction.
pub trait Observer: Send + Sync {
    fn changed<'a>(&'a self, changed: &'a Changed<'a>) -> BoxFuture<'a, Result<(), Problem>>;
}

/// How strictly the input is read.
#[derive(Debug, Clone, Copy, Default)]
pub struct Options {
    /// Names that are no field are refused with a suggestion, rather than ignored.
    pub refuse_unknown: bool,
    /// The key and read-only fields may be set (blueprints, bootstrap).
    pub privileged: bool,
}

/// Who does it and where.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    pub app: &'a App,
    /// A transaction; nothing is committed here.
    pub store: &'a Store,
    pub caller: &'a Caller,
    pub options: Options,
}

/// Creates an object and returns it as it was written.
pub async fn create(context: Context<'_>, model: &'static Model, input: &Map<String, Json>) -> Result<Record, Problem> {
    let mut errors = FieldErrors::default();
    let mut record = read::fresh(context.app, model);
    read::apply(context, &mut record, None, input, true, &mut errors).await?;
    write(context, Doing::Create, None, record, input, errors).await
}

/// Changes an object: with `partial`, only what is given; else everything that must be given is asked for.
pub async fn update(
    context: Context<'_>,
    before: &Record,
    input: &Map<String, Json>,
    partial: bool,
) -> Result<Record, Problem> {
    let mut errors = FieldErrors::default();
    let mut record = before.clone();
    read::apply(context, &mut record, Some(before), input, !partial, &mut errors).await?;
    write(context, Doing::Update, Some(before), record, input, errors).await
}

/// Deletes an object.
pub async fn delete(context: Context<'_>, record: &Record) -> Result<(), Problem> {
    let empty = Map::new();
    let Context { app, store, caller, .. } = context;
    let Some(key) = record.key() else { return Err(Problem::not_found()) };
    let mut change = Change {
        app,
        store,
        caller,
        doing: Doing::Delete,
        before: Some(record),
        record: record.clone(),
        input: &empty,
    };
    for kind in app.registry().chain(record.model) {
        if let Some(hook) = kind.deleting {
            hook(&mut change).await?;
        }
    }
    if !store.delete(record.model, key).await? {
        return Err(Problem::not_found());
    }
    observe(context, Doing::Delete, Some(record), record).await
}

async fn write(
    context: Context<'_>,
    doing: Doing,
    before: Option<&Record>,
    record: Record,
    input: &Map<String, Json>,
    mut errors: FieldErrors,
) -> Result<Record, Problem> {
    let Context { app, store, caller, .. } = context;
    let model = record.model;
    unique::check(context, before, &record, &mut errors).await?;
    if !errors.is_empty() {
        return Err(Problem::fields(&errors));
    }
    let mut change = Change { app, store, caller, doing, before, record, input };
    for kind in app.registry().chain(model) {
        if let Some(hook) = kind.check {
            hook(&mut change).await?;
        }
    }
    if nothing_to_do(&change) {
        return Ok(change.record);
    }
    match doing {
        Doing::Create => store.insert_record(&mut change.record).await?,
        _ => store.update_record(&change.record).await?,
    }
    for kind in app.registry().chain(model) {
        if let Some(hook) = kind.saved {
            hook(&mut change).await?;
        }
    }
    let record = change.record;
    observe(context, doing, before, &record).await?;
    Ok(record)
}

/// An update that alters no column and carries no input of a hook: writing it would only make noise in the audit record.
fn nothing_to_do(change: &Change<'_>) -> bool {
    let Some(before) = change.before else { return false };
    let kinds = || change.app.registry().chain(change.record.model);
    before.values == change.record.values && !kinds().any(|k| k.inputs.iter().any(|i| change.given(i.name)))
}

async fn observe(context: Context<'_>, doing: Doing, before: Option<&Record>, record: &Record) -> Result<(), Problem> {
    let Context { app, store, caller, .. } = context;
    let changed = Changed { app, store, caller, doing, before, record };
    for observer in app.observers() {
        observer.changed(&changed).await?;
    }
    Ok(())
}

/// The names and new values of the fields that a change altered; secrets are only named.
pub fn difference<'r>(before: &'r Record, after: &'r Record) -> Vec<(&'static object::Field, &'r Value, &'r Value)> {
    let pairs = before.values.iter().zip(&after.values);
    let fields = before.model.fields.iter().copied();
    fields.zip(pairs).filter(|(_, (a, b))| a != b).map(|(f, (a, b))| (f, a, b)).collect()
}
