//! The optional PostgreSQL server.

use std::path::PathBuf;

use secret::Secret;

use crate::declare::{choices, settings};

choices! {
    /// How far the connection to the database is protected, in libpq's words.
    pub enum SslMode {
        /// Never encrypt.
        Disable = "disable",
        /// Encrypt only when the server insists.
        Allow = "allow",
        /// Encrypt when the server offers it.
        Prefer = "prefer",
        /// Encrypt, without checking the certificate.
        Require = "require",
        /// Encrypt and check the certificate's issuer.
        VerifyCa = "verify-ca",
        /// Encrypt and check the certificate's issuer and name.
        VerifyFull = "verify-full",
    }
}

settings! {
    /// PostgreSQL server. Used when `postgresql.host` is set, otherwise the embedded database is used.
    pub struct Postgresql {
        /// Host name, or the folder of a unix socket. Several are separated by commas, each with a port of its own if
        /// need be (`a,b:5433`); the one that takes writes is used, so that a standby that takes over is found.
        host: Option<String>, "postgresql.host";
        /// Port.
        port: u16, "postgresql.port" = "5432";
        /// Database.
        name: String, "postgresql.name" = "authentik";
        /// User.
        user: String, "postgresql.user" = "authentik";
        /// Password.
        password: Option<Secret<String>>, "postgresql.password" = "env://POSTGRES_PASSWORD?";
        /// Protection of the connection.
        sslmode: SslMode, "postgresql.sslmode" = "prefer";
        /// PEM file with the certificate authorities to believe.
        sslrootcert: Option<PathBuf>, "postgresql.sslrootcert";
        /// PEM file with the client certificate.
        sslcert: Option<PathBuf>, "postgresql.sslcert";
        /// PEM file with the client certificate's key.
        sslkey: Option<PathBuf>, "postgresql.sslkey";
        /// Schema that holds the tables.
        default_schema: String, "postgresql.default_schema" = "public";
        /// Seconds after which an idle connection is closed. Without it connections are kept.
        conn_max_age: Option<u64>, "postgresql.conn_max_age";
        /// Most connections this instance opens, the one for news included. At least three are used.
        max_connections: u32, "postgresql.max_connections" = "10";
    }
}
