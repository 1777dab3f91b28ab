//! The kinds of policies, a file each.

mod dummy;
mod expression;
mod password;
mod password_expiry;

use feature::{App, Feature, Kind};
use object::{Object, Record};
use policy::PolicyException;

pub use dummy::DummyPolicy;
pub use expression::ExpressionPolicy;
pub use password::PasswordPolicy;
pub use password_expiry::PasswordExpiryPolicy;

pub const FEATURE: Feature = Feature::new("policies")
    .kinds(&[
        Kind::of::<DummyPolicy>(),
        Kind::of::<ExpressionPolicy>().check(policy::expression::check_code),
        Kind::of::<PasswordPolicy>(),
        Kind::of::<PasswordExpiryPolicy>(),
    ])
    .setup(setup);

#[cfg(test)]
mod tests;

fn setup(app: &App) {
    policy::register(app, DummyPolicy::MODEL, dummy::passes);
    policy::register(app, ExpressionPolicy::MODEL, expression::passes);
    policy::register(app, PasswordPolicy::MODEL, password::passes);
    policy::register(app, PasswordExpiryPolicy::MODEL, password_expiry::passes);
}

/// A policy's row as the kind it is of.
fn read<T: Object>(policy: &Record) -> Result<T, PolicyException> {
    policy.clone().to().map_err(|mismatch| {
        PolicyException::new(format!(
            "The policy does not fit its kind: {} is not {}.",
            mismatch.field, mismatch.expected
        ))
    })
}
