//! The issuer's documents: fetched when they are needed, and kept for a while.
//!
//! A key that the issuer took out of its set must stop to be good soon, so what was fetched is kept for minutes; while the
//! issuer cannot be reached, for an hour. Whoever sends tokens with made-up keys cannot make us ask more often than that.

use std::collections::HashMap;
use std::sync::Arc;

use clock::{SignedDuration, Timestamp};
use feature::App;
use jose::JwkSet;
use parking_lot::Mutex;
use serde::Deserialize;
use tokio::sync::Mutex as Turn;

/// Longer documents than any issuer has.
const MOST_BYTES: usize = 512 * 1024;
/// More addresses than there are sources.
const MOST_ADDRESSES: usize = 1000;
/// How long a document is taken for what the issuer says.
const FRESH: SignedDuration = SignedDuration::from_mins(5);
/// How long it is, while the issuer does not answer.
const STALE: SignedDuration = SignedDuration::from_hours(1);
/// How soon the issuer is asked again: after a failure, or for a key that is not in its set.
const PAUSE: SignedDuration = SignedDuration::from_secs(30);

/// What is needed of a discovery document (OpenID Connect Discovery §3).
#[derive(Debug, Clone, Deserialize)]
pub struct Discovery {
    pub issuer: String,
    pub jwks_uri: String,
}

#[derive(Default)]
struct Kept {
    body: Option<(Timestamp, Arc<Vec<u8>>)>,
    asked: Option<Timestamp>,
}

/// What was fetched, by address. Each has a turn of its own, so that many who wait for the same document ask once.
#[derive(Default)]
struct Documents(Mutex<HashMap<String, Arc<Turn<Kept>>>>);

impl Documents {
    fn of(app: &App) -> Arc<Self> {
        app.shared()
    }

    fn turn(&self, url: &str) -> Arc<Turn<Kept>> {
        let mut all = self.0.lock();
        if all.len() >= MOST_ADDRESSES && !all.contains_key(url) {
            all.clear();
        }
        Arc::clone(all.entry(url.to_owned()).or_default())
    }
}

/// The document at an address. With `anew` a document that is still fresh does not do, unless it was asked for just now.
async fn fetch(app: &App, url: &str, anew: bool) -> Result<Arc<Vec<u8>>, String> {
    let turn = Documents::of(app).turn(url);
    let mut kept = turn.lock().await;
    let now = app.clock().now();
    let age = |since: Timestamp| now.duration_since(since);
    let asked_lately = kept.asked.is_some_and(|at| age(at) < PAUSE);
    if let Some((at, body)) = &kept.body
        && (asked_lately || (!anew && age(*at) < FRESH))
        && age(*at) < STALE
    {
        return Ok(Arc::clone(body));
    }
    if asked_lately {
        return Err("it could not be fetched just now".to_owned());
    }
    kept.asked = Some(now);
    match outgoing::get(url, MOST_BYTES).await {
        Ok(body) => {
            let body = Arc::new(body);
            kept.body = Some((now, Arc::clone(&body)));
            Ok(body)
        }
        Err(reason) => {
            tracing::warn!(url, "A document of an issuer could not be fetched: {reason}");
            match &kept.body {
                Some((at, body)) if age(*at) < STALE => Ok(Arc::clone(body)),
                _ => Err(reason),
            }
        }
    }
}

pub async fn discovery(app: &App, url: &str) -> Result<Discovery, String> {
    let body = fetch(app, url, false).await?;
    serde_json::from_slice(&body).map_err(|error| format!("the discovery document cannot be read: {error}"))
}

pub async fn keys(app: &App, url: &str, anew: bool) -> Result<JwkSet, String> {
    let body = fetch(app, url, anew).await?;
    JwkSet::parse(&body).map_err(|error| format!("the key set cannot be read: {error}"))
}
