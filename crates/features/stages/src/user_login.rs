//! User login stage: makes the session that of the person who went through the stages before.

use clock::TimeDelta;
use directory::Login;
use feature::Problem;
use flow::context::{AUTH_METHOD, AUTH_METHOD_ARGS};
use flow::{Answer, Challenge, Errors, Next, PendingUser, Stage, StageKind, Visit};
use object::{Choices, Object};
use serde_json::Value as Json;

/// What of the network a session is tied to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Choices)]
#[choices(name = "NetworkBindingEnum")]
pub enum NetworkBinding {
    /// Nothing.
    NoBinding,
    /// The autonomous system.
    BindAsn,
    /// The autonomous system and the network.
    BindAsnNetwork,
    /// The autonomous system, the network and the address.
    BindAsnNetworkIp,
}

/// What of the place a session is tied to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Choices)]
#[choices(name = "GeoipBindingEnum")]
pub enum GeoIpBinding {
    /// Nothing.
    NoBinding,
    /// The continent.
    BindContinent,
    /// The continent and the country.
    BindContinentCountry,
    /// The continent, the country and the city.
    BindContinentCountryCity,
}

/// Log the person in.
#[derive(Debug, Clone, PartialEq, Object)]
#[object(
    model = "authentik_stages_user_login.userloginstage",
    table = "authentik_stages_user_login_userloginstage",
    path = "stages/user_login",
    verbose = "User Login Stage",
    plural = "User Login Stages",
    component = "ak-stage-user-login-form",
    api_name = "UserLoginStage",
    filters = [
        "geoip_binding", "name", "network_binding", "remember_device", "remember_me_offset", "session_duration",
        "terminate_other_sessions", "stage_uuid=pk",
    ],
    search = ["name"],
    ordering = ["name"],
    cached
)]
pub struct UserLoginStage {
    pub base: Stage,
    /// How long the session lasts. `seconds=0` ends it with the browser.
    #[field(duration, default_text = "seconds=0")]
    pub session_duration: String,
    /// End all other sessions of the person.
    pub terminate_other_sessions: bool,
    /// Time that is added when the person asks to stay logged in. `seconds=0` does not ask.
    #[field(duration, default_text = "seconds=0")]
    pub remember_me_offset: String,
    /// What of the network the session is tied to.
    #[field(default_text = "no_binding")]
    pub network_binding: NetworkBinding,
    /// What of the place the session is tied to.
    #[field(default_text = "no_binding")]
    pub geoip_binding: GeoIpBinding,
    /// How long the device is known after a login. `seconds=0` does not remember it.
    #[field(duration, default_text = "days=30")]
    pub remember_device: String,
}

/// How somebody logged in of whom no stage said it.
const UNKNOWN_METHOD: &str = "password";

/// What the record of a login says of the device.
const KNOWN_DEVICE: &str = "known_device";

/// Logs the person in.
pub struct UserLogin;

impl StageKind for UserLogin {
    type Config = UserLoginStage;
    const COMPONENT: &'static str = "ak-stage-user-login";
    const SILENT: bool = true;

    async fn enter(&self, visit: &mut Visit, stage: &UserLoginStage) -> Result<Next, Problem> {
        if span(&stage.remember_me_offset).is_zero() { log_in(visit, stage, false).await } else { Ok(Next::Ask) }
    }
    async fn challenge(&self, _: &mut Visit, _: &UserLoginStage) -> Result<Challenge, Problem> {
        Ok(Challenge::with_user(Self::COMPONENT))
    }
    async fn answer(&self, visit: &mut Visit, stage: &UserLoginStage, answer: &Answer) -> Result<Next, Problem> {
        if span(&stage.remember_me_offset).is_zero() {
            return log_in(visit, stage, false).await;
        }
        let mut errors = Errors::default();
        match answer.flag("remember_me", &mut errors) {
            Some(remember) => log_in(visit, stage, remember).await,
            None if errors.is_empty() => Ok(Next::Wrong(missing())),
            None => Ok(Next::Wrong(errors)),
        }
    }
    async fn missing(&self, _: &mut Visit, _: &UserLoginStage) -> Result<Errors, Problem> {
        Ok(missing())
    }
}

fn missing() -> Errors {
    Errors::one("remember_me", "This field is required.", "required")
}

/// A span of time as the stage has it; nothing for what is none, as the field does not let in.
fn span(text: &str) -> std::time::Duration {
    TimeDelta::parse(text).map(TimeDelta::unsigned).unwrap_or_default()
}

async fn log_in(visit: &mut Visit, stage: &UserLoginStage, remember: bool) -> Result<Next, Problem> {
    // SECURITY: only whom a stage of this flow found, never whoever happens to be logged in already.
    let found = visit.plan.context.pending_user();
    let user = match &found {
        Some(PendingUser::Known(_)) => visit.load_user().await?,
        _ => None,
    };
    let Some(user) = user else {
        tracing::warn!(flow = visit.flow.slug, "Nobody to log in");
        return Ok(Next::Deny(Some("No Pending user to login.".to_owned())));
    };
    if !user.is_active {
        tracing::warn!(user.id = user.pk.0, "User {} is not active and was not logged in", user.pk);
        return Ok(Next::Deny(None));
    }
    let mut duration = span(&stage.session_duration);
    if remember {
        duration = duration.saturating_add(span(&stage.remember_me_offset));
    }
    let context = &visit.plan.context;
    let method = context.text(AUTH_METHOD).unwrap_or(UNKNOWN_METHOD).to_owned();
    let mut method_args = match context.get(AUTH_METHOD_ARGS) {
        Some(Json::Object(map)) => map.clone(),
        _ => serde_json::Map::new(),
    };
    let remember_device = span(&stage.remember_device);
    if !remember_device.is_zero() && !method_args.contains_key(KNOWN_DEVICE) {
        method_args.insert(KNOWN_DEVICE.to_owned(), visit.at.browser.knows_device(&user).await?.into());
    }
    let caller = visit.caller().clone();
    visit.at.browser.login(&user, Login { caller: &caller, method: &method, method_args, duration }).await?;
    if !remember_device.is_zero() {
        visit.at.browser.remember_device(&user, remember_device);
    }
    // SECURITY: nothing here knows which network or place an address belongs to, so that any tie is one to the address
    // itself: stricter than what was asked for, never looser.
    if stage.network_binding != NetworkBinding::NoBinding || stage.geoip_binding != GeoIpBinding::NoBinding {
        visit.at.browser.tie_to_address();
    }
    if stage.terminate_other_sessions {
        let app = visit.app().clone();
        directory::end_all(app.store(), user.pk, visit.at.browser.id()).await?;
    }
    visit.forget_user();
    Ok(Next::Pass)
}
