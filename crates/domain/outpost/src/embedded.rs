//! The outpost that runs inside the server.

use std::sync::Arc;

use feature::change::{self, Context, Options};
use feature::{App, Caller, Problem};
use http::StatusCode;
use net::Origin;
use object::Object;
use serde_json::{Map, Value as Json, json};
use store::{Filter, Snapshot};
use url::Url;

use crate::account;
use crate::config::{self, Config};
use crate::outpost::Outpost;

/// What marks it.
pub const MANAGED: &str = "goauthentik.io/outposts/embedded";
pub const NAME: &str = "authentik Embedded Outpost";

/// What to do where nothing tells how browsers reach the server.
pub const REMEDY: &str = "Nothing tells under which address browsers reach this server. Set AUTHENTIK_HOST to it \
    (https://id.example.com), or authentik_host in the configuration of the outpost, or the domain of the default brand.";

/// The embedded outpost, unless the settings switch it off.
pub fn embedded(app: &App) -> Option<Arc<Outpost>> {
    of_snapshot(&app.store().snapshot())
}

/// As [`embedded`], for whoever has a snapshot at hand.
pub fn of_snapshot(snapshot: &Snapshot) -> Option<Arc<Outpost>> {
    struct Embedded(Option<Arc<Outpost>>);
    let find = |s: &Snapshot| Embedded(s.all::<Outpost>().iter().find(|o| o.is_embedded()).cloned());
    snapshot.derive(find).0.clone()
}

/// Makes the embedded outpost at the first start, or takes it away where the settings want none; sees to the accounts of
/// all outposts. Changes nothing when all is there.
pub async fn ensure(app: &App) -> Result<(), Problem> {
    let present = || app.store().first::<Outpost>(Filter::eq("managed", MANAGED));
    let caller = Caller::system();
    if app.settings().web.disable_embedded_outpost {
        if let Some(outpost) = present().await? {
            let tx = app.store().begin().await?;
            let context = Context { app, store: &tx, caller: &caller, options: Options::default() };
            change::delete(context, &outpost.to_record()).await?;
            tx.commit().await?;
        }
    } else if present().await?.is_none() {
        let tx = app.store().begin().await?;
        let options = Options { privileged: true, refuse_unknown: true };
        let context = Context { app, store: &tx, caller: &caller, options };
        match change::create(context, Outpost::model(), &fresh()).await {
            Ok(_) => tx.commit().await?,
            Err(problem) => {
                tx.rollback().await?;
                // Another instance that started at the same moment may have been first.
                if present().await?.is_none() {
                    return Err(problem);
                }
            }
        }
    }
    account::ensure_all(app).await?;
    if let Some(outpost) = embedded(app)
        && host(app, &outpost, None).is_err()
    {
        tracing::info!("The embedded outpost sends people to the address they came to. {REMEDY}");
    }
    Ok(())
}

fn fresh() -> Map<String, Json> {
    let input =
        json!({"name": NAME, "type": "proxy", "providers": [], "managed": MANAGED, "config": Config::default()});
    match input {
        Json::Object(map) => map,
        _ => Map::new(),
    }
}

/// Where browsers find the server: as the outpost's configuration says, else the settings, else the brand, else the request
/// at hand, which has to be one whose proxy is trusted or that came straight from the client. Never an address that nobody
/// can go to.
///
/// # Errors
/// Nothing tells. The problem names the remedy.
pub fn host(app: &App, outpost: &Outpost, request: Option<&Origin>) -> Result<Url, Problem> {
    let config = outpost.config();
    let said = |text: &str| config::address(text).ok().flatten();
    let set = &app.settings().general;
    let found = said(&config.authentik_host_browser)
        .or_else(|| said(&config.authentik_host))
        .or_else(|| set.host_browser.clone())
        .or_else(|| set.host.clone())
        .or_else(|| of_brand(&app.store().snapshot()))
        .or_else(|| Url::parse(&request?.to_string()).ok());
    let found = found.filter(|url| !config::leads_nowhere(url));
    found.ok_or_else(|| Problem::detail(StatusCode::SERVICE_UNAVAILABLE, REMEDY))
}

/// The domain of the default brand, where it is one that can be reached from elsewhere.
fn of_brand(snapshot: &Snapshot) -> Option<Url> {
    let all = snapshot.all::<brand::Brand>();
    let default = all.iter().find(|b| b.default)?;
    let is_public = default.domain.contains('.') && !default.domain.ends_with('.');
    is_public.then(|| Url::parse(&format!("https://{}/", default.domain)).ok()).flatten()
}
