//! OAuth 2 and OpenID Connect towards applications.
//!
//! Separate because it is one protocol: deleting this folder and its line in the binary leaves a working server. Files are
//! called by the words of the standards. What the messages look like is the crate `oauth2-wire`'s, what keys do is
//! `jose`'s, who may enter is the policies', how people log in is the flows'.

mod provider;
mod scope_mapping;
mod tokens;

use feature::{Feature, Kind};

pub use provider::{ClientType, IssuerMode, LogoutMethod, OAuth2Provider, RedirectUris, SubMode};
pub use scope_mapping::ScopeMapping;
pub use tokens::{AccessToken, AuthorizationCode, DeviceToken, RefreshToken};

pub const FEATURE: Feature = Feature::new("provider-oauth2").kinds(&[
    Kind::of::<ScopeMapping>().check(scope_mapping::check),
    Kind::of::<OAuth2Provider>().check(provider::check),
    Kind::of::<AuthorizationCode>()
        .computed(tokens::CODE_FIELDS)
        .hidden(&["provider", "user"])
        .own_rows(tokens::own_rows)
        .listing(tokens::unused_codes, &[]),
    Kind::of::<AccessToken>().computed(tokens::TOKEN_FIELDS).hidden(&["provider", "user"]).own_rows(tokens::own_rows),
    Kind::of::<RefreshToken>().computed(tokens::TOKEN_FIELDS).hidden(&["provider", "user"]).own_rows(tokens::own_rows),
    Kind::of::<DeviceToken>(),
]);
