//! Where the server is and how to speak to it.

use std::path::PathBuf;
use std::time::Duration;

use secret::Secret;

use crate::error::{Error, Result};

/// How far the connection is protected, in libpq's words. `allow` is read as `prefer`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SslMode {
    Disable,
    /// Encrypted when the server offers it.
    #[default]
    Prefer,
    /// Encrypted; the certificate is checked only when `sslrootcert` is set.
    Require,
    VerifyCa,
    VerifyFull,
}

impl SslMode {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Disable => "disable",
            Self::Prefer => "prefer",
            Self::Require => "require",
            Self::VerifyCa => "verify-ca",
            Self::VerifyFull => "verify-full",
        }
    }
    /// A mode by libpq's name.
    pub fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "disable" => Self::Disable,
            "allow" | "prefer" => Self::Prefer,
            "require" => Self::Require,
            "verify-ca" => Self::VerifyCa,
            "verify-full" => Self::VerifyFull,
            _ => return None,
        })
    }
}

/// Has the server find out within half a minute that we are gone: one whom the network cut off says no goodbye, and what it
/// had locked would stay so for hours.
const FORGOTTEN: &str =
    "-c tcp_keepalives_idle=10 -c tcp_keepalives_interval=5 -c tcp_keepalives_count=3 -c tcp_user_timeout=25000";

/// A PostgreSQL server.
#[derive(Debug, Clone)]
pub struct PostgresConfig {
    /// Host name, or the folder of a unix socket; several separated by commas, of which the one that takes writes is used.
    pub host: String,
    pub port: u16,
    pub database: String,
    pub user: String,
    pub password: Option<Secret<String>>,
    pub sslmode: SslMode,
    /// PEM file with the authorities to believe; without it, or with `system`, the machine's.
    pub sslrootcert: Option<PathBuf>,
    /// PEM file with our certificate chain.
    pub sslcert: Option<PathBuf>,
    /// PEM file with our key.
    pub sslkey: Option<PathBuf>,
    /// Schema that holds the tables.
    pub schema: String,
    /// Most connections at once, the one of the change feed counted.
    pub max_connections: usize,
    /// Age at which a connection is not used again.
    pub max_age: Option<Duration>,
    /// Whether hot statements are prepared once per connection. Behind a pooler they never are.
    pub prepare: bool,
    /// How long to wait for a connection before the database counts as unavailable.
    pub patience: Duration,
    /// How long a read may take.
    pub statement_timeout: Duration,
    /// Whether to LISTEN for notifications, which a pooler in transaction mode does not pass on.
    pub listen: bool,
    /// How often to look for changes made by others that no notification told of.
    pub poll: Duration,
}

impl Default for PostgresConfig {
    fn default() -> Self {
        Self {
            host: "localhost".into(),
            port: 5432,
            database: "authentik".into(),
            user: "authentik".into(),
            password: None,
            sslmode: SslMode::default(),
            sslrootcert: None,
            sslcert: None,
            sslkey: None,
            schema: "public".into(),
            max_connections: 10,
            max_age: None,
            prepare: true,
            patience: Duration::from_secs(5),
            statement_timeout: Duration::from_secs(30),
            listen: true,
            poll: Duration::from_millis(500),
        }
    }
}

impl PostgresConfig {
    /// A server by its URL: `postgres://user:password@host:port/database?sslmode=require&sslrootcert=/ca.pem&schema=x`.
    ///
    /// # Errors
    /// The URL does not name a server.
    pub fn from_url(url: &str) -> Result<Self> {
        let wrong = |why: String| Error::Schema(format!("the PostgreSQL URL: {why}"));
        let mut config = Self::default();
        let (head, query) = url.split_once('?').unwrap_or((url, ""));
        let mut rest = Vec::new();
        for pair in query.split('&').filter(|p| !p.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            match name {
                "sslmode" => {
                    let mode = SslMode::parse(value);
                    config.sslmode = mode.ok_or_else(|| wrong(format!("sslmode {value} does not exist")))?;
                }
                "sslrootcert" => config.sslrootcert = Some(value.into()),
                "sslcert" => config.sslcert = Some(value.into()),
                "sslkey" => config.sslkey = Some(value.into()),
                "schema" => value.clone_into(&mut config.schema),
                "prepare" => config.prepare = value != "false",
                "listen" => config.listen = value != "false",
                _ => rest.push(pair),
            }
        }
        let plain = format!("{head}?{}", rest.join("&"));
        let parsed: tokio_postgres::Config = plain.parse().map_err(|e: tokio_postgres::Error| {
            wrong(std::error::Error::source(&e).map_or_else(|| e.to_string(), ToString::to_string))
        })?;
        match parsed.get_hosts().first() {
            Some(tokio_postgres::config::Host::Tcp(host)) => config.host.clone_from(host),
            Some(tokio_postgres::config::Host::Unix(path)) => config.host = path.to_string_lossy().into_owned(),
            None => return Err(wrong("it has no host".into())),
        }
        config.port = parsed.get_ports().first().copied().unwrap_or(5432);
        if let Some(user) = parsed.get_user() {
            user.clone_into(&mut config.user);
        }
        parsed.get_dbname().unwrap_or(&config.user).clone_into(&mut config.database);
        config.password = parsed.get_password().map(|p| Secret::new(String::from_utf8_lossy(p).into_owned()));
        Ok(config)
    }

    /// The hosts to try, each with its port: `a,b:5433,[::1]:5434`. A folder is a unix socket's.
    pub(crate) fn hosts(&self) -> Result<Vec<(String, u16)>> {
        let one = |text: &str| {
            let text = text.trim();
            if text.starts_with('/') {
                return Some((text.to_owned(), self.port));
            }
            if let Some(rest) = text.strip_prefix('[') {
                let (host, port) = rest.split_once(']')?;
                return Some((host.to_owned(), port.strip_prefix(':').map_or(Some(self.port), |p| p.parse().ok())?));
            }
            match text.split_once(':') {
                // More than one colon is an address of IPv6.
                Some((host, port)) if !port.contains(':') => Some((host.to_owned(), port.parse().ok()?)),
                _ => Some((text.to_owned(), self.port)),
            }
        };
        let hosts = self.host.split(',').map(one).collect::<Option<Vec<_>>>();
        hosts.filter(|list| list.iter().all(|(host, _)| !host.is_empty())).ok_or_else(|| {
            Error::Schema(format!("the PostgreSQL host {:?} has to be a name, or several as a,b:5433", self.host))
        })
    }

    /// The settings as the client library takes them. With `sign` parameters are set at the start, which a pooler may not
    /// take.
    pub(super) fn client(&self, host: &str, port: u16, sign: Option<&str>) -> Result<tokio_postgres::Config> {
        use tokio_postgres::config::SslMode as Mode;
        if self.schema.is_empty() || !self.schema.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-') {
            return Err(Error::Schema(format!(
                "the PostgreSQL schema {:?} has to be made of letters, digits, - and _",
                self.schema
            )));
        }
        let mut client = tokio_postgres::Config::new();
        client.host(host).port(port).dbname(&self.database).user(&self.user);
        if let Some(password) = &self.password {
            client.password(password.expose());
        }
        client.ssl_mode(match self.sslmode {
            SslMode::Disable => Mode::Disable,
            SslMode::Prefer => Mode::Prefer,
            SslMode::Require | SslMode::VerifyCa | SslMode::VerifyFull => Mode::Require,
        });
        client.application_name("keywright");
        client.connect_timeout(Duration::from_secs(5));
        client.keepalives_idle(Duration::from_secs(30));
        client.tcp_user_timeout(Duration::from_secs(10));
        if let Some(sign) = sign {
            let (limit, idle) = (self.statement_timeout.as_millis() + 1000, super::PATIENCE.as_millis());
            let mut options = format!(
                "-c keywright.sign={sign} -c statement_timeout={limit} -c idle_in_transaction_session_timeout={idle} {FORGOTTEN}"
            );
            if self.schema != "public" {
                options.push_str(&format!(" -c search_path=\"{}\"", self.schema));
            }
            client.options(options);
        }
        Ok(client)
    }
}
