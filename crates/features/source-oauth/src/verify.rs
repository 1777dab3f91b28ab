//! Whether a signed token is one of the source's issuer (RFC 7519, RFC 7523 §3).

use apps::Presented;
use feature::{App, BoxFuture, Problem};
use jose::jwt::{Checks, Claims};
use jose::{Algorithm, JwkSet};
use serde_json::{Map, Value as Json, json};
use store::Row;

use crate::document;
use crate::source::OAuthSource;
use crate::source_types;

/// Seconds by which the issuer's clock may differ from ours.
const LEEWAY: i64 = 30;
/// Longer tokens than any issuer makes.
const MOST_BYTES: usize = 32 * 1024;
const WELL_KNOWN: &str = "/.well-known/openid-configuration";

pub fn verify<'a>(
    app: &'a App,
    source: &'a Row,
    presented: Presented<'a>,
) -> BoxFuture<'a, Result<Option<Map<String, Json>>, Problem>> {
    Box::pin(async move {
        let source: OAuthSource = source.as_ref().clone().to()?;
        match check(app, &source, presented).await {
            Ok(claims) => Ok(Some(claims)),
            Err(reason) => {
                tracing::info!(source = source.base.slug, "A signed token was not taken: {reason}");
                Ok(None)
            }
        }
    })
}

async fn check(app: &App, source: &OAuthSource, presented: Presented<'_>) -> Result<Map<String, Json>, String> {
    let Presented { token, audiences } = presented;
    if token.len() > MOST_BYTES {
        return Err("it is too long".to_owned());
    }
    let header = jose::jws::peek_header(token).map_err(|error| error.to_string())?;
    let trust = trust(app, source).await?;
    let mut keys = trust.keys(app, false).await?;
    // A key that is not in the set may have come into it since.
    let is_known = |set: &JwkSet| header.kid.is_none() || set.keys.iter().any(|key| key.kid == header.kid);
    if !is_known(&keys) {
        keys = trust.keys(app, true).await?;
    }
    let verified =
        jose::jws::verify_with_set(token, &keys, &Algorithm::ASYMMETRIC).map_err(|error| error.to_string())?;
    let claims: Claims = jose::jwt::parse(&verified.payload).map_err(|error| error.to_string())?;
    let mut expected: Vec<&str> = audiences.iter().map(String::as_str).collect();
    if !source.consumer_key.is_empty() {
        expected.push(&source.consumer_key);
    }
    let checks = Checks::at(app.clock().unix()).leeway(LEEWAY).audiences(&expected);
    claims.check(&checks).map_err(|error| match error {
        jose::jwt::ClaimError::Audience => format!(
            "it is for another audience; it must be for one of {expected:?} (the source's consumer_key may name one more)"
        ),
        other => other.to_string(),
    })?;
    if let Some(issuer) = &trust.issuer
        && claims.iss.as_deref().map(|iss| iss.trim_end_matches('/')) != Some(issuer.trim_end_matches('/'))
    {
        return Err(format!("it is of another issuer than {issuer}"));
    }
    jose::jwt::parse(&verified.payload).map_err(|error| error.to_string())
}

/// Where the issuer's keys are and what it is called, if that is known.
struct Trust<'s> {
    issuer: Option<String>,
    at: At<'s>,
}

enum At<'s> {
    Inline(&'s Map<String, Json>),
    Url(String),
}

/// Keys that are given count where no address for them is; an address counts more, as what is there is what the issuer says.
async fn trust<'s>(app: &App, source: &'s OAuthSource) -> Result<Trust<'s>, String> {
    let own = source_types::find(object::Choices::as_str(source.provider_type));
    let first = |given: &str, own: &str| if given.is_empty() { own.to_owned() } else { given.to_owned() };
    let has_inline = !source.oidc_jwks.is_empty() && source.oidc_jwks_url.is_empty();
    // The service's own addresses are those of its maker, not of an installation that was set up otherwise.
    let is_own = source.authorization_url.as_deref().is_none_or(|url| Some(url) == own.authorization_url);
    let well_known =
        first(&source.oidc_well_known_url, if is_own && !has_inline { own.oidc_well_known_url } else { "" });
    let stripped = || well_known.strip_suffix(WELL_KNOWN).map(str::to_owned);
    if has_inline {
        return Ok(Trust { issuer: stripped(), at: At::Inline(&source.oidc_jwks) });
    }
    if !well_known.is_empty() {
        let url = source.oidc_jwks_url.as_str();
        return match document::discovery(app, &well_known).await {
            Ok(found) => Ok(Trust { issuer: Some(found.issuer), at: At::Url(first(url, &found.jwks_uri)) }),
            // The document is not needed where both what it tells is known.
            Err(_) if !url.is_empty() && stripped().is_some() => {
                Ok(Trust { issuer: stripped(), at: At::Url(url.to_owned()) })
            }
            Err(reason) => Err(format!("the issuer's discovery document: {reason}")),
        };
    }
    let url = first(&source.oidc_jwks_url, if is_own { own.oidc_jwks_url } else { "" });
    if url.is_empty() {
        return Err("the source names no keys: set oidc_jwks, oidc_jwks_url or oidc_well_known_url".to_owned());
    }
    Ok(Trust { issuer: None, at: At::Url(url) })
}

impl Trust<'_> {
    async fn keys(&self, app: &App, anew: bool) -> Result<JwkSet, String> {
        match &self.at {
            At::Inline(set) => serde_json::from_value(json!(set)).map_err(|error| error.to_string()),
            At::Url(url) => {
                document::keys(app, url, anew).await.map_err(|reason| format!("the issuer's keys: {reason}"))
            }
        }
    }
}
