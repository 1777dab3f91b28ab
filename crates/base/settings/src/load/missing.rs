//! The sentence for a setting that is not there: where it was looked for, and what was found instead.
//!
//! Mostly the value was given, under a slightly different name; then the list of names is the whole answer.

use crate::{
    Sources,
    declare::variable_name,
    source::{listed, names},
};

pub(super) fn secret_key(sources: &Sources) -> String {
    let searched = searched(sources, "secret_key");
    format!(
        "required with PostgreSQL: set KEYWRIGHT_SECRET_KEY to a long random text, the same for all instances. {searched}"
    )
}

pub(super) fn host(sources: &Sources) -> String {
    let searched = searched(sources, "postgresql.host");
    format!("required when `database` is postgresql: set KEYWRIGHT_POSTGRESQL__HOST. {searched}")
}

/// Without a host, although `key` of PostgreSQL is set.
pub(super) fn host_beside(sources: &Sources, key: &str) -> String {
    let searched = searched(sources, "postgresql.host");
    format!(
        "required, since `{key}` is set: set KEYWRIGHT_POSTGRESQL__HOST, or KEYWRIGHT_DATABASE to embedded if no \
         PostgreSQL is meant. {searched}"
    )
}

fn searched(sources: &Sources, key: &str) -> String {
    let [weak, strong] = super::PREFIXES.map(|prefix| variable_name(prefix, key));
    let mut places = vec![format!("the variables {strong} and {weak} (also with _FILE added)")];
    let files: Vec<String> = sources.files().iter().map(|(path, _)| path.display().to_string()).collect();
    if !files.is_empty() {
        places.push(format!("`{key}` in {}", files.join(", ")));
    }
    let mut found: Vec<String> = sources
        .env()
        .iter()
        .filter(|(name, _)| is_ours(name) || resembles(name, key))
        .map(|(name, value)| if value.is_empty() { format!("{name} (empty)") } else { name.clone() })
        .collect();
    // What may be it under another name first.
    found.sort_by_key(|name| !resembles(name, key));
    if let Some(folder) = sources.secrets_dir() {
        places.push(format!("the folder {}", folder.display()));
        found.extend(names(&folder).unwrap_or_default().iter().map(|name| folder.join(name).display().to_string()));
    }
    let found = if found.is_empty() { "nothing of ours".to_owned() } else { listed(&found) };
    format!("Looked for {}; found {found}", places.join(", "))
}

fn is_ours(name: &str) -> bool {
    super::PREFIXES.iter().any(|prefix| name.starts_with(prefix))
}

/// Whether a name is the key's but for case and punctuation: `SECRET_KEY`, `secret-key`, `APP_SECRETKEY`.
fn resembles(name: &str, key: &str) -> bool {
    letters(name).contains(&letters(key))
}

fn letters(text: &str) -> String {
    text.chars().filter(char::is_ascii_alphabetic).map(|c| c.to_ascii_lowercase()).collect()
}
