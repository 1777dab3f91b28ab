//! A protected site: what a proxy provider says, parsed once.
//!
//! [`SiteConfig`] has the names of upstream's `ProxyOutpostConfig`, so that an outpost reads it straight from the API; the
//! server fills it from the row. [`Site`] is what decisions are made with: nothing in it is parsed again.

use std::sync::{Arc, OnceLock};

use fancy_regex::Regex;
use secret::{RootKey, Secret, Signer};
use serde::{Deserialize, Serialize};
use url::Url;

use crate::cookie;
use crate::headers::Meta;
use crate::path::Plain;

/// How a provider stands before its site.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// All traffic goes through us.
    #[default]
    Proxy,
    /// A reverse proxy asks about one host.
    ForwardSingle,
    /// A reverse proxy asks about all hosts below a domain.
    ForwardDomain,
}

/// What a site is made of.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct SiteConfig {
    /// Key of the provider.
    pub pk: i64,
    /// Name of the provider.
    pub name: String,
    pub mode: Mode,
    /// The address people open: of the application, or in domain mode the one that logins come back to.
    pub external_host: String,
    /// Where requests go in proxy mode.
    pub internal_host: String,
    pub internal_host_ssl_validation: bool,
    pub client_id: String,
    pub client_secret: Option<Arc<Secret<String>>>,
    /// Signs what browsers carry between our answers.
    pub cookie_secret: Option<Arc<Secret<String>>>,
    pub cookie_domain: String,
    /// Key pair for TLS on the site's name.
    pub certificate: Option<String>,
    /// One expression a line; paths that fit need no login.
    pub skip_path_regex: String,
    pub basic_auth_enabled: bool,
    pub basic_auth_user_attribute: String,
    pub basic_auth_password_attribute: String,
    pub intercept_header_auth: bool,
    /// Seconds a login is good for.
    pub access_token_validity: Option<f64>,
    pub scopes_to_request: Vec<String>,
    pub assigned_application_slug: String,
    pub assigned_application_name: String,
    pub oidc_configuration: Addresses,
}

/// Where the identity provider of a site is reached.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Addresses {
    pub issuer: String,
    pub authorization_endpoint: String,
    pub token_endpoint: String,
    pub userinfo_endpoint: String,
    pub end_session_endpoint: String,
    pub introspection_endpoint: String,
    pub jwks_uri: String,
    pub id_token_signing_alg_values_supported: Vec<String>,
}

/// Where the user name and password for the application behind are found among a user's attributes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BasicAuth {
    pub user_attribute: String,
    pub password_attribute: String,
}

/// Why a provider is no site.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SiteFault {
    #[error("external_host {0:?} is no address with a host; write it like https://app.example.com")]
    ExternalHost(String),
    #[error("internal_host {0:?} is no address with a host; write it like http://app.internal:8080")]
    InternalHost(String),
    #[error("cookie_secret is missing")]
    CookieSecret,
    #[error("a provider for a whole domain needs cookie_domain, the domain it protects (example.com)")]
    CookieDomain,
}

/// A protected site, ready to decide with.
#[derive(Debug)]
pub struct Site {
    pub config: SiteConfig,
    /// `https://app.example.com`, with the port where it is not the usual one; a path is kept in [`Site::prefix`].
    pub external: Url,
    /// The host of `external` as browsers write it, with the port where there is one.
    pub host: String,
    /// The path below which the site lives, without a slash at the end; mostly empty.
    pub prefix: String,
    /// Where requests go in proxy mode.
    pub internal: Option<Url>,
    /// The domain that is protected, in lower case and without a leading dot, where there is one.
    pub domain: Option<String>,
    pub basic_auth: Option<BasicAuth>,
    pub cookie: cookie::Names,
    skip: Vec<Regex>,
    pub(crate) state: Signer,
    pub(crate) verifier: Signer,
    pub(crate) meta: OnceLock<Meta>,
}

impl Site {
    /// Parses a configuration. Expressions that do not compile are left out, as upstream does: leaving one out asks for a
    /// login where none was wanted, never the other way round.
    pub fn compile(mut config: SiteConfig) -> Result<Self, SiteFault> {
        let external =
            address(&config.external_host).ok_or_else(|| SiteFault::ExternalHost(config.external_host.clone()))?;
        let internal = match (config.mode, config.internal_host.is_empty()) {
            (Mode::Proxy, _) | (_, false) => Some(
                address(&config.internal_host).ok_or_else(|| SiteFault::InternalHost(config.internal_host.clone()))?,
            ),
            (_, true) => None,
        };
        let domain = config.cookie_domain.trim().trim_start_matches('.').to_ascii_lowercase();
        // A domain may be written like an address; the cookie takes the name alone.
        let domain = domain.split(['/', ':']).next().unwrap_or_default().to_owned();
        let domain = (!domain.is_empty()).then_some(domain);
        if config.mode == Mode::ForwardDomain && domain.is_none() {
            return Err(SiteFault::CookieDomain);
        }
        let skip = config.skip_path_regex.lines().map(str::trim_end).filter(|line| !line.is_empty());
        let skip = skip
            .filter_map(|line| match skip_path(line) {
                Ok(regex) => Some(regex),
                Err(error) => {
                    tracing::warn!(provider = config.name, "skip_path_regex {line:?} does not compile: {error}");
                    None
                }
            })
            .collect();
        let basic_auth = config.basic_auth_enabled.then(|| BasicAuth {
            user_attribute: std::mem::take(&mut config.basic_auth_user_attribute),
            password_attribute: std::mem::take(&mut config.basic_auth_password_attribute),
        });
        // SECURITY: without a secret anybody could make what browsers carry between our answers.
        let secret = config.cookie_secret.clone().filter(|s| !s.expose().is_empty()).ok_or(SiteFault::CookieSecret)?;
        let root = RootKey::new(&secret);
        Ok(Self {
            host: host_of(&external),
            prefix: external.path().trim_end_matches('/').to_owned(),
            cookie: cookie::Names::of(&config.client_id),
            state: root.signer("gate state"),
            verifier: root.signer("gate verifier"),
            basic_auth,
            internal,
            domain,
            skip,
            external,
            config,
            meta: OnceLock::new(),
        })
    }

    pub fn mode(&self) -> Mode {
        self.config.mode
    }
    /// Whether cookies may be marked `Secure`.
    pub fn is_secure(&self) -> bool {
        self.external.scheme() == "https"
    }
    /// `https://app.example.com`, no slash at the end.
    pub fn origin(&self) -> String {
        format!("{}://{}", self.external.scheme(), self.host)
    }
    /// An address of ours at the site: `https://app.example.com/outpost.goauthentik.io/<name>`.
    pub fn own(&self, name: &str) -> String {
        format!("{}{}{}/{name}", self.origin(), self.prefix, crate::PREFIX)
    }
    /// Where the identity provider sends people back to. Registered with the provider in exactly this form.
    pub fn redirect_uri(&self) -> String {
        format!("{}?{}=true", self.own("callback"), crate::CALLBACK_SIGNATURE)
    }
    /// Whether the host (lower case, maybe with a port) is the site's.
    pub fn has_host(&self, host: &str) -> bool {
        if host == self.host || without_default_port(host, &self.external) == self.host {
            return true;
        }
        match (&self.domain, self.mode()) {
            (Some(domain), Mode::ForwardDomain) => is_within(without_port(host), domain),
            _ => false,
        }
    }
    /// Seconds a login is good for.
    pub fn validity(&self) -> Option<i64> {
        self.config.access_token_validity.map(|seconds| seconds.max(0.0) as i64)
    }

    /// Whether a path needs no login. Only the path counts, and only one that everybody reads alike.
    ///
    /// SECURITY: upstream matches a whole domain's expressions against the address with its query, so that `?x=/public`
    /// opens everything (GHSA-7rh7-c77v-6434 of oauth2-proxy); and a path with encoded slashes or dot segments may be
    /// another one to the application than to the expression.
    pub fn is_open(&self, host: &str, path: &str) -> bool {
        if self.skip.is_empty() {
            return false;
        }
        let Some(plain) = Plain::of(path) else { return false };
        // Our own addresses are never the application's.
        if plain.as_str().starts_with(crate::PREFIX) {
            return false;
        }
        let whole;
        let text = if self.mode() == Mode::ForwardDomain {
            whole = format!("{}://{host}{}", self.external.scheme(), plain.as_str());
            &whole
        } else {
            plain.as_str()
        };
        self.skip.iter().any(|regex| regex.is_match(text).unwrap_or(false))
    }
}

/// Where logins at an external host come back to, in the form in which [`Site::redirect_uri`] sends it.
pub fn redirect_uri(external: &str) -> Option<String> {
    let url = address(external)?;
    let (scheme, host, path) = (url.scheme(), host_of(&url), url.path().trim_end_matches('/'));
    Some(format!("{scheme}://{host}{path}{}/callback?{}=true", crate::PREFIX, crate::CALLBACK_SIGNATURE))
}

/// An expression for paths that need no login.
pub fn skip_path(expression: &str) -> Result<Regex, String> {
    Regex::new(expression).map_err(|error| error.to_string())
}

fn address(text: &str) -> Option<Url> {
    let url = Url::parse(text.trim()).ok()?;
    let good = matches!(url.scheme(), "http" | "https") && url.host_str().is_some_and(|h| !h.is_empty());
    (good && url.username().is_empty() && url.password().is_none()).then_some(url)
}

/// The host with the port where it is written.
fn host_of(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    match url.port() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    }
}

pub(crate) fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit()) => name,
        _ => host,
    }
}

fn without_default_port<'h>(host: &'h str, external: &Url) -> &'h str {
    let usual = if external.scheme() == "https" { ":443" } else { ":80" };
    host.strip_suffix(usual).unwrap_or(host)
}

/// Whether the name is the domain or lies below it: `evil-example.com` does not lie below `example.com`.
pub(crate) fn is_within(name: &str, domain: &str) -> bool {
    name == domain || name.strip_suffix(domain).is_some_and(|rest| rest.ends_with('.'))
}

#[cfg(test)]
pub(crate) mod tests;
