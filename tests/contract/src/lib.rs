//! The whole catalogue over a temporary store, a client without a network, and a maker of valid objects.

mod client;
#[path = "../../../bin/keywright/src/features.rs"]
mod features;
mod maker;

use std::sync::OnceLock;

use feature::Registry;

pub use client::{Answer, Client, Who};
pub use maker::{Maker, value};

/// The registry of the program.
pub fn registry() -> &'static Registry {
    static REGISTRY: OnceLock<&'static Registry> = OnceLock::new();
    REGISTRY.get_or_init(|| match Registry::new(features::FEATURES) {
        Ok(registry) => registry,
        Err(error) => panic!("the declarations contradict each other: {error}"),
    })
}

/// The kinds with a path of their own.
pub fn kinds() -> impl Iterator<Item = &'static feature::Kind> {
    registry().kinds().filter(|kind| (kind.model)().schema.path.is_some())
}
