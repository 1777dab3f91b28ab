//! Unit tests of precedence, indirection and error reports.

use std::{fs, time::Duration};

use super::Loaded;
use crate::{LogLevel, Origin, Settings, Sources, SslMode, Storage};

fn load(variables: &[(&str, &str)]) -> Result<Loaded, String> {
    Settings::load(&Sources::from_env(variables.iter().copied())).map_err(|problems| problems.to_string())
}

fn load_yaml(yaml: &str, variables: &[(&str, &str)]) -> Result<Loaded, String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("c.yml");
    fs::write(&path, yaml).unwrap();
    let sources = Sources::from_env(variables.iter().copied()).with_config(Some(path));
    let shown = |text: String| text.replace(&folder.path().display().to_string(), "");
    Settings::load(&sources).map_err(|problems| shown(problems.to_string()))
}

#[test]
fn defaults_are_right() {
    let loaded = load(&[]).unwrap();
    assert!(matches!(loaded.settings.storage(), Storage::Embedded));
    assert!(loaded.notices.is_empty());
    assert_eq!(loaded.settings.listen.http[0].to_string(), "[::]:9000");
    assert_eq!(loaded.settings.listen.trusted_proxy_cidrs.len(), 6);
    assert_eq!(loaded.settings.sessions.unauthenticated_age, Duration::from_hours(24));
    assert!(loaded.settings.postgresql.password.is_none());
    assert_eq!(loaded.rows.len(), Settings::items().count());
}

#[test]
fn no_key_is_declared_twice() {
    let mut keys: Vec<_> = Settings::items().flat_map(crate::Item::keys).collect();
    keys.sort_unstable();
    let count = keys.len();
    keys.dedup();
    assert_eq!(keys.len(), count);
}

#[test]
fn own_prefix_wins_over_upstream_prefix_over_file() {
    let yaml = "log_level: error\npostgresql:\n  port: 1\nlisten:\n  trusted_proxy_cidrs:\n    - 10.1.0.0/16\n";
    let variables =
        [("AUTHENTIK_LOG_LEVEL", "debug"), ("KEYWRIGHT_LOG_LEVEL", "trace"), ("AUTHENTIK_POSTGRESQL__PORT", "2")];
    let loaded = load_yaml(yaml, &variables).unwrap();
    assert_eq!(loaded.settings.log.level, LogLevel::Trace);
    assert_eq!(loaded.settings.postgresql.port, 2);
    assert_eq!(loaded.settings.listen.trusted_proxy_cidrs[0].to_string(), "10.1.0.0/16");
    let row = loaded.rows.iter().find(|row| row.key == "listen.trusted_proxy_cidrs").unwrap();
    assert!(matches!(row.origin, Origin::File { line: 5, column: 3, .. }), "{:?}", row.origin);
}

#[test]
fn an_empty_variable_is_not_set_unless_empty_means_something() {
    let variables = [
        ("KEYWRIGHT_LOG_LEVEL", ""),
        ("AUTHENTIK_LOG_LEVEL", "debug"),
        ("AUTHENTIK_LISTEN__TRUSTED_PROXY_CIDRS", ""),
        ("AUTHENTIK_POSTGRESQL__HOST", ""),
    ];
    let settings = load(&variables).unwrap().settings;
    assert_eq!(settings.log.level, LogLevel::Debug);
    assert!(settings.listen.trusted_proxy_cidrs.is_empty());
    assert!(settings.postgresql.host.is_none());
}

#[test]
fn values_are_followed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("secret");
    fs::write(&path, " from file \n").unwrap();
    let url = format!("file://{}", path.display());
    let variables = [
        ("AUTHENTIK_SECRET_KEY", url.as_str()),
        ("AUTHENTIK_POSTGRESQL__NAME", "env://DB?other"),
        ("AUTHENTIK_POSTGRESQL__USER", "env://NOBODY?somebody"),
        ("AUTHENTIK_BOOTSTRAP_PASSWORD_FILE", path.to_str().unwrap()),
        ("DB", "mine"),
        ("POSTGRES_PASSWORD", "pw"),
    ];
    let settings = load(&variables).unwrap().settings;
    assert_eq!(settings.general.secret_key.unwrap().expose(), "from file");
    assert_eq!(settings.postgresql.name, "mine");
    assert_eq!(settings.postgresql.user, "somebody");
    assert_eq!(settings.bootstrap.password.unwrap().expose(), " from file ");
    assert_eq!(settings.postgresql.password.unwrap().expose(), "pw");
}

#[test]
fn all_problems_are_reported_together_and_no_secret_is_shown() {
    let variables = [
        ("AUTHENTIK_POSTGRESQL__HOST", "db"),
        ("AUTHENTIK_POSTGRESQL__PASSWORD", "hunter2"),
        ("AUTHENTIK_POSTGRESQL__PORT", "many"),
        ("AUTHENTIK_POSTGRESQL__SSLMOD", "require"),
        ("AUTHENTIK_BOOTSTRAP_TOKEN", "env://MISSING"),
        ("KEYWRIGHT_NONSENSE_AT_ALL", "1"),
        ("AUTHENTIK_BOOTSTRAP_PASSWORD_FILE", "/does/not/exist"),
    ];
    let text = load(&variables).unwrap_err();
    let expected = [
        "5 problems in the settings:",
        "bootstrap_password (environment variable AUTHENTIK_BOOTSTRAP_PASSWORD_FILE): cannot read the file \
         /does/not/exist: No such file or directory (os error 2)",
        "AUTHENTIK_POSTGRESQL__SSLMOD (environment variable AUTHENTIK_POSTGRESQL__SSLMOD): unknown setting; \
         did you mean `AUTHENTIK_POSTGRESQL__SSLMODE`?",
        "KEYWRIGHT_NONSENSE_AT_ALL (environment variable KEYWRIGHT_NONSENSE_AT_ALL): unknown setting; remove \
         it, or see the reference for the known ones",
        "bootstrap_token (environment variable AUTHENTIK_BOOTSTRAP_TOKEN): it refers to the environment \
         variable MISSING, which is not set",
        "postgresql.port (environment variable AUTHENTIK_POSTGRESQL__PORT): found `many`, expected a whole \
         number from 0 to 65535",
    ];
    assert_eq!(text, expected.join("\n  - "));
}

#[test]
fn postgresql_needs_a_secret_key() {
    let text = load(&[("AUTHENTIK_POSTGRESQL__HOST", "db")]).unwrap_err();
    assert!(text.contains("secret_key: required with PostgreSQL: set KEYWRIGHT_SECRET_KEY"), "{text}");
    let variables = [
        ("AUTHENTIK_POSTGRESQL__HOST", "db"),
        ("AUTHENTIK_SECRET_KEY", "k"),
        ("AUTHENTIK_POSTGRESQL__SSLMODE", "verify-full"),
    ];
    let settings = load(&variables).unwrap().settings;
    let Storage::Postgresql(database) = settings.storage() else { panic!("wrong storage") };
    assert_eq!(database.sslmode, SslMode::VerifyFull);
}

#[test]
fn yaml_errors_name_line_and_column() {
    let text = load_yaml("log_level: info\nlisten: [\n", &[]).unwrap_err();
    assert!(text.contains("/c.yml:3:1): not readable as YAML"), "{text}");
    let text = load_yaml("listen:\n  http: nowhere\n  htps: x\n", &[]).unwrap_err();
    assert!(text.contains("listen.htps (/c.yml:3:3): unknown setting; did you mean `listen.https`?"), "{text}");
    assert!(text.contains("listen.http (/c.yml:2:3): found `nowhere`, expected a list"), "{text}");
    let text = load_yaml("- a\n- b\n", &[]).unwrap_err();
    assert!(text.contains("must hold keys and values"), "{text}");
    let text = load_yaml("postgresql: somewhere\n", &[]).unwrap_err();
    assert!(text.contains("postgresql (/c.yml:1:1): unknown setting"), "{text}");
    let text = load_yaml("secret_key: {a: 1}\n", &[]).unwrap_err();
    assert!(text.contains("found a mapping, expected a text"), "{text}");
}

#[test]
fn yaml_scalars_keep_their_spelling() {
    let yaml = "# ü\nsecret_key: 0123\nbootstrap_password: true\nbootstrap_token: \"007\"\nhost: ~\n";
    let settings = load_yaml(yaml, &[]).unwrap().settings;
    assert_eq!(settings.general.secret_key.unwrap().expose(), "0123");
    assert_eq!(settings.bootstrap.password.unwrap().expose(), "true");
    assert_eq!(settings.bootstrap.token.unwrap().expose(), "007");
    assert!(settings.general.host.is_none());
}

#[test]
fn a_named_file_must_exist() {
    let text = load(&[("KEYWRIGHT_CONFIG", "/does/not/exist.yml")]).unwrap_err();
    assert!(text.contains("/does/not/exist.yml: cannot read the configuration file"), "{text}");
}

#[test]
fn two_spellings_of_one_setting_are_refused() {
    let text = load(&[("AUTHENTIK_LISTEN__HTTP", ":1"), ("AUTHENTIK_LISTEN__LISTEN_HTTP", ":2")]).unwrap_err();
    assert!(text.contains("AUTHENTIK_LISTEN__HTTP sets the same"), "{text}");
}

#[test]
fn an_environment_of_the_upstream_chart_starts() {
    let variables = [
        ("AUTHENTIK_LOG_LEVEL", "info"),
        ("AUTHENTIK_SECRET_KEY", "key"),
        ("AUTHENTIK_EVENTS__CONTEXT_PROCESSORS__GEOIP", "/geoip/GeoLite2-City.mmdb"),
        ("AUTHENTIK_WEB__PATH", "/"),
        ("AUTHENTIK_EMAIL__HOST", ""),
        ("AUTHENTIK_EMAIL__PORT", "587"),
        ("AUTHENTIK_OUTPOSTS__CONTAINER_IMAGE_BASE", "ghcr.io/x/%(type)s"),
        ("AUTHENTIK_ERROR_REPORTING__ENABLED", "false"),
        ("AUTHENTIK_ERROR_REPORTING_ENABLED", "false"),
        ("AUTHENTIK_POSTGRESQL__HOST", "authentik-postgresql"),
        ("AUTHENTIK_POSTGRESQL__PASSWORD", ""),
        ("AUTHENTIK_POSTGRESQL__READ_REPLICAS__0__HOST", "other"),
        ("AUTHENTIK_REDIS__HOST", "authentik-redis-master"),
        ("AUTHENTIK_LISTEN__HTTP", "0.0.0.0:9000"),
        ("AUTHENTIK_SERVER_PORT", "tcp://10.0.0.1:80"),
        ("AUTHENTIK_SERVER_SERVICE_HOST", "10.0.0.1"),
        ("AUTHENTIK_SERVER_SERVICE_PORT", "80"),
        ("AUTHENTIK_SERVER_SERVICE_PORT_HTTP", "80"),
        ("AUTHENTIK_PORT", "tcp://10.0.0.1:80"),
        ("AUTHENTIK_POSTGRESQL_PORT_5432_TCP", "tcp://10.0.0.2:5432"),
        ("AUTHENTIK_POSTGRESQL_PORT_5432_TCP_ADDR", "10.0.0.2"),
        ("AUTHENTIK_POSTGRESQL_PORT_5432_TCP_PROTO", "tcp"),
        ("AUTHENTIK_BOOTSTRAP_EMAIL", "a@b.c"),
        ("PATH", "/bin"),
    ];
    let loaded = load(&variables).unwrap();
    let keys: Vec<_> = loaded.notices.iter().map(|notice| notice.key.as_str()).collect();
    let expected = [
        "email.host",
        "email.port",
        "error_reporting_enabled",
        "error_reporting.enabled",
        "events.context_processors.geoip",
        "outposts.container_image_base",
        "postgresql.read_replicas.0.host",
        "redis.host",
    ];
    assert_eq!(keys, expected);
    assert!(loaded.notices[7].to_string().contains("Keywright needs no Redis"));
}

#[test]
fn a_single_underscore_is_noticed() {
    let text = load(&[("AUTHENTIK_POSTGRESQL_PORT", "5433")]).unwrap_err();
    assert!(text.contains("did you mean `AUTHENTIK_POSTGRESQL__PORT`?"), "{text}");
}
