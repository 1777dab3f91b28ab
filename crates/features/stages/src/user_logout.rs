//! User logout stage: ends the session.

use feature::Problem;
use flow::{Answer, Challenge, Next, Stage, StageKind, Visit};
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
    filters = ["name", "stage_uuid=pk"],
    search = ["name"],
    ordering = ["name"],
    cached
)]
pub struct UserLogoutStage {
    pub base: Stage,
}

/// Ends the session.
pub struct UserLogout;

impl StageKind for UserLogout {
    type Config = UserLogoutStage;
    const COMPONENT: &'static str = "ak-stage-user-logout";
    const SILENT: bool = true;

    async fn enter(&self, visit: &mut Visit, _: &UserLogoutStage) -> Result<Next, Problem> {
        if visit.at.user().is_some() {
            visit.log_out().await?;
        }
        Ok(Next::Pass)
    }
    async fn challenge(&self, _: &mut Visit, _: &UserLogoutStage) -> Result<Challenge, Problem> {
        Ok(Challenge::new(Self::COMPONENT))
    }
    async fn answer(&self, visit: &mut Visit, stage: &UserLogoutStage, _: &Answer) -> Result<Next, Problem> {
        self.enter(visit, stage).await
    }
}
