//! The gate: from a request to an answer.

mod check;
mod login;
mod logout;

pub use check::{Credentials, credentials};

use std::sync::Arc;

use axum::response::Response;
use clock::{Clock, Random};
use http::{HeaderMap, StatusCode, header};
use url::Url;

use crate::asked::{Asked, is_signed};
use crate::forwarded::{self, Kind, Target, Unclear};
use crate::headers::{self, Meta};
use crate::memory::Memory;
use crate::ports::{Fault, Issuer, Sessions};
use crate::session::Held;
use crate::site::{Site, without_port};
use crate::sites::Sites;
use crate::{CALLBACK_SIGNATURE, LOGOUT_SIGNATURE, PREFIX, cookie, page};

/// What answers say of the outpost.
#[derive(Debug, Clone)]
pub struct Outpost {
    /// `X-authentik-meta-outpost`
    pub name: String,
    /// `X-authentik-meta-version`
    pub version: String,
}

/// Decides for all sites of an outpost. The sites themselves are handed in with each request, as they change with the
/// configuration.
pub struct Gate {
    pub(crate) sessions: Arc<dyn Sessions>,
    pub(crate) issuer: Arc<dyn Issuer>,
    memory: Arc<Memory>,
    pub(crate) clock: Clock,
    pub(crate) random: Random,
    outpost: Outpost,
}

/// What becomes of a request to a site in proxy mode.
pub enum Verdict {
    /// It goes on to the application.
    Pass(Pass),
    /// It is answered here.
    Answer(Box<Response>),
}

/// How a request goes on to the application.
pub struct Pass {
    site: Arc<Site>,
    /// Nobody, on a path that needs no login.
    session: Option<Held>,
    meta: HeaderMap,
}

impl Pass {
    /// Where it goes. `None` when the site has no internal host.
    pub fn backend(&self) -> Option<&Url> {
        self.session.as_ref().and_then(|s| s.identity.backend.as_ref()).or(self.site.internal.as_ref())
    }
    /// Makes the headers what the application may see: nothing that only we say, and none of our cookies.
    pub fn write(&self, headers: &mut HeaderMap) {
        headers::strip_identity(headers);
        cookie::strip(headers);
        if self.site.config.intercept_header_auth && self.session.as_ref().is_some_and(|s| s.transient) {
            // Spent on us.
            headers.remove(header::AUTHORIZATION);
        }
        for (name, value) in &self.meta {
            headers.insert(name.clone(), value.clone());
        }
        match &self.session {
            Some(session) => {
                session.identity.write(headers);
                if let Some(host) = &session.identity.host_header {
                    headers.insert(header::HOST, host.clone());
                }
            }
            None => headers::write_nobody(headers),
        }
    }
    /// The user name, for logs.
    pub fn username(&self) -> &str {
        self.session.as_ref().map_or("", |s| s.identity.username())
    }
    pub fn session(&self) -> Option<&Held> {
        self.session.as_ref()
    }
    pub fn site(&self) -> &Arc<Site> {
        &self.site
    }
}

impl Gate {
    pub fn new(
        sessions: Arc<dyn Sessions>,
        issuer: Arc<dyn Issuer>,
        memory: Arc<Memory>,
        clock: Clock,
        random: Random,
        outpost: Outpost,
    ) -> Self {
        Self { sessions, issuer, memory, clock, random, outpost }
    }
    pub fn memory(&self) -> &Memory {
        &self.memory
    }

    /// Whether a path is ours on every host.
    pub fn is_own(path: &str) -> bool {
        path.strip_prefix(PREFIX).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }

    /// Whether a path only asks if somebody is there.
    pub fn is_ping(path: &str) -> bool {
        matches!(path.strip_prefix(PREFIX), Some("/ping" | "/ping/"))
    }

    /// What is answered where the surroundings cannot let a decision be made now.
    pub fn refuse(&self, reason: &str) -> Response {
        self.fail(None, &Fault::Unavailable(reason.to_owned()))
    }

    /// Answers a request below [`PREFIX`], or one that carries a signature in its query.
    pub async fn answer(&self, sites: &Sites, asked: &Asked) -> Response {
        let path = asked.path();
        if Self::is_ping(path) {
            return page::bare(StatusCode::NO_CONTENT);
        }
        if let Some((kind, behind)) = Kind::of_path(path) {
            return self.answer_proxy(sites, asked, kind, behind).await;
        }
        let Some(site) = sites.of_host(&asked.host) else { return unknown(asked, &asked.host) };
        self.answer_own(site, asked, path, asked.query())
            .await
            .unwrap_or_else(|| page::text(StatusCode::NOT_FOUND, "There is nothing here."))
    }

    /// One of our addresses at a site; `None` when it is none of them.
    async fn answer_own(&self, site: &Arc<Site>, asked: &Asked, path: &str, query: Option<&str>) -> Option<Response> {
        // The site may live below a path.
        let path = path.strip_prefix(site.prefix.as_str()).unwrap_or(path);
        let name = path.strip_prefix(PREFIX).map(|rest| rest.trim_end_matches('/'));
        if name == Some("/callback") || is_signed(query, CALLBACK_SIGNATURE) {
            return Some(self.callback(site, asked, query).await);
        }
        if name == Some("/sign_out") || is_signed(query, LOGOUT_SIGNATURE) {
            return Some(self.sign_out(site, asked).await);
        }
        if name == Some("/start") {
            return Some(self.start(site, asked, query));
        }
        None
    }

    /// A reverse proxy asks.
    async fn answer_proxy(&self, sites: &Sites, asked: &Asked, kind: Kind, behind: &str) -> Response {
        let target = match forwarded::target(kind, asked, behind) {
            Ok(target) => target,
            Err(unclear @ Unclear::Ambiguous) => return page::text(StatusCode::BAD_REQUEST, &unclear.to_string()),
            Err(unclear @ Unclear::Missing) => {
                let hint = distrust(asked).unwrap_or_default();
                self.issuer.report(sites.of_host(&asked.host).map(|s| &**s), &format!("{unclear}. {hint}"));
                return page::text(
                    StatusCode::INTERNAL_SERVER_ERROR,
                    &format!("configuration error: {unclear}. {hint}"),
                );
            }
        };
        let Some(site) = sites.of_host(&target.host) else { return unknown(asked, &target.host) };
        if kind == Kind::Nginx && is_asked_for_another(sites, asked, &target.host) {
            return page::text(StatusCode::BAD_REQUEST, &Unclear::Ambiguous.to_string());
        }
        // Some proxies send everything through the check, the way back from a login too.
        if kind != Kind::Nginx
            && let Some(response) = self.answer_own(site, asked, &target.path, target.query).await
        {
            return response;
        }
        match self.held(site, asked).await {
            Ok(Some(session)) => self.let_pass(site, asked, &session),
            Ok(None) if target.is_sure && site.is_open(&target.host, &target.path) => self.let_nobody_pass(site, asked),
            Ok(None) => self.keep_out(kind, site, asked, &target),
            Err(fault) => self.fail(Some(site), &fault),
        }
    }

    fn let_pass(&self, site: &Arc<Site>, asked: &Asked, session: &Held) -> Response {
        let mut response = page::bare(StatusCode::OK);
        let headers = response.headers_mut();
        headers.reserve(20);
        self.write_meta(site, asked, headers);
        session.identity.write(headers);
        response
    }

    fn let_nobody_pass(&self, site: &Arc<Site>, asked: &Asked) -> Response {
        let mut response = page::bare(StatusCode::OK);
        let headers = response.headers_mut();
        self.write_meta(site, asked, headers);
        headers::write_nobody(headers);
        response
    }

    fn write_meta(&self, site: &Arc<Site>, asked: &Asked, headers: &mut HeaderMap) {
        if let Some(meta) = site.meta.get() {
            return meta.write(headers);
        }
        let addresses = self.issuer.addresses(site, asked);
        let jwks_uri = addresses.as_ref().map_or("", |a| a.jwks_uri.as_str());
        let meta = Meta::new(site, jwks_uri, &self.outpost.name, &self.outpost.version);
        meta.write(headers);
        // Without an address it may be known at the next request.
        if addresses.is_ok() {
            _ = site.meta.set(meta);
        }
    }

    /// Nobody is logged in: nginx is told so, the others pass on the way to the login.
    fn keep_out(&self, kind: Kind, site: &Arc<Site>, asked: &Asked, target: &Target<'_>) -> Response {
        if kind == Kind::Nginx {
            return page::text(StatusCode::UNAUTHORIZED, "unauthorized request");
        }
        let scheme = site.external.scheme();
        let wanted = format!("{scheme}://{}{}", target.host, target.path_and_query());
        self.begin(site, asked, Some(&wanted))
    }

    /// Decides about a request to a site in proxy mode.
    pub async fn decide(&self, site: &Arc<Site>, asked: &Asked) -> Verdict {
        if let Some(response) = self.answer_own(site, asked, asked.path(), asked.query()).await {
            return Verdict::Answer(Box::new(response));
        }
        let held = self.held(site, asked).await;
        let session = match held {
            Ok(Some(session)) => Some(session),
            Ok(None) if site.is_open(&asked.host, asked.path()) => None,
            Ok(None) => {
                // A program that sent credentials has no use for a login page.
                if site.config.intercept_header_auth && asked.parts.headers.contains_key(header::AUTHORIZATION) {
                    let text = "Due to 'Receive header authentication' being set, no redirect is performed.";
                    return Verdict::Answer(Box::new(page::text(StatusCode::UNAUTHORIZED, text)));
                }
                let path = asked.parts.uri.path_and_query().map_or("/", http::uri::PathAndQuery::as_str);
                let wanted = format!("{}{path}", site.origin());
                return Verdict::Answer(Box::new(self.begin(site, asked, Some(&wanted))));
            }
            Err(fault) => return Verdict::Answer(Box::new(self.fail(Some(site), &fault))),
        };
        let mut meta = HeaderMap::with_capacity(8);
        self.write_meta(site, asked, &mut meta);
        Verdict::Pass(Pass { site: Arc::clone(site), session, meta })
    }

    /// What is answered when it could not be decided: never that somebody may pass.
    pub(crate) fn fail(&self, site: Option<&Site>, fault: &Fault) -> Response {
        match fault {
            Fault::Refused(reason) => {
                tracing::info!("Refused: {reason}");
                page::text(StatusCode::UNAUTHORIZED, "unauthorized request")
            }
            Fault::Unavailable(reason) => {
                tracing::error!("No decision is possible now: {reason}");
                let mut response =
                    page::text(StatusCode::SERVICE_UNAVAILABLE, "No decision is possible at the moment.");
                response.headers_mut().insert(header::RETRY_AFTER, http::HeaderValue::from_static("5"));
                response
            }
            Fault::Misconfigured(reason) => {
                self.issuer.report(site, reason);
                page::page(StatusCode::INTERNAL_SERVER_ERROR, "Configuration error", reason, None)
            }
        }
    }
}

/// Whether the request itself names the site of another application.
///
/// SECURITY: asked `GET http://vault/ HTTP/1.1` with `Host: wiki`, nginx serves vault, and its `$http_host`, of which
/// authentik's configuration makes `X-Original-URL`, is wiki. `Host`, which is made of `$host`, tells. Only sites of one
/// application count: the outpost's own name, which others write there, may lie in a domain that it protects.
fn is_asked_for_another(sites: &Sites, asked: &Asked, host: &str) -> bool {
    let Some(named) = asked.named_host() else { return false };
    let named = without_port(&named);
    named != without_port(host) && sites.has_own(named)
}

/// No site has this host.
fn unknown(asked: &Asked, host: &str) -> Response {
    tracing::warn!(host, "No proxy provider has this host");
    page::no_app(host, distrust(asked).as_deref())
}

/// What to do where a proxy was not believed.
fn distrust(asked: &Asked) -> Option<String> {
    let tells = |name: &str| asked.parts.headers.contains_key(name);
    let told = tells("x-forwarded-host") || tells("x-forwarded-uri") || tells("x-original-url");
    (told && !asked.is_trusted).then(|| {
        "The request came from an address that is not trusted to tell of others. If that is your reverse proxy, add its \
         network to AUTHENTIK_LISTEN__TRUSTED_PROXY_CIDRS."
            .to_owned()
    })
}

#[cfg(test)]
mod tests;
