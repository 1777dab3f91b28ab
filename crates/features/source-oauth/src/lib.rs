//! OAuth and OpenID Connect towards other issuers.
//!
//! Separate because it is one protocol seen from the other side: here somebody else issues the tokens. What works is the
//! trust in signed tokens: a workload of another cluster or a job of a build service proves itself by the token it was given
//! there. Logging people in through a source is not part of this version; its addresses say so.

mod connection;
mod document;
mod login;
mod mapping;
mod source;
mod source_types;
mod verify;

#[cfg(test)]
mod tests;

use feature::{Feature, Kind};
use object::Object as _;

pub use connection::{GroupOAuthSourceConnection, UserOAuthSourceConnection};
pub use mapping::OAuthSourcePropertyMapping;
pub use source::OAuthSource;

pub const FEATURE: Feature = Feature::new("source-oauth")
    .kinds(&[
        source::KIND,
        Kind::of::<OAuthSourcePropertyMapping>(),
        Kind::of::<UserOAuthSourceConnection>(),
        Kind::of::<GroupOAuthSourceConnection>(),
    ])
    .components(source_types::COMPONENTS)
    .routes(login::routes)
    .setup(setup);

fn setup(app: &feature::App) {
    apps::register_source(
        app,
        OAuthSource::MODEL,
        apps::SourceKind { icon: source_types::icon, verify_token: Some(verify::verify) },
    );
}
