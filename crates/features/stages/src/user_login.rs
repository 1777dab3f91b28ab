//! User login stage: makes the session that of the person who went through the stages before.

use flow::Stage;
use object::{Choices, Object};

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
        "terminate_other_sessions",
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
