//! Who there is: users, groups, roles, tokens, sessions.
//!
//! Decisions on what a caller may do are the crate `access`'s.

mod group;
mod role;
mod session;
mod token;
mod user;

pub use group::Group;
pub use role::{Role, RolePermission};
pub use session::{AuthenticatedSession, Session};
pub use token::{Intent, Token};
pub use user::{User, UserType};

use feature::{Feature, Kind};

pub const FEATURE: Feature = Feature::new("directory").kinds(&[
    Kind::of::<Role>(),
    Kind::of::<RolePermission>(),
    Kind::of::<Group>(),
    Kind::of::<User>(),
    Kind::of::<Token>(),
    Kind::of::<Session>(),
    Kind::of::<AuthenticatedSession>(),
]);
