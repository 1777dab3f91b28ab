//! Reading the configuration: when the server says so, when the line was down, and from time to time.

use std::sync::Arc;
use std::time::Duration;

use gate::{Gate, Outpost, Sites};
use tokio::time::timeout;

use crate::Trouble;
use crate::certificates::Certificates;
use crate::remote::Remote;
use crate::server::user_agent;
use crate::state::{State, addresses, sites, target};

/// As authentik's outposts: five minutes where nothing is said, never more often than every thirty seconds.
const USUAL: Duration = Duration::from_mins(5);
const SHORTEST: Duration = Duration::from_secs(30);
/// The longest pause between two attempts after one that failed.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// Reads the configuration for as long as the process runs.
pub(crate) async fn run(remote: Arc<Remote>, certificates: Arc<Certificates>) {
    let labels = &["outpost_name", "outpost_type", "uuid", "version", "build"];
    let updated =
        remote.metrics.gauge("authentik_outpost_last_update", "When the configuration was last read.", labels);
    let info = remote.metrics.gauge("authentik_outpost_info", "One, with what this outpost is.", labels);
    let mut pause = Duration::from_secs(1);
    let mut told = String::new();
    loop {
        let wait = match refresh(&remote, &certificates).await {
            Ok(state) => {
                pause = Duration::from_secs(1);
                told.clear();
                let values = [&*state.instance.name, "proxy", &remote.instance.to_string(), remote.server.version, ""];
                updated.with(&values).set(remote.clock.unix() as f64);
                info.with(&values).set(1.0);
                remote.trouble.lock().take();
                remote.heard(None);
                match state.instance.refresh_interval_s {
                    seconds if seconds > 0.0 => Duration::try_from_secs_f64(seconds).unwrap_or(USUAL).max(SHORTEST),
                    _ => USUAL,
                }
            }
            Err(trouble) => {
                // The same trouble again is no news.
                let text = trouble.to_string();
                if text == told {
                    tracing::debug!("Still no configuration: {text}");
                } else {
                    tracing::error!("No configuration: {text}");
                    told = text;
                }
                remote.heard(Some(&trouble));
                *remote.trouble.lock() = Some(trouble);
                let wait = pause;
                pause = (pause * 2).min(LONGEST_PAUSE);
                wait
            }
        };
        // Either way it is read again.
        let _ = timeout(wait, remote.stale.notified()).await;
    }
}

async fn refresh(remote: &Arc<Remote>, certificates: &Certificates) -> Result<Arc<State>, Trouble> {
    let instance = remote.server.instance().await?;
    let providers = remote.server.providers().await?;
    if let Some(state) = remote.state.load_full()
        && state.instance == instance
        && state.providers == providers
    {
        return Ok(state);
    }
    let compiled = sites(&providers);
    if compiled.is_empty() {
        tracing::warn!(
            "The outpost {:?} serves no provider. Set its `providers` (`/api/v3/outposts/instances/` of the server, or a blueprint)",
            instance.name
        );
    }
    certificates.refresh(&remote.server, &compiled).await;
    let browser = remote.browser.clone().or_else(|| {
        let said = instance.config.get("authentik_host_browser").and_then(serde_json::Value::as_str);
        said.filter(|said| !said.is_empty()).and_then(|said| said.parse().ok())
    });
    let by_site = |site: &gate::Site| (site.config.pk, Arc::new(addresses(site, browser.as_ref())));
    let outpost = Outpost { name: instance.name.clone(), version: user_agent(remote.server.version) };
    let state = Arc::new(State {
        addresses: compiled.iter().map(by_site).collect(),
        targets: compiled.iter().filter_map(|site| Some((site.config.pk, target(site)?))).collect(),
        gate: Gate::new(
            Arc::clone(remote) as _,
            Arc::clone(remote) as _,
            Arc::clone(&remote.memory),
            remote.clock.clone(),
            remote.random.clone(),
            outpost,
        ),
        sites: Sites::new(compiled),
        instance,
        providers,
    });
    for site in state.sites.iter() {
        tracing::info!(provider = site.config.name, "Serving {}", site.origin());
    }
    remote.state.store(Some(Arc::clone(&state)));
    remote.count_up();
    Ok(state)
}
