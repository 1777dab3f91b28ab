//! Outposts, as they are kept.

pub mod api;
mod check;

use apps::Provider;
use object::{Choices, Id, Object, Refs};
use serde_json::{Map, Value as Json};

use crate::config::Config;
use crate::connection::OutpostServiceConnection;

/// What an outpost speaks with applications and people.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Choices)]
#[choices(name = "OutpostTypeEnum")]
pub enum OutpostType {
    /// HTTP: it lets people through to applications that have no login of their own.
    Proxy,
    /// LDAP.
    Ldap,
    /// RADIUS.
    Radius,
    /// Remote desktops and shells.
    Rac,
}

impl OutpostType {
    /// The kind of providers that such an outpost serves.
    pub fn provider(self) -> &'static str {
        match self {
            Self::Proxy => "authentik_providers_proxy.proxyprovider",
            Self::Ldap => "authentik_providers_ldap.ldapprovider",
            Self::Radius => "authentik_providers_radius.radiusprovider",
            Self::Rac => "authentik_providers_rac.racprovider",
        }
    }
}

/// A program that serves providers near their applications and asks here who may pass.
#[derive(Debug, Clone, PartialEq, Object)]
#[object(
    model = "authentik_outposts.outpost",
    table = "authentik_outposts_outpost",
    path = "outposts/instances",
    verbose = "Outpost",
    plural = "Outposts",
    component = "ak-outpost-form",
    api_name = "Outpost",
    filters = [
        "managed__icontains",
        "managed__iexact",
        "name__icontains",
        "name__iexact",
        "providers__isnull",
        "providers_by_pk=providers__in",
        "service_connection__name__icontains",
        "service_connection__name__iexact",
    ],
    search = ["name", "providers__name"],
    ordering = ["name", "service_connection__name"],
    cached
)]
pub struct Outpost {
    #[field(key, label = "Uuid")]
    pub pk: Id<Self>,
    /// Name, unlike that of any other outpost.
    #[field(unique)]
    pub name: String,
    /// What the outpost speaks.
    pub r#type: OutpostType,
    /// The providers that it serves, all of the kind that goes with its type.
    #[field(required)]
    pub providers: Refs<Provider>,
    /// Where the outpost runs. Kept for later: deploying outposts is up to you.
    #[field(set_null)]
    pub service_connection: Option<Id<OutpostServiceConnection>>,
    /// How the outpost behaves and how it is reached; what is left out has its default.
    #[field(required)]
    pub config: Map<String, Json>,
    /// Set when the outpost is looked after by the program or a blueprint.
    #[field(unique, label = "Managed by authentik")]
    pub managed: Option<String>,
}

impl Outpost {
    /// The configuration with defaults for what it leaves out.
    pub fn config(&self) -> Config {
        Config::of(&self.config)
    }
    /// Whether it is the one that runs inside the server.
    pub fn is_embedded(&self) -> bool {
        self.managed.as_deref() == Some(crate::embedded::MANAGED)
    }
    /// The name of the account that it calls the API with.
    pub fn username(&self) -> String {
        format!("ak-outpost-{}", self.pk.0.simple())
    }
    /// The name of that account's token.
    pub fn token_identifier(&self) -> String {
        token_identifier(self.pk)
    }
}

pub(crate) fn token_identifier(outpost: Id<Outpost>) -> String {
    format!("ak-outpost-{outpost}-api")
}
