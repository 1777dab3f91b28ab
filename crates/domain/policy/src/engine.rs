//! The engine: whether a request passes the bindings of an object.
//!
//! Fails closed: a policy that raises, runs out of time or is of a kind nobody evaluates counts as the binding's
//! `failure_result`, which is false unless somebody chose otherwise. Results are not cached: groups are known per request
//! and an expression costs microseconds, while a cached result outlives what it looked at.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use events::{Action, Draft};
use feature::App;
use object::{Key, Record};
use serde_json::{Map, Value as Json, json};
use store::{Row, Snapshot};

use crate::binding::PolicyBinding;
use crate::kinds::kinds;
use crate::request::{PolicyException, PolicyRequest, PolicyResult, Target};
use crate::subject::{GROUP, Membership, Subject};
use crate::target::PolicyEngineMode;

/// How deep policies may call policies.
const MAX_DEPTH: u32 = 8;
const POLICY: &str = "authentik_policies.policy";

/// The bindings in force, by what they are of and in their order.
struct Bindings(HashMap<Target, Vec<Arc<PolicyBinding>>>);

fn index(snapshot: &Snapshot) -> Arc<Bindings> {
    snapshot.derive(|snapshot| {
        let mut by_target: HashMap<Target, Vec<Arc<PolicyBinding>>> = HashMap::new();
        for binding in snapshot.all::<PolicyBinding>().iter().filter(|b| b.enabled) {
            by_target.entry(binding.target.0).or_default().push(Arc::clone(binding));
        }
        for bindings in by_target.values_mut() {
            bindings.sort_by_key(|b| (b.order, b.pk));
        }
        Bindings(by_target)
    })
}

/// The bindings of an object that are in force, in their order.
pub fn bindings(snapshot: &Snapshot, target: Target) -> Vec<Arc<PolicyBinding>> {
    index(snapshot).0.get(&target).cloned().unwrap_or_default()
}

/// Whether anything is bound to an object.
pub fn is_bound(snapshot: &Snapshot, target: Target) -> bool {
    index(snapshot).0.contains_key(&target)
}

/// Whether the request passes the bindings of a target. Nothing bound passes.
pub async fn check(app: &App, target: Target, mode: PolicyEngineMode, request: &PolicyRequest) -> PolicyResult {
    check_or(app, target, mode, request, true).await
}

/// The same for a row that bindings can be of; the mode is the row's.
pub async fn check_row(app: &App, row: &Row, request: &PolicyRequest) -> PolicyResult {
    let Some(Key::Uuid(target)) = row.key() else { return PolicyResult::of(false) };
    let request = request.clone().about(Arc::clone(row));
    check(app, target, PolicyEngineMode::of(row), &request).await
}

/// Whether a user could pass at all, as far as groups and users decide. A policy is about a request; where there is none, it
/// counts as one that lets pass.
///
/// # Errors
/// The user's groups cannot be read.
pub async fn could_pass(app: &App, row: &Row, user: &Arc<Subject>) -> Result<bool, PolicyException> {
    let Some(Key::Uuid(target)) = row.key() else { return Ok(false) };
    let snapshot = app.store().snapshot();
    let bindings = bindings(&snapshot, target);
    let request = PolicyRequest::new(Some(Arc::clone(user)));
    let mut sources = Vec::with_capacity(bindings.len());
    for binding in &bindings {
        let passing =
            binding.policy.is_some() || decide(app, &snapshot, binding, &request).await?.passing ^ binding.negate;
        sources.push(PolicyResult::of(passing));
    }
    Ok(sources.is_empty() || combine(PolicyEngineMode::of(row), sources).passing)
}

/// The same with the result for an object to which nothing is bound.
pub async fn check_or(
    app: &App,
    target: Target,
    mode: PolicyEngineMode,
    request: &PolicyRequest,
    empty: bool,
) -> PolicyResult {
    let snapshot = app.store().snapshot();
    let index = index(&snapshot);
    let Some(bindings) = index.0.get(&target) else { return PolicyResult::of(empty) };
    let mut sources = Vec::with_capacity(bindings.len());
    for binding in bindings {
        sources.push(one(app, &snapshot, binding, request).await);
    }
    combine(mode, sources)
}

/// COMPAT: upstream lets one group or user that fits stand for all of them even where all bindings must pass. Here all
/// means all; who is shut out by that can bind with `any`.
fn combine(mode: PolicyEngineMode, sources: Vec<PolicyResult>) -> PolicyResult {
    let passing = match mode {
        PolicyEngineMode::All => sources.iter().all(|r| r.passing),
        PolicyEngineMode::Any => sources.iter().any(|r| r.passing),
    };
    let messages = sources.iter().flat_map(|r| r.messages.iter().cloned()).collect();
    PolicyResult { passing, messages, sources, ..PolicyResult::default() }
}

async fn one(app: &App, snapshot: &Snapshot, binding: &PolicyBinding, request: &PolicyRequest) -> PolicyResult {
    let limit = Duration::from_secs(u64::from(binding.timeout.max(1).unsigned_abs()));
    let outcome = match tokio::time::timeout(limit, decide(app, snapshot, binding, request)).await {
        Ok(outcome) => outcome,
        Err(_) => Err(PolicyException::new(format!("The policy took longer than {} seconds.", limit.as_secs()))),
    };
    let mut result = match outcome {
        // Turned round only when there is a result: an exception must not let anybody in.
        Ok(mut result) => {
            result.passing ^= binding.negate;
            result
        }
        Err(exception) => failed(app, snapshot, binding, request, &exception).await,
    };
    if !request.debug
        && let Some(policy) = binding.policy.and_then(|p| snapshot.concrete(POLICY, p.key()))
        && policy.get("execution_logging").as_bool() == Some(true)
    {
        let said = json!({"passing": result.passing, "messages": result.messages});
        let draft = draft(Action::PolicyExecution, policy, request, "Policy Execution").with("result", said);
        draft.with("binding", reference(binding, policy)).record(app).await;
    }
    result.binding = Some(binding.pk);
    result
}

async fn failed(
    app: &App,
    snapshot: &Snapshot,
    binding: &PolicyBinding,
    request: &PolicyRequest,
    exception: &PolicyException,
) -> PolicyResult {
    tracing::info!(binding = %binding.pk, "A policy failed: {}", exception.message);
    if !request.debug
        && let Some(policy) = binding.policy.and_then(|p| snapshot.concrete(POLICY, p.key()))
    {
        let draft = draft(Action::PolicyException, policy, request, &exception.detail);
        draft.with("binding", reference(binding, policy)).record(app).await;
    }
    let messages = vec![exception.message.clone()];
    PolicyResult { passing: binding.failure_result, messages, failed: true, ..PolicyResult::default() }
}

async fn decide(
    app: &App,
    snapshot: &Snapshot,
    binding: &PolicyBinding,
    request: &PolicyRequest,
) -> Result<PolicyResult, PolicyException> {
    if let Some(policy) = binding.policy {
        let Some(row) = snapshot.concrete(POLICY, policy.key()) else {
            return Err(PolicyException::new("The policy does not exist."));
        };
        return passes(app, row, request).await;
    }
    let Some(user) = &request.user else { return Ok(PolicyResult::of(false)) };
    if let Some(group) = binding.group {
        let membership = user.membership(app.store()).await;
        let membership = membership.map_err(|e| PolicyException::new(e.to_string()))?;
        return Ok(PolicyResult::of(is_member(snapshot, &membership, Key::Uuid(group))));
    }
    Ok(PolicyResult::of(binding.user.is_some() && binding.user == user.key()))
}

fn is_member(snapshot: &Snapshot, membership: &Membership, group: Key) -> bool {
    membership.all.contains(&group) && snapshot.row(GROUP, group).is_some()
}

/// Whether the request passes one policy, whatever it is bound to.
pub async fn passes(app: &App, policy: &Record, request: &PolicyRequest) -> Result<PolicyResult, PolicyException> {
    if request.depth > MAX_DEPTH {
        return Err(PolicyException::new("Policies call each other too deeply."));
    }
    let Some(passes) = kinds(app).get(policy.model.name()) else {
        return Err(PolicyException::new(format!("Nothing evaluates policies of the kind {}.", policy.model.name())));
    };
    passes(app, policy, request).await
}

/// One policy by itself, as a binding without a target would see it: what `ak_call_policy` and the trial run do.
pub async fn run(app: &App, policy: &Record, request: &PolicyRequest) -> PolicyResult {
    match tokio::time::timeout(Duration::from_secs(30), passes(app, policy, request)).await {
        Ok(Ok(result)) => result,
        Ok(Err(exception)) => {
            if !request.debug {
                draft(Action::PolicyException, policy, request, &exception.detail).record(app).await;
            }
            PolicyResult::deny(exception.message)
        }
        Err(_) => PolicyResult::deny("The policy took longer than 30 seconds."),
    }
}

/// What the record says of a request.
fn describe(request: &PolicyRequest) -> Json {
    let object = request.object.as_ref().map(|o| {
        json!({
            "app": o.model.schema.app_label(), "model_name": o.model.schema.model_name(),
            "pk": o.key().map(|k| k.to_string()), "name": o.text("name"),
        })
    });
    let user = request
        .user
        .as_ref()
        .map(|u| json!({"pk": u.key(), "username": u.username(), "email": u.record().text("email")}));
    let context = crate::expression::show(&request.context.value());
    json!({"user": user, "http_request": null, "obj": object, "context": context, "debug": request.debug})
}

fn draft(action: Action, policy: &Record, request: &PolicyRequest, message: &str) -> Draft {
    let mut context = Map::new();
    context.insert("message".to_owned(), message.into());
    context.insert("policy_uuid".to_owned(), plain(policy.key()).into());
    context.insert("request".to_owned(), describe(request));
    request.sign(Draft::new(action, "authentik.policies.process").with_all(context))
}

fn reference(binding: &PolicyBinding, policy: &Record) -> Json {
    json!({
        "app": "authentik_policies", "model_name": "policybinding", "pk": plain(Some(binding.pk.key())),
        "name": format!("Binding - #{} to Policy {}", binding.order, policy.text("name")),
    })
}

/// A key as the record writes it.
fn plain(key: Option<Key>) -> String {
    key.map_or_else(String::new, |k| k.to_string().replace('-', ""))
}

#[cfg(test)]
mod tests;
