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
        ("AUTHENTIK_POSTGRESQL__HOST", "db"),
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
         /does/not/exist: No such file or directory (os error 2); there is no readable folder /does/not",
        "AUTHENTIK_POSTGRESQL__SSLMOD (environment variable AUTHENTIK_POSTGRESQL__SSLMOD): unknown setting; \
         did you mean `AUTHENTIK_POSTGRESQL__SSLMODE`?",
        "KEYWRIGHT_NONSENSE_AT_ALL (environment variable KEYWRIGHT_NONSENSE_AT_ALL): unknown setting; remove \
         it, `keywright config reference` explains all there are",
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
    assert!(text.contains("postgresql (/c.yml:1:1): found a value, expected a section with: host, "), "{text}");
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
        ("AUTHENTIK_ENABLED", "true"),
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
        "enabled",
        "error_reporting_enabled",
        "error_reporting.enabled",
        "events.context_processors.geoip",
        "outposts.container_image_base",
        "postgresql.read_replicas.0.host",
        "redis.host",
    ];
    assert_eq!(keys, expected);
    assert!(loaded.notices[8].to_string().contains("Keywright needs no Redis"));
}

#[test]
fn a_single_underscore_is_noticed() {
    let text = load(&[("AUTHENTIK_POSTGRESQL_PORT", "5433")]).unwrap_err();
    assert!(text.contains("did you mean `AUTHENTIK_POSTGRESQL__PORT`?"), "{text}");
}

#[test]
fn a_misspelt_secret_key_is_named() {
    for (name, meant) in [
        ("AUTHENTIK_SECRETKEY", "AUTHENTIK_SECRET_KEY"),
        ("AUTHENTIK_SECRET__KEY", "AUTHENTIK_SECRET_KEY"),
        ("AUTHENTIK_SECRET_KEYS", "AUTHENTIK_SECRET_KEY"),
        ("KEYWRIGHT_SECRT_KEY", "KEYWRIGHT_SECRET_KEY"),
    ] {
        let text = load(&[(name, "k")]).unwrap_err();
        assert!(text.contains(&format!("{name}): unknown setting; did you mean `{meant}`?")), "{text}");
    }
}

#[test]
fn a_missing_secret_key_is_reported_with_what_was_there() {
    let variables = [
        ("AUTHENTIK_POSTGRESQL__HOST", "db"),
        ("AUTHENTIK_SECRET_KEY", ""),
        ("secret-key", "from a Secret mounted by envFrom"),
        ("PATH", "/bin"),
    ];
    let text = load(&variables).unwrap_err();
    let expected = "secret_key: required with PostgreSQL: set KEYWRIGHT_SECRET_KEY to a long random text, the same for all \
        instances. Looked for the variables KEYWRIGHT_SECRET_KEY and AUTHENTIK_SECRET_KEY (also with _FILE added); found \
        AUTHENTIK_SECRET_KEY (empty), secret-key, AUTHENTIK_POSTGRESQL__HOST";
    assert_eq!(text, format!("1 problem in the settings:\n  - {expected}"));
}

#[test]
fn a_secret_under_another_name_is_reported_with_those_there_are() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path().display().to_string();
    fs::write(folder.path().join("secretkey"), "k").unwrap();
    fs::write(folder.path().join("empty"), "\n").unwrap();
    fs::create_dir(folder.path().join("..data")).unwrap();
    let wrong = |name: &str, value: String| load(&[(name, value.as_str())]).unwrap_err();
    let holds = "holds empty, secretkey";
    let text = wrong("AUTHENTIK_SECRET_KEY", format!("file://{at}/secret_key"));
    assert!(text.contains(&format!("cannot read the file {at}/secret_key it refers to: No such file")), "{text}");
    assert!(text.ends_with(&format!("its folder {holds}")), "{text}");
    let text = wrong("AUTHENTIK_SECRET_KEY", format!("file://{at}"));
    assert!(text.ends_with(&format!("it is a folder that {holds}")), "{text}");
    let text = wrong("AUTHENTIK_SECRET_KEY_FILE", format!("{at}/secret_key"));
    assert!(text.ends_with(&format!("its folder {holds}")), "{text}");
    let text = wrong("AUTHENTIK_SECRET_KEY", format!("file://{at}/empty"));
    assert!(text.ends_with("the file it refers to is empty"), "{text}");
    let text = wrong("AUTHENTIK_SECRET_KEY_FILE", format!("{at}/empty"));
    assert!(text.ends_with("/empty is empty"), "{text}");
}

#[test]
fn a_folder_of_secrets_is_read_file_by_file() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path().display().to_string();
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
    write("AUTHENTIK_POSTGRESQL__PASSWORD", "hunter2\n");
    write("secret-key", "k\n");
    write("log_level", "debug");
    write(".hidden", "x");
    let variables = [
        ("KEYWRIGHT_SECRETS_DIR", at.as_str()),
        ("AUTHENTIK_LOG_LEVEL", "error"),
        ("AUTHENTIK_POSTGRESQL__HOST", "db"),
    ];
    let loaded = load(&variables).unwrap();
    assert_eq!(loaded.settings.general.secret_key.unwrap().expose(), "k");
    assert_eq!(loaded.settings.postgresql.password.unwrap().expose(), "hunter2");
    assert_eq!(loaded.settings.log.level, LogLevel::Error);
    let row = loaded.rows.iter().find(|row| row.key == "secret_key").unwrap();
    assert_eq!(row.origin.to_string(), format!("file {at}/secret-key"));
    write("secretkey", "k");
    write("bootstrap_token", "");
    write("secret_key", "k");
    let text = load(&variables).unwrap_err();
    assert!(
        text.contains(&format!("secretkey (file {at}/secretkey): unknown setting; did you mean `secret_key`?")),
        "{text}"
    );
    assert!(text.contains(&format!("bootstrap_token (file {at}/bootstrap_token): the file is empty")), "{text}");
    assert!(text.contains("the file secret-key beside it sets the same"), "{text}");
    let text = load(&[("KEYWRIGHT_SECRETS_DIR", "/does/not/exist")]).unwrap_err();
    assert!(text.contains("/does/not/exist: cannot read the folder"), "{text}");
}

#[test]
fn the_database_meant_must_be_the_one_set() {
    let text = load(&[("KEYWRIGHT_DATABASE", "postgresql"), ("AUTHENTIK_POSTGRESQL__HOSTNAME", "db")]).unwrap_err();
    assert!(text.contains("AUTHENTIK_POSTGRESQL__HOSTNAME): unknown setting"), "{text}");
    assert!(text.contains("postgresql.host: required when `database` is postgresql"), "{text}");
    assert!(text.contains("found AUTHENTIK_POSTGRESQL__HOSTNAME, KEYWRIGHT_DATABASE"), "{text}");
    let variables =
        [("KEYWRIGHT_DATABASE", "embedded"), ("AUTHENTIK_POSTGRESQL__HOST", "db"), ("AUTHENTIK_SECRET_KEY", "k")];
    let text = load(&variables).unwrap_err();
    assert!(
        text.contains("database (environment variable KEYWRIGHT_DATABASE): `postgresql.host` is set too"),
        "{text}"
    );
    assert!(load(&variables[1..]).is_ok());
}

#[test]
fn a_value_in_place_of_a_section_names_what_is_in_the_section() {
    let text = load_yaml("tls: cert.pem\n", &[]).unwrap_err();
    assert_eq!(
        text,
        "1 problem in the settings:\n  - tls (/c.yml:1:1): found a value, expected a section with: cert, key"
    );
}

#[test]
fn an_address_to_listen_on_is_no_address_for_people() {
    let text = load(&[("AUTHENTIK_HOST", "http://0.0.0.0:9000")]).unwrap_err();
    assert!(
        text.contains("host (environment variable AUTHENTIK_HOST): found `http://0.0.0.0:9000/`, which is"),
        "{text}"
    );
    assert!(load(&[("AUTHENTIK_HOST_BROWSER", "https://[::]/")]).is_err());
    assert!(load(&[("AUTHENTIK_HOST", "http://127.0.0.1:9000")]).is_ok());
}

#[test]
fn a_password_of_postgresql_without_its_host_is_no_embedded_database() {
    let text = load(&[("AUTHENTIK_POSTGRESQL__PASSWORD", "secret")]).unwrap_err();
    assert!(text.contains("postgresql.host: required, since `postgresql.password` is set"), "{text}");
    assert!(text.contains("found AUTHENTIK_POSTGRESQL__PASSWORD"), "{text}");
    assert!(load(&[("AUTHENTIK_POSTGRESQL__PASSWORD", "")]).is_ok());
    assert!(load(&[("AUTHENTIK_POSTGRESQL__PASSWORD", "secret"), ("KEYWRIGHT_DATABASE", "embedded")]).is_ok());
}

#[test]
fn the_first_account_is_described_once_and_rightly() {
    let both = [("AUTHENTIK_BOOTSTRAP_PASSWORD", "a"), ("AUTHENTIK_BOOTSTRAP_PASSWORD_HASH", "b")];
    let text = load(&both).unwrap_err();
    assert!(
        text.contains("bootstrap_password_hash (environment variable AUTHENTIK_BOOTSTRAP_PASSWORD_HASH)"),
        "{text}"
    );
    let text = load(&[("AUTHENTIK_BOOTSTRAP_EMAIL", "admin")]).unwrap_err();
    assert!(text.contains("found `admin`, expected a mail address"), "{text}");
}

#[test]
fn two_spellings_that_differ_are_told() {
    let differ = [("AUTHENTIK_SECRET_KEY", "one"), ("KEYWRIGHT_SECRET_KEY", "two")];
    let loaded = load(&differ).unwrap();
    assert_eq!(
        loaded.notices[0].to_string(),
        "secret_key (environment variable AUTHENTIK_SECRET_KEY) has no effect: KEYWRIGHT_SECRET_KEY is set to something \
         else and wins"
    );
    let same = [("AUTHENTIK_SECRET_KEY", "one"), ("KEYWRIGHT_SECRET_KEY", "one")];
    assert!(load(&same).unwrap().notices.is_empty());
}

#[test]
fn backups_by_themselves_need_something_to_encrypt_with() {
    let text = load(&[("KEYWRIGHT_BACKUP__SCHEDULE", "hours=24")]).unwrap_err();
    assert!(
        text.contains("backup.schedule (environment variable KEYWRIGHT_BACKUP__SCHEDULE): set `backup.passphrase`"),
        "{text}"
    );
}

#[test]
fn a_path_that_is_not_served_is_refused() {
    let text = load(&[("AUTHENTIK_WEB__PATH", "/id/")]).unwrap_err();
    assert!(text.contains("web.path (environment variable AUTHENTIK_WEB__PATH): found `/id/`, expected /"), "{text}");
}
