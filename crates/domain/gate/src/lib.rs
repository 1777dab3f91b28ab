//! What stands before an application: who may pass, and with which headers.
//!
//! Separate from the provider because two programs decide in the same way: the server itself (the embedded outpost) and
//! `keywright outpost proxy`. It knows no store, no policy and no HTTP client: it works on [`Site`]s, which are parsed
//! once, and on two ports, [`Sessions`] and [`Issuer`], which each program fills in for itself.
//!
//! ```text
//! Asked ─► host ─► Site ─► cookie or Authorization ─► Session (memory, else Sessions) ─► still good? ─► headers
//!                              none ─► start: state bound to the browser, PKCE ─► Issuer ─► callback ─► new Session
//! ```

mod asked;
pub mod cookie;
mod forwarded;
mod gate;
mod headers;
mod memory;
mod page;
mod path;
mod ports;
mod redirect;
mod session;
pub mod setup;
mod site;
mod sites;
mod state;

pub use asked::{Asked, is_signed};
pub use forwarded::Kind;
pub use gate::{Credentials, Gate, Outpost, Pass, Verdict, credentials};
pub use headers::{IDENTITY_HEADERS, Identity, Meta, is_identity_header, strip_identity};
pub use memory::{Found, Memory};
pub use ports::{Awaited, Basic, Claims, Fault, Issuer, Login, ProxyClaims, Redeem, Review, Sessions};
pub use session::{Held, Session, SessionKey};
pub use site::{Addresses, BasicAuth, Mode, Site, SiteConfig, SiteFault, redirect_uri, skip_path};
pub use sites::Sites;

/// Below this path everything is ours, on every host.
pub const PREFIX: &str = "/outpost.goauthentik.io";
/// Marks the return from a login in a query, for proxies that send everything through the check.
pub const CALLBACK_SIGNATURE: &str = "X-authentik-auth-callback";
/// Marks a logout in a query.
pub const LOGOUT_SIGNATURE: &str = "X-authentik-logout";
