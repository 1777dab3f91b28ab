//! Keys of authentik that mean nothing here, and variables that are not settings at all.
//!
//! An environment written for authentik must start Keywright; a list instead of "accept anything" keeps
//! slips of the pen visible.

/// Key, or first parts of a key, and why it has no effect.
pub(crate) const IGNORED: &[(&str, &str)] = &[
    ("redis", NO_REDIS),
    ("cache", NO_REDIS),
    ("broker", NO_REDIS),
    ("result_backend", NO_REDIS),
    ("channel", NO_REDIS),
    ("session_storage", "sessions are kept in the database"),
    ("worker", "background jobs need no worker processes"),
    ("web.workers", NO_WORKERS),
    ("web.threads", NO_WORKERS),
    ("web.max_requests", NO_WORKERS),
    ("web.max_requests_jitter", NO_WORKERS),
    ("web.load_local_files", "static files are part of the program"),
    ("web.timeout_http_read_header", "use `listen.header_timeout`"),
    ("web.timeout_http_read", "use `listen.header_timeout`"),
    ("web.timeout_http_write", "use `listen.header_timeout`"),
    ("web.timeout_http_idle", "use `listen.header_timeout`"),
    ("email", "there is no global mail server yet"),
    ("error_reporting", NO_REPORTS),
    ("disable_update_check", NO_REPORTS),
    ("disable_startup_analytics", NO_REPORTS),
    ("outposts", "containers of outposts are not managed"),
    ("listen.ldap", NO_OUTPOSTS),
    ("listen.ldaps", NO_OUTPOSTS),
    ("listen.radius", NO_OUTPOSTS),
    ("listen.listen_ldap", NO_OUTPOSTS),
    ("listen.listen_ldaps", NO_OUTPOSTS),
    ("listen.listen_radius", NO_OUTPOSTS),
    ("listen.debug", NO_DEBUGGER),
    ("listen.listen_debug", NO_DEBUGGER),
    ("listen.debug_py", NO_DEBUGGER),
    ("debug", NO_DEBUGGER),
    ("debugger", NO_DEBUGGER),
    ("remote_debug", NO_DEBUGGER),
    ("image", "it names a container image"),
    ("tag", "it names a container image"),
    ("postgresql.use_pgbouncer", OWN_POOL),
    ("postgresql.use_pgpool", OWN_POOL),
    ("postgresql.use_pool", OWN_POOL),
    ("postgresql.pool_options", OWN_POOL),
    ("postgresql.conn_health_checks", OWN_POOL),
    ("postgresql.conn_options", OWN_POOL),
    ("postgresql.disable_server_side_cursors", OWN_POOL),
    ("postgresql.read_replicas", "all reads go to the one server"),
    ("postgresql.test", "it is for authentik's own tests"),
    ("postgresql.backup", "it was removed from authentik"),
    ("avatars", SYSTEM_SETTINGS),
    ("default_user_change_name", SYSTEM_SETTINGS),
    ("default_user_change_email", SYSTEM_SETTINGS),
    ("default_user_change_username", SYSTEM_SETTINGS),
    ("default_token_length", SYSTEM_SETTINGS),
    ("default_token_duration", SYSTEM_SETTINGS),
    ("gdpr_compliance", SYSTEM_SETTINGS),
    ("impersonation", SYSTEM_SETTINGS),
    ("footer_links", SYSTEM_SETTINGS),
    ("reputation", SYSTEM_SETTINGS),
    ("event_retention", SYSTEM_SETTINGS),
    ("geoip", NO_GEOIP),
    ("events", NO_GEOIP),
    ("ldap", NO_SOURCES),
    ("sources", NO_SOURCES),
    ("storage", NO_MEDIA),
    ("paths", NO_MEDIA),
    ("cert_discovery_dir", "certificates are not read from a folder yet"),
    ("log.http_headers", "request headers are not logged"),
    ("http_timeout", "outgoing requests have fixed time limits"),
    ("enabled", CHART_ONLY),
    ("existingsecret", CHART_ONLY),
    ("compliance", "the cryptographic library is not a FIPS build"),
    ("enterprise", "there is no separate enterprise edition"),
    ("tenants", "there is one tenant"),
    ("skip_migrations", "migrations always run"),
    ("install_id", "it is kept in the database"),
    ("bootstrap_tasks", "the first start needs no tasks"),
    ("authentik", "it is not known to current versions of authentik either"),
    ("secret_key_fallbacks", "only one secret key is used"),
];

const CHART_ONLY: &str = "it is a switch of the chart";
const NO_REDIS: &str = "Keywright needs no Redis";
const NO_WORKERS: &str = "one process serves all requests";
const NO_REPORTS: &str = "Keywright never reports home";
const NO_OUTPOSTS: &str = "outposts of this kind are not part of this version";
const NO_DEBUGGER: &str = "there is no debug mode";
const OWN_POOL: &str = "Keywright keeps its own pool, see `postgresql.max_connections`";
const SYSTEM_SETTINGS: &str = "it is set in the system settings";
const NO_GEOIP: &str = "addresses are not located";
const NO_SOURCES: &str = "sources are not part of this version";
const NO_MEDIA: &str = "uploaded files are not part of this version";

/// Why `key` has no effect, when authentik knows it.
pub(crate) fn reason(key: &str) -> Option<&'static str> {
    IGNORED.iter().find_map(|(prefix, reason)| {
        let rest = key.strip_prefix(prefix)?;
        // `error_reporting_enabled` for `error_reporting.enabled` is common in the wild.
        (rest.is_empty() || rest.starts_with(['.', '_'])).then_some(*reason)
    })
}

/// Whether a variable was made by Kubernetes (or old Docker links) for a service named `authentik-…`.
///
/// `name` is without the prefix: `SERVER_PORT_80_TCP_ADDR`, `POSTGRESQL_SERVICE_HOST`, `PORT`.
pub(crate) fn is_service_link(name: &str, value: &str) -> bool {
    if name.contains("__") {
        return false;
    }
    let name = format!("_{name}");
    if name.ends_with("_SERVICE_HOST") || name.ends_with("_SERVICE_PORT") || name.contains("_SERVICE_PORT_") {
        return true;
    }
    let is_url = ["tcp://", "udp://", "sctp://"].iter().any(|scheme| value.starts_with(scheme));
    if name.ends_with("_PORT") && is_url {
        return true;
    }
    // _PORT_<number>_<protocol>[_ADDR|_PORT|_PROTO]
    name.match_indices("_PORT_").any(|(at, marker)| {
        let mut parts = name[at + marker.len()..].split('_');
        let is_number =
            parts.next().is_some_and(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()));
        let is_protocol = matches!(parts.next(), Some("TCP" | "UDP" | "SCTP"));
        let is_tail = matches!(parts.next(), None | Some("ADDR" | "PORT" | "PROTO"));
        is_number && is_protocol && is_tail && parts.next().is_none()
    })
}
