//! The identity provider of the embedded outpost: the server's own, called in process.

use std::sync::Arc;

use feature::App;
use gate::{Addresses, Asked, Awaited, Basic, Claims, Fault, Issuer, Login, Redeem, Site};
use provider_oauth2::in_process::{Inside, NotGiven, Tokens};
use serde_json::Value as Json;

use super::address::base;
use super::reports::Reports;
use super::{caller, fault, http_info, origin};

/// Seconds for which an answer about credentials in a header is remembered; they are looked at again every second.
const REMEMBERED: u32 = 60;

pub struct Embedded {
    app: App,
    reports: Reports,
}

impl Embedded {
    pub fn new(app: &App) -> Self {
        Self { app: app.clone(), reports: Reports::default() }
    }
}

/// What the gate's request is to the provider. Borrowed parts first, as the whole borrows them.
pub(super) struct Asking {
    base: String,
    origin: net::Origin,
    http: Arc<policy::HttpInfo>,
    caller: feature::Caller,
}

impl Asking {
    pub fn new(base: String, asked: &Asked) -> Self {
        Self { base, origin: origin(asked), http: http_info(asked), caller: caller(asked) }
    }
    pub fn inside<'a>(&'a self, app: &'a App, provider: i64) -> Inside<'a> {
        Inside {
            app,
            provider,
            base: &self.base,
            origin: &self.origin,
            http: Arc::clone(&self.http),
            caller: self.caller.clone(),
        }
    }
}

pub(super) fn not_given(reason: NotGiven) -> Fault {
    match reason {
        NotGiven::Refused(reason) => Fault::Refused(reason),
        NotGiven::Fault(problem) => fault(problem),
    }
}

fn login(tokens: Tokens, good_for: u32) -> Result<Login, Fault> {
    Ok(Login {
        claims: Claims::read(Json::Object(tokens.claims))?,
        token: tokens.token,
        expires: tokens.expires,
        user: Some(tokens.user),
        session: tokens.session,
        good_for,
    })
}

impl Issuer for Embedded {
    fn addresses(&self, site: &Site, asked: &Asked) -> Result<Arc<Addresses>, Fault> {
        let base = base(&self.app, site, asked)?;
        let slug = &site.config.assigned_application_slug;
        let global = |name: &str| format!("{base}/application/o/{name}/");
        let own = |name: &str| format!("{base}/application/o/{slug}/{name}");
        Ok(Arc::new(Addresses {
            issuer: own(""),
            authorization_endpoint: global("authorize"),
            token_endpoint: global("token"),
            userinfo_endpoint: global("userinfo"),
            end_session_endpoint: own("end-session/"),
            introspection_endpoint: global("introspect"),
            jwks_uri: own("jwks/"),
            id_token_signing_alg_values_supported: Vec::new(),
        }))
    }

    fn redeem<'a>(&'a self, site: &'a Site, redeem: Redeem<'a>, asked: &'a Asked) -> Awaited<'a, Login> {
        Box::pin(async move {
            let asking = Asking::new(base(&self.app, site, asked)?, asked);
            let inside = asking.inside(&self.app, site.config.pk);
            let tokens = inside.redeem(redeem.code, redeem.verifier, redeem.redirect_uri).await.map_err(not_given)?;
            login(tokens, 0)
        })
    }

    fn bearer<'a>(&'a self, site: &'a Site, token: &'a str, asked: &'a Asked) -> Awaited<'a, Option<Login>> {
        Box::pin(async move {
            let asking = Asking::new(String::new(), asked);
            let found = asking.inside(&self.app, site.config.pk).bearer(token).await.map_err(not_given)?;
            found.map(|tokens| login(tokens, REMEMBERED)).transpose()
        })
    }

    fn basic<'a>(&'a self, site: &'a Site, given: Basic<'a>, asked: &'a Asked) -> Awaited<'a, Option<Login>> {
        Box::pin(async move {
            let asking = Asking::new(base(&self.app, site, asked)?, asked);
            let inside = asking.inside(&self.app, site.config.pk);
            // Most wrong passwords end here, before anything is written.
            if !inside.is_app_password(given.username, given.password).await.map_err(not_given)? {
                return Ok(None);
            }
            let tokens = inside.app_password(given.username, given.password).await.map_err(not_given)?;
            login(tokens, REMEMBERED).map(Some)
        })
    }

    fn report(&self, site: Option<&Site>, message: &str) {
        let provider = site.map(|s| s.config.name.clone()).unwrap_or_default();
        tracing::error!(provider, "{message}");
        if !self.reports.is_new(self.app.clock(), site.map_or(0, |s| s.config.pk), message) {
            return;
        }
        let app = self.app.clone();
        let message = message.to_owned();
        tokio::spawn(async move {
            events::Draft::new(events::Action::ConfigurationError, "authentik.providers.proxy")
                .with("message", message)
                .with("provider", provider)
                .record(&app)
                .await;
        });
    }
}
