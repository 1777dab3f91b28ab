//! User write stage: writes what was asked for into the user's account, or makes a new one.

mod kind;

use flow::Stage;
use object::{Choices, Object, Uuid};

pub use kind::UserWrite;

/// Whether accounts are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Choices)]
#[choices(name = "UserCreationModeEnum")]
pub enum UserCreationMode {
    /// Never.
    NeverCreate,
    /// When nobody is logged in or being logged in.
    CreateWhenRequired,
    /// Always.
    AlwaysCreate,
}

/// Kind of the accounts that are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Choices)]
#[choices(name = "UserTypeEnum")]
pub enum NewUserType {
    /// A person of the organisation.
    Internal,
    /// A person from outside.
    External,
    /// A program.
    ServiceAccount,
    /// A program of this system.
    InternalServiceAccount,
}

/// Write what was asked for into the user's account, or make a new account.
#[derive(Debug, Clone, PartialEq, Object)]
#[object(
    model = "authentik_stages_user_write.userwritestage",
    table = "authentik_stages_user_write_userwritestage",
    path = "stages/user_write",
    verbose = "User Write Stage",
    plural = "User Write Stages",
    component = "ak-stage-user-write-form",
    api_name = "UserWriteStage",
    filters = [
        "create_users_as_inactive", "create_users_group", "name", "user_creation_mode", "user_path_template", "user_type",
        "stage_uuid=pk",
    ],
    search = ["name"],
    ordering = ["name"],
    cached
)]
pub struct UserWriteStage {
    pub base: Stage,
    /// Whether accounts are made.
    #[field(default_text = "create_when_required")]
    pub user_creation_mode: UserCreationMode,
    /// New accounts cannot log in until they are activated.
    #[field(default_bool = true)]
    pub create_users_as_inactive: bool,
    /// Group that new accounts are put into.
    #[field(to = "authentik_core.group", set_null)]
    pub create_users_group: Option<Uuid>,
    /// Kind of the accounts that are made.
    #[field(default_text = "external")]
    pub user_type: NewUserType,
    /// Path of new accounts.
    #[field(blank)]
    pub user_path_template: String,
}
