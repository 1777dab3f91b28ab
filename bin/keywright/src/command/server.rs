//! `server` and `worker`.

use std::time::Duration;

use anyhow::{Context as _, Result};
use feature::App;
use net::{Limits, Listener, Passed, Tls, TrustedProxies, serve};
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::supervised;
use crate::{assemble, drain, jobs, router};

/// Runs until told to stop, then drains. `web` says whether the public ports are served too.
pub async fn run(app: App, web: bool, mut passed: Passed) -> Result<()> {
    let started = app.clock().monotonic();
    // One provider for the whole process, or rustls would refuse at first use.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    assemble::first_start(&app).await.context("preparing the installation")?;

    let (stop, stopped) = watch::channel(false);
    let mut servers = Servers { tasks: JoinSet::new(), limits: Limits::from_settings(&app.settings().listen), stopped };
    let listen = &app.settings().listen;
    for listener in passed.listeners("metrics", &listen.metrics).await? {
        servers.start(listener, None, router::metrics(&app));
    }
    if web {
        let public = router::public(&app);
        let proxies = TrustedProxies::new(listen.trusted_proxy_cidrs.clone());
        for listener in passed.listeners("http", &listen.http).await? {
            servers.start(listener.behind(proxies.clone()), None, public.clone());
        }
        let encrypted = passed.listeners("https", &listen.https).await?;
        if !encrypted.is_empty() {
            let tls = Tls::open(&app.settings().tls, &app.settings().general.data_dir, app.clock())?;
            for listener in encrypted {
                servers.start(listener.behind(proxies.clone()), Some(tls.clone()), public.clone());
            }
        }
    } else {
        match passed.listeners("http", &listen.http).await {
            Ok(listeners) => {
                for listener in listeners {
                    servers.start(listener, None, router::health(&app));
                }
            }
            // COMPAT: authentik's worker answers its probes there too, unless a server beside it has the port.
            Err(error) => tracing::info!("The worker answers health checks on the metrics port alone: {error}"),
        }
    }
    passed.finish()?;
    let mut background = jobs::start(&app);
    super::backup::schedule(&app, &mut background)?;
    let took = app.clock().monotonic().saturating_sub(started);
    announce(&app, web, took).await;
    let watchdog = supervised::ready();

    let hurry = wait_for_signal().await;
    drain::begin(&app, hurry).await;
    tracing::info!("Stopping: requests under way are finished first");
    supervised::stopping();
    let _ = stop.send(true);
    while servers.tasks.join_next().await.is_some() {}
    drop(background);
    drop(watchdog);
    Ok(())
}

/// The running listeners.
struct Servers {
    tasks: JoinSet<()>,
    limits: Limits,
    stopped: watch::Receiver<bool>,
}

impl Servers {
    fn start(&mut self, listener: Listener, tls: Option<std::sync::Arc<Tls>>, router: axum::Router) {
        let (limits, mut stopped) = (self.limits, self.stopped.clone());
        self.tasks.spawn(async move {
            let stop = async move {
                let _ = stopped.wait_for(|s| *s).await;
            };
            serve(listener, tls, router, limits, stop).await;
        });
    }
}

/// Tells a person where to go next.
async fn announce(app: &App, web: bool, took: Duration) {
    tracing::info!(startup_ms = took.as_millis() as u64, "Ready after {} ms", took.as_millis());
    if !web {
        return;
    }
    let listen = &app.settings().listen;
    let port_of = |addresses: &[settings::ListenAddress]| addresses.iter().find_map(super::healthcheck::port_of);
    let address = match (&app.settings().general.host, port_of(&listen.http), port_of(&listen.https)) {
        (Some(host), ..) => host.to_string(),
        (None, Some(port), _) => format!("http://localhost:{port}/"),
        (None, None, Some(port)) => format!("https://localhost:{port}/"),
        (None, None, None) => return,
    };
    if let Ok(false) = directory::setup::is_done(app).await {
        tracing::info!("Open {address}if/flow/initial-setup/ to choose the administrator's password");
    } else {
        tracing::info!("Log in at {address}");
    }
}

/// Waits to be told to stop; says whether by a person at the keyboard.
pub(super) async fn wait_for_signal() -> bool {
    use tokio::signal::unix::{SignalKind, signal};
    let Ok(mut terminate) = signal(SignalKind::terminate()) else {
        let _ = tokio::signal::ctrl_c().await;
        return true;
    };
    tokio::select! {
        _ = terminate.recv() => false,
        _ = tokio::signal::ctrl_c() => true,
    }
}
