//! The audit record and what writes it.
//!
//! It stands below everything that can be audited, so an event names users and objects by value and refers to nothing.

mod event;

pub use event::{Action, Event};

use feature::{Feature, Kind};

pub const FEATURE: Feature = Feature::new("events").kinds(&[Kind::of::<Event>()]);
