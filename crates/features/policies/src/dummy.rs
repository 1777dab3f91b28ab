//! Dummy policies: an outcome that is known beforehand, after a wait, to try out whatever bindings are of.

use std::time::Duration;

use feature::App;
use object::{Object, Record};
use policy::{Evaluation, Policy, PolicyException, PolicyRequest, PolicyResult};

/// A policy for tests: waits, then comes to the outcome it was given.
#[derive(Debug, Clone, PartialEq, Object)]
#[object(
    model = "authentik_policies_dummy.dummypolicy",
    table = "authentik_policies_dummy_dummypolicy",
    path = "policies/dummy",
    component = "ak-policy-dummy-form",
    verbose = "Dummy Policy",
    plural = "Dummy Policies",
    api_name = "DummyPolicy",
    filters = ["execution_logging", "name", "policy_uuid=pk", "result", "wait_max", "wait_min"],
    search = ["name"],
    ordering = ["name"],
    cached
)]
pub struct DummyPolicy {
    pub base: Policy,
    /// The outcome.
    pub result: bool,
    /// The shortest wait, in seconds.
    #[field(default_int = 5)]
    pub wait_min: i32,
    /// The wait stays below this many seconds. The binding's timeout ends it earlier.
    #[field(default_int = 30)]
    pub wait_max: i32,
}

/// Waits without holding anything up; whoever evaluates the policy limits how long.
pub fn passes<'a>(app: &'a App, policy: &'a Record, _: &'a PolicyRequest) -> Evaluation<'a> {
    Box::pin(async move {
        let dummy: DummyPolicy = crate::read(policy)?;
        let wait = wait(app, &dummy)?;
        tracing::info!(policy = dummy.base.name, seconds = wait.as_secs(), "Policy waiting");
        tokio::time::sleep(wait).await;
        Ok(PolicyResult { passing: dummy.result, messages: vec!["dummy".to_owned()], ..PolicyResult::default() })
    })
}

/// COMPAT: upstream fails when both ends are the same; here that is the length of the wait.
fn wait(app: &App, dummy: &DummyPolicy) -> Result<Duration, PolicyException> {
    let (from, to) = (i64::from(dummy.wait_min), i64::from(dummy.wait_max));
    let (Ok(least), Ok(span)) = (u64::try_from(from), u64::try_from(to - from)) else {
        return Err(PolicyException::new(format!(
            "wait_min ({from}) may neither be negative nor greater than wait_max ({to})."
        )));
    };
    Ok(Duration::from_secs(least + app.random().below(span)))
}

#[cfg(test)]
mod tests;
