//! Bindings: which policy, group or user decides about which object.

use object::{Id, Object};

use crate::policy::Policy;
use crate::target::PolicyBindingModel;

/// Binds a policy, a group or a user to an object.
#[derive(Debug, Clone, PartialEq, Object)]
#[object(
    model = "authentik_policies.policybinding",
    table = "authentik_policies_policybinding",
    path = "policies/bindings",
    verbose = "Policy Binding",
    plural = "Policy Bindings",
    api_name = "PolicyBinding",
    filters = ["policy", "policy__isnull", "target", "target_in", "enabled", "order", "timeout"],
    search = ["policy__name"],
    ordering = ["order", "pk"],
    unique_together = [&["policy", "target", "order"]],
    cached
)]
pub struct PolicyBinding {
    #[field(key, label = "Policy binding uuid")]
    pub pk: Id<Self>,
    /// The policy that decides.
    #[field(cascade)]
    pub policy: Option<Id<Policy>>,
    /// Members of this group pass.
    #[field(to = "authentik_core.group", cascade)]
    pub group: Option<object::Uuid>,
    /// This user passes.
    #[field(to = "authentik_core.user", cascade)]
    pub user: Option<i64>,
    /// What is decided about.
    #[field(cascade)]
    pub target: Id<PolicyBindingModel>,
    /// Turn the outcome round. Messages stay as they are.
    pub negate: bool,
    /// A binding that is switched off is passed over.
    #[field(default_bool = true)]
    pub enabled: bool,
    /// Bindings are evaluated in this order.
    #[field(required)]
    pub order: i32,
    /// Seconds after which the evaluation is ended and counts as failed.
    #[field(default_int = 30, min_value = 0)]
    pub timeout: i32,
    /// Outcome when the evaluation fails.
    pub failure_result: bool,
}
