//! Front-channel logout (OpenID Connect Front-Channel Logout 1.0): the person's browser tells the clients, in hidden frames.

use feature::{BoxFuture, Problem};
use flow::{Answer, Challenge, Next, StageKind, Visit};
use oauth2_wire::url_encode;
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};
use store::{Filter, Query};

use super::ClientSession;
use crate::client::Clients;
use crate::provider::LogoutMethod;

/// The name under which the stage is registered.
pub const FRONTCHANNEL: &str = "provider_oauth2/frontchannel_logout";

/// Whom the browser has to tell.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Urls {
    urls: Vec<Json>,
}

/// Shows the frames.
pub struct FrontchannelStage;

impl StageKind for FrontchannelStage {
    type Config = Urls;
    const COMPONENT: &'static str = "ak-provider-iframe-logout";

    async fn challenge(&self, _: &mut Visit, config: &Urls) -> Result<Challenge, Problem> {
        let urls = config.urls.clone();
        Ok(Challenge::new(Self::COMPONENT).set("logout_urls", urls))
    }

    async fn answer(&self, _: &mut Visit, _: &Urls, _: &Answer) -> Result<Next, Problem> {
        Ok(Next::Pass)
    }
}

/// Before a flow ends a session: puts the stage behind the logout, if there is somebody to tell.
pub fn before_logout(visit: &mut Visit) -> BoxFuture<'_, Result<(), Problem>> {
    Box::pin(async move {
        let Some(login) = visit.at.browser.login_id() else { return Ok(()) };
        let app = visit.app().clone();
        let rows: Vec<ClientSession> = app.store().find(&Query::filter(Filter::eq("session", login))).await?;
        let clients = Clients::of(&app);
        let told = rows.iter().filter_map(|row| {
            let provider = &clients.by_pk(row.provider.0)?.provider;
            if provider.logout_method != LogoutMethod::Frontchannel || provider.logout_uri.is_empty() {
                return None;
            }
            // §3: `iss` and `sid`, so that the client knows which session of whom.
            let join = if provider.logout_uri.contains('?') { '&' } else { '?' };
            let query = url_encode(&[("iss", &row.iss), ("sid", &row.sid)]);
            Some(json!({
                "url": format!("{}{join}{query}", provider.logout_uri),
                "provider_name": provider.base.name,
                "binding": "redirect",
                "provider_type": "oidc",
            }))
        });
        let urls: Vec<Json> = told.collect();
        if !urls.is_empty() {
            visit.plan.insert_in_memory(FRONTCHANNEL, json!(Urls { urls }));
        }
        Ok(())
    })
}
