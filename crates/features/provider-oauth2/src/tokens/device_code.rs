//! Device codes (RFC 8628).

use directory::{AuthenticatedSession, User};
use jiff::Timestamp;
use object::{Id, Object};

use crate::provider::OAuth2Provider;

/// Seconds between two polls that a device is asked to wait.
pub const INTERVAL: u64 = 5;

/// The request of a device, until a user has granted it.
#[derive(Debug, Clone, Object)]
#[object(
    model = "authentik_providers_oauth2.devicetoken",
    table = "authentik_providers_oauth2_devicetoken",
    verbose = "Device Token",
    plural = "Device Tokens",
    verbs = [],
    expires,
    unaudited,
    no_blueprint
)]
pub struct DeviceToken {
    #[field(key, counted, label = "ID")]
    pub pk: Id<Self>,
    /// Who issued it.
    #[field(cascade, index)]
    pub provider: Id<OAuth2Provider>,
    /// Who granted it; none while it is pending.
    #[field(cascade)]
    pub user: Option<Id<User>>,
    /// When it stops to be good.
    #[field(index)]
    pub expires: Option<Timestamp>,
    /// Whether it stops to be good at all.
    #[field(internal, default_bool = true)]
    pub expiring: bool,
    /// What it is good for.
    pub scope: Vec<String>,
    /// SHA-256 of the code that the device holds.
    #[field(internal, secret, unique)]
    pub device_code_hash: String,
    /// The code that the user types.
    #[field(internal, secret, unique)]
    pub user_code: String,
    /// When the user authenticated.
    #[field(internal)]
    pub auth_time: Option<Timestamp>,
    /// How the user authenticated (`amr`).
    #[field(internal)]
    pub amr: Vec<String>,
    /// The session in which it was granted.
    #[field(internal, cascade, index)]
    pub session: Option<Id<AuthenticatedSession>>,
    /// When the device asked last.
    #[field(internal)]
    pub polled: Option<Timestamp>,
    /// How often it asked too early.
    #[field(internal, default_int = 0)]
    pub hurried: i32,
}
