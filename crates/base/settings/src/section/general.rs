//! Settings that belong to no other section.

use std::path::PathBuf;

use secret::Secret;
use url::Url;

use crate::declare::{choices, settings};

choices! {
    /// Which database is meant.
    pub enum Database {
        /// PostgreSQL when `postgresql.host` is set, otherwise the embedded one.
        Auto = "auto",
        /// The embedded one.
        Embedded = "embedded" | "sqlite",
        /// PostgreSQL.
        Postgresql = "postgresql" | "postgres",
    }
}

settings! {
    /// Where data is kept, the secret key and the public address.
    pub struct General {
        /// Folder for the embedded database, the generated secret key and the self-signed certificate.
        data_dir: PathBuf, "data_dir" = "./data";
        /// Which database is meant. `auto` is PostgreSQL when `postgresql.host` is set and the embedded one otherwise;
        /// anything else makes it an error when the other settings say otherwise, so that a name misspelt in a Secret
        /// cannot start an empty installation.
        database: Database, "database" = "auto";
        /// Key from which cookies are signed and user ids are derived. Required with PostgreSQL, so that
        /// all instances share it; with the embedded database it is generated at the first start and kept
        /// in `secret.key` in the data folder. Do not change it later.
        secret_key: Option<Secret<String>>, "secret_key";
        /// Public address of this installation, used where no request tells it (links in mails, jobs).
        host: Option<Url>, "host";
        /// Public address for browsers, when it differs from `host`.
        host_browser: Option<Url>, "host_browser";
        /// Domain attribute of the session cookie. Without it the cookie belongs to the host that set it.
        cookie_domain: Option<String>, "cookie_domain";
        /// Folder searched for blueprints; skipped when it does not exist.
        blueprints_dir: PathBuf, "blueprints_dir" = "/blueprints";
    }
}
