//! Evaluating: the machine runs, stops for loads, and runs on.

use std::sync::Arc;
use std::time::Duration;

use events::Draft;
use expr::{Limits, Outcome, Run, Value};
use feature::App;

use super::environment::{Answer, Env, Load};
use super::failure::Failure;
use super::globals::globals;
use super::program;
use super::query_set::QuerySet;
use super::scope::Scope;
use crate::request::sign;

/// Loads that one evaluation may ask for.
const MAX_LOADS: usize = 1000;

/// What an evaluation gave.
#[derive(Debug)]
pub struct Evaluated {
    pub value: Value,
    /// What `ak_message` was given.
    pub messages: Vec<String>,
}

/// Evaluates an expression.
///
/// Not inside a transaction: events that the expression makes are written by themselves, and would wait for it to end.
pub async fn evaluate(app: &App, source: &str, scope: Scope) -> Result<Value, Failure> {
    evaluate_with(app, source, scope).await.map(|done| done.value)
}

/// Evaluates an expression and tells what it said on the way.
pub async fn evaluate_with(app: &App, source: &str, mut scope: Scope) -> Result<Evaluated, Failure> {
    let program = {
        let names: Vec<&str> = scope.variables.iter().map(|(n, _)| n.as_str()).collect();
        program::compile(source, &names).map_err(|e| Failure::of_compile(&e, &scope.name))?
    };
    // Names that are no identifiers are left out of the program, so they are of the values too.
    let mut variables = std::mem::take(&mut scope.variables).into_iter();
    let mut values = Vec::with_capacity(program.params().len());
    for wanted in program.params() {
        let found = variables.by_ref().find(|(name, _)| name == wanted);
        values.push(found.map_or(Value::None, |(_, value)| value));
    }
    let time = scope.time;
    let env = Env::new(app, scope);
    let clock = app.clock().clone();
    let deadline = clock.monotonic().saturating_add(time);
    let expired = move || clock.monotonic() >= deadline;
    let limits = Limits { expired: Some(Box::new(expired)), ..Limits::default() };
    let mut run = Run::new(&program, &globals(app), values, limits);
    let outcome = match tokio::time::timeout(time, drive(&env, &mut run)).await {
        Ok(outcome) => outcome,
        Err(_) => Err(out_of_time(time)),
    };
    for line in run.take_logs() {
        tracing::info!(expression = env.scope.name, "{line}");
    }
    drop(run);
    let events = std::mem::take(&mut *env.events.lock());
    for event in events {
        sign(event, env.scope.request.user.as_deref(), env.scope.request.http.as_deref()).record(app).await;
    }
    let messages = std::mem::take(&mut *env.messages.lock());
    match outcome {
        Ok(value) => Ok(Evaluated { value, messages }),
        Err(failure) => {
            if env.scope.mapping && !env.scope.request.debug && !failure.is_skip() {
                let draft = Draft::new(events::Action::PropertyMappingException, "authentik.core.expression.evaluator")
                    .with("expression", source)
                    .with("message", failure.upstream.as_str());
                sign(draft, env.scope.request.user.as_deref(), env.scope.request.http.as_deref()).record(app).await;
            }
            Err(failure)
        }
    }
}

fn out_of_time(time: Duration) -> Failure {
    Failure::new("TimeoutError", format!("The expression took longer than {} seconds.", time.as_secs()))
}

async fn drive(env: &Arc<Env>, run: &mut Run) -> Result<Value, Failure> {
    let mut loads = 0;
    loop {
        match env.enter(|| run.step()) {
            Outcome::Done(value) => {
                settle(env, &value).await;
                return Ok(value);
            }
            Outcome::Failed(error) => return Err(Failure::of_run(error, &env.scope.name)),
            Outcome::Load(load) => {
                loads += 1;
                if loads > MAX_LOADS {
                    let text = format!("The expression asked the database more than {MAX_LOADS} times.");
                    return Err(Failure::new("RuntimeError", text));
                }
                let Ok(load) = load.downcast::<Load>() else {
                    return Err(Failure::new("RuntimeError", "something unknown was to be loaded"));
                };
                let answer: Answer = load.work.await;
                env.keep(load.slot, answer);
            }
        }
    }
}

/// A query set that is the result can be shown later, when nothing can be loaded any more.
async fn settle(env: &Arc<Env>, value: &Value) {
    let Some(set) = value.downcast_host::<QuerySet>() else { return };
    let Some(load) = set.settle(env) else { return };
    // One load for the rows; a second one would be a mistake.
    if let Ok(load) = load.downcast::<Load>() {
        let Load { slot, work } = *load;
        env.keep(slot, work.await);
        _ = set.settle(env);
    }
}
