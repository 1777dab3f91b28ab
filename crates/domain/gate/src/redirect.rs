//! Where a browser may be sent after a login or logout.
//!
//! SECURITY: `rd` comes from an address that anybody can write. Browsers take `\` for `/`, drop tabs and line breaks, and
//! read `https:host` and `///host` as addresses with a host (CVE-2020-4037 and CVE-2020-5233 of oauth2-proxy).

use url::Url;

use crate::site::{Mode, Site, is_within};

/// Longer addresses are not carried through a login.
const LONGEST: usize = 2048;

impl Site {
    /// The address in a form that leads to the site and nowhere else; `None` when it leads elsewhere.
    pub fn way_back(&self, given: &str) -> Option<String> {
        if given.is_empty() || given.len() > LONGEST {
            return None;
        }
        // Nothing that browsers and parsers read differently.
        if given.contains(['\\', '\u{7f}']) || given.chars().any(|c| c.is_control() || c.is_whitespace()) {
            return None;
        }
        let url = if given.starts_with('/') {
            if given.starts_with("//") {
                return None;
            }
            self.external.join(given).ok()?
        } else {
            let lower = given.get(..8)?.to_ascii_lowercase();
            if !lower.starts_with("http://") && !lower.starts_with("https://") {
                return None;
            }
            Url::parse(given).ok()?
        };
        if !url.username().is_empty() || url.password().is_some() {
            return None;
        }
        let name = url.host_str()?;
        let is_own = url.host_str() == self.external.host_str()
            && (url.port() == self.external.port()
                || url.port_or_known_default() == self.external.port_or_known_default());
        let url = if is_own {
            // Behind something that ends TLS a proxy may take the scheme for another than browsers see.
            let mut own = self.external.clone();
            own.set_path(url.path());
            own.set_query(url.query());
            own.set_fragment(url.fragment());
            own
        } else {
            let domain = self.domain.as_deref().filter(|_| self.mode() == Mode::ForwardDomain)?;
            if !is_within(name, domain) {
                return None;
            }
            url
        };
        // Back to ourselves would be a circle.
        (!url.path().starts_with(crate::PREFIX)).then(|| url.to_string())
    }
    /// The address to go to when nobody said.
    pub fn front(&self) -> String {
        self.external.to_string()
    }
}

#[cfg(test)]
mod tests;
