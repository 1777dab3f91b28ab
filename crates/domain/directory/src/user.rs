//! Users.

pub(crate) mod computed;
pub(crate) mod hooks;
mod me;
pub(crate) mod operations;
mod service_account;

use aws_lc_rs::digest::{SHA256, digest};
use data_encoding::HEXLOWER;
use events::Subject;
use feature::App;
use jiff::Timestamp;
use object::{Choices, Generated, Id, Object, Refs, Uuid};
use serde_json::{Map, Value as Json};

use crate::group::Group;
use crate::role::Role;

pub use computed::full as full_json;
pub use hooks::parse_own;

/// What sort of account it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Choices)]
#[choices(name = "UserTypeEnum")]
pub enum UserType {
    /// A person who works with the installation.
    Internal,
    /// A person who only uses single applications.
    External,
    /// A program that was given an account.
    ServiceAccount,
    /// A program that is part of the installation.
    InternalServiceAccount,
}

/// A person or a program with an account.
#[derive(Debug, Clone, Object)]
#[object(
    model = "authentik_core.user",
    table = "authentik_core_user",
    path = "core/users",
    verbose = "User",
    plural = "Users",
    remembered,
    filters = [
        "username",
        "name",
        "email",
        "date_joined",
        "date_joined__lt",
        "date_joined__gt",
        "last_updated",
        "last_updated__lt",
        "last_updated__gt",
        "is_active",
        "uuid",
        "path",
        "path_startswith=path__startswith",
        "type=type__in",
        "attributes",
        "is_superuser=groups__is_superuser",
        "groups_by_name=groups__name__in",
        "groups_by_pk=groups__in",
        "roles_by_name=roles__name__in",
        "roles_by_pk=roles__in"
    ],
    search = ["username", "name", "email", "uuid"],
    ordering = ["username"],
    permissions = [
        ("reset_user_password", "Reset Password"),
        ("impersonate", "Can impersonate other users"),
        ("preview_user", "Can preview user data sent to providers"),
        ("view_user_applications", "View applications the user has access to"),
        ("assign_user_permissions", "Can assign permissions to users"),
        ("unassign_user_permissions", "Can unassign permissions from users")
    ]
)]
pub struct User {
    #[field(key, counted)]
    pub pk: Id<Self>,
    /// An id that does not tell how many users there are.
    #[field(generated(Generated::Uuid), read_only, unique)]
    pub uuid: Uuid,
    /// The name to log in with.
    #[field(max = 150, unique, unique_text = "This field must be unique.")]
    pub username: String,
    /// The name shown to people.
    #[field(allow_blank)]
    pub name: String,
    /// The address for mails to the user.
    #[field(email, blank, label = "Email address", index)]
    pub email: String,
    /// Only active users can log in. Deactivate an account rather than delete it when it may return.
    #[field(default_bool = true, label = "Active")]
    pub is_active: bool,
    /// When the user last logged in.
    pub last_login: Option<Timestamp>,
    /// When the account was made.
    #[field(generated(Generated::Now), read_only)]
    pub date_joined: Timestamp,
    /// The folder in which the account is listed: names between slashes.
    #[field(default_text = "users", index)]
    pub path: String,
    /// What sort of account it is.
    #[field(default_text = "internal")]
    pub r#type: UserType,
    /// Anything else that is to be known of the user.
    pub attributes: Map<String, Json>,
    /// The groups the user is a direct member of.
    pub groups: Refs<Group>,
    /// The roles given to the user directly.
    pub roles: Refs<Role>,
    /// When the password was last set.
    #[field(generated(Generated::Now), read_only)]
    pub password_change_date: Timestamp,
    /// When the account was last changed.
    #[field(generated(Generated::Now), read_only)]
    pub last_updated: Timestamp,
    /// The hash of the password, in Django's notation; starts with `!` where no password can log in.
    #[field(internal, secret, default_text = "")]
    pub password: String,
}

impl User {
    /// The id by which applications know the user: it tells neither the key nor, without the secret key, anything else.
    pub fn uid(&self, app: &App) -> String {
        uid_of(app, self.pk.0)
    }
    /// The address of a picture.
    pub fn avatar(&self, app: &App) -> String {
        let Self { name, username, email, attributes, .. } = self;
        crate::avatar::of(app, &crate::avatar::Person { name, username, email, attributes })
    }
    /// The user as events name one.
    pub fn subject(&self) -> Subject {
        Subject { pk: self.pk.0, username: self.username.clone(), email: self.email.clone() }
    }
    /// Whether a password can log in here.
    pub fn has_usable_password(&self) -> bool {
        !secret::password::is_unusable(&self.password)
    }
}

pub(crate) fn uid_of(app: &App, pk: i64) -> String {
    // COMPAT: the secret key as text, so that subjects stay the same when an installation moves here.
    let text = format!("{pk}-{}", app.secret_key().expose());
    HEXLOWER.encode(digest(&SHA256, text.as_bytes()).as_ref())
}

/// Whether the user's attributes say that tokens of this account expire; nothing when they do not say.
pub(crate) fn service_account_tokens_expire(user: &User) -> Option<bool> {
    user.attributes.get(service_account::TOKENS_EXPIRE).and_then(Json::as_bool)
}

/// What a search box is told about the fields of the list.
pub const AUTOCOMPLETE: &str = r#"{"current_model": "authentik_core.user", "models": {"authentik_core.user": {
"username": {"type": "str", "nullable": false, "options": null},
"name": {"type": "str", "nullable": false, "options": null},
"email": {"type": "str", "nullable": false, "options": null},
"path": {"type": "str", "nullable": false, "options": null},
"is_active": {"type": "bool", "nullable": true, "options": null},
"type": {"type": "str", "nullable": false, "options": ["internal", "external", "service_account", "internal_service_account"]},
"attributes": {"type": "relation", "nullable": false, "options": null, "relation": "authentik_core.user_attributes"}
}}}"#;
