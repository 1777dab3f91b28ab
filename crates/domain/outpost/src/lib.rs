//! Outposts: programs that serve providers near their applications, and the one that runs inside the server.
//!
//! Separate from the providers that they serve: an outpost has its account, is told of changes and reports its health in
//! the same way whatever protocol it speaks. It knows no single kind of provider.

mod account;
pub mod address;
pub mod config;
mod connection;
pub mod embedded;
mod fingerprint;
mod index;
mod instance;
mod instruct;
mod outpost;
mod socket;

#[cfg(test)]
mod tests;

use feature::{App, BoxFuture, Feature, Job, Kind, Problem};

pub use account::Watch;
pub use address::{Visitor, host, known_host};
pub use config::Config;
pub use connection::{DockerServiceConnection, KubernetesServiceConnection, OutpostServiceConnection};
pub use embedded::embedded;
pub use index::{of_provider, providers_of};
pub use instruct::{Ear, Heard, Instruction, Told, end_session, instruct};
pub use outpost::{Outpost, OutpostType};

pub const FEATURE: Feature = Feature::new("outpost")
    .kinds(&[
        connection::api::KINDS[0],
        connection::api::KINDS[1],
        connection::api::KINDS[2],
        outpost::api::KIND,
        instance::KIND,
        Kind::of::<address::SeenAddress>(),
    ])
    .routes(socket::routes)
    .jobs(&[Job { name: "outposts_ensure", every: 3600, run: ensure }])
    .components(outpost::api::COMPONENTS)
    .setup(setup);

fn setup(app: &App) {
    app.provide(brand::EmbeddedOutpost(|app| {
        embedded(app)?;
        // Written as in configurations.
        Some(known_host(app).map(|url| url.as_str().trim_end_matches('/').to_owned()).unwrap_or_default())
    }));
    app.provide(directory::LoggedIn(address::logged_in));
}

fn ensure(app: &App) -> BoxFuture<'_, Result<(), Problem>> {
    Box::pin(async move {
        account::ensure_all(app).await?;
        instance::expire(app).await
    })
}
