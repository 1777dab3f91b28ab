//! Policies: what they are, what they are bound to, what decides, and what expressions see.
//!
//! Owns the bindings of policies, groups and users to objects, the engine that evaluates them ([`check`]) and the objects
//! behind the expression language ([`expression`]), which property mappings and prompts use too. It knows no single kind of
//! policy: their crates [`register`] how each is evaluated.

mod binding;
pub mod engine;
pub mod expression;
mod kinds;
mod operations;
mod policy;
mod request;
mod subject;
mod target;
mod why;

#[cfg(test)]
mod testing;

use feature::{Feature, Kind};

pub use binding::PolicyBinding;
pub use engine::{bindings, check, check_or, check_row, could_pass};
pub use kinds::{Evaluation, Passes, register};
pub use operations::Trial;
pub use policy::Policy;
pub use request::{Context, HttpInfo, PolicyException, PolicyRequest, PolicyResult, Target};
pub use subject::{Membership, Subject};
pub use target::{PolicyBindingModel, PolicyEngineMode};
pub use why::why;

pub const FEATURE: Feature = Feature::new("policy")
    .kinds(&[
        Kind::of::<PolicyBindingModel>().display(|target| {
            format!("PolicyBindingModel {}", target.key().map(|key| key.to_string()).unwrap_or_default())
        }),
        Kind::of::<Policy>()
            .shown_as_kinds()
            .computed(binding::OF_POLICY)
            .operations(operations::ALL)
            .listing(policy::listing, policy::LIST_PARAMETERS),
        Kind::of::<PolicyBinding>()
            .check(binding::check)
            .computed(binding::OF_BINDING)
            .display(binding::display)
            .link("policy", "target"),
    ])
    .components(operations::COMPONENTS);
