//! User logout stage: ends the session.

use flow::Stage;
use object::Object;

/// Log the person out.
#[derive(Debug, Clone, PartialEq, Object)]
#[object(
    model = "authentik_stages_user_logout.userlogoutstage",
    table = "authentik_stages_user_logout_userlogoutstage",
    path = "stages/user_logout",
    verbose = "User Logout Stage",
    plural = "User Logout Stages",
    component = "ak-stage-user-logout-form",
    api_name = "UserLogoutStage",
    filters = ["name"],
    search = ["name"],
    ordering = ["name"],
    cached
)]
pub struct UserLogoutStage {
    pub base: Stage,
}
