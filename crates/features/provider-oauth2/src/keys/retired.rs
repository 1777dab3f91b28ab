//! Keys that a provider signed with before: published until the last token that they signed has ended.
//!
//! Whoever verifies our tokens fetches the key set now and then. If the earlier key vanished from it at once, tokens that are
//! still good would be refused, and people would be thrown out when a key is renewed. Deleting the pair takes its earlier keys
//! away with it: that is how a key is revoked.

use ::keys::{CertificateKeyPair, Loaded};
use clock::{SignedDuration, TimeDelta};
use feature::{BoxFuture, Change, Problem};
use jiff::Timestamp;
use jose::{Algorithm, Jwk, JwkSet};
use object::{Id, Object, Record, Uuid};
use serde_json::{Map, Value as Json};
use std::collections::HashMap;
use std::sync::Arc;
use store::{Filter, Query, Snapshot, Write};

use crate::provider::OAuth2Provider;

/// Seconds by which the clocks of those who verify may be behind ours.
const SKEW: i64 = 300;

/// The public half of a key that signs no longer.
#[derive(Debug, Clone, Object)]
#[object(
    model = "authentik_providers_oauth2.retiredkey",
    table = "authentik_providers_oauth2_retiredkey",
    verbose = "Retired Key",
    plural = "Retired Keys",
    verbs = [],
    expires,
    unaudited,
    cached,
    no_blueprint
)]
pub struct RetiredKey {
    #[field(key)]
    pub pk: Id<Self>,
    /// Who signed with it.
    #[field(cascade, index)]
    pub provider: Id<OAuth2Provider>,
    /// The pair that it was in; it goes with the pair.
    #[field(cascade, index)]
    pub pair: Id<CertificateKeyPair>,
    /// The public key as it is published.
    #[field(internal)]
    pub jwk: Map<String, Json>,
    /// When the last token that it signed ends.
    #[field(index)]
    pub expires: Option<Timestamp>,
    /// Whether it ends at all.
    #[field(internal, default_bool = true)]
    pub expiring: bool,
}

/// The keys of a provider that are still to be published, by provider.
#[derive(Default)]
struct ByProvider(HashMap<i64, Vec<(Option<Timestamp>, Jwk)>>);

/// The earlier keys of a provider as of `now`, without the one with the id `current`.
pub fn of(snapshot: &Snapshot, provider: Id<OAuth2Provider>, current: Option<&str>, now: Timestamp) -> JwkSet {
    let all: Arc<ByProvider> = snapshot.derive(|snapshot| {
        let mut all = ByProvider::default();
        for key in snapshot.all::<RetiredKey>().iter() {
            if let Ok(jwk) = serde_json::from_value::<Jwk>(Json::Object(key.jwk.clone())) {
                all.0.entry(key.provider.0).or_default().push((key.expires, jwk));
            }
        }
        all
    });
    let found = all.0.get(&provider.0).map(Vec::as_slice).unwrap_or_default();
    let is_good = |at: &Option<Timestamp>, jwk: &Jwk| {
        at.is_none_or(|at| at > now) && (current.is_none() || jwk.kid.as_deref() != current)
    };
    JwkSet { keys: found.iter().filter(|(at, jwk)| is_good(at, jwk)).map(|(_, jwk)| jwk.clone()).collect() }
}

/// The algorithms that earlier keys may have: those with a public half.
pub const ALGORITHMS: [Algorithm; 10] = Algorithm::ASYMMETRIC;

/// After a provider was saved: with another pair than before, the former one retires.
pub fn saved<'a>(change: &'a mut Change<'_>) -> BoxFuture<'a, Result<(), Problem>> {
    Box::pin(async move {
        let Some(before) = change.before.filter(|_| change.differs("signing_key")) else { return Ok(()) };
        let Some(object::Key::Uuid(pair)) = before.get("signing_key").as_key() else { return Ok(()) };
        let Some(pair) = change.store.get(Id::<CertificateKeyPair>(pair)).await? else { return Ok(()) };
        retire(change, &pair, std::slice::from_ref(&change.record)).await
    })
}

/// When a pair gets another key: its former one retires for every provider that signs with the pair.
pub fn renewed<'a>(change: &'a Change<'_>, before: &'a CertificateKeyPair) -> BoxFuture<'a, Result<(), Problem>> {
    Box::pin(async move {
        let query = Query::filter(Filter::eq("signing_key", before.pk)).columns_only();
        let providers = change.store.records(OAuth2Provider::model(), &query).await?;
        retire(change, before, &providers).await
    })
}

async fn retire(change: &Change<'_>, pair: &CertificateKeyPair, providers: &[Record]) -> Result<(), Problem> {
    if providers.is_empty() {
        return Ok(());
    }
    let Ok(jwk) = Loaded::new(Arc::new(pair.clone())).signing_jwk() else {
        // It could not sign either.
        return Ok(());
    };
    let kid = jwk.kid.clone().unwrap_or_default();
    let Ok(Json::Object(jwk)) = serde_json::to_value(&jwk) else { return Ok(()) };
    let now = change.app.clock().now();
    let writes = providers.iter().filter_map(|provider| {
        let object::Key::Int(provider_pk) = provider.key()? else { return None };
        let text = provider.text("access_token_validity");
        let before = change.before.filter(|b| b.model.name() == OAuth2Provider::MODEL);
        let earlier = before.map_or(text, |b| b.text("access_token_validity"));
        let ends = [text, earlier].map(|text| TimeDelta::parse(text).unwrap_or_default().after(now));
        let end = ends.into_iter().max().unwrap_or(now);
        let row = RetiredKey {
            // One row for a provider and a key, however often it is changed back and forth.
            pk: Id(Uuid::new_v5(&pair.pk.0, format!("{provider_pk} {kid}").as_bytes())),
            provider: Id(provider_pk),
            pair: pair.pk,
            jwk: jwk.clone(),
            expires: Some(end.checked_add(SignedDuration::from_secs(SKEW)).unwrap_or(end)),
            expiring: true,
        };
        Some(Write::Upsert(row.to_record()))
    });
    change.store.apply(writes.collect()).await?;
    Ok(())
}
