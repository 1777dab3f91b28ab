//! Password stage: checks the password of the person who is logging in.

mod authenticate;

use directory::guessing::Wait;
use feature::{BoxFuture, Change, Problem};
use flow::{Answer, Challenge, Designation, Errors, Flow, Next, PendingUser, Stage, StageKind, Visit};
use object::{Choices, Id, Object};

pub use authenticate::{Verdict, authenticate};

/// What a password is checked against.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Choices)]
#[choices(name = "BackendsEnum")]
pub enum Backend {
    /// The user's password.
    #[choice(value = "authentik.core.auth.InbuiltBackend")]
    Inbuilt,
    /// The user's app passwords.
    #[choice(value = "authentik.core.auth.TokenBackend")]
    Token,
    /// The LDAP source the user came from.
    #[choice(value = "authentik.sources.ldap.auth.LDAPBackend")]
    Ldap,
    /// The Kerberos source the user came from.
    #[choice(value = "authentik.sources.kerberos.auth.KerberosBackend")]
    Kerberos,
}

/// Ask for the password and check it.
#[derive(Debug, Clone, PartialEq, Object)]
#[object(
    model = "authentik_stages_password.passwordstage",
    table = "authentik_stages_password_passwordstage",
    path = "stages/password",
    verbose = "Password Stage",
    plural = "Password Stages",
    component = "ak-stage-password-form",
    api_name = "PasswordStage",
    filters = ["allow_show_password", "configure_flow", "failed_attempts_before_cancel", "name"],
    search = ["name"],
    ordering = ["name"],
    cached
)]
pub struct PasswordStage {
    pub base: Stage,
    /// What the password is checked against, in this order.
    #[field(required)]
    pub backends: Vec<Backend>,
    /// Flow in which somebody who is logged in changes their password.
    pub configure_flow: Option<Id<Flow>>,
    /// Number of wrong passwords after which the flow ends.
    #[field(default_int = 5)]
    pub failed_attempts_before_cancel: i32,
    /// Offer a button that makes the password readable.
    pub allow_show_password: bool,
}

pub fn check<'a>(change: &'a mut Change<'_>) -> BoxFuture<'a, Result<(), Problem>> {
    Box::pin(async move {
        let is_empty = change.record.get("backends").as_json().and_then(|j| j.as_array()).is_none_or(Vec::is_empty);
        if is_empty { Err(Problem::field("backends", "This list may not be empty.")) } else { Ok(()) }
    })
}

/// How many answers to this stage were wrong.
const TRIES: &str = "tries";
const WRONG: &str = "Invalid password";

/// Checks the password.
pub struct Password;

impl StageKind for Password {
    type Config = PasswordStage;
    const COMPONENT: &'static str = "ak-stage-password";

    async fn challenge(&self, visit: &mut Visit, stage: &PasswordStage) -> Result<Challenge, Problem> {
        let mut challenge = Challenge::with_user(Self::COMPONENT).set("allow_show_password", stage.allow_show_password);
        if let Some(flow) = flow::brand_flow(&visit.at, Designation::Recovery)
            && let Some(address) = visit.flow_address(flow.id())
        {
            challenge = challenge.set("recovery_url", format!("{}{address}", visit.at.origin));
        }
        Ok(challenge)
    }
    async fn answer(&self, visit: &mut Visit, stage: &PasswordStage, answer: &Answer) -> Result<Next, Problem> {
        let mut errors = Errors::default();
        let password = password_of(answer, &mut errors);
        if !errors.is_empty() {
            return Ok(Next::Wrong(errors));
        }
        // SECURITY: whom this flow found, never whoever happens to be logged in already; and for somebody who does not
        // exist it takes as long.
        let (user, name) = match visit.plan.context.pending_user() {
            None => return Ok(Next::Deny(None)),
            Some(PendingUser::Known(_)) => (visit.load_user().await?, String::new()),
            Some(PendingUser::Pretended(name)) => (None, name),
        };
        match authenticate(visit, &stage.backends, user.as_ref(), &name, &password, &stage.base).await? {
            Verdict::Right(checked) => {
                checked.note(visit);
                Ok(Next::Pass)
            }
            Verdict::Wrong => Ok(Next::Wrong(Errors::one("password", WRONG, "invalid"))),
            Verdict::Wait(wait) => Ok(Next::Wrong(Errors::one("password", too_many(wait), "throttled"))),
        }
    }
    async fn missing(&self, _: &mut Visit, _: &PasswordStage) -> Result<Errors, Problem> {
        Ok(Errors::one("password", "This field is required.", "required"))
    }
    fn refused(&self, visit: &mut Visit, stage: &PasswordStage) -> Option<Next> {
        let tries = visit.note(TRIES).and_then(serde_json::Value::as_i64).unwrap_or_default() + 1;
        visit.set_note(TRIES, tries);
        (tries >= i64::from(stage.failed_attempts_before_cancel)).then(|| Next::Deny(Some(WRONG.to_owned())))
    }
}

/// What is said instead of looking at a password.
pub fn too_many(wait: Wait) -> String {
    format!("Too many wrong passwords. Try again in {}.", wait.words())
}

/// The password as it was typed: blanks around it belong to it.
fn password_of(answer: &Answer, errors: &mut Errors) -> String {
    match answer.get("password") {
        Some(serde_json::Value::String(text)) if !text.is_empty() => text.clone(),
        _ => answer.text("password", errors),
    }
}
