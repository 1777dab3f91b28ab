//! Proxy providers: applications without a login of their own, behind the server or behind a reverse proxy.
//!
//! Separate from the gate, which decides without knowing where anything is kept: here are the object, what an outpost reads
//! of it, and the outpost inside the server with its two ports. It extends the OAuth provider, as every login at a site is
//! one of OAuth; that is the one feature which another feature may use.

mod config;
mod embedded;
mod index;
mod provider;
mod session;

use feature::{App, Feature, Kind};
use object::Object;

pub use embedded::{Front, before};
pub use provider::{ProxyMode, ProxyProvider};
pub use session::ProxySession;

/// The site of a provider, to print a set-up from.
pub use index::site_of;

pub const FEATURE: Feature = Feature::new("provider-proxy")
    .kinds(&[
        Kind::of::<ProxyProvider>()
            .display(|provider| format!("Proxy Provider {}", provider.text("name")))
            .icon("/static/authentik/sources/proxy.svg")
            .check(provider::check::check)
            .derived(provider::DERIVED)
            .hidden(provider::HIDDEN)
            .computed(provider::COMPUTED)
            .listing(provider::list::listing, provider::list::PARAMETERS),
        Kind::of::<ProxySession>(),
    ])
    .operations(config::OPERATIONS)
    .components(config::COMPONENTS)
    .jobs(&[session::JOB])
    .setup(setup);

fn setup(app: &App) {
    apps::register_launch_url(app, ProxyProvider::MODEL, |provider| {
        Some(provider.text("external_host").to_owned()).filter(|address| !address.is_empty())
    });
}
