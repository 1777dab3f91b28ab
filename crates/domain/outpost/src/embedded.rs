//! The outpost that runs inside the server.

use std::sync::Arc;

use feature::change::{self, Context, Options};
use feature::{App, Caller, Problem};
use object::Object;
use serde_json::{Map, Value as Json, json};
use store::{Filter, Snapshot};

use crate::account;
use crate::address::{REMEDY, known_host};
use crate::config::Config;
use crate::outpost::Outpost;

/// What marks it.
pub const MANAGED: &str = "goauthentik.io/outposts/embedded";
pub const NAME: &str = "authentik Embedded Outpost";

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
    if embedded(app).is_some() && known_host(app).is_none() {
        tracing::info!("The embedded outpost can send nobody to log in yet. {REMEDY}");
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
