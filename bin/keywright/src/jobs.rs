//! Background work: every feature's jobs, each in its rhythm.

use std::time::Duration;

use feature::{App, Job};
use tokio::task::JoinSet;

use crate::features::FEATURES;

/// Starts every job; they end when the set is dropped.
pub fn start(app: &App) -> JoinSet<()> {
    let mut tasks = JoinSet::new();
    for job in FEATURES.iter().flat_map(|f| f.jobs) {
        let app = app.clone();
        tasks.spawn(async move { repeat(&app, job).await });
    }
    tasks
}

async fn repeat(app: &App, job: &Job) {
    let mut ticks = tokio::time::interval(Duration::from_secs(u64::from(job.every.max(1))));
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        if let Err(problem) = (job.run)(app).await {
            tracing::error!(job = job.name, "Job {} failed: {}", job.name, problem.body);
        }
    }
}
