//! What the kinds of sources do, by label. The base knows no single kind: the crate of a kind hands its functions in while
//! the program is put together.

use std::collections::HashMap;
use std::sync::Arc;

use feature::{App, BoxFuture, Problem};
use object::{Id, Object as _, Record};
use parking_lot::RwLock;
use serde_json::{Map, Value as Json};
use store::Row;

use super::Source;

/// A signed token in question.
#[derive(Clone, Copy)]
pub struct Presented<'a> {
    pub token: &'a str,
    /// Whom the token may be meant for: one of these must be in its `aud`.
    pub audiences: &'a [String],
}

/// The claims of a token that the source's issuer signed and that is good, else nothing.
pub type VerifyToken =
    for<'a> fn(&'a App, &'a Row, Presented<'a>) -> BoxFuture<'a, Result<Option<Map<String, Json>>, Problem>>;

/// What a kind of source can do.
#[derive(Clone, Copy)]
pub struct SourceKind {
    /// The picture of a source that has none of its own.
    pub icon: fn(&Record) -> Option<String>,
    /// For kinds whose issuer signs tokens.
    pub verify_token: Option<VerifyToken>,
}

#[derive(Default)]
struct Kinds(RwLock<HashMap<&'static str, SourceKind>>);

/// Says what sources of a kind can do. Called by [`feature::Feature::setup`].
pub fn register_source(app: &App, label: &'static str, kind: SourceKind) {
    kinds(app).0.write().insert(label, kind);
}

fn kinds(app: &App) -> Arc<Kinds> {
    app.shared()
}

/// What the kind of this source can do.
pub fn kind_of(app: &App, source: &Record) -> Option<SourceKind> {
    let kinds = kinds(app);
    let kinds = kinds.0.read();
    source.model.chain.iter().rev().find_map(|schema| kinds.get(schema.model).copied())
}

/// The claims of a token that the issuer behind a source signed, with the source. Nothing for a source that is switched off,
/// does not exist or signs nothing.
pub async fn verify_token(
    app: &App,
    source: Id<Source>,
    presented: Presented<'_>,
) -> Result<Option<(Row, Map<String, Json>)>, Problem> {
    let snapshot = app.store().snapshot();
    let Some(row) = snapshot.concrete(Source::MODEL, source.key()).cloned() else { return Ok(None) };
    if row.get("enabled").as_bool() != Some(true) {
        return Ok(None);
    }
    let Some(verify) = kind_of(app, &row).and_then(|kind| kind.verify_token) else { return Ok(None) };
    Ok(verify(app, &row, presented).await?.map(|claims| (row, claims)))
}
