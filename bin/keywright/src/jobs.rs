//! Background work: every feature's jobs, each in its rhythm.

use std::time::Duration;

use feature::{App, Job};
use tokio::task::JoinSet;

use crate::features::FEATURES;

/// Work on what a process has for itself: files that are mounted into it, perhaps into it alone.
const OF_EACH: &[&str] = &["blueprints_discover"];

/// Starts every job; they end when the set is dropped.
pub fn start(app: &App) -> JoinSet<()> {
    let mut tasks = JoinSet::new();
    for job in FEATURES.iter().flat_map(|f| f.jobs) {
        let app = app.clone();
        tasks.spawn(async move { repeat(&app, job, !OF_EACH.contains(&job.name)).await });
    }
    tasks
}

/// A `shared` job is done by whichever process of the cluster takes its turn first; the uneven pauses see to it that it is
/// not always the same one.
async fn repeat(app: &App, job: &Job, shared: bool) {
    let period = Duration::from_secs(u64::from(job.every.max(1)));
    let name = format!("job:{}", job.name);
    loop {
        let ours = !shared || app.store().claim(&name, period.mul_f32(0.9)).await.unwrap_or(false);
        if ours
            && !app.store().is_gone()
            && let Err(problem) = (job.run)(app).await
        {
            tracing::error!(job = job.name, "Job {} failed: {}", job.name, problem.body);
        }
        let spread = app.random().below(200) as f32 / 1000.0;
        tokio::time::sleep(period.mul_f32(0.9 + spread)).await;
    }
}
