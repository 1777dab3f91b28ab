//! How the kinds of policies come to their results, by label.
//!
//! The engine knows no single kind: the crate of the kinds hands its functions in while the program is put together.

use std::collections::HashMap;
use std::sync::Arc;

use feature::{App, BoxFuture};
use object::Record;
use parking_lot::RwLock;

use crate::request::{PolicyException, PolicyRequest, PolicyResult};

/// Whether a request passes, once it is known.
pub type Evaluation<'a> = BoxFuture<'a, Result<PolicyResult, PolicyException>>;

/// Whether a request passes a policy of one kind.
pub type Passes = for<'a> fn(&'a App, &'a Record, &'a PolicyRequest) -> Evaluation<'a>;

#[derive(Default)]
pub(crate) struct Kinds(RwLock<HashMap<&'static str, Passes>>);

impl Kinds {
    pub fn get(&self, label: &str) -> Option<Passes> {
        self.0.read().get(label).copied()
    }
}

/// Says how policies of a kind are evaluated. Called by [`feature::Feature::setup`].
pub fn register(app: &App, label: &'static str, passes: Passes) {
    kinds(app).0.write().insert(label, passes);
}

pub(crate) fn kinds(app: &App) -> Arc<Kinds> {
    app.shared()
}
