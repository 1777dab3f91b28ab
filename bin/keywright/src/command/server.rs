//! `server` and `worker`.

use std::time::Duration;

use anyhow::{Context as _, Result};
use feature::App;
use net::{Limits, Listener, Tls, serve};
use settings::ListenAddress;
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::{assemble, jobs, router};

/// Runs until told to stop, then drains. `web` says whether the public ports are served too.
pub async fn run(app: App, web: bool) -> Result<()> {
    let started = app.clock().monotonic();
    // One provider for the whole process, or rustls would refuse at first use.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    assemble::first_start(&app).await.context("preparing the installation")?;

    let (stop, stopped) = watch::channel(false);
    let mut servers = JoinSet::new();
    let listen = &app.settings().listen;
    let metrics = router::metrics(&app);
    for address in &listen.metrics {
        start(&mut servers, &app, address, None, metrics.clone(), &stopped).await?;
    }
    if web {
        let public = router::public(&app);
        for address in &listen.http {
            start(&mut servers, &app, address, None, public.clone(), &stopped).await?;
        }
        if !listen.https.is_empty() {
            let tls = Tls::open(&app.settings().tls, &app.settings().general.data_dir, app.clock())?;
            for address in &listen.https {
                start(&mut servers, &app, address, Some(tls.clone()), public.clone(), &stopped).await?;
            }
        }
    }
    let background = jobs::start(&app);
    let took = app.clock().monotonic().saturating_sub(started);
    announce(&app, web, took).await;

    wait_for_signal().await;
    tracing::info!("Stopping: requests under way are finished first");
    let _ = stop.send(true);
    while servers.join_next().await.is_some() {}
    drop(background);
    Ok(())
}

async fn start(
    servers: &mut JoinSet<()>,
    app: &App,
    address: &ListenAddress,
    tls: Option<std::sync::Arc<Tls>>,
    router: axum::Router,
    stopped: &watch::Receiver<bool>,
) -> Result<()> {
    let listener = Listener::bind(address).await.with_context(|| format!("listening on {address}"))?;
    let limits = Limits::from_settings(&app.settings().listen);
    let mut stopped = stopped.clone();
    servers.spawn(async move {
        let stop = async move {
            let _ = stopped.wait_for(|s| *s).await;
        };
        serve(listener, tls, router, limits, stop).await;
    });
    Ok(())
}

/// Tells a person where to go next.
async fn announce(app: &App, web: bool, took: Duration) {
    tracing::info!(startup_ms = took.as_millis() as u64, "Ready after {} ms", took.as_millis());
    if !web {
        return;
    }
    let port = app.settings().listen.http.iter().find_map(super::healthcheck::port_of).unwrap_or(9000);
    let address = match &app.settings().general.host {
        Some(host) => host.to_string(),
        None => format!("http://localhost:{port}/"),
    };
    if let Ok(false) = directory::setup::is_done(app).await {
        tracing::info!("Open {address}if/flow/initial-setup/ to choose the administrator's password");
    } else {
        tracing::info!("Log in at {address}");
    }
}

async fn wait_for_signal() {
    use tokio::signal::unix::{SignalKind, signal};
    let Ok(mut terminate) = signal(SignalKind::terminate()) else {
        let _ = tokio::signal::ctrl_c().await;
        return;
    };
    tokio::select! {
        _ = terminate.recv() => {}
        _ = tokio::signal::ctrl_c() => {}
    }
}
