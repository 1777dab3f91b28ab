//! Authenticator validation stage: asks for a second factor from those who have one.
//!
//! No kind of authenticator device exists yet, so nobody has one and the stage does what it is told to do for people
//! without. It never lets somebody pass who should have been refused.

use feature::{BoxFuture, Change, Computed, Problem, Rendering};
use flow::{Answer, Challenge, Next, Stage, StageKind, Visit};
use object::{Choices, Object, Record, Refs, Uuid};
use serde_json::{Value as Json, json};

/// What happens to somebody who has no second factor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Choices)]
#[choices(name = "NotConfiguredActionEnum")]
pub enum NotConfiguredAction {
    /// They pass.
    Skip,
    /// They are refused.
    Deny,
    /// They set one up first.
    Configure,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Choices)]
#[choices(name = "DeviceClassesEnum")]
pub enum DeviceClass {
    Static,
    Totp,
    Webauthn,
    Duo,
    Sms,
    Email,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Choices)]
#[choices(name = "UserVerificationEnum")]
pub enum UserVerification {
    Required,
    Preferred,
    Discouraged,
}

/// Ask for a second factor.
#[derive(Debug, Clone, PartialEq, Object)]
#[object(
    model = "authentik_stages_authenticator_validate.authenticatorvalidatestage",
    table = "authentik_stages_authenticator_validate_stage",
    path = "stages/authenticator/validate",
    verbose = "Authenticator Validation Stage",
    plural = "Authenticator Validation Stages",
    component = "ak-stage-authenticator-validate-form",
    api_name = "AuthenticatorValidateStage",
    filters = ["name", "not_configured_action", "configuration_stages"],
    search = ["name"],
    ordering = ["name"],
    cached
)]
pub struct AuthenticatorValidateStage {
    pub base: Stage,
    /// What happens to somebody who has no second factor of these kinds.
    #[field(default_text = "skip")]
    pub not_configured_action: NotConfiguredAction,
    /// The kinds of second factors that count.
    #[field(default_json = r#"["static", "totp", "webauthn", "duo", "sms", "email"]"#)]
    pub device_classes: Vec<DeviceClass>,
    /// Stages in which somebody sets up a second factor.
    #[field(shown_if = "not_configured_action == configure")]
    pub configuration_stages: Refs<Stage>,
    /// Do not ask again within this time after a second factor was used.
    #[field(duration, default_text = "seconds=0")]
    pub last_auth_threshold: String,
    /// Whether a security key must make sure of the person, not only of the key.
    #[field(default_text = "preferred")]
    pub webauthn_user_verification: UserVerification,
    /// Security keys that are accepted; all when empty.
    pub webauthn_allowed_device_types: Vec<Uuid>,
}

pub const COMPUTED: &[Computed] = &[Computed {
    name: "webauthn_allowed_device_types_obj",
    schema: r##"{"type": "array", "items": {"$ref": "#/components/schemas/WebAuthnDeviceType"}}"##,
    required: true,
    render: device_types,
}];

fn device_types<'a>(_: &'a Rendering<'_>, records: &'a [Record]) -> BoxFuture<'a, Result<Vec<Json>, Problem>> {
    Box::pin(async move { Ok(records.iter().map(|_| json!([])).collect()) })
}

pub fn check<'a>(change: &'a mut Change<'_>) -> BoxFuture<'a, Result<(), Problem>> {
    Box::pin(async move {
        let types = change.record.get("webauthn_allowed_device_types").as_json().and_then(Json::as_array);
        match types.and_then(|t| t.first()) {
            Some(first) => {
                let key = first.as_str().unwrap_or_default();
                let text = format!("Invalid pk \"{key}\" - object does not exist.");
                Err(Problem::field("webauthn_allowed_device_types", text))
            }
            None => Ok(()),
        }
    })
}

/// Asks for the second factor.
pub struct AuthenticatorValidate;

impl StageKind for AuthenticatorValidate {
    type Config = AuthenticatorValidateStage;
    const COMPONENT: &'static str = "ak-stage-authenticator-validate";

    async fn enter(&self, visit: &mut Visit, stage: &AuthenticatorValidateStage) -> Result<Next, Problem> {
        // SECURITY: without a person there is nobody whose factors could be checked.
        if visit.user().is_none() {
            return Ok(Next::Deny(None));
        }
        Ok(match stage.not_configured_action {
            NotConfiguredAction::Skip => Next::Pass,
            NotConfiguredAction::Deny | NotConfiguredAction::Configure => {
                Next::Deny(Some("No (allowed) MFA authenticator configured.".to_owned()))
            }
        })
    }
    async fn challenge(&self, _: &mut Visit, _: &AuthenticatorValidateStage) -> Result<Challenge, Problem> {
        Ok(Challenge::new(Self::COMPONENT).set("device_challenges", json!([])).set("configuration_stages", json!([])))
    }
    async fn answer(&self, visit: &mut Visit, stage: &AuthenticatorValidateStage, _: &Answer) -> Result<Next, Problem> {
        self.enter(visit, stage).await
    }
}
