//! Blueprints: configuration as files, applied wholly or not at all.
//!
//! Reading and evaluating the files is the crate `blueprint-yaml`'s; creating and changing objects is
//! [`feature::change`]'s. This crate finds the objects that entries mean, applies entries in a transaction, keeps the
//! instances that say which file was applied when, and watches the folder of mounted files.

mod apply;
mod defaults;
mod discover;
mod entry;
mod export;
mod flows;
mod hint;
mod instance;
mod lookup;
mod operations;
mod permission;
mod report;

#[cfg(test)]
mod tests;

use feature::{App, BoxFuture, Caller, Feature, Job, Kind, Problem};

pub use apply::{Origin, apply_text};
pub use defaults::apply_defaults;
pub use export::export;
pub use instance::{BlueprintInstance, Status};
pub use report::{Failure, Report};

pub const FEATURE: Feature = Feature::new("blueprint")
    .kinds(&[Kind::of::<BlueprintInstance>()
        .hidden(&["managed"])
        .check(instance::check)
        .operations(operations::ON_INSTANCES)])
    .operations(operations::GENERAL)
    .components(flows::COMPONENTS)
    .jobs(&[Job { name: "blueprints_discover", every: 3, run: discover_job }]);

fn discover_job(app: &App) -> BoxFuture<'_, Result<(), Problem>> {
    Box::pin(discover::run(app, Caller::system()))
}
