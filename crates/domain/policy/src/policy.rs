//! The base of all kinds of policies.

use std::collections::HashSet;

use feature::{BoxFuture, Listing, Problem, Rendering};
use object::{Id, Key, Object};
use store::Filter;

use crate::binding::PolicyBinding;

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

/// The parameters of the list that look at what uses a policy.
pub(crate) const LIST_PARAMETERS: &[(&str, &str)] =
    &[("bindings__isnull", r#"{"type": "boolean"}"#), ("promptstage__isnull", r#"{"type": "boolean"}"#)];

/// `?bindings__isnull=true&promptstage__isnull=true` lists the policies that nothing uses.
pub(crate) fn listing<'a>(rendering: &'a Rendering<'_>) -> BoxFuture<'a, Result<Listing, Problem>> {
    Box::pin(async move {
        let mut filter = Filter::True;
        if rendering.parameter("bindings__isnull").is_some() {
            let bound: HashSet<Key> = rendering
                .store
                .snapshot()
                .all::<PolicyBinding>()
                .iter()
                .filter_map(|binding| binding.policy.map(Id::key))
                .collect();
            let bound = Filter::any_of("pk", bound);
            filter = filter.and(if rendering.flag("bindings__isnull", false) { bound.negate() } else { bound });
        }
        let prompts = rendering.store.catalogue().model("authentik_stages_prompt.promptstage");
        if rendering.parameter("promptstage__isnull").is_some() && prompts.is_some() {
            filter = filter
                .and(Filter::IsNull { path: "promptstage".into(), null: rendering.flag("promptstage__isnull", false) });
        }
        Ok(Listing { filter, open: false })
    })
}
