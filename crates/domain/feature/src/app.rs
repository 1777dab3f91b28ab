//! What every part of the running program shares.

use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, OnceLock};

use clock::{Clock, Random};
use parking_lot::RwLock;
use secret::{Hasher, RootKey};
use settings::Settings;
use store::Store;
use telemetry::Metrics;

use crate::change::Observer;
use crate::kind::Registry;

/// The things an [`App`] is made of.
pub struct Parts {
    pub store: Store,
    pub registry: &'static Registry,
    pub settings: Arc<Settings>,
    /// The installation's secret key as text: user ids (`uid`, hashed subjects) are derived from it as upstream does.
    pub secret_key: secret::Secret<String>,
    pub clock: Clock,
    pub random: Random,
    pub hasher: Hasher,
    pub metrics: Metrics,
}

/// The running program. Cheap to clone.
#[derive(Clone)]
pub struct App(Arc<Inner>);

struct Inner {
    parts: Parts,
    root_key: RootKey,
    observers: OnceLock<Vec<Box<dyn Observer>>>,
    services: RwLock<HashMap<TypeId, Arc<dyn Any + Send + Sync>>>,
}

impl App {
    pub fn new(parts: Parts) -> Self {
        let root_key = RootKey::new(&parts.secret_key);
        Self(Arc::new(Inner { parts, root_key, observers: OnceLock::new(), services: RwLock::default() }))
    }
    pub fn store(&self) -> &Store {
        &self.0.parts.store
    }
    pub fn registry(&self) -> &'static Registry {
        self.0.parts.registry
    }
    pub fn settings(&self) -> &Settings {
        &self.0.parts.settings
    }
    pub fn secret_key(&self) -> &secret::Secret<String> {
        &self.0.parts.secret_key
    }
    /// Keys for sealing and signing are derived from this one, each with a purpose of its own.
    pub fn root_key(&self) -> &RootKey {
        &self.0.root_key
    }
    pub fn clock(&self) -> &Clock {
        &self.0.parts.clock
    }
    pub fn random(&self) -> &Random {
        &self.0.parts.random
    }
    pub fn hasher(&self) -> &Hasher {
        &self.0.parts.hasher
    }
    pub fn metrics(&self) -> &Metrics {
        &self.0.parts.metrics
    }

    /// Lets every feature hand in what it brings. Called once while the program is put together.
    pub fn set_up(&self) {
        for setup in self.registry().features.iter().filter_map(|feature| feature.setup) {
            setup(self);
        }
    }

    /// Says who is told of changes to objects. Called once while the program is put together.
    pub fn observe(&self, observers: Vec<Box<dyn Observer>>) {
        if self.0.observers.set(observers).is_err() {
            tracing::error!("Observers are set once; the second list was ignored");
        }
    }
    pub fn observers(&self) -> &[Box<dyn Observer>] {
        self.0.observers.get().map_or(&[], Vec::as_slice)
    }

    /// Hands in something that one layer provides and another asks for by its type.
    pub fn provide<T: Send + Sync + 'static>(&self, service: T) {
        self.0.services.write().insert(TypeId::of::<T>(), Arc::new(service));
    }
    /// What is kept under this type, made empty when it is first asked for: who comes first finds the same as who follows.
    pub fn shared<T: Default + Send + Sync + 'static>(&self) -> Arc<T> {
        if let Some(found) = self.service() {
            return found;
        }
        let mut services = self.0.services.write();
        let kept = services.entry(TypeId::of::<T>()).or_insert_with(|| Arc::new(T::default()));
        // Under a type's id lies nothing of another type.
        Arc::clone(kept).downcast().unwrap_or_default()
    }
    /// What was handed in under this type.
    pub fn service<T: Send + Sync + 'static>(&self) -> Option<Arc<T>> {
        let found = self.0.services.read().get(&TypeId::of::<T>()).cloned()?;
        found.downcast().ok()
    }
}

impl fmt::Debug for App {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("App").finish_non_exhaustive()
    }
}
