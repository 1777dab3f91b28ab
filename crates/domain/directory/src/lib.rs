//! Who there is: users, groups, roles, tokens, sessions.
//!
//! What follows from being who one is stands here too: passwords, membership, the login of a browser. Decisions on what
//! a caller may do are the crate `access`'s; the one exception is [`guard`], which keeps changes to users and groups from
//! becoming a way to more power.

mod avatar;
pub mod bootstrap;
mod components;
mod expiry;
mod form;
mod group;
pub mod guard;
pub mod guessing;
pub mod membership;
pub mod news;
pub mod own_key;
pub mod password;
mod recovery;
pub mod recovery_key;
mod render;
pub mod role;
mod session;
pub mod setup;
mod token;
mod user;

#[cfg(test)]
mod tests;

pub use form::Form;
pub use group::Group;
pub use recovery::{Recovery, RecoveryLinks};
pub use role::{Role, RolePermission};
pub use session::{
    AuthenticatedSession, CSRF_HEADER, LazySession, LoggedIn, Login, Session, WebSession, end_all, sessions,
};
pub use setup::Milestone;
pub use token::{Intent, Token};
pub use user::{User, UserType, parse_own};

use feature::{Feature, Job, Kind};

pub use render::num_pk;
/// A user as the API shows one inside another object.
pub use user::full_json as user_json;

pub const FEATURE: Feature = Feature::new("directory")
    .kinds(&[
        Kind::of::<Role>().saved(role::hooks::saved).privileged_inputs(role::hooks::PRIVILEGED_INPUTS),
        Kind::of::<RolePermission>(),
        Kind::of::<Group>()
            .display(|group| format!("Group {}", group.text("name")))
            .autocomplete(group::AUTOCOMPLETE)
            .check(group::hooks::check)
            .saved(group::hooks::saved)
            .deleting(group::hooks::deleting)
            .inputs(group::hooks::INPUTS)
            .computed(group::computed::COMPUTED)
            .operations(group::operations::ALL),
        Kind::of::<User>()
            .display(|user| user.text("username").to_owned())
            .autocomplete(user::AUTOCOMPLETE)
            .check(user::hooks::check)
            .saved(user::hooks::saved)
            .deleting(user::hooks::deleting)
            .privileged_inputs(user::hooks::PRIVILEGED_INPUTS)
            .computed(user::computed::COMPUTED)
            .operations(user::operations::ALL),
        Kind::of::<Token>()
            .check(token::hooks::check)
            .privileged_inputs(token::hooks::PRIVILEGED_INPUTS)
            .computed(token::hooks::COMPUTED)
            .operations(token::operations::ALL)
            .own_rows(token::hooks::own)
            .own_changes(),
        Kind::of::<Session>(),
        Kind::of::<AuthenticatedSession>()
            .deleting(session::computed::deleting)
            .computed(session::computed::COMPUTED)
            .own_rows(session::computed::own)
            .own_changes(),
        Kind::of::<Milestone>(),
    ])
    .routes(recovery_key::routes)
    .components(components::COMPONENTS)
    .jobs(&[expiry::JOB, Job { name: "tokens_expire", every: 300, run: token::hooks::expire }]);
