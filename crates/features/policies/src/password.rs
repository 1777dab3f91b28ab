//! Password policies: whether a new password is good enough.
//!
//! The rules are tried in the order of their cost; the first that fails decides.

mod strength;

use expr::Value;
use feature::App;
use object::{Object, Record};
use policy::expression::LogLine;
use policy::{Evaluation, Policy, PolicyRequest, PolicyResult};

/// The part of a request's context that holds what was typed into a prompt.
const PROMPT_DATA: &str = "prompt_data";

/// A policy that new passwords have to satisfy.
#[derive(Debug, Clone, PartialEq, Object)]
#[object(
    model = "authentik_policies_password.passwordpolicy",
    table = "authentik_policies_password_passwordpolicy",
    path = "policies/password",
    component = "ak-policy-password-form",
    verbose = "Password Policy",
    plural = "Password Policies",
    api_name = "PasswordPolicy",
    filters = [
        "amount_digits",
        "amount_lowercase",
        "amount_symbols",
        "amount_uppercase",
        "check_have_i_been_pwned",
        "check_static_rules",
        "check_zxcvbn",
        "error_message",
        "execution_logging",
        "hibp_allowed_count",
        "length_min",
        "name",
        "password_field",
        "policy_uuid=pk",
        "symbol_charset",
        "zxcvbn_score_threshold"
    ],
    search = ["name"],
    ordering = ["name"],
    cached
)]
pub struct PasswordPolicy {
    pub base: Policy,
    /// The field that holds the password: the key of a field of a prompt stage.
    #[field(default_text = "password")]
    pub password_field: String,
    /// At least this many of the digits 0 to 9.
    #[field(default_int = 0, min_value = 0)]
    pub amount_digits: i32,
    /// At least this many of the letters A to Z.
    #[field(default_int = 0, min_value = 0)]
    pub amount_uppercase: i32,
    /// At least this many of the letters a to z.
    #[field(default_int = 0, min_value = 0)]
    pub amount_lowercase: i32,
    /// At least this many of the characters of the symbol charset.
    #[field(default_int = 0, min_value = 0)]
    pub amount_symbols: i32,
    /// At least this many characters.
    #[field(default_int = 0, min_value = 0)]
    pub length_min: i32,
    /// The characters that count as symbols.
    #[field(default_text = r##"!\"#$%&'()*+,-./:;<=>?@[\]^_`{|}~ "##)]
    pub symbol_charset: String,
    /// What is said when a static rule is broken. Say what a password needs.
    #[field(blank)]
    pub error_message: String,
    /// Check the length and the amounts of characters.
    #[field(default_bool = true)]
    pub check_static_rules: bool,
    /// Look the password up on haveibeenpwned.com. Not done while the server has no way to reach it: the check passes, and the log
    /// says so.
    pub check_have_i_been_pwned: bool,
    /// Estimate how hard the password is to guess.
    pub check_zxcvbn: bool,
    /// How often the password may have been seen in public lists.
    #[field(default_int = 0, min_value = 0)]
    pub hibp_allowed_count: i32,
    /// The estimate goes from 0 to 4. Passwords up to this value are refused.
    #[field(default_int = 2, min_value = 0)]
    pub zxcvbn_score_threshold: i32,
}

/// Whether the password in the context satisfies all rules that are switched on.
pub fn passes<'a>(app: &'a App, policy: &'a Record, request: &'a PolicyRequest) -> Evaluation<'a> {
    Box::pin(async move {
        let policy: PasswordPolicy = crate::read(policy)?;
        let Some(password) = given(request, &policy.password_field) else {
            warn(app, request, &policy, "Password field not set in Policy Request");
            return Ok(PolicyResult::deny("Password not set in context"));
        };
        if policy.check_static_rules
            && let Some(rule) = broken(&policy, &password)
        {
            tracing::debug!(policy = policy.base.name, rule, "The password breaks a static rule");
            let message = Some(policy.error_message.as_str()).filter(|m| !m.is_empty());
            return Ok(PolicyResult::deny(message.unwrap_or("Invalid password.")));
        }
        if policy.check_have_i_been_pwned {
            // Nothing that a user types leaves the server unless somebody decided that it may.
            warn(app, request, &policy, "haveibeenpwned was not asked: there is no way to reach it");
        }
        if policy.check_zxcvbn {
            let score = strength::estimate(&password, strength::known(request)).await?;
            if i32::from(score.score) <= policy.zxcvbn_score_threshold {
                let mut messages = vec!["Password is too weak.".to_owned()];
                messages.extend(score.suggestions);
                return Ok(PolicyResult { messages, ..PolicyResult::default() });
            }
        }
        Ok(PolicyResult::pass())
    })
}

/// The password that is asked about: out of a prompt, or else out of the context itself.
fn given(request: &PolicyRequest, field: &str) -> Option<String> {
    let prompted = match request.context.get(PROMPT_DATA) {
        Some(Value::Dict(data)) => data.get_str(field),
        _ => None,
    };
    let text = match prompted.or_else(|| request.context.get(field))? {
        Value::Str(text) => text.to_string(),
        number @ (Value::Int(_) | Value::Float(_)) => format!("{number:?}"),
        _ => return None,
    };
    Some(text).filter(|t| !t.is_empty())
}

/// The first static rule that the password breaks.
fn broken(policy: &PasswordPolicy, password: &str) -> Option<&'static str> {
    type Rule<'a> = (&'static str, i32, &'a dyn Fn(char) -> bool);
    let few = |(_, least, counts): &Rule<'_>| {
        let found = password.chars().filter(|c| counts(*c)).count();
        found < usize::try_from(*least).unwrap_or_default()
    };
    let rules: [Rule<'_>; 5] = [
        ("length_min", policy.length_min, &|_| true),
        ("amount_digits", policy.amount_digits, &|c| c.is_ascii_digit()),
        ("amount_lowercase", policy.amount_lowercase, &|c| c.is_ascii_lowercase()),
        // COMPAT: upstream compares the upper case letters with the amount of lower case ones.
        ("amount_uppercase", policy.amount_uppercase, &|c| c.is_ascii_uppercase()),
        ("amount_symbols", policy.amount_symbols, &|c| policy.symbol_charset.contains(c)),
    ];
    rules.into_iter().find(few).map(|(name, ..)| name)
}

/// Into the log, and to whoever tries the policy.
fn warn(app: &App, request: &PolicyRequest, policy: &PasswordPolicy, event: &str) {
    tracing::warn!(policy = policy.base.name, field = policy.password_field, "{event}");
    let attributes = [("policy", policy.base.name.as_str()), ("field", &policy.password_field)];
    let at = app.clock().now();
    request.logs.push(LogLine::warning(at, "authentik.policies.password.models", event, &attributes));
}

#[cfg(test)]
mod tests;
