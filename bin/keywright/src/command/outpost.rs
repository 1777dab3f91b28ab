//! `outpost proxy`: an outpost without a database.

use anyhow::Result;
use clock::{Clock, Random};
use runner::Surroundings;
use settings::Settings;
use telemetry::Metrics;

use super::server::wait_for_signal;
use crate::cli::Outpost;

pub async fn run(settings: &Settings, kind: Outpost) -> Result<()> {
    // One provider for the whole process, or rustls would refuse at first use.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let surroundings = Surroundings {
        clock: Clock::system(),
        random: Random::system(),
        metrics: Metrics::new(),
        version: brand::API_VERSION,
    };
    match kind {
        Outpost::Proxy => {
            runner::run(settings, surroundings, async {
                let _ = wait_for_signal().await;
            })
            .await?;
        }
    }
    Ok(())
}
