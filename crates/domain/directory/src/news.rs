//! Telling every process that something about a user changed: whether they are logged in, or what they belong to.
//!
//! For whoever remembers a decision about somebody (the gate before applications). Users are no configuration, so that the
//! snapshot tells nothing of them.

use feature::Problem;
use object::Id;
use store::{Filter, Listener, Query, Store};

use crate::AuthenticatedSession;

const CHANNEL: &str = "user";
const ENDED: &str = "login_ended";

/// Says so, once the transaction that it is said in is committed.
pub async fn announce(store: &Store, user: i64) -> Result<(), Problem> {
    Ok(store.announce(CHANNEL, &user.to_string()).await?)
}

/// Says that logins end, before what they are found by is deleted: whoever let somebody in elsewhere for one of them has to
/// hear which it was.
pub(crate) async fn announce_ends(store: &Store, of: Filter) -> Result<(), Problem> {
    let ended: Vec<AuthenticatedSession> = store.find(&Query::filter(of)).await?;
    for login in ended {
        announce_end(store, login.pk).await?;
    }
    Ok(())
}

/// Says that a login ends.
pub(crate) async fn announce_end(store: &Store, login: Id<AuthenticatedSession>) -> Result<(), Problem> {
    Ok(store.announce(ENDED, &login.0.simple().to_string()).await?)
}

/// Hears of logins that ended: their ids as in the claim `sid`.
pub fn listen_ends(store: &Store) -> Listener {
    store.listen(ENDED)
}

/// Hears of users that changed, by key.
pub fn listen(store: &Store) -> Listener {
    store.listen(CHANNEL)
}
