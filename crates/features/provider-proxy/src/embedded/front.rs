//! What looks at every request before the router does: whether it is for the gate.
//!
//! In front of the router and of the browser's session, because requests for a site are none for the server: they come to
//! other hosts, with other cookies, and there are many of them.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::Request;
use axum::response::{IntoResponse as _, Response};
use brand::API_VERSION;
use feature::App;
use gate::{Asked, Gate, Memory, Mode, Outpost, Site, Sites, Verdict};
use http::{HeaderMap, header};
use net::{AsIs, Origin, TrustedProxies};
use reverse_proxy::{Passage, ReverseProxy, Target, Timeouts};

use super::issuer::Embedded as Issuer;
use super::sessions::{Embedded as Sessions, keep_tidy};
use crate::{elsewhere, index};

/// How often a session is looked at while something still goes on under it.
const LOOK: Duration = Duration::from_secs(1);

/// The gate of this process.
#[derive(Clone)]
pub struct Front(Arc<Inner>);

struct Inner {
    app: App,
    gate: Gate,
    trusted: TrustedProxies,
    proxy: ReverseProxy,
}

impl Front {
    /// The one of this process: all listeners share its memory. Needs a runtime.
    pub fn of(app: &App) -> Self {
        if let Some(front) = app.service::<Self>() {
            return Self::clone(&front);
        }
        let front = Self::new(app);
        app.provide(front.clone());
        front
    }
    fn new(app: &App) -> Self {
        let memory = Arc::new(Memory::default());
        let sessions = Arc::new(Sessions::new(app, Arc::clone(&memory)));
        tokio::spawn(keep_tidy(Arc::downgrade(&sessions)));
        tokio::spawn(elsewhere::follow(app.clone()));
        let outpost = Outpost { name: super::name(app), version: format!("goauthentik.io/outpost/{API_VERSION}") };
        let gate =
            Gate::new(sessions, Arc::new(Issuer::new(app)), memory, app.clock().clone(), app.random().clone(), outpost);
        Self(Arc::new(Inner {
            app: app.clone(),
            gate,
            trusted: TrustedProxies::new(app.settings().listen.trusted_proxy_cidrs.clone()),
            proxy: ReverseProxy::new(Timeouts::default(), app.random().clone()),
        }))
    }
    pub fn gate(&self) -> &Gate {
        &self.0.gate
    }
    pub fn sites(&self) -> Arc<Sites> {
        index::sites(&self.0.app.store().snapshot())
    }

    /// Whether requests to a host go on to an application behind us.
    pub fn is_proxied(&self, host: &str) -> bool {
        let is_off = self.0.app.settings().web.disable_embedded_outpost;
        !is_off && self.sites().of_host(host).is_some_and(|site| site.mode() == Mode::Proxy && site.has_host(host))
    }

    /// The gate's answer, or that of `next` when the request is none of the gate's. Inside the edge, outside of everything
    /// that knows the server's own sessions.
    pub async fn before(&self, request: Request, next: impl AsyncFnOnce(Request) -> Response) -> Response {
        match self.handle(request).await {
            Ok(mut response) => {
                // A check is asked again and again; nobody between may remember the answer. What an application answers is
                // its own business.
                if response.extensions().get::<AsIs>().is_none() {
                    let no_store = http::HeaderValue::from_static("no-store");
                    response.headers_mut().entry(header::CACHE_CONTROL).or_insert(no_store);
                }
                response
            }
            Err(request) => next(request).await,
        }
    }

    /// The answer, or the request back when it is none of the gate's.
    async fn handle(&self, request: Request) -> Result<Response, Request> {
        let path = request.uri().path();
        let is_own = Gate::is_own(path);
        if !is_own && self.0.app.settings().web.disable_embedded_outpost {
            return Err(request);
        }
        if is_own {
            if !Gate::is_ping(path)
                && let Some(refusal) = self.behind().await
            {
                return Ok(refusal);
            }
            let sites = self.sites();
            let (parts, body) = request.into_parts();
            let asked = super::asked(parts, &self.0.trusted);
            let response = self.0.gate.answer(&sites, &asked).await;
            drain(body).await;
            return Ok(response);
        }
        if self.sites().is_empty() {
            return Err(request);
        }
        let host = request.extensions().get::<Origin>().map(|origin| origin.host.clone()).unwrap_or_default();
        let query = request.uri().query();
        // The address of a login holds the signature too, inside of another parameter.
        let is_signed =
            [gate::CALLBACK_SIGNATURE, gate::LOGOUT_SIGNATURE].iter().any(|name| gate::is_signed(query, name));
        if (is_signed || self.is_proxied(&host))
            && let Some(refusal) = self.behind().await
        {
            return Ok(refusal);
        }
        let sites = self.sites();
        let Some(site) = sites.of_host(&host) else { return Err(request) };
        match site.mode() {
            Mode::Proxy if site.has_host(&host) => Ok(self.pass(site, request).await),
            // Whatever else is asked of such a host is for the server, unless it says that it is for us.
            _ if is_signed && site.has_host(&host) => {
                let (parts, body) = request.into_parts();
                let asked = super::asked(parts, &self.0.trusted);
                let response = self.0.gate.answer(&sites, &asked).await;
                drain(body).await;
                Ok(response)
            }
            _ => Err(request),
        }
    }

    /// What is answered when this node does not know what the others changed: who is let in without a login is
    /// configuration too.
    async fn behind(&self) -> Option<Response> {
        let fault = self.0.app.store().catch_up().await.err()?;
        Some(self.0.gate.refuse(&fault.to_string()))
    }

    /// Completes when the session ends: nobody goes on listening to a stream or talking through a tunnel.
    async fn ended(self, site: Arc<Site>, asked: Asked) {
        loop {
            tokio::time::sleep(LOOK).await;
            if !self.0.gate.goes_on(&site, &asked).await {
                return;
            }
        }
    }

    /// A request to a site in proxy mode.
    async fn pass(&self, site: &Arc<Site>, request: Request) -> Response {
        let (parts, body) = request.into_parts();
        let asked = super::asked(parts, &self.0.trusted);
        let copy = asked.copy();
        let pass = match self.0.gate.decide(site, &asked).await {
            Verdict::Pass(pass) => pass,
            Verdict::Answer(response) => {
                drain(body).await;
                return *response;
            }
        };
        let verified = site.config.internal_host_ssl_validation;
        let target = pass.backend().map(|url| Target::parse(url.as_str(), verified));
        let target = match target {
            Some(Ok(target)) => target,
            Some(Err(bad)) => {
                tracing::error!(provider = site.config.name, "{bad}");
                return http::StatusCode::BAD_GATEWAY.into_response();
            }
            None => return http::StatusCode::BAD_GATEWAY.into_response(),
        };
        let mut request = Request::from_parts(asked.parts, body);
        pass.write(request.headers_mut());
        // SECURITY: once more apart from what came in, so that the client cannot have our headers dropped by naming them in
        // `Connection`.
        let mut ours = HeaderMap::new();
        pass.write(&mut ours);
        ours.remove(header::HOST);
        let mut passage = Passage::to(&target).with_headers(ours);
        if pass.session().is_some() {
            passage = passage.until(self.clone().ended(Arc::clone(site), copy));
        }
        if let Some(host) = pass.session().and_then(|s| s.identity.host_header.as_ref())
            && let Ok(host) = host.as_bytes().try_into()
        {
            passage = passage.with_host(host);
        }
        match self.0.proxy.forward(request, passage).await {
            Ok(response) => response,
            Err(fault) => fault.into_response(),
        }
    }
}

/// Reads the little that a check may carry; what is longer costs the client its connection.
async fn drain(body: Body) {
    let _ = axum::body::to_bytes(body, 64 << 10).await;
}
