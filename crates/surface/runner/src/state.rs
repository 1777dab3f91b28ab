//! What the outpost serves: replaced as a whole when the configuration changes.

use std::collections::HashMap;
use std::sync::Arc;

use gate::{Addresses, Gate, Mode, Site, Sites};
use reverse_proxy::Target;
use url::Url;

use crate::server::{Instance, site_config};
use serde_json::Value as Json;

/// Sites and the gate before them.
pub(crate) struct State {
    pub(crate) instance: Instance,
    pub(crate) sites: Sites,
    pub(crate) gate: Gate,
    /// The providers as they came, to see whether anything changed.
    pub(crate) providers: Vec<Json>,
    /// By provider: where browsers are sent.
    pub(crate) addresses: HashMap<i64, Arc<Addresses>>,
    /// By provider in proxy mode.
    pub(crate) targets: HashMap<i64, Target>,
}

/// Parses providers; what is wrong with one is no reason to lose the others.
pub(crate) fn sites(providers: &[Json]) -> Vec<Site> {
    let read = |provider: &Json| {
        let name = provider["name"].as_str().unwrap_or_default().to_owned();
        let config = site_config(provider.clone()).map_err(|error| error.to_string());
        match config.and_then(|config| Site::compile(config).map_err(|fault| fault.to_string())) {
            Ok(site) => Some(site),
            Err(why) => {
                tracing::error!(provider = name, "The provider is left out: {why}");
                None
            }
        }
    };
    providers.iter().filter_map(read).collect()
}

/// Where browsers find the server: as the API says, or under the address that is set for them.
pub(crate) fn addresses(site: &Site, browser: Option<&Url>) -> Addresses {
    let mut addresses = site.config.oidc_configuration.clone();
    if let Some(browser) = browser {
        for address in [&mut addresses.authorization_endpoint, &mut addresses.end_session_endpoint] {
            *address = moved(address, browser).unwrap_or_else(|| address.clone());
        }
    }
    addresses
}

/// The address at another host.
pub(crate) fn moved(address: &str, to: &Url) -> Option<String> {
    let mut url = Url::parse(address).ok()?;
    url.set_scheme(to.scheme()).ok()?;
    url.set_host(to.host_str()).ok()?;
    url.set_port(to.port()).ok()?;
    Some(url.into())
}

/// Where requests go in proxy mode.
pub(crate) fn target(site: &Site) -> Option<Target> {
    if site.mode() != Mode::Proxy {
        return None;
    }
    let internal = site.internal.as_ref()?;
    Target::parse(internal.as_str(), site.config.internal_host_ssl_validation)
        .inspect_err(|bad| tracing::error!(provider = site.config.name, "{bad}"))
        .ok()
}

#[cfg(test)]
mod tests;
