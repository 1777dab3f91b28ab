//! Where browsers find the server, for the outpost inside it.
//!
//! A request to an application tells only the application's address. So the server's own is what somebody set, else what
//! follows from the configuration, else the address at which an administrator has logged in.
//!
//! SECURITY: whoever chooses this address chooses where people type their passwords. A `Host` header is anybody's to write,
//! so that requests count for nothing here, but for the login of an administrator, who could set the address anyway. What
//! one of them used once stays; only an address that more people can reach takes its place.

use clock::Timestamp;
use directory::User;
use feature::{App, BoxFuture, Problem};
use http::StatusCode;
use object::{Generated, Id, Object};
use store::{Filter, Snapshot};
use url::{Host, Url};

use crate::config;
use crate::embedded::embedded;
use crate::outpost::Outpost;

/// What to do where nothing tells how browsers reach the server.
pub const REMEDY: &str = "Nothing tells under which address browsers reach this server. Set AUTHENTIK_HOST to it \
    (https://id.example.com), or authentik_host in the configuration of the outpost, or the domain of the default brand; \
    or log in once as an administrator at the address that people use.";

/// An address at which an administrator logged in.
#[derive(Debug, Clone, Object)]
#[object(
    model = "authentik_outposts.seenaddress",
    table = "keywright_seen_address",
    verbose = "Seen Address",
    plural = "Seen Addresses",
    verbs = [],
    unaudited,
    no_blueprint,
    cached
)]
pub struct SeenAddress {
    #[field(key)]
    pub pk: Id<Self>,
    /// Whose address it is.
    #[field(max = 50, unique)]
    pub name: String,
    /// Scheme, host and port.
    #[field(internal)]
    pub origin: String,
    /// When it was first used.
    #[field(generated(Generated::Now))]
    pub at: Timestamp,
}

const SERVER: &str = "server";

/// Who is to be sent to the server.
#[derive(Debug, Clone, Copy, Default)]
pub struct Visitor<'a> {
    /// The external host of a provider for a whole domain, where they came to one: it is the server's own by what such a
    /// provider is.
    pub domain: Option<&'a Url>,
    /// Whether their browser is on the machine of the proxy, so that `localhost` leads it where it led the administrator.
    pub is_here: bool,
}

/// Where browsers find the server: what is set for this process, in the outpost's configuration, or as the domain of the
/// default brand; else what can be concluded. Never an address that nobody can go to.
///
/// # Errors
/// Nothing tells. The problem names the remedy.
pub fn host(app: &App, outpost: &Outpost, visitor: Visitor<'_>) -> Result<Url, Problem> {
    let snapshot = app.store().snapshot();
    let found = set(app, outpost).or_else(|| {
        let seen = seen(&snapshot);
        // A brand may stand for all names below its domain; an address in use tells which of them it is.
        let brand = of_brand(&snapshot).map(|brand| match seen.clone().filter(|seen| lies_in(seen, &brand)) {
            Some(seen) => seen,
            None => brand,
        });
        let at_large = seen.clone().filter(|seen| reach(seen) > Reach::Machine);
        brand.or(at_large).or_else(|| visitor.domain.and_then(root)).or(seen.filter(|_| visitor.is_here))
    });
    let found = found.filter(|url| !config::leads_nowhere(url));
    found.ok_or_else(|| Problem::detail(StatusCode::SERVICE_UNAVAILABLE, REMEDY))
}

/// Where browsers find the server, as far as that is known: even if it is an address for one machine only.
pub fn known_host(app: &App) -> Option<Url> {
    let outpost = embedded(app)?;
    host(app, &outpost, Visitor { domain: None, is_here: true }).ok()
}

/// What somebody set as the address. What is meant for browsers goes first, the process's own settings before the outpost's.
fn set(app: &App, outpost: &Outpost) -> Option<Url> {
    let config = outpost.config();
    let said = |text: &str| config::address(text).ok().flatten();
    let settings = &app.settings().general;
    let browser = settings.host_browser.clone().or_else(|| said(&config.authentik_host_browser));
    browser.or_else(|| settings.host.clone()).or_else(|| said(&config.authentik_host))
}

/// The domain of the default brand, where it is one that can be reached from elsewhere.
fn of_brand(snapshot: &Snapshot) -> Option<Url> {
    let all = snapshot.all::<brand::Brand>();
    let default = all.iter().find(|b| b.default)?;
    let is_public = default.domain.contains('.') && !default.domain.ends_with('.');
    is_public.then(|| Url::parse(&format!("https://{}/", default.domain)).ok()).flatten()
}

fn seen(snapshot: &Snapshot) -> Option<Url> {
    Url::parse(&snapshot.all::<SeenAddress>().first()?.origin).ok()
}

/// Whether the name is the other's or lies below it.
fn lies_in(url: &Url, domain: &Url) -> bool {
    let (Some(name), Some(domain)) = (url.host_str(), domain.host_str()) else { return false };
    name == domain || name.strip_suffix(domain).is_some_and(|rest| rest.ends_with('.'))
}

fn root(url: &Url) -> Option<Url> {
    url.join("/").ok()
}

/// From where an address can be reached, as far as it tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Reach {
    Nowhere,
    /// The machine that the browser runs on.
    Machine,
    /// A network that knows the number or the short name.
    Network,
    /// Wherever the name is known.
    Name,
    /// As above, and nobody between can read along.
    SecureName,
}

fn reach(url: &Url) -> Reach {
    if config::leads_nowhere(url) {
        return Reach::Nowhere;
    }
    if is_this_machine(url) {
        return Reach::Machine;
    }
    match url.host() {
        Some(Host::Domain(name)) if name.contains('.') && url.scheme() == "https" => Reach::SecureName,
        Some(Host::Domain(name)) if name.contains('.') => Reach::Name,
        _ => Reach::Network,
    }
}

/// Whether a browser that follows the address stays on its own machine (RFC 6761 §6.3).
pub fn is_this_machine(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.to_canonical().is_loopback(),
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        None => false,
    }
}

/// Takes note of where an administrator logged in.
pub(crate) fn logged_in<'a>(app: &'a App, user: &'a User, origin: &'a str) -> BoxFuture<'a, ()> {
    Box::pin(async move {
        let snapshot = app.store().snapshot();
        let Ok(url) = Url::parse(origin) else { return };
        let known = seen(&snapshot);
        // Most logins end here.
        if known.as_ref().map_or(Reach::Nowhere, reach) >= reach(&url) || !user.is_superuser(&snapshot) {
            return;
        }
        match keep(app, origin).await {
            Ok(()) => tracing::info!(
                "An administrator logged in at {origin}: applications send people there to log in, unless AUTHENTIK_HOST, the \
                 configuration of the outpost or the default brand says otherwise"
            ),
            // The login stands all the same.
            Err(error) => tracing::warn!("The address of a login could not be kept: {error}"),
        }
    })
}

async fn keep(app: &App, origin: &str) -> Result<(), store::Error> {
    let (store, at) = (app.store(), app.clock().now());
    let set = vec![("origin", origin.into()), ("at", at.into())];
    if store.change(SeenAddress::model(), Filter::eq("name", SERVER), set).await? > 0 {
        return Ok(());
    }
    let row = SeenAddress { pk: Id(app.random().uuid_v7(at)), name: SERVER.to_owned(), origin: origin.to_owned(), at };
    match store.insert(&row).await {
        // Another node was faster.
        Ok(_) | Err(store::Error::Unique { .. }) => Ok(()),
        Err(error) => Err(error),
    }
}
