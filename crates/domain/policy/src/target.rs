//! The base of everything that policies can be bound to.

use object::{Choices, Id, Object, Record};

/// How the results of several bindings are put together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Choices)]
#[choices(name = "PolicyEngineMode")]
pub enum PolicyEngineMode {
    /// all, every binding must pass.
    All,
    /// any, one binding that passes is enough.
    Any,
}

impl PolicyEngineMode {
    /// As a row of something that can be bound to says.
    pub fn of(row: &Record) -> Self {
        match row.text("policy_engine_mode") {
            "any" => Self::Any,
            _ => Self::All,
        }
    }
}

/// Something that policies, groups and users can be bound to.
#[derive(Debug, Clone, PartialEq, Object)]
#[object(
    model = "authentik_policies.policybindingmodel",
    table = "authentik_policies_policybindingmodel",
    verbose = "Policy Binding Model",
    plural = "Policy Binding Models",
    no_blueprint,
    cached,
    family
)]
pub struct PolicyBindingModel {
    #[field(key)]
    pub pk: Id<Self>,
    /// Whether every binding must pass or one is enough.
    #[field(default_text = "any")]
    pub policy_engine_mode: PolicyEngineMode,
}
