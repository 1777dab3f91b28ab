//! What systemd is told: that the service is ready, alive and stopping. Without systemd nothing happens.
//!
//! Beating from the runtime that serves requests shows that it still takes turns, which a thread of its own would not.

use sd_notify::NotifyState;
use tokio::task::JoinSet;

/// Tells that everything listens, and starts the watchdog's heartbeat if one is wanted; it ends when the set is dropped.
pub fn ready() -> JoinSet<()> {
    tell(&[NotifyState::Ready]);
    let mut beating = JoinSet::new();
    if let Some(limit) = sd_notify::watchdog_enabled() {
        // Half of it, as systemd recommends, so that one late beat is not the end.
        let mut beats = tokio::time::interval(limit / 2);
        beating.spawn(async move {
            loop {
                beats.tick().await;
                tell(&[NotifyState::Watchdog]);
            }
        });
    }
    beating
}

/// Tells that the end has begun.
pub fn stopping() {
    tell(&[NotifyState::Stopping]);
}

fn tell(state: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(state) {
        tracing::warn!("systemd could not be told of the service's state: {error}");
    }
}
