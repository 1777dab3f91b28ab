//! Outposts and their providers, worked out once a snapshot.

use std::collections::HashMap;
use std::sync::Arc;

use apps::Provider;
use object::{Id, Object};
use store::{Row, Snapshot};

use crate::outpost::Outpost;

struct Index {
    by_provider: HashMap<Id<Provider>, Vec<Arc<Outpost>>>,
    /// Providers as the kinds they are.
    providers: HashMap<Id<Outpost>, Arc<Vec<Row>>>,
}

fn index(snapshot: &Snapshot) -> Arc<Index> {
    snapshot.derive(|snapshot| {
        let mut by_provider: HashMap<Id<Provider>, Vec<Arc<Outpost>>> = HashMap::new();
        let mut providers = HashMap::new();
        for outpost in snapshot.all::<Outpost>().iter() {
            for provider in outpost.providers.iter() {
                by_provider.entry(*provider).or_default().push(Arc::clone(outpost));
            }
            let rows = outpost.providers.iter().filter_map(|p| snapshot.concrete(Provider::MODEL, p.key()).cloned());
            providers.insert(outpost.pk, Arc::new(rows.collect()));
        }
        Index { by_provider, providers }
    })
}

/// The providers that an outpost serves, as the kinds they are.
pub fn providers_of(snapshot: &Snapshot, outpost: Id<Outpost>) -> Arc<Vec<Row>> {
    index(snapshot).providers.get(&outpost).cloned().unwrap_or_default()
}

/// The outposts that serve a provider.
pub fn of_provider(snapshot: &Snapshot, provider: Id<Provider>) -> Vec<Arc<Outpost>> {
    index(snapshot).by_provider.get(&provider).cloned().unwrap_or_default()
}
