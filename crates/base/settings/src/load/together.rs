//! Rules that concern more than one setting, or a value's meaning rather than its form.

use std::net::IpAddr;

use url::{Host, Url};

use super::{Row, missing};
use crate::{Database, Origin, Problem, Settings, Sources};

pub(super) fn check(settings: &Settings, sources: &Sources, rows: &[Row], problems: &mut Vec<Problem>) {
    let given = |key: &str| rows.iter().find(|row| row.key == key && !row.shown.is_empty());
    let origin = |key: &str| given(key).map_or(Origin::Default, |row| row.origin.clone());
    let mut wrong = |key: &str, message: &str| {
        let (key, message) = (key.to_owned(), message.to_owned());
        problems.push(Problem { origin: origin(&key), key, message });
    };
    let (general, database) = (&settings.general, &settings.postgresql);
    if database.host.is_some() && general.secret_key.is_none() {
        wrong("secret_key", &missing::secret_key(sources));
    }
    match (general.database, &database.host) {
        (Database::Postgresql, None) => wrong("postgresql.host", &missing::host(sources)),
        (Database::Embedded, Some(_)) => {
            wrong("database", "`postgresql.host` is set too: take one of them away, or set KEYWRIGHT_DATABASE to auto");
        }
        // Whoever gives a user or a password means PostgreSQL; an empty embedded database would look like a loss of all data.
        (Database::Auto, None) => {
            let is_given = |row: &&Row| row.origin != Origin::Default && !row.shown.is_empty();
            let means = |row: &&Row| matches!(row.key, "postgresql.password" | "postgresql.user" | "postgresql.name");
            if let Some(Row { key, .. }) = rows.iter().filter(means).find(is_given) {
                wrong("postgresql.host", &missing::host_beside(sources, key));
            }
        }
        _ => {}
    }
    if settings.tls.cert.is_some() != settings.tls.key.is_some() {
        wrong("tls", "`tls.cert` and `tls.key` must be set together");
    }
    if database.sslcert.is_some() != database.sslkey.is_some() {
        wrong("postgresql", "`postgresql.sslcert` and `postgresql.sslkey` must be set together");
    }
    for (key, address) in [("host", &general.host), ("host_browser", &general.host_browser)] {
        if let Some(address) = address.as_ref().filter(|address| is_anywhere(address)) {
            let message = format!(
                "found `{address}`, which is where a server listens, not where people reach it; expected the address in \
                 the browser, such as https://id.example.com"
            );
            wrong(key, &message);
        }
    }
    let path = settings.web.path.as_str();
    if path != "/" {
        wrong("web.path", &format!("found `{path}`, expected /: this version needs a host name of its own"));
    }
    let backup = &settings.backup;
    if backup.schedule.is_some() && backup.passphrase.is_none() && backup.key_file.is_none() {
        wrong("backup.schedule", "set `backup.passphrase` or `backup.key_file` too: backups are always encrypted");
    }
    let bootstrap = &settings.bootstrap;
    if bootstrap.password.is_some() && bootstrap.password_hash.is_some() {
        wrong("bootstrap_password_hash", "`bootstrap_password` is set too: set one of them");
    }
    if let Some(email) = bootstrap.email.as_ref().filter(|email| !is_address(email)) {
        wrong("bootstrap_email", &format!("found `{email}`, expected a mail address such as admin@example.com"));
    }
}

/// `0.0.0.0` and `[::]`: nobody's address.
fn is_anywhere(address: &Url) -> bool {
    match address.host() {
        Some(Host::Ipv4(ip)) => IpAddr::from(ip).is_unspecified(),
        Some(Host::Ipv6(ip)) => IpAddr::from(ip).is_unspecified(),
        _ => false,
    }
}

/// The rest is for who makes the account.
fn is_address(text: &str) -> bool {
    text.rsplit_once('@').is_some_and(|(name, host)| !name.is_empty() && !host.is_empty() && !text.contains(' '))
}
