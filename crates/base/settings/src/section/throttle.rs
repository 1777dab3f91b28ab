//! How many requests one client may make.

use crate::{Rate, declare::settings};

settings! {
    /// Limits on requests per client address.
    pub struct Throttle {
        /// API requests.
        default: Rate, "throttle.default" = "1000/second";
        /// Attempts to enter a device code.
        oauth2_device: Rate, "throttle.providers.oauth2.device" = "20/hour";
    }
}
