//! `keywright outpost proxy`: the gate in a process of its own, near the applications and without a database.
//!
//! Separate from the server because it knows it only by its addresses: the API for the configuration, a WebSocket for
//! news, OAuth for logins. That is all an outpost of authentik uses, so either may stand at the other end.
//!
//! ```text
//! refresh ── GET /api/v3/outposts/… ─► State (sites, gate) ◄── front ◄── browsers, reverse proxies
//!    ▲                                        │
//!  line ◄── /ws/outpost/… (update, end of a session)   Remote: Sessions + Issuer of the gate
//! ```
//!
//! While the server is away, whoever is logged in stays so, and nobody new is let in.

mod certificates;
mod front;
mod kept;
mod line;
mod refresh;
mod remote;
mod server;
mod state;
mod tokens;
mod trouble;

use std::sync::Arc;

use clock::{Clock, Random};
use net::{Edge, Limits, Listener, Tls, TrustedProxies, serve};
use settings::{ListenAddress, Settings};
use telemetry::Metrics;
use tokio::sync::watch;
use tokio::task::JoinSet;

use certificates::Certificates;
use kept::Kept;
use remote::Remote;
use server::Server;
pub use trouble::Trouble;

/// What the process gives.
#[derive(Debug, Clone)]
pub struct Surroundings {
    pub clock: Clock,
    pub random: Random,
    pub metrics: Metrics,
    /// The version of authentik whose outpost this is as good as.
    pub version: &'static str,
}

/// Serves until `stop` completes. Only what cannot get better by waiting is an error.
pub async fn run(
    settings: &Settings,
    surroundings: Surroundings,
    stop: impl Future<Output = ()>,
) -> Result<(), Trouble> {
    let Surroundings { clock, random, metrics, version } = surroundings;
    let server = Arc::new(Server::new(settings, version)?);
    let kept = Kept::open(&settings.general.data_dir.join("outpost-sessions"), &clock, &random);
    let remote = Arc::new(Remote::new(Arc::clone(&server), kept, settings, clock.clone(), random.clone(), &metrics));
    let certificates = Arc::new(Certificates::default());

    let (stopping, stopped) = watch::channel(false);
    let mut servers = JoinSet::new();
    let limits = Limits::from_settings(&settings.listen);
    let mut start = |listener: Listener, tls: Option<Arc<Tls>>, router: axum::Router| {
        let mut stopped = stopped.clone();
        servers.spawn(async move {
            let stop = async move {
                let _ = stopped.wait_for(|stopped| *stopped).await;
            };
            serve(listener, tls, router, limits, stop).await;
        });
    };

    let trusted = TrustedProxies::new(settings.listen.trusted_proxy_cidrs.clone());
    // What people send to applications is for the applications to limit.
    let edge = Edge::new(trusted.clone(), u64::MAX, clock.clone(), random.clone(), &metrics);
    let front = edge.around(front::public(Arc::clone(&remote), trusted.clone(), &random, &metrics));
    for address in &settings.listen.http {
        start(bind(address).await?.behind(trusted.clone()), None, front.clone());
    }
    if !settings.listen.https.is_empty() {
        match Tls::open(&settings.tls, &settings.general.data_dir, &clock) {
            Ok(tls) => {
                tls.set_certificates_by_name(Arc::clone(&certificates) as _);
                for address in &settings.listen.https {
                    start(bind(address).await?.behind(trusted.clone()), Some(Arc::clone(&tls)), front.clone());
                }
            }
            Err(fault) => tracing::warn!("HTTPS is not served: {fault}"),
        }
    }
    let health = front::health(Arc::clone(&remote), metrics.clone());
    for address in &settings.listen.metrics {
        start(bind(address).await?, None, health.clone());
    }

    let mut background = JoinSet::new();
    background.spawn(refresh::run(Arc::clone(&remote), certificates));
    background.spawn(line::run(Arc::clone(&remote)));
    background.spawn(tidy(remote));

    stop.await;
    tracing::info!("Stopping: requests under way are finished first");
    let _ = stopping.send(true);
    while servers.join_next().await.is_some() {}
    background.shutdown().await;
    Ok(())
}

async fn bind(address: &ListenAddress) -> Result<Listener, Trouble> {
    Listener::bind(address).await.map_err(|fault| Trouble::Listen(fault.to_string()))
}

/// Forgets sessions that ended by themselves.
async fn tidy(remote: Arc<Remote>) {
    let mut hourly = tokio::time::interval(std::time::Duration::from_hours(1));
    loop {
        hourly.tick().await;
        remote.tidy();
    }
}
