//! Evaluating mappings: what providers and sources ask for.

use std::sync::Arc;

use expr::Value;
use feature::App;
use policy::expression::{Failure, Scope, evaluate};
use policy::{HttpInfo, Subject};
use store::{Row, Snapshot};

/// What mappings are evaluated with.
#[derive(Default)]
pub struct About<'a> {
    pub user: Option<&'a Arc<Subject>>,
    pub http: Option<&'a Arc<HttpInfo>>,
    /// Further variables, in their order: `provider`, `token`…
    pub variables: Vec<(String, Value)>,
    /// A trial: failures are not recorded as events.
    pub trial: bool,
}

/// The value of a mapping; `None` when it asks for the object to be left out (`raise SkipObject`).
///
/// # Errors
/// The expression does not compile or raised.
pub async fn mapping(app: &App, mapping: &Row, about: &About<'_>) -> Result<Option<Value>, Failure> {
    let (name, source) = (mapping.text("name"), mapping.text("expression"));
    let scope = Scope::mapping(name, Some(Arc::clone(mapping)), about.user, about.http, about.variables.clone());
    let scope = if about.trial { scope.trial() } else { scope };
    match evaluate(app, source, scope).await {
        Ok(value) => Ok(Some(value)),
        Err(failure) if failure.is_skip() => Ok(None),
        Err(failure) => Err(failure),
    }
}

/// The mappings that a provider names, of one kind, by name.
pub fn mappings_of(snapshot: &Snapshot, provider: &Row, kind: &str) -> Vec<Row> {
    let keys = provider.get("property_mappings").as_keys();
    let mut found: Vec<Row> = keys.iter().filter_map(|k| snapshot.row(kind, *k)).cloned().collect();
    found.sort_by(|a, b| a.text("name").cmp(b.text("name")));
    found
}
