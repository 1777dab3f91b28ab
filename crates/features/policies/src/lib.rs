//! The kinds of policies, a file each.

mod expression;

use feature::{App, Feature, Kind};
use object::Object as _;

pub use expression::ExpressionPolicy;

pub const FEATURE: Feature = Feature::new("policies")
    .kinds(&[Kind::of::<ExpressionPolicy>().check(policy::expression::check_code)])
    .setup(setup);

#[cfg(test)]
mod tests;

fn setup(app: &App) {
    policy::register(app, ExpressionPolicy::MODEL, expression::passes);
}
