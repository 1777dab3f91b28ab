//! A plan's context as policies and expressions see it, and what they leave in it.
//!
//! References become the objects they stand for; what an expression writes into `context["flow_plan"].context` is read
//! back into the plan when it has run.

use std::sync::Arc;

use expr::Value;
use feature::{App, Problem};
use object::{Key, Object};
use policy::expression::{Namespace, record_of, user_value, value_of};
use policy::{Context as Seen, PolicyResult, Subject};
use serde_json::Value as Json;

use crate::context::{Context, reference};

/// A context while policies look at it.
pub struct Shared {
    /// What policies are given: the plan's context and the plan itself.
    pub context: Seen,
    /// The plan's own part of it.
    plan: Seen,
    given: Vec<(String, Value)>,
}

impl Shared {
    /// `subject` is the person the flow is about, where it has been loaded already.
    pub async fn of(app: &App, context: &Context, subject: Option<&Arc<Subject>>) -> Result<Self, Problem> {
        let mut given = Vec::with_capacity(context.0.len());
        for (name, json) in &context.0 {
            let value = match reference(json) {
                Some((model, key)) => object(app, model, key, subject).await?,
                None if json.get("$model").is_some() => subject.map_or(Value::None, user_value),
                None => expr::from_json(json),
            };
            given.push((name.clone(), value));
        }
        let plan = Seen::new(given.iter().cloned());
        let context = plan.copy();
        context.set("flow_plan", Namespace::new("FlowPlan").with("context", plan.value()).value());
        Ok(Self { context, plan, given })
    }

    /// Takes over what policies changed.
    pub fn read_back(&self, context: &mut Context) {
        let now = self.plan.entries();
        context.0.retain(|name, _| now.iter().any(|(n, _)| n == name));
        for (name, value) in now {
            let same = self.given.iter().any(|(n, v)| *n == name && v.is(&value));
            let is_plain = !matches!(value, Value::Host(_) | Value::Dict(_) | Value::List(_));
            if same && (is_plain || matches!(value, Value::Host(_))) {
                continue;
            }
            if let Some(json) = to_json(&value) {
                context.set(&name, json);
            } else {
                tracing::warn!(name, "A policy left something in a flow's context that cannot be kept");
            }
        }
    }

    /// The values by name, for the expressions of prompts.
    pub fn entries(&self) -> Vec<(String, Value)> {
        self.context.entries()
    }
}

async fn object(app: &App, model: &str, key: Key, subject: Option<&Arc<Subject>>) -> Result<Value, Problem> {
    if let (directory::User::MODEL, Key::Int(pk)) = (model, key) {
        if let Some(subject) = subject.filter(|s| s.key() == Some(pk)) {
            return Ok(user_value(subject));
        }
        let loaded = Subject::load(app, pk).await?;
        return Ok(loaded.as_ref().map_or(Value::None, user_value));
    }
    let snapshot = app.store().snapshot();
    let row = snapshot.row(model, key).or_else(|| snapshot.concrete(model, key)).cloned();
    Ok(row.map_or(Value::None, value_of))
}

/// A value as a plan keeps it: objects become references.
fn to_json(value: &Value) -> Option<Json> {
    if let Some(record) = record_of(value) {
        let key = record.key()?;
        return Some(serde_json::json!({ "$model": record.model.name(), "pk": key }));
    }
    expr::to_json(value).ok()
}

/// Whether a policy failed rather than decided.
pub fn has_failed(result: &PolicyResult) -> bool {
    result.failed || result.sources.iter().any(has_failed)
}
