//! Bindings: which policy, group or user decides about which object.

mod check;
mod computed;

use object::{Id, Object};

use crate::policy::Policy;
use crate::target::PolicyBindingModel;

pub(crate) use check::check;
pub(crate) use computed::{OF_BINDING, OF_POLICY};

/// Binds a policy, a group or a user to an object.
#[derive(Debug, Clone, PartialEq, Object)]
#[object(
    model = "authentik_policies.policybinding",
    table = "authentik_policies_policybinding",
    path = "policies/bindings",
    verbose = "Policy Binding",
    plural = "Policy Bindings",
    api_name = "PolicyBinding",
    filters = ["policy", "policy__isnull", "target", "target_in=target__in", "enabled", "order", "timeout"],
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

/// What people call a binding.
pub(crate) fn display(record: &object::Record) -> String {
    let bound = ["policy", "group", "user"].into_iter().find(|name| !record.get(name).is_null()).unwrap_or("nothing");
    format!("Binding - #{} to {bound}", record.get("order").as_int().unwrap_or_default())
}
