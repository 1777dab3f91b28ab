//! Who asks, and what they may do.
//!
//! [`authenticate()`] makes a [`feature::Caller`] of a request; the caller then answers every question about permissions
//! without a query. Further kinds of bearer tokens are handed in through [`Bearers`], so that this crate knows no protocol.

mod authenticate;
mod bearer;
mod grants;
mod initial;
mod rbac;

#[cfg(test)]
mod tests;

pub use authenticate::{authenticate, by_session, nobody, of_session, of_user};
pub use bearer::{Authenticator, Bearer, Bearers};
pub use initial::{Giver, InitialPermissions};
pub use rbac::{Entry, permissions};

use feature::{App, Feature};

pub const FEATURE: Feature = Feature::new("access")
    .kinds(&[initial::KIND])
    .operations(rbac::OPERATIONS)
    .components(rbac::COMPONENTS)
    .setup(setup);

fn setup(app: &App) {
    app.provide(Bearers::default());
}
