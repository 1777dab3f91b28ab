//! OAuth 2 and OpenID Connect towards applications.
//!
//! Separate because it is one protocol: deleting this folder and its line in the binary leaves a working server. Files are
//! called by the words of the standards. What the messages look like is the crate `oauth2-wire`'s, what keys do is
//! `jose`'s, who may enter is the policies', how people log in is the flows'.

mod api_access;
mod authorize;
mod bearer;
mod claims;
mod client;
mod cors;
mod device;
mod end_session;
mod endpoints;
mod grants;
mod id_token;
pub mod in_process;
mod issue;
mod jobs;
mod jwt_issuer;
mod keys;
mod logout;
mod metrics;
mod provider;
mod request;
mod scope_mapping;
mod tokens;

#[cfg(test)]
mod tests;

use feature::{Feature, Kind};

pub use provider::{ClientType, IssuerMode, LogoutMethod, OAuth2Provider, RedirectUris, SubMode};
pub use scope_mapping::ScopeMapping;
pub use tokens::{AccessToken, AuthorizationCode, DeviceToken, RefreshToken};

pub const FEATURE: Feature = Feature::new("provider-oauth2")
    .kinds(&[
        Kind::of::<ScopeMapping>()
            .display(|mapping| format!("Scope Mapping {} ({})", mapping.text("name"), mapping.text("scope_name")))
            .check(scope_mapping::check),
        Kind::of::<OAuth2Provider>()
            .display(|provider| format!("OAuth2 Provider {}", provider.text("name")))
            .icon("/static/authentik/sources/openidconnect.svg")
            .check(provider::check)
            .saved(keys::retired::saved)
            .operations(provider::operations::ALL)
            .listing(provider::listing, provider::LIST_PARAMETERS),
        Kind::of::<AuthorizationCode>()
            .display(|code| tokens::name_of("Authorization code", code))
            .computed(tokens::CODE_FIELDS)
            .hidden(&["provider", "user"])
            .own_rows(tokens::own_rows)
            .own_changes()
            .listing(tokens::unused_codes, &[]),
        Kind::of::<AccessToken>()
            .display(|token| tokens::name_of("Access Token", token))
            .computed(tokens::TOKEN_FIELDS)
            .hidden(&["provider", "user"])
            .own_rows(tokens::own_rows)
            .own_changes(),
        Kind::of::<RefreshToken>()
            .display(|token| tokens::name_of("Refresh Token", token))
            .computed(tokens::TOKEN_FIELDS)
            .hidden(&["provider", "user"])
            .own_rows(tokens::own_rows)
            .own_changes(),
        Kind::of::<DeviceToken>(),
        Kind::of::<keys::retired::RetiredKey>(),
        Kind::of::<logout::ClientSession>(),
    ])
    .components(provider::operations::COMPONENTS)
    .jobs(&[jobs::EXPIRE, logout::JOB])
    .routes(endpoints::routes)
    .setup(setup);

fn setup(app: &feature::App) {
    let stages = flow::stage_registry(app);
    stages.add_in_memory(authorize::FULFILLMENT, authorize::FulfillmentStage);
    stages.add_in_memory(end_session::SESSION_END, end_session::SessionEndStage);
    stages.add_in_memory(logout::FRONTCHANNEL, logout::FrontchannelStage);
    flow::before_logout(app, logout::before_logout);
    stages.add_in_memory(device::CODE, device::CodeStage);
    stages.add_in_memory(device::FINISH, device::FinishStage);
    ::keys::on_renewal(app, keys::retired::renewed);
    apps::on_consent_withdrawal(app, issue::withdrawn);
    app.provide(jwt_issuer::ISSUER);
    apps::register_launch_url(app, <OAuth2Provider as object::Object>::MODEL, provider::launch_url);
    if let Some(bearers) = app.service::<access::Bearers>() {
        bearers.add(api_access::ApiAccess);
    } else {
        tracing::error!("Access tokens will not open the API: the crate access is set up later");
    }
}
