//! Expression policies: a piece of code decides.

use expr::Value;
use feature::App;
use object::{Object, Record};
use policy::expression::{Failure, LogLine, Scope, evaluate_with};
use policy::{Evaluation, Policy, PolicyException, PolicyRequest, PolicyResult};

/// A policy that is written as an expression.
#[derive(Debug, Clone, PartialEq, Object)]
#[object(
    model = "authentik_policies_expression.expressionpolicy",
    table = "authentik_policies_expression_expressionpolicy",
    path = "policies/expression",
    component = "ak-policy-expression-form",
    verbose = "Expression Policy",
    plural = "Expression Policies",
    api_name = "ExpressionPolicy",
    filters = ["execution_logging", "expression", "name", "policy_uuid=pk"],
    search = ["name"],
    ordering = ["name"],
    cached
)]
pub struct ExpressionPolicy {
    pub base: Policy,
    /// The code. It ends with `return` and what decides.
    #[field(code)]
    pub expression: String,
}

/// Evaluates the code; what it returns passes when it is true.
pub fn passes<'a>(app: &'a App, policy: &'a Record, request: &'a PolicyRequest) -> Evaluation<'a> {
    Box::pin(async move {
        let (name, source) = (policy.text("name"), policy.text("expression"));
        let done = evaluate_with(app, source, Scope::policy(name, request)).await.map_err(exception)?;
        if done.value.is_none() {
            warn(app, policy, request);
        }
        let passing = is_true(app, request, done.value).await.map_err(exception)?;
        Ok(PolicyResult { passing, messages: done.messages, ..PolicyResult::default() })
    })
}

fn exception(failure: Failure) -> PolicyException {
    PolicyException { message: failure.message, detail: failure.upstream }
}

/// Whether the language counts a value as true. Asked of the language itself: a query set has to look.
async fn is_true(app: &App, request: &PolicyRequest, value: Value) -> Result<bool, Failure> {
    if let Value::Bool(passing) = value {
        return Ok(passing);
    }
    let scope = Scope::policy("result", request).with("result", value);
    Ok(matches!(evaluate_with(app, "return bool(result)", scope).await?.value, Value::Bool(true)))
}

/// Forgetting the `return` is the mistake that is made most.
fn warn(app: &App, policy: &Record, request: &PolicyRequest) {
    let name = policy.text("name");
    tracing::warn!(policy = name, "Expression policy returned None");
    let attributes = [("src", policy.text("expression")), ("policy", name)];
    let logger = "authentik.policies.expression.evaluator";
    let at = app.clock().now();
    request.logs.push(LogLine::warning(at, logger, "Expression policy returned None", &attributes));
}
