//! The sentence for a database that does not open: which one was meant, what happened, and what to do about it.
//!
//! Separate from the store, which knows neither the settings nor who reads its errors.

use settings::{Postgresql, Settings, Storage};

/// What was wrong, for the person who started the program.
pub fn explain(settings: &Settings, error: &store::Error) -> anyhow::Error {
    let text = error.to_string();
    let (which, remedy) = match settings.storage() {
        Storage::Embedded => {
            let path = settings.general.data_dir.join("keywright.db");
            (path.display().to_string(), file(&text, &path.display().to_string()))
        }
        Storage::Postgresql(wanted) => (named(wanted), server(&text, wanted)),
    };
    match remedy {
        Some(remedy) => anyhow::anyhow!("the database {which} does not open: {text}. {remedy}"),
        None => anyhow::anyhow!("the database {which} does not open: {text}"),
    }
}

fn file(text: &str, path: &str) -> Option<String> {
    let has = |part: &str| text.contains(part);
    if has("not a database") || has("malformed") {
        return Some(format!(
            "The file is damaged, or something else wrote it. Move it away together with the -wal and -shm files beside it, \
             then put back a copy ({path}.before-… is made before an upgrade) or a backup (`keywright restore latest`)"
        ));
    }
    (has("readonly") || has("unable to open") || has("ermission denied")).then(|| {
        "This user must be able to write the file and its folder: change their owner, or set KEYWRIGHT_DATA_DIR to a \
         folder that it may write to"
            .to_owned()
    })
}

fn named(wanted: &Postgresql) -> String {
    let Postgresql { name, user, port, .. } = wanted;
    format!("{name} of PostgreSQL at {} (port {port}, user {user})", wanted.host.as_deref().unwrap_or_default())
}

fn server(text: &str, wanted: &Postgresql) -> Option<String> {
    let has = |part: &str| text.contains(part);
    let Postgresql { name, user, .. } = wanted;
    Some(if has("lookup address") {
        "Check the name of the host: `postgresql.host`, KEYWRIGHT_POSTGRESQL__HOST".to_owned()
    } else if has("password missing") {
        "Set `postgresql.password`, KEYWRIGHT_POSTGRESQL__PASSWORD".to_owned()
    } else if has("authentication failed") || has("pg_hba.conf") {
        "Check `postgresql.user` and `postgresql.password`, and that pg_hba.conf lets this machine in".to_owned()
    } else if has("does not exist") && has("database") {
        format!("Make it (`createdb -O {user} {name}`), or check `postgresql.name`, KEYWRIGHT_POSTGRESQL__NAME")
    } else if has("permission denied") {
        format!("The user needs a database or schema of its own: `ALTER DATABASE {name} OWNER TO {user}`")
    } else if has("TLS") || has("certificate") {
        "Check `postgresql.sslmode` and `postgresql.sslrootcert`, and whether the server has `ssl = on`".to_owned()
    } else if has("onnect") || has("timed out") || has("in time") {
        "Check `postgresql.host` and `postgresql.port`, and that PostgreSQL runs and listens there".to_owned()
    } else {
        return None;
    })
}
