//! How many requests one client may make, and how often somebody may guess.

use crate::{Rate, declare::settings};

settings! {
    /// Limits on requests and on guesses. Each process counts for itself, in memory. `0/hour` switches a limit off.
    pub struct Throttle {
        /// API requests without a login, by address.
        default: Rate, "throttle.default" = "1000/second";
        /// Requests for a device code, by address.
        oauth2_device: Rate, "throttle.providers.oauth2.device" = "20/hour";
        /// Wrong device codes, by person and by address.
        device_code: Rate, "throttle.device_code" = "20/hour";
        /// Wrong passwords for one account from one address. So many may come at once; then one more each time a place
        /// gets free again.
        login_account: Rate, "throttle.login.account" = "20/hour";
        /// Wrong passwords for one account from all addresses together. Addresses that the account logged in from
        /// before are not counted.
        login_everywhere: Rate, "throttle.login.everywhere" = "100/hour";
        /// Wrong passwords for any accounts from one address.
        login_address: Rate, "throttle.login.address" = "500/hour";
        /// Times that somebody asks for an account's recovery, by account and address.
        recovery: Rate, "throttle.recovery" = "20/hour";
    }
}
