//! Telling every process that something about a user changed: whether they are logged in, or what they belong to.
//!
//! For whoever remembers a decision about somebody (the gate before applications). Users are no configuration, so that the
//! snapshot tells nothing of them.

use feature::Problem;
use store::{Listener, Store};

const CHANNEL: &str = "user";

/// Says so, once the transaction that it is said in is committed.
pub async fn announce(store: &Store, user: i64) -> Result<(), Problem> {
    Ok(store.announce(CHANNEL, &user.to_string()).await?)
}

/// Hears of users that changed, by key.
pub fn listen(store: &Store) -> Listener {
    store.listen(CHANNEL)
}
