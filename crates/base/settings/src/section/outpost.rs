//! How an outpost in a process of its own finds its server.

use secret::Secret;

use crate::declare::settings;

settings! {
    /// For `keywright outpost …`: the token that its server knows it by. The server's address is `host`; the address for
    /// browsers, when it is another one, `host_browser`.
    pub struct Outpost {
        /// Token of the outpost: `GET /api/v3/core/tokens/<token_identifier>/view_key/` of the server shows it.
        token: Option<Secret<String>>, "token";
        /// Accept any certificate of the server. Whoever can stand in between can then let anybody in.
        insecure: bool, "insecure" = "false";
    }
}
