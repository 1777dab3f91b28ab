//! Ready-made configuration of reverse proxies for one provider: the texts that the API and the command line print, and that
//! `docs/guides/forward-auth.md` shows.
//!
//! Separate from deciding: nothing here knows a session. The texts lie in `setup/`, one file for each proxy; what differs from
//! provider to provider is filled in by `template`. Every value is taken apart and put together again before it is
//! written into a configuration, so that none can say more than a name or a number.

mod template;

use std::fmt;

use serde::Serialize;
use url::Url;

use crate::site::{Mode, Site, is_within};

/// The headers that tell an application who its user is, in the spelling of authentik's documentation.
pub const HEADERS: [&str; 12] = [
    "X-authentik-username",
    "X-authentik-groups",
    "X-authentik-entitlements",
    "X-authentik-email",
    "X-authentik-name",
    "X-authentik-uid",
    "X-authentik-jwt",
    "X-authentik-meta-jwks",
    "X-authentik-meta-outpost",
    "X-authentik-meta-provider",
    "X-authentik-meta-app",
    "X-authentik-meta-version",
];

/// A reverse proxy, and the way it is configured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Proxy {
    Traefik,
    TraefikLabels,
    TraefikKubernetes,
    Nginx,
    IngressNginx,
    Caddy,
    Haproxy,
    Envoy,
    Istio,
}

/// A text of a configuration: its place in the folder `setup`, and its content before it is filled in.
type Template = (&'static str, &'static str);

impl Proxy {
    pub const ALL: [Self; 9] = [
        Self::Traefik,
        Self::TraefikLabels,
        Self::TraefikKubernetes,
        Self::Nginx,
        Self::IngressNginx,
        Self::Caddy,
        Self::Haproxy,
        Self::Envoy,
        Self::Istio,
    ];

    /// As it is asked for.
    pub fn name(self) -> &'static str {
        match self {
            Self::Traefik => "traefik",
            Self::TraefikLabels => "traefik-labels",
            Self::TraefikKubernetes => "traefik-kubernetes",
            Self::Nginx => "nginx",
            Self::IngressNginx => "ingress-nginx",
            Self::Caddy => "caddy",
            Self::Haproxy => "haproxy",
            Self::Envoy => "envoy",
            Self::Istio => "istio",
        }
    }

    pub fn of_name(name: &str) -> Result<Self, SetupFault> {
        Self::ALL.into_iter().find(|p| p.name() == name).ok_or_else(|| SetupFault::Proxy(name.to_owned()))
    }

    /// Where each text is saved ([`fill`](template::fill)ed in too), and the text.
    fn templates(self) -> &'static [Template] {
        match self {
            Self::Traefik => &[("{{name}}.yaml", include_str!("setup/traefik.yaml"))],
            Self::TraefikLabels => &[("compose.yaml", include_str!("setup/traefik-labels.yaml"))],
            Self::TraefikKubernetes => &[("{{name}}.yaml", include_str!("setup/traefik-kubernetes.yaml"))],
            Self::Nginx => &[("{{name}}.conf", include_str!("setup/nginx.conf"))],
            Self::IngressNginx => &[("{{name}}.yaml", include_str!("setup/ingress-nginx.yaml"))],
            Self::Caddy => &[("Caddyfile", include_str!("setup/Caddyfile"))],
            Self::Haproxy => &[
                ("haproxy.cfg", include_str!("setup/haproxy.cfg")),
                ("keywright.lua", include_str!("setup/haproxy.lua")),
            ],
            Self::Envoy => &[("{{name}}.yaml", include_str!("setup/envoy.yaml"))],
            Self::Istio => &[("{{name}}.yaml", include_str!("setup/istio.yaml"))],
        }
    }
}

/// Why there is no configuration.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SetupFault {
    #[error("there is no ready-made configuration for {0:?}, only for {names}", names = names())]
    Proxy(String),
    #[error(
        "{field} {value:?} is no address of a server; write it like https://app.example.com or http://app:8080, without a path"
    )]
    Address { field: &'static str, value: String },
    #[error("{0} is not what the provider stands for: {1}")]
    Outside(String, String),
    #[error(
        "this provider is in the mode \"proxy\": all traffic goes through the outpost, and no other proxy asks. Point the \
         application's name to the outpost, or choose a mode of forward authentication"
    )]
    Mode,
}

impl SetupFault {
    /// The parameter that is to blame.
    pub fn field(&self) -> &'static str {
        match self {
            Self::Proxy(_) => "proxy",
            Self::Address { field, .. } => field,
            Self::Outside(..) => "app",
            Self::Mode => "mode",
        }
    }
}

fn names() -> String {
    Proxy::ALL.map(Proxy::name).join(", ")
}

/// Scheme, host and port of a server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    tls: bool,
    host: String,
    port: Option<u16>,
}

impl Origin {
    /// # Errors
    /// Something else stands there: another scheme, a path, a user name.
    pub fn parse(field: &'static str, text: &str) -> Result<Self, SetupFault> {
        let fault = || SetupFault::Address { field, value: text.to_owned() };
        let url = Url::parse(text.trim()).map_err(|_| fault())?;
        let bare = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
        let anonymous = url.username().is_empty() && url.password().is_none();
        let host = url.host_str().filter(|h| !h.is_empty() && h.bytes().all(is_of_a_host)).ok_or_else(fault)?;
        if !bare || !anonymous || !matches!(url.scheme(), "http" | "https") {
            return Err(fault());
        }
        Ok(Self { tls: url.scheme() == "https", host: host.to_owned(), port: url.port() })
    }
    fn scheme(&self) -> &'static str {
        if self.tls { "https" } else { "http" }
    }
    fn port(&self) -> u16 {
        self.port.unwrap_or(if self.tls { 443 } else { 80 })
    }
    /// As in a `Host` header: the port only where it is not the usual one.
    fn authority(&self) -> String {
        self.port.map_or_else(|| self.host.clone(), |port| format!("{}:{port}", self.host))
    }
    fn address(&self) -> String {
        format!("{}:{}", self.host, self.port())
    }
    /// First and second label of a name inside a cluster: service and namespace.
    fn service(&self) -> (&str, &str) {
        let mut labels = self.host.split('.');
        (labels.next().unwrap_or_default(), labels.next().unwrap_or("default"))
    }
}

/// `url` takes some characters in names that mean something in a configuration.
fn is_of_a_host(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_' | b'[' | b']' | b':')
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", self.scheme(), self.authority())
    }
}

/// What a configuration is made for.
#[derive(Debug, Clone)]
pub struct Facts {
    /// The application's slug; routers, files and services are called after it.
    pub name: String,
    /// The address people open.
    pub app: Origin,
    /// The provider's external host, where logins come back to. Another than `app` for a whole domain.
    pub auth: Origin,
    /// Where the proxy reaches Keywright.
    pub server: Origin,
    /// Where the proxy reaches the application.
    pub upstream: Origin,
    /// Whether the provider stands for a whole domain.
    pub domain: bool,
    /// Whether the application gets a user name and password (`basic_auth_enabled`).
    pub basic_auth: bool,
}

/// What somebody says who asks for a configuration; what is left out is guessed.
#[derive(Debug, Clone, Copy, Default)]
pub struct Wanted<'a> {
    pub name: Option<&'a str>,
    pub app: Option<&'a str>,
    pub server: Option<&'a str>,
    pub upstream: Option<&'a str>,
}

impl Facts {
    pub fn of(site: &Site, wanted: &Wanted) -> Result<Self, SetupFault> {
        let domain = match site.mode() {
            Mode::Proxy => return Err(SetupFault::Mode),
            Mode::ForwardSingle => None,
            Mode::ForwardDomain => site.domain.as_deref(),
        };
        let auth = Origin::parse("external_host", site.external.as_str())?;
        let example = domain.map(|domain| format!("{}://app.{domain}", auth.scheme()));
        let app = match wanted.app.or(example.as_deref()) {
            Some(text) => Origin::parse("app", text)?,
            None => auth.clone(),
        };
        match domain {
            Some(domain) if !is_within(&app.host, domain) => {
                return Err(SetupFault::Outside(app.to_string(), format!("hosts below {domain}")));
            }
            None if app != auth => return Err(SetupFault::Outside(app.to_string(), auth.to_string())),
            _ => {}
        }
        let slug = match domain {
            Some(_) => app.service().0,
            None => site.config.assigned_application_slug.as_str(),
        };
        let name = wanted.name.filter(|name| !name.is_empty()).unwrap_or(slug).to_owned();
        let server = Origin::parse("server", wanted.server.unwrap_or("http://keywright:9000"))?;
        let guess = || format!("http://{}:8080", name_of(&name));
        let upstream = match (wanted.upstream, &site.internal) {
            (Some(text), _) => Origin::parse("upstream", text)?,
            (None, Some(internal)) => Origin::parse("internal_host", internal.as_str())?,
            (None, None) => Origin::parse("upstream", &guess())?,
        };
        Ok(Self { name, app, auth, server, upstream, domain: domain.is_some(), basic_auth: site.basic_auth.is_some() })
    }
}

/// A file to save.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct File {
    pub name: String,
    pub content: String,
}

/// The configuration of a proxy: one file, for HAProxy two.
pub fn render(proxy: Proxy, facts: &Facts) -> Vec<File> {
    let values = values(facts);
    let fill = |text| template::fill(text, &values);
    let files = proxy.templates().iter();
    files.map(|(name, text)| File { name: fill(name).trim_end().to_owned(), content: fill(text) }).collect()
}

fn values(facts: &Facts) -> template::Values {
    let Facts { app, auth, server, upstream, .. } = facts;
    let name = name_of(&facts.name);
    let mut headers: Vec<String> = HEADERS.map(str::to_owned).into();
    if facts.basic_auth {
        headers.push("Authorization".to_owned());
    }
    let (server_service, server_namespace) = server.service();
    let words = [
        ("word", name.replace('-', "_")),
        ("name", name),
        ("app", app.to_string()),
        ("app_scheme", app.scheme().to_owned()),
        ("host", app.host.clone()),
        ("authority", app.authority()),
        ("listen", app.port().to_string()),
        ("entrypoint", if app.tls { "websecure" } else { "web" }.to_owned()),
        ("auth", auth.to_string()),
        ("server", server.to_string()),
        ("server_scheme", server.scheme().to_owned()),
        ("server_host", server.host.clone()),
        ("server_port", server.port().to_string()),
        ("server_address", server.address()),
        ("server_ssl", if server.tls { " ssl verify required ca-file @system-ca" } else { "" }.to_owned()),
        ("server_service", server_service.to_owned()),
        ("server_namespace", server_namespace.to_owned()),
        ("upstream", upstream.to_string()),
        ("upstream_host", upstream.host.clone()),
        ("upstream_port", upstream.port().to_string()),
        ("upstream_address", upstream.address()),
        ("upstream_ssl", if upstream.tls { " ssl verify required ca-file @system-ca" } else { "" }.to_owned()),
        ("upstream_service", upstream.service().0.to_owned()),
        ("header_list", headers.join(",")),
        ("header_words", headers.join(" ")),
    ];
    let flags = [("https", app.tls), ("tls", server.tls), ("domain", facts.domain), ("basic", facts.basic_auth)];
    template::Values { words: words.into(), flags: flags.into(), headers }
}

/// A name that may stand everywhere: in file names, YAML keys and Kubernetes.
fn name_of(slug: &str) -> String {
    let name: String =
        slug.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' }).collect();
    let name = name.trim_matches('-');
    if name.is_empty() { "app".to_owned() } else { name.to_owned() }
}

#[cfg(test)]
mod tests;
