//! Applications by slug and by provider, worked out once a snapshot.

use std::collections::HashMap;
use std::sync::Arc;

use object::{Id, Key};
use store::{Row, Snapshot};

use crate::application::Application;
use crate::provider::Provider;

const PROVIDER: &str = "authentik_core.provider";

struct Index {
    by_slug: HashMap<String, Arc<Application>>,
    by_provider: HashMap<Id<Provider>, Arc<Application>>,
    by_backchannel: HashMap<Id<Provider>, Arc<Application>>,
    /// Providers as the kinds they are.
    providers: HashMap<Key, Row>,
}

fn index(snapshot: &Snapshot) -> Arc<Index> {
    snapshot.derive(|snapshot| {
        let all = snapshot.all::<Application>();
        let by_slug = all.iter().map(|a| (a.slug.clone(), Arc::clone(a))).collect();
        let by_provider = all.iter().filter_map(|a| Some((a.provider?, Arc::clone(a)))).collect();
        let behind =
            |a: &Arc<Application>| a.backchannel_providers.iter().map(|p| (*p, Arc::clone(a))).collect::<Vec<_>>();
        let by_backchannel: HashMap<_, _> = all.iter().flat_map(behind).collect();
        let named = all.iter().flat_map(|a| a.provider.iter().chain(a.backchannel_providers.iter()).copied());
        let providers =
            named.filter_map(|p| Some((p.key(), Arc::clone(snapshot.concrete(PROVIDER, p.key())?)))).collect();
        Index { by_slug, by_provider, by_backchannel, providers }
    })
}

/// The application with this slug.
pub fn by_slug(snapshot: &Snapshot, slug: &str) -> Option<Arc<Application>> {
    index(snapshot).by_slug.get(slug).cloned()
}

/// The application that a provider lets people into.
pub fn of_provider(snapshot: &Snapshot, provider: Id<Provider>) -> Option<Arc<Application>> {
    index(snapshot).by_provider.get(&provider).cloned()
}

/// The application beside which a provider works.
pub fn of_backchannel_provider(snapshot: &Snapshot, provider: Id<Provider>) -> Option<Arc<Application>> {
    index(snapshot).by_backchannel.get(&provider).cloned()
}

/// A provider that an application names, as the kind it is.
pub fn provider_of(snapshot: &Snapshot, provider: Id<Provider>) -> Option<Row> {
    index(snapshot).providers.get(&provider.key()).cloned()
}
