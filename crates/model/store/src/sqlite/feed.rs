//! News of configuration that another process changed in the same file: a command run beside the server.

use std::time::Duration;

use crate::store::Store;

/// The counters are a handful of rows in memory, so looking often costs nothing.
const PERIOD: Duration = Duration::from_millis(500);

/// Looks now and then until the store is gone.
pub async fn follow(store: impl Fn() -> Option<Store> + Send) {
    loop {
        tokio::time::sleep(PERIOD).await;
        let Some(store) = store() else { return };
        if let Err(e) = store.look().await {
            tracing::warn!("News could not be read: {e}");
        }
    }
}
