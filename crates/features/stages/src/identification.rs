//! Identification stage: asks who it is.

mod find;
mod kind;

use feature::{BoxFuture, Change, Problem};
use flow::{Flow, Stage};
use object::{Choices, Id, Object, Uuid};

use crate::password::PasswordStage;

pub use kind::Identification;

/// A field of the user that an answer is compared with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Choices)]
#[choices(name = "UserFieldsEnum")]
pub enum UserField {
    /// E-mail address.
    Email,
    /// User name.
    Username,
    /// User principal name, from the attribute `upn`.
    Upn,
}

/// Ask who it is, by name or address.
#[derive(Debug, Clone, PartialEq, Object)]
#[object(
    model = "authentik_stages_identification.identificationstage",
    table = "authentik_stages_identification_identificationstage",
    path = "stages/identification",
    verbose = "Identification Stage",
    plural = "Identification Stages",
    component = "ak-stage-identification-form",
    api_name = "IdentificationStage",
    filters = [
        "captcha_stage", "case_insensitive_matching", "enrollment_flow", "name", "password_stage", "passwordless_flow",
        "recovery_flow", "show_matched_user", "show_source_labels", "webauthn_stage",
    ],
    search = ["name"],
    ordering = ["name"],
    cached
)]
pub struct IdentificationStage {
    pub base: Stage,
    /// Fields of the user that the answer is compared with.
    pub user_fields: Vec<UserField>,
    /// Ask for the password on the same page, by the rules of this stage.
    pub password_stage: Option<Id<PasswordStage>>,
    /// Ask for a captcha on the same page, by the rules of this stage.
    pub captcha_stage: Option<Id<Stage>>,
    /// Whether upper and lower case are the same.
    #[field(default_bool = true)]
    pub case_insensitive_matching: bool,
    /// Show the name and picture of whom was found; otherwise what was typed in.
    #[field(default_bool = true)]
    pub show_matched_user: bool,
    /// Flow linked to for those who have no account yet.
    pub enrollment_flow: Option<Id<Flow>>,
    /// Flow linked to for those who cannot log in.
    pub recovery_flow: Option<Id<Flow>>,
    /// Flow linked to for logging in without a password.
    pub passwordless_flow: Option<Id<Flow>>,
    /// Sources that are offered to log in with.
    pub sources: Vec<Uuid>,
    /// Write the name of each source beside its picture.
    pub show_source_labels: bool,
    /// Go on as if the user existed when nobody was found, so that nobody can find out who has an account.
    #[field(default_bool = true)]
    pub pretend_user_exists: bool,
    /// Offer to remember the name on this device.
    pub enable_remember_me: bool,
    /// Offer passkeys on this page, by the rules of this stage.
    pub webauthn_stage: Option<Id<Stage>>,
}

pub fn check<'a>(change: &'a mut Change<'_>) -> BoxFuture<'a, Result<(), Problem>> {
    Box::pin(async move {
        let is_empty = |name| change.record.get(name).as_json().and_then(|j| j.as_array()).is_none_or(Vec::is_empty);
        if is_empty("user_fields") && is_empty("sources") {
            return Err(Problem::invalid("When no user fields are selected, at least one source must be selected"));
        }
        Ok(())
    })
}
