//! The base of all kinds of policies.

use object::{Id, Object};

/// A rule that allows or denies.
#[derive(Debug, Clone, PartialEq, Object)]
#[object(
    model = "authentik_policies.policy",
    table = "authentik_policies_policy",
    path = "policies/all",
    verbose = "Policy",
    plural = "Policies",
    api_name = "Policy",
    verbs = ["list", "retrieve", "destroy", "used_by"],
    search = ["name"],
    ordering = ["name"],
    permissions = [("view_policy_cache", "View Policy's cache metrics"), ("clear_policy_cache", "Clear Policy's cache metrics")],
    cached,
    family
)]
pub struct Policy {
    #[field(key, label = "Policy uuid")]
    pub pk: Id<Self>,
    /// Name, unlike that of any other policy.
    #[field(unique)]
    pub name: String,
    /// Record every evaluation as an event. Failed evaluations are recorded in any case.
    pub execution_logging: bool,
}
