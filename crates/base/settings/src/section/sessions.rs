//! Lifetime of sessions nobody is logged in to.

use std::time::Duration;

use crate::declare::settings;

settings! {
    /// Sessions.
    pub struct Sessions {
        /// Lifetime of a session before anybody logs in to it.
        unauthenticated_age: Duration, "sessions.unauthenticated_age" = "days=1";
    }
}
