//! Expression policies: a piece of code decides.

use object::Object;
use policy::Policy;

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
    filters = ["created", "execution_logging", "expression", "last_updated", "name", "policy_uuid"],
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
