//! Where below the host the installation lives, and request limits.

use crate::{BasePath, declare::settings};

settings! {
    /// The web server.
    pub struct Web {
        /// Path below the host at which everything is served. This version serves `/` only.
        path: BasePath, "web.path" = "/";
        /// Largest request body in bytes.
        max_body_size: u64, "web.max_body_size" = "10485760";
        /// Do without the outpost that runs inside the server.
        disable_embedded_outpost: bool, "web.disable_embedded_outpost" = "false";
    }
}
