//! The claims that scopes stand for: what the scope mappings say about a user.

pub mod steady;

use std::sync::Arc;

use directory::User;
use events::{Action, Draft};
use expr::Value;
use feature::{App, Caller};
use oauth2_wire::ScopeSet;
use object::{Object, Record};
use policy::expression::{Scope, evaluate, value_of};
use policy::{HttpInfo, Subject};
use serde_json::{Map, Value as Json};
use store::Row;

use crate::client::Client;
use crate::provider::OAuth2Provider;
use crate::scope_mapping::ScopeMapping;

/// Claims that belong to the protocol and that no mapping may set.
///
/// SECURITY: upstream lets a mapping override `sub` and `iss`, so that whoever may edit mappings can be anybody towards
/// every client (listed difference).
const PROTECTED: [&str; 9] = ["iss", "sub", "exp", "iat", "nonce", "at_hash", "c_hash", "sid", "act"];

/// Who is described to whom.
#[derive(Clone, Copy)]
pub struct About<'a> {
    pub app: &'a App,
    pub client: &'a Client,
    pub user: &'a Arc<Subject>,
    pub http: Option<&'a Arc<HttpInfo>>,
}

/// The claims of the granted scopes, in the order of the scopes' names.
pub async fn claims(about: About<'_>, granted: &ScopeSet) -> Map<String, Json> {
    let kept = &about.client.claims;
    let scopes = (about.user.is_plain() && about.client.is_steady(granted)).then(|| granted.to_string());
    if let Some(scopes) = &scopes
        && let Some(known) = kept.find(about.user.record(), scopes)
    {
        return Map::clone(&known);
    }
    let mut claims = Map::new();
    let mut is_whole = true;
    for mapping in about.client.mappings.iter().filter(|m| granted.contains(&m.scope_name)) {
        match evaluated(about, mapping, granted, false).await {
            Some(value) => merge(&mut claims, value),
            None => is_whole = false,
        }
    }
    claims.retain(|name, _| !PROTECTED.contains(&name.as_str()));
    if let Some(scopes) = scopes.filter(|_| is_whole && about.user.is_plain()) {
        kept.keep(about.user.record(), &scopes, &claims);
    }
    claims
}

/// The names of the claims that the client's mappings can give, as far as they show without a user.
pub async fn names(app: &App, client: &Client) -> Vec<String> {
    let user = nobody();
    let about = About { app, client, user: &user, http: None };
    let mut names = Vec::new();
    for mapping in &client.mappings {
        if let Some(claims) = evaluated(about, mapping, &client.scopes, true).await {
            for name in claims.keys().filter(|name| !PROTECTED.contains(&name.as_str())) {
                if !names.contains(name) {
                    names.push(name.clone());
                }
            }
        }
    }
    names
}

/// What one mapping gives; nothing when it gives `None` or fails. A failure is recorded and takes nothing else with it.
async fn evaluated(
    about: About<'_>,
    mapping: &Arc<ScopeMapping>,
    granted: &ScopeSet,
    is_trial: bool,
) -> Option<Map<String, Json>> {
    let About { app, client, user, http } = about;
    let snapshot = app.store().snapshot();
    let provider = snapshot.row(OAuth2Provider::MODEL, client.id().key()).cloned();
    let mut extra = Vec::with_capacity(2);
    if let Some(provider) = &provider {
        extra.push(("provider".to_owned(), value_of(Arc::clone(provider))));
    }
    let token = policy::expression::Namespace::new("AccessToken")
        .with("scope", Value::list(granted.iter().map(Value::str).collect()));
    extra.push(("token".to_owned(), token.value()));
    let row: Option<Row> = snapshot.row(ScopeMapping::MODEL, mapping.base.pk.key()).cloned();
    let mut scope = Scope::mapping(&mapping.base.name, row, Some(user), http, extra);
    if is_trial {
        scope = scope.trial();
    }
    let value = match evaluate(app, &mapping.base.expression, scope).await {
        Ok(value) => value,
        Err(failure) => {
            if !is_trial && !failure.is_skip() {
                tracing::warn!(mapping = mapping.base.name, "A scope mapping failed: {}", failure.message);
                let message = format!("Failed to evaluate property-mapping: '{}'", mapping.base.name);
                let draft = Draft::new(Action::ConfigurationError, "authentik.providers.oauth2.views.userinfo");
                draft.with("message", message).by(&Caller::default()).record(app).await;
            }
            return None;
        }
    };
    let json = value.to_json_lenient().ok()?;
    match json {
        Json::Null => None,
        Json::Object(claims) => Some(claims),
        // Extension: a mapping that gives anything else sets the claim that is called like its scope.
        other => Some(Map::from_iter([(mapping.scope_name.clone(), other)])),
    }
}

/// Adds claims to those of earlier mappings: mappings are merged member by member, lists are joined without duplicates
/// (upstream repeats them), and of anything else the later one counts.
fn merge(claims: &mut Map<String, Json>, more: Map<String, Json>) {
    for (name, value) in more {
        match (claims.get_mut(&name), value) {
            (Some(Json::Object(old)), Json::Object(new)) => merge(old, new),
            (Some(Json::Array(old)), Json::Array(new)) => {
                for item in new {
                    if !old.contains(&item) {
                        old.push(item);
                    }
                }
            }
            (_, value) => {
                claims.insert(name, value);
            }
        }
    }
}

/// A user about whom nothing is known.
fn nobody() -> Arc<Subject> {
    let model = User::model();
    let mut record = Record::empty(model);
    for (field, value) in model.fields.iter().zip(&mut record.values) {
        *value = match field.kind {
            object::Kind::Text { .. } | object::Kind::Email | object::Kind::Choice(_) => "".into(),
            object::Kind::Bool => false.into(),
            object::Kind::Json(_) => Json::Object(Map::new()).into(),
            object::Kind::Many { .. } | object::Kind::Reverse { .. } => object::Value::Keys(Vec::new()),
            _ => object::Value::Null,
        };
    }
    record.values[0] = object::Value::Int(0);
    Subject::new(record)
}

#[cfg(test)]
mod tests;
