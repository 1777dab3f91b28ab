//! What the stage asks and what an answer does.

use std::sync::Arc;

use directory::guessing::{self, Guessed};
use feature::Problem;
use flow::context::{IS_RESTORED, PENDING_USER_IDENTIFIER};
use flow::{Answer, Challenge, Designation, Errors, Next, PendingUser, StageKind, Visit};
use object::Choices as _;
use serde_json::{Value as Json, json};

use super::IdentificationStage;
use super::find::find;
use crate::password::{PasswordStage, Verdict, authenticate, too_many};

const NO_DATA: &str = "No identification data provided.";
const FAILED: &str = "Failed to authenticate.";

/// Asks who it is.
pub struct Identification;

impl StageKind for Identification {
    type Config = IdentificationStage;
    const COMPONENT: &'static str = "ak-stage-identification";

    async fn enter(&self, visit: &mut Visit, _: &IdentificationStage) -> Result<Next, Problem> {
        // SECURITY: a link was made for one person; its holder may not name another.
        let is_bound = visit.plan.context.has(IS_RESTORED) && visit.plan.context.pending_user().is_some();
        Ok(if is_bound { Next::Pass } else { Next::Ask })
    }
    async fn challenge(&self, visit: &mut Visit, stage: &IdentificationStage) -> Result<Challenge, Problem> {
        let password = password_stage(visit, stage);
        let is_login = visit.flow.designation == Designation::Authentication;
        let fields: Json = stage.user_fields.iter().map(|f| f.as_str()).collect();
        let mut challenge = Challenge::new(Self::COMPONENT)
            .set("user_fields", fields)
            .set("password_fields", password.is_some())
            .set("allow_show_password", password.is_some_and(|p| p.allow_show_password))
            .set("flow_designation", visit.flow.designation.as_str())
            .set("captcha_stage", Json::Null)
            .set("primary_action", if is_login { "Log in" } else { "Continue" })
            .set("sources", json!([]))
            .set("show_source_labels", stage.show_source_labels)
            .set("enable_remember_me", stage.enable_remember_me)
            .set("passkey_challenge", Json::Null);
        let application = visit.plan.context.application();
        if let Some(application) = application.and_then(|pk| visit.snapshot.get::<apps::Application>(object::Id(pk))) {
            challenge = challenge.set("application_pre", application.name.as_str());
        }
        let links = [
            ("enroll_url", stage.enrollment_flow),
            ("recovery_url", stage.recovery_flow),
            ("passwordless_url", stage.passwordless_flow),
        ];
        for (name, flow) in links {
            if let Some(address) = flow.and_then(|f| visit.flow_address(f)) {
                challenge = challenge.set(name, address);
            }
        }
        Ok(challenge)
    }
    async fn answer(&self, visit: &mut Visit, stage: &IdentificationStage, answer: &Answer) -> Result<Next, Problem> {
        if self.enter(visit, stage).await? == Next::Pass {
            return Ok(Next::Pass);
        }
        let mut errors = Errors::default();
        let Some(typed) = answer.optional_text("uid_field", &mut errors) else {
            return Ok(Next::Wrong(if errors.is_empty() { Errors::general(NO_DATA) } else { errors }));
        };
        if visit.flow.designation == Designation::Recovery {
            // Not given back: whoever names an account here makes it get mail.
            let asked = guessing::begin(visit.app(), Guessed::Recovery, &typed, visit.caller()).await;
            if let Err(wait) = asked {
                let text = format!("Asked for too often. Try again in {}.", wait.words());
                return Ok(Next::Wrong(Errors::general(text)));
            }
        }
        let user = find(visit, stage, &typed).await?;
        let pending = match &user {
            Some(user) => PendingUser::Known(user.pk.0),
            None => PendingUser::Pretended(typed.clone()),
        };
        visit.set_user(&pending);
        if stage.show_matched_user {
            visit.plan.context.remove(PENDING_USER_IDENTIFIER);
        } else {
            visit.plan.context.set(PENDING_USER_IDENTIFIER, typed.as_str());
        }
        if user.is_none() {
            tracing::info!(client = ?visit.caller().address, flow = visit.flow.slug, "Nobody of the given name was found");
        }
        let Some(password_stage) = password_stage(visit, stage) else {
            let goes_on = user.is_some() || stage.pretend_user_exists;
            return Ok(if goes_on { Next::Pass } else { Next::Wrong(Errors::general(FAILED)) });
        };
        // Blanks around a password belong to it.
        let password = match answer.get("password") {
            Some(Json::String(text)) => text.clone(),
            _ => answer.optional_text("password", &mut errors).unwrap_or_default(),
        };
        if !errors.is_empty() {
            return Ok(Next::Wrong(errors));
        }
        let backends = &password_stage.backends;
        match authenticate(visit, backends, user.as_ref(), &typed, &password, &password_stage.base).await? {
            Verdict::Right(checked) => {
                checked.note(visit);
                Ok(Next::Pass)
            }
            Verdict::Wrong => Ok(Next::Wrong(Errors::general(FAILED))),
            Verdict::Wait(wait) => Ok(Next::Wrong(Errors::general(too_many(wait)))),
        }
    }
    async fn missing(&self, _: &mut Visit, _: &IdentificationStage) -> Result<Errors, Problem> {
        Ok(Errors::general(NO_DATA))
    }
}

/// The stage by whose rules the password is asked for on the same page.
fn password_stage(visit: &Visit, stage: &IdentificationStage) -> Option<Arc<PasswordStage>> {
    visit.snapshot.get(stage.password_stage?)
}
