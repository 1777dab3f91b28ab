//! What one evaluation knows and what it has loaded, found by the objects of the expression while it runs.

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use expr::{Exc, ExcType, HostResult, Value};
use feature::{App, BoxFuture};
use object::Key;
use parking_lot::Mutex;
use store::Snapshot;

use super::scope::Scope;

/// What a load came to.
pub type Answer = Result<Value, Arc<Exc>>;

/// Where the answer of a load is put, and found when the instruction runs again.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Slot {
    /// An operation of one object.
    Object(u64, &'static str),
    /// A row.
    Row(&'static str, Key),
    /// A function with its arguments.
    Call(String),
}

/// What an evaluation has to wait for.
pub struct Load {
    pub slot: Slot,
    pub work: BoxFuture<'static, Answer>,
}

/// One evaluation.
pub struct Env {
    pub app: App,
    pub snapshot: Arc<Snapshot>,
    pub scope: Scope,
    answers: Mutex<HashMap<Slot, Answer>>,
    pub messages: Mutex<Vec<String>>,
    /// Events that were made; they are kept when the evaluation has ended.
    pub events: Mutex<Vec<events::Draft>>,
}

thread_local! {
    static CURRENT: RefCell<Option<Arc<Env>>> = const { RefCell::new(None) };
}

impl Env {
    pub fn new(app: &App, scope: Scope) -> Arc<Self> {
        Arc::new(Self {
            app: app.clone(),
            snapshot: app.store().snapshot(),
            scope,
            answers: Mutex::default(),
            messages: Mutex::default(),
            events: Mutex::default(),
        })
    }
    /// Runs a step of the evaluation: a stretch without waiting, during which [`env()`] finds this one.
    pub fn enter<T>(self: &Arc<Self>, step: impl FnOnce() -> T) -> T {
        /// Puts back what was before, even when the step panics.
        struct Restore(Option<Arc<Env>>);
        impl Drop for Restore {
            fn drop(&mut self) {
                CURRENT.set(self.0.take());
            }
        }
        let _restore = Restore(CURRENT.replace(Some(Arc::clone(self))));
        step()
    }
    pub fn keep(&self, slot: Slot, answer: Answer) {
        self.answers.lock().insert(slot, answer);
    }
    pub fn known(&self, slot: &Slot) -> Option<Answer> {
        self.answers.lock().get(slot).cloned()
    }
    /// The answer if it is there, else the wish to wait for it. The answer serves the whole evaluation.
    pub fn once(
        self: &Arc<Self>,
        slot: Slot,
        work: impl FnOnce(Arc<Self>) -> BoxFuture<'static, Answer>,
    ) -> HostResult {
        match self.known(&slot) {
            Some(answer) => given(answer),
            None => HostResult::load(Load { slot, work: work(Arc::clone(self)) }),
        }
    }
    /// The same for what does something: the answer is given once, so that the same call later does it again.
    pub fn act(self: &Arc<Self>, slot: Slot, work: impl FnOnce(Arc<Self>) -> BoxFuture<'static, Answer>) -> HostResult {
        let found = self.answers.lock().remove(&slot);
        match found {
            Some(answer) => given(answer),
            None => HostResult::load(Load { slot, work: work(Arc::clone(self)) }),
        }
    }
}

fn given(answer: Answer) -> HostResult {
    match answer {
        Ok(value) => HostResult::Ready(value),
        Err(exception) => HostResult::Raise(exception),
    }
}

/// The evaluation that runs on this thread.
pub fn env(then: impl FnOnce(Arc<Env>) -> HostResult) -> HostResult {
    match current() {
        Some(env) => then(env),
        None => HostResult::raise(&ExcType::builtin("RuntimeError"), "no expression is being evaluated"),
    }
}

pub fn current() -> Option<Arc<Env>> {
    CURRENT.with_borrow(Clone::clone)
}

/// A number that no other object has: objects may outlive the evaluation that made them.
pub fn unique() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

/// An exception to be raised when a load failed.
pub fn exception(ty: &ExcType, message: impl AsRef<str>) -> Arc<Exc> {
    Arc::new(Exc::new(ty.clone(), vec![Value::str(message)]))
}

/// The store could not answer. What it said is for the log.
pub fn unavailable(error: &store::Error) -> Arc<Exc> {
    tracing::error!("An expression could not read the database: {error}");
    exception(&ExcType::builtin("RuntimeError"), "the database could not answer")
}
