//! Counters, gauges and histograms with labels, in the Prometheus text format.
//!
//! Small on purpose: a registry handed around explicitly, atomics per series, a bound on series.

mod cell;
mod render;

use std::{collections::BTreeMap, sync::Arc};

use parking_lot::{Mutex, RwLock};

pub use cell::{Counter, Gauge, Histogram};
pub use render::CONTENT_TYPE;

/// Upper bounds in seconds that suit requests and queries.
pub const DURATION_BUCKETS: &[f64] = &[0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];

/// Series one family may have; whatever comes later shares the series labelled `other`, so that label
/// values chosen by clients cannot fill the memory.
const MAX_SERIES: usize = 1000;

/// The registry. Clones share their content.
#[derive(Debug, Clone, Default)]
pub struct Metrics(Arc<Mutex<BTreeMap<&'static str, AnyFamily>>>);

#[derive(Debug, Clone)]
enum AnyFamily {
    Counter(Family<Counter>),
    Gauge(Family<Gauge>),
    Histogram(Family<Histogram>),
}

impl Metrics {
    /// An empty registry.
    pub fn new() -> Self {
        Self::default()
    }

    /// The counter `name`; made at the first call.
    pub fn counter(&self, name: &'static str, help: &'static str, labels: &'static [&'static str]) -> Family<Counter> {
        let fresh = Family::new(name, help, labels, &[]);
        let mut families = self.0.lock();
        match families.entry(name).or_insert_with(|| AnyFamily::Counter(fresh.clone())) {
            AnyFamily::Counter(known) if known.labels() == labels => known.clone(),
            _ => clash(name, fresh),
        }
    }

    /// The gauge `name`; made at the first call.
    pub fn gauge(&self, name: &'static str, help: &'static str, labels: &'static [&'static str]) -> Family<Gauge> {
        let fresh = Family::new(name, help, labels, &[]);
        let mut families = self.0.lock();
        match families.entry(name).or_insert_with(|| AnyFamily::Gauge(fresh.clone())) {
            AnyFamily::Gauge(known) if known.labels() == labels => known.clone(),
            _ => clash(name, fresh),
        }
    }

    /// The histogram `name` with ascending upper bounds; made at the first call.
    pub fn histogram(
        &self,
        name: &'static str,
        help: &'static str,
        labels: &'static [&'static str],
        buckets: &'static [f64],
    ) -> Family<Histogram> {
        let fresh = Family::new(name, help, labels, buckets);
        let mut families = self.0.lock();
        match families.entry(name).or_insert_with(|| AnyFamily::Histogram(fresh.clone())) {
            AnyFamily::Histogram(known) if known.labels() == labels => known.clone(),
            _ => clash(name, fresh),
        }
    }

    /// Everything in the text format, with the metrics of the process itself.
    pub fn render(&self) -> String {
        crate::process::observe(self);
        render::render(self.0.lock().values())
    }
}

/// A name used for two things is a mistake in the program: it must not stop a request, but be seen.
fn clash<T>(name: &str, fresh: Family<T>) -> Family<T> {
    tracing::error!(metric = name, "Metric {name} is declared twice in different ways; the second is not exported");
    fresh
}

/// All series of one metric. Clones share their series.
#[derive(Debug)]
pub struct Family<T>(Arc<Inner<T>>);

#[derive(Debug)]
struct Inner<T> {
    name: &'static str,
    help: &'static str,
    labels: &'static [&'static str],
    buckets: &'static [f64],
    series: RwLock<BTreeMap<Vec<Box<str>>, Arc<T>>>,
}

impl<T> Clone for Family<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<T> Family<T> {
    fn new(name: &'static str, help: &'static str, labels: &'static [&'static str], buckets: &'static [f64]) -> Self {
        Self(Arc::new(Inner { name, help, labels, buckets, series: RwLock::default() }))
    }

    fn labels(&self) -> &'static [&'static str] {
        self.0.labels
    }
}

impl<T: cell::Cell> Family<T> {
    /// The series with these label values, in the order the labels were declared; missing ones are empty.
    pub fn with(&self, values: &[&str]) -> Arc<T> {
        let value = |index: usize| Box::from(values.get(index).copied().unwrap_or_default());
        let key: Vec<Box<str>> = (0..self.0.labels.len()).map(value).collect();
        if let Some(series) = self.0.series.read().get(&key) {
            return Arc::clone(series);
        }
        let mut all = self.0.series.write();
        let key = if all.len() >= MAX_SERIES && !all.contains_key(&key) {
            key.iter().map(|_| Box::from("other")).collect()
        } else {
            key
        };
        let make = || Arc::new(T::new(self.0.buckets));
        Arc::clone(all.entry(key).or_insert_with(make))
    }
}

#[cfg(test)]
mod tests;
