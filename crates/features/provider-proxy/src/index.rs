//! The sites of the embedded outpost, worked out once a snapshot.

use std::sync::Arc;

use clock::TimeDelta;
use gate::{Mode, Site, SiteConfig, SiteFault, Sites};
use object::Id;
use provider_oauth2::ScopeMapping;
use store::Snapshot;

use crate::provider::{ProxyMode, ProxyProvider};

struct Embedded(Arc<Sites>);

/// The sites that the server itself stands before: of providers with an application, assigned to the embedded outpost.
pub fn sites(snapshot: &Snapshot) -> Arc<Sites> {
    Arc::clone(&snapshot.derive(|snapshot| Embedded(Arc::new(collect(snapshot)))).0)
}

fn collect(snapshot: &Snapshot) -> Sites {
    let Some(outpost) = outpost::embedded::of_snapshot(snapshot) else { return Sites::default() };
    let providers = outpost.providers.iter().filter_map(|id| snapshot.get::<ProxyProvider>(Id(id.0)));
    let sites = providers.filter_map(|provider| {
        // Without an application nothing says who may enter.
        apps::of_provider(snapshot, Id(provider.base.base.pk.0))?;
        match site_of(snapshot, &provider) {
            Ok(site) => Some(site),
            Err(fault) => {
                tracing::error!(provider = provider.base.base.name, "This proxy provider is not served: {fault}");
                None
            }
        }
    });
    Sites::new(sites)
}

/// The site of a provider.
pub fn site_of(snapshot: &Snapshot, provider: &ProxyProvider) -> Result<Site, SiteFault> {
    Site::compile(config(snapshot, provider))
}

/// The names of the scopes that a provider offers.
pub fn scopes(snapshot: &Snapshot, provider: &ProxyProvider) -> Vec<String> {
    let mappings = provider.base.base.property_mappings.iter();
    let mut scopes: Vec<String> =
        mappings.filter_map(|id| Some(snapshot.get::<ScopeMapping>(Id(id.0))?.scope_name.clone())).collect();
    scopes.sort_unstable();
    scopes.dedup();
    scopes
}

fn config(snapshot: &Snapshot, provider: &ProxyProvider) -> SiteConfig {
    let base = &provider.base;
    let application = apps::of_provider(snapshot, Id(base.base.pk.0));
    SiteConfig {
        pk: base.base.pk.0,
        name: base.base.name.clone(),
        mode: match provider.mode {
            ProxyMode::Proxy => Mode::Proxy,
            ProxyMode::ForwardSingle => Mode::ForwardSingle,
            ProxyMode::ForwardDomain => Mode::ForwardDomain,
        },
        external_host: provider.external_host.clone(),
        internal_host: provider.internal_host.clone(),
        internal_host_ssl_validation: provider.internal_host_ssl_validation,
        client_id: base.client_id.clone(),
        client_secret: None,
        cookie_secret: Some(Arc::new(provider.cookie_secret.clone().into())),
        cookie_domain: provider.cookie_domain.clone(),
        certificate: provider.certificate.map(|pair| pair.0.to_string()),
        skip_path_regex: provider.skip_path_regex.clone(),
        basic_auth_enabled: provider.basic_auth_enabled,
        basic_auth_user_attribute: provider.basic_auth_user_attribute.clone(),
        basic_auth_password_attribute: provider.basic_auth_password_attribute.clone(),
        intercept_header_auth: provider.intercept_header_auth,
        access_token_validity: TimeDelta::parse(&base.access_token_validity).ok().map(|v| v.as_secs() as f64),
        scopes_to_request: scopes(snapshot, provider),
        assigned_application_slug: application.as_ref().map(|a| a.slug.clone()).unwrap_or_default(),
        assigned_application_name: application.as_ref().map(|a| a.name.clone()).unwrap_or_default(),
        oidc_configuration: gate::Addresses::default(),
    }
}
