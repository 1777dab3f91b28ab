//! Consent stage: asks whether an application may have what it wants.

use std::collections::HashSet;

use apps::UserConsent;
use clock::TimeDelta;
use feature::Problem;
use flow::context::{CONSENT_EXTRA_PERMISSIONS, CONSENT_HEADER, CONSENT_PERMISSIONS, CONSENT_TITLE};
use flow::{Answer, Challenge, Errors, Next, Stage, StageKind, Visit};
use jiff::Timestamp;
use object::{Choices, Id, Object};
use serde::Deserialize;
use serde_json::Value as Json;
use store::{Filter, Query};

/// How long consent lasts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Choices)]
#[choices(name = "ConsentStageModeEnum")]
pub enum ConsentMode {
    /// Ask every time.
    AlwaysRequire,
    /// Until it is taken back.
    Permanent,
    /// For a time.
    Expiring,
}

/// Ask for consent.
#[derive(Debug, Clone, PartialEq, Object)]
#[object(
    model = "authentik_stages_consent.consentstage",
    table = "authentik_stages_consent_consentstage",
    path = "stages/consent",
    verbose = "Consent Stage",
    plural = "Consent Stages",
    component = "ak-stage-consent-form",
    api_name = "ConsentStage",
    filters = ["consent_expire_in", "mode", "name", "stage_uuid=pk"],
    search = ["name"],
    ordering = ["name"],
    cached
)]
pub struct ConsentStage {
    pub base: Stage,
    /// How long consent lasts.
    #[field(default_text = "always_require")]
    pub mode: ConsentMode,
    /// Time after which consent has to be given again.
    #[field(duration, default_text = "weeks=4", label = "Consent expires in", shown_if = "mode == expiring")]
    pub consent_expire_in: String,
}

/// The name under which features put a stage into a plan that asks once, whatever was agreed to before.
pub const ONE_TIME: &str = "consent";

const COMPONENT: &str = "ak-stage-consent";

/// Asks by the rules of a consent stage.
pub struct Consent;

/// Asks, and keeps nothing.
pub struct OneTimeConsent;

/// What a feature says when it puts in [`OneTimeConsent`]: nothing.
#[derive(Debug, Default, Deserialize)]
pub struct OneTime {}

impl StageKind for Consent {
    type Config = ConsentStage;
    const COMPONENT: &'static str = COMPONENT;

    async fn enter(&self, visit: &mut Visit, stage: &ConsentStage) -> Result<Next, Problem> {
        if stage.mode == ConsentMode::AlwaysRequire {
            return Ok(Next::Ask);
        }
        let Some(given) = given(visit).await? else { return Ok(Next::Ask) };
        // Both, because this may have divided them before.
        let mut asked = permissions(visit, CONSENT_PERMISSIONS);
        asked.extend(permissions(visit, CONSENT_EXTRA_PERMISSIONS));
        let (old, new): (Vec<Json>, Vec<Json>) =
            asked.into_iter().partition(|p| p.get("id").and_then(Json::as_str).is_some_and(|id| given.contains(id)));
        if new.is_empty() {
            return Ok(Next::Pass);
        }
        visit.plan.context.set(CONSENT_PERMISSIONS, old);
        visit.plan.context.set(CONSENT_EXTRA_PERMISSIONS, new);
        Ok(Next::Ask)
    }
    async fn challenge(&self, visit: &mut Visit, _: &ConsentStage) -> Result<Challenge, Problem> {
        Ok(challenge(visit))
    }
    async fn answer(&self, visit: &mut Visit, stage: &ConsentStage, answer: &Answer) -> Result<Next, Problem> {
        if let Err(errors) = check_token(visit, answer) {
            return Ok(Next::Wrong(errors));
        }
        let expires = match stage.mode {
            ConsentMode::AlwaysRequire => return Ok(Next::Pass),
            ConsentMode::Permanent => None,
            ConsentMode::Expiring => {
                let span = TimeDelta::parse(&stage.consent_expire_in).map_err(Problem::fault)?;
                Some(span.after(visit.at.now()))
            }
        };
        keep(visit, expires).await?;
        Ok(Next::Pass)
    }
    async fn missing(&self, _: &mut Visit, _: &ConsentStage) -> Result<Errors, Problem> {
        Ok(missing())
    }
}

impl StageKind for OneTimeConsent {
    type Config = OneTime;
    const COMPONENT: &'static str = COMPONENT;

    async fn challenge(&self, visit: &mut Visit, _: &OneTime) -> Result<Challenge, Problem> {
        Ok(challenge(visit))
    }
    async fn answer(&self, visit: &mut Visit, _: &OneTime, answer: &Answer) -> Result<Next, Problem> {
        Ok(check_token(visit, answer).map_or_else(Next::Wrong, |()| Next::Pass))
    }
    async fn missing(&self, _: &mut Visit, _: &OneTime) -> Result<Errors, Problem> {
        Ok(missing())
    }
}

fn missing() -> Errors {
    Errors::one("token", "This field is required.", "required")
}

fn challenge(visit: &Visit) -> Challenge {
    let context = &visit.plan.context;
    let mut challenge = Challenge::with_user(COMPONENT);
    for (key, name) in [(CONSENT_TITLE, "title"), (CONSENT_HEADER, "header_text")] {
        if let Some(text) = context.text(key) {
            challenge = challenge.set(name, text);
        }
    }
    challenge
        .set("permissions", permissions(visit, CONSENT_PERMISSIONS))
        .set("additional_permissions", permissions(visit, CONSENT_EXTRA_PERMISSIONS))
        .set("token", visit.stage_token("consent").to_string())
}

/// The answer must carry what the challenge carried: agreeing cannot be done blindly.
fn check_token(visit: &Visit, answer: &Answer) -> Result<(), Errors> {
    let mut errors = Errors::default();
    let token = answer.text("token", &mut errors);
    if !errors.is_empty() {
        return Err(errors);
    }
    if secret::ct_eq(&token, visit.stage_token("consent").to_string()) {
        Ok(())
    } else {
        Err(Errors::one("token", "Invalid consent token, re-showing prompt", "invalid"))
    }
}

fn permissions(visit: &Visit, key: &str) -> Vec<Json> {
    visit.plan.context.get(key).and_then(Json::as_array).cloned().unwrap_or_default()
}

/// What the person agreed to before, if anything: of several consents the one that covers most of what is asked.
async fn given(visit: &Visit) -> Result<Option<HashSet<String>>, Problem> {
    let (Some(user), Some(application)) = (visit.known_user(), visit.plan.context.application()) else {
        return Ok(None);
    };
    let now = visit.at.now();
    let filter = Filter::eq("user", user).and(Filter::eq("application", application));
    let all = visit.app().store().find::<UserConsent>(&Query::filter(filter)).await?;
    // SECURITY: expiry counts by itself; the job that removes rows may be late.
    let valid = all.into_iter().filter(|c| !c.expiring || c.expires.is_none_or(|e| e > now));
    let asked: HashSet<String> = agreeing_to(visit).into_iter().collect();
    let sets = valid.map(|c| c.permissions.split_whitespace().map(str::to_owned).collect::<HashSet<String>>());
    Ok(sets.max_by_key(|set| set.intersection(&asked).count()))
}

/// The ids of all that is asked for.
fn agreeing_to(visit: &Visit) -> Vec<String> {
    let id = |p: &Json| p.get("id").and_then(Json::as_str).map(str::to_owned);
    let both = [CONSENT_PERMISSIONS, CONSENT_EXTRA_PERMISSIONS];
    both.iter().flat_map(|key| permissions(visit, key)).filter_map(|p| id(&p)).collect()
}

async fn keep(visit: &Visit, expires: Option<Timestamp>) -> Result<(), Problem> {
    let (Some(user), Some(application)) = (visit.known_user(), visit.plan.context.application()) else { return Ok(()) };
    let permissions = agreeing_to(visit).join(" ");
    let store = visit.app().store();
    let same = Filter::eq("user", user)
        .and(Filter::eq("application", application))
        .and(Filter::eq("permissions", permissions.as_str()));
    let expiring = expires.is_some();
    let tx = store.begin().await?;
    if let Some(old) = tx.first::<UserConsent>(same).await? {
        tx.update(&UserConsent { expires, expiring, ..old }).await?;
    } else {
        let consent =
            UserConsent { pk: Id::unsaved(), expires, expiring, user, application: Id(application), permissions };
        tx.insert(&consent).await?;
    }
    tx.commit().await?;
    Ok(())
}
