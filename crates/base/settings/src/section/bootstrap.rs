//! What the first start puts into an empty database.

use secret::Secret;

use crate::declare::settings;

settings! {
    /// Credentials of the first administrator, used only while the database is empty.
    pub struct Bootstrap {
        /// Password of the user `akadmin`.
        password: Option<Secret<String>>, "bootstrap_password" | "bootstrap.password";
        /// Password of the user `akadmin` as a hash in Django's format, instead of `bootstrap_password`.
        password_hash: Option<Secret<String>>, "bootstrap_password_hash" | "bootstrap.password_hash";
        /// Key of an API token made for the user `akadmin`.
        token: Option<Secret<String>>, "bootstrap_token" | "bootstrap.token";
        /// Mail address of the user `akadmin`.
        email: Option<String>, "bootstrap_email" | "bootstrap.email";
    }
}
