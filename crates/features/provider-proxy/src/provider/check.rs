//! What a proxy provider must look like, and what follows from it.

use feature::{BoxFuture, Change, Problem};
use object::{Choices, Key, Object, Value};
use provider_oauth2::ScopeMapping;
use serde_json::{Value as Json, json};

use super::ProxyMode;

/// The scopes that every proxy provider offers, by the names that keep them.
const SCOPES: [&str; 5] = [
    "goauthentik.io/providers/oauth2/scope-openid",
    "goauthentik.io/providers/oauth2/scope-profile",
    "goauthentik.io/providers/oauth2/scope-email",
    "goauthentik.io/providers/oauth2/scope-entitlements",
    "goauthentik.io/providers/proxy/scope-proxy",
];

pub fn check<'a>(change: &'a mut Change<'_>) -> BoxFuture<'a, Result<(), Problem>> {
    Box::pin(async move {
        basic_auth(change)?;
        internal_host(change)?;
        domain(change)?;
        own_address(change)?;
        certificate(change)?;
        expressions(change);
        derive(change);
        Ok(())
    })
}

/// COMPAT: looks at what was given, not at what is kept, and only where switching on was given too.
fn basic_auth(change: &Change<'_>) -> Result<(), Problem> {
    let given = |name: &str| change.input.get(name).and_then(Json::as_str).is_some_and(|v| !v.is_empty());
    let wanted = change.given("basic_auth_enabled") && change.record.get("basic_auth_enabled").as_bool() == Some(true);
    if wanted && !(given("basic_auth_password_attribute") && given("basic_auth_user_attribute")) {
        let text = "User and password attributes must be set when basic auth is enabled.";
        return Err(Problem::field("basic_auth_enabled", text));
    }
    Ok(())
}

/// COMPAT: as above; a partial change that names neither counts as one to proxy mode without an internal host.
fn internal_host(change: &Change<'_>) -> Result<(), Problem> {
    let given = |name: &str| change.input.get(name).and_then(Json::as_str);
    if given("mode").unwrap_or("proxy") == "proxy" && given("internal_host").unwrap_or_default().is_empty() {
        let text = "Internal host cannot be empty when forward auth is disabled.";
        return Err(Problem::field("internal_host", text));
    }
    Ok(())
}

/// SECURITY: the cookie of a domain is sent to every host below it, so that the domain must be one that the external host
/// lies in. Upstream takes any; a foreign one makes a login that never ends.
fn domain(change: &Change<'_>) -> Result<(), Problem> {
    if !change.differs("cookie_domain") && !change.differs("external_host") {
        return Ok(());
    }
    let given = change.record.text("cookie_domain").trim().trim_start_matches('.').to_ascii_lowercase();
    if given.is_empty() {
        return Ok(());
    }
    let external = url::Url::parse(change.record.text("external_host")).ok();
    let host = external.as_ref().and_then(url::Url::host_str).unwrap_or_default().to_ascii_lowercase();
    let lies_in = host == given || host.strip_suffix(&given).is_some_and(|rest| rest.ends_with('.'));
    if lies_in {
        Ok(())
    } else {
        let text = format!("The external host {host} does not lie in {given}; browsers would not keep the cookie.");
        Err(Problem::field("cookie_domain", text))
    }
}

/// SECURITY: a provider through which all traffic of the server's own address goes would take the pages for logging in along.
/// Whoever may make providers would have everybody's password, and nobody could undo it at that address.
fn own_address(change: &Change<'_>) -> Result<(), Problem> {
    let is_all_traffic = change.record.text("mode") == ProxyMode::Proxy.as_str();
    if !is_all_traffic || !change.differs("external_host") && !change.differs("mode") {
        return Ok(());
    }
    let Ok(external) = url::Url::parse(change.record.text("external_host")) else { return Ok(()) };
    let (app, settings) = (change.app, &change.app.settings().general);
    let embedded = outpost::known_host(app);
    let mut own = settings.host.iter().chain(&settings.host_browser).chain(&embedded);
    let is_same = |own: &url::Url| {
        own.host_str() == external.host_str() && own.port_or_known_default() == external.port_or_known_default()
    };
    if own.any(is_same) {
        let text = "This is the address of the server itself, which has to stay reachable for logins. Give the application a \
                    name of its own.";
        return Err(Problem::field("external_host", text));
    }
    Ok(())
}

/// SECURITY: outposts read the private key that goes with the certificate, and show it to whoever holds their token.
fn certificate(change: &Change<'_>) -> Result<(), Problem> {
    let Some(pair) = change.record.get("certificate").as_key().filter(|_| change.differs("certificate")) else {
        return Ok(());
    };
    if change.caller.may_on("authentik_crypto.view_certificatekeypair_key", pair) {
        return Ok(());
    }
    let text = "Outposts would read the private key of this pair, which you may not do yourself.";
    Err(Problem::field("certificate", text))
}

/// Expressions that do not compile are passed over, as upstream does it, but not without a word.
fn expressions(change: &Change<'_>) {
    let text = change.record.text("skip_path_regex");
    for line in text.lines().filter(|line| !line.is_empty()) {
        if let Err(error) = gate::skip_path(line) {
            tracing::warn!(provider = change.record.text("name"), "skip_path_regex {line:?} is passed over: {error}");
        }
    }
}

/// What an OAuth client that is an outpost needs.
fn derive(change: &mut Change<'_>) {
    let redirect_uris = redirect_uris(change.record.text("external_host"));
    let record = &mut change.record;
    record.set("client_type", Value::Text("confidential".into()));
    // COMPAT: tokens are signed with the client's secret, which outposts know.
    record.set("signing_key", Value::Null);
    // Outposts hold no key to decrypt with.
    record.set("encryption_key", Value::Null);
    record.set("include_claims_in_id_token", Value::Bool(true));
    record.set("redirect_uris", Value::Json(redirect_uris));
    let snapshot = change.store.snapshot();
    let mut mappings: Vec<Key> = record.get("property_mappings").as_keys().to_vec();
    for mapping in snapshot.all::<ScopeMapping>().iter() {
        let is_ours = mapping.base.managed.as_deref().is_some_and(|managed| SCOPES.contains(&managed));
        if is_ours && !mappings.contains(&mapping.base.pk.key()) {
            mappings.push(mapping.base.pk.key());
        }
    }
    debug_assert!(ScopeMapping::model().is_a("authentik_core.propertymapping"));
    record.set("property_mappings", Value::Keys(mappings));
}

/// Where logins come back to: the outpost's own address, and the root for proxies that pass everything on.
fn redirect_uris(external: &str) -> Json {
    let query = format!("?{}=true", gate::CALLBACK_SIGNATURE);
    let callback = gate::redirect_uri(external).unwrap_or_default();
    json!([
        {"matching_mode": "strict", "url": callback},
        {"matching_mode": "strict", "url": format!("{external}{query}")},
    ])
}
