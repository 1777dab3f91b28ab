//! All sites of an outpost, found by the host that was asked for.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use crate::site::{Mode, Site, is_within, without_port};

/// The sites by host. Made once for each configuration.
#[derive(Debug, Default)]
pub struct Sites {
    hosts: HashMap<String, Arc<Site>>,
    /// Names, without a port, that have a site of their own.
    names: HashSet<String>,
    /// Sites for a whole domain, the longest domain first.
    domains: Vec<(String, Arc<Site>)>,
    keys: HashMap<i64, Arc<Site>>,
}

impl Sites {
    /// Of two sites with the same host the one with the lower key counts, so that a second one cannot take over.
    pub fn new(sites: impl IntoIterator<Item = Site>) -> Self {
        let mut all: Vec<Arc<Site>> = sites.into_iter().map(Arc::new).collect();
        all.sort_by_key(|site| site.config.pk);
        let mut found = Self::default();
        for site in all {
            found.keys.insert(site.config.pk, Arc::clone(&site));
            let taken = found.hosts.entry(site.host.clone()).or_insert_with(|| Arc::clone(&site));
            if !Arc::ptr_eq(taken, &site) {
                tracing::warn!(
                    host = site.host,
                    "Two proxy providers have this external host; {:?} counts, {:?} does not",
                    taken.config.name,
                    site.config.name
                );
            }
            match (site.mode(), &site.domain) {
                (Mode::ForwardDomain, Some(domain)) => found.domains.push((domain.clone(), site)),
                _ => _ = found.names.insert(without_port(&site.host).to_owned()),
            }
        }
        found.domains.sort_by_key(|(domain, _)| std::cmp::Reverse(domain.len()));
        found
    }

    /// The site of a host, which may have a port: one of its own first, else the one for the longest domain it lies in.
    ///
    /// SECURITY: a name with a site of its own is never the domain's. Reverse proxies choose the application by the name and
    /// pass on whatever port the client wrote behind it, so that `vault.example.com:1` would be let in by the domain's rules.
    pub fn of_host(&self, host: &str) -> Option<&Arc<Site>> {
        if let Some(site) = self.hosts.get(host) {
            return Some(site);
        }
        // Browsers leave the usual port out, proxies do not always.
        let usual =
            host.strip_suffix(":443").map(|h| (h, "https")).or_else(|| host.strip_suffix(":80").map(|h| (h, "http")));
        if let Some((bare, scheme)) = usual
            && let Some(site) = self.hosts.get(bare).filter(|site| site.external.scheme() == scheme)
        {
            return Some(site);
        }
        let name = without_port(host);
        if self.has_own(name) {
            return None;
        }
        self.domains.iter().find(|(domain, _)| is_within(name, domain)).map(|(_, site)| site)
    }
    /// Whether a name has a site of its own, at any port.
    pub(crate) fn has_own(&self, name: &str) -> bool {
        self.names.contains(name)
    }
    pub fn by_pk(&self, pk: i64) -> Option<&Arc<Site>> {
        self.keys.get(&pk)
    }
    pub fn iter(&self) -> impl Iterator<Item = &Arc<Site>> {
        self.keys.values()
    }
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }
}

#[cfg(test)]
mod tests;
