//! Proxy providers: applications without a login of their own, behind the server or behind a reverse proxy.
//!
//! Separate from the gate, which decides without knowing where anything is kept: here are the object, what an outpost reads
//! of it, and the outpost inside the server with its two ports. It extends the OAuth provider, as every login at a site is
//! one of OAuth; that is the one feature which another feature may use.

mod config;
mod elsewhere;
mod embedded;
mod index;
mod provider;
mod session;
pub mod setup;

use feature::{App, Feature, Kind};
use object::Object;

pub use embedded::Front;
pub use provider::{ProxyMode, ProxyProvider};
pub use session::ProxySession;

pub const FEATURE: Feature = Feature::new("provider-proxy")
    .kinds(&[
        Kind::of::<ProxyProvider>()
            .display(|provider| format!("Proxy Provider {}", provider.text("name")))
            .icon("/static/authentik/sources/proxy.svg")
            .check(provider::check::check)
            .derived(provider::DERIVED)
            .hidden(provider::HIDDEN)
            .computed(provider::COMPUTED)
            .operations(setup::OPERATIONS)
            .listing(provider::list::listing, provider::list::PARAMETERS),
        Kind::of::<ProxySession>(),
    ])
    .operations(config::OPERATIONS)
    .components(config::COMPONENTS)
    .jobs(&[session::JOB])
    .setup(start);

fn start(app: &App) {
    apps::register_launch_url(app, ProxyProvider::MODEL, |provider| {
        Some(provider.text("external_host").to_owned()).filter(|address| !address.is_empty())
    });
}
