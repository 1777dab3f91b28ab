//! Which memories a write concerns: the snapshot's tables and the remembered rows, here and in other processes.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use object::{Catalogue, Model, OnDelete};
use parking_lot::RwLock;

use crate::store::Store;
use crate::write::Write;

/// What a write did to a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Touch {
    /// There are more rows; the old ones are as they were.
    Inserted(&'static str),
    Changed(&'static str),
    /// Rows are gone, and with them those that cannot be without them.
    Deleted(&'static str),
}

impl Touch {
    pub fn of(write: &Write) -> Self {
        let label = write.model().name();
        match write {
            Write::Insert(_) => Self::Inserted(label),
            Write::Delete { .. } | Write::DeleteWhere { .. } => Self::Deleted(label),
            Write::Update(_) | Write::Upsert(_) | Write::Change { .. } | Write::Link { .. } | Write::Unlink { .. } => {
                Self::Changed(label)
            }
        }
    }
    fn label(self) -> &'static str {
        match self {
            Self::Inserted(label) | Self::Changed(label) | Self::Deleted(label) => label,
        }
    }
}

/// By model: what vanishes or is emptied with its rows, as far as anybody keeps it in memory.
pub(crate) type Falling = RwLock<HashMap<&'static str, Arc<[&'static str]>>>;

impl Store {
    /// The labels whose counters have to move, in order. Most rows are in nobody's memory; writing them costs nothing here.
    pub(crate) fn concerned(&self, touched: &[Touch]) -> Vec<&'static str> {
        let mut labels = Vec::new();
        for touch in touched {
            let Some(model) = self.catalogue().model(touch.label()) else { continue };
            if is_cached(model) || (model.schema.remembered && !matches!(touch, Touch::Inserted(_))) {
                labels.push(model.name());
            }
            if matches!(touch, Touch::Deleted(_)) {
                labels.extend_from_slice(&self.falling(model));
            }
        }
        labels.sort_unstable();
        labels.dedup();
        labels
    }

    fn falling(&self, model: &'static Model) -> Arc<[&'static str]> {
        if let Some(known) = self.shared.falling.read().get(model.name()) {
            return Arc::clone(known);
        }
        let found: Arc<[_]> = falling(self.catalogue(), model).into();
        self.shared.falling.write().insert(model.name(), Arc::clone(&found));
        found
    }

    /// Whether rows of the model are remembered but no configuration.
    pub(crate) fn is_remembered(&self, label: &str) -> bool {
        self.catalogue().model(label).is_some_and(|m| m.schema.remembered && !is_cached(m))
    }
}

pub(crate) fn is_cached(model: &Model) -> bool {
    model.chain.iter().any(|s| s.cached)
}

fn falling(catalogue: &Catalogue, model: &'static Model) -> Vec<&'static str> {
    let is_kept = |model: &&'static Model| is_cached(model) || model.schema.remembered;
    let mut queue = every_kind(catalogue, model);
    let mut found: HashSet<_> = queue.iter().copied().filter(is_kept).map(Model::name).collect();
    let mut gone = HashSet::new();
    while let Some(model) = queue.pop() {
        if !gone.insert(model.name()) {
            continue;
        }
        for dependent in catalogue.dependents_of(model) {
            let models = every_kind(catalogue, dependent.model);
            found.extend(models.iter().copied().filter(is_kept).map(Model::name));
            // What is only emptied, or loses a link, takes nothing with it.
            if dependent.on_delete == Some(OnDelete::Cascade) {
                queue.extend(models);
            }
        }
    }
    found.into_iter().collect()
}

/// A row of a family's root is one of a kind as well.
fn every_kind(catalogue: &Catalogue, model: &'static Model) -> Vec<&'static Model> {
    std::iter::once(model).chain(catalogue.kinds(model.name())).collect()
}
