//! Unit tests of the generated key.

use std::{fs, os::unix::fs::PermissionsExt as _};

use crate::{Settings, Sources};

#[test]
fn the_key_is_made_once_and_kept_private() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let sources = Sources::from_env([("KEYWRIGHT_DATA_DIR", data.to_str().unwrap())]);
    let settings = Settings::load(&sources).unwrap().settings;
    let first = settings.secret_key(|bytes| bytes.fill(3)).unwrap();
    assert_eq!(*first.expose(), "D".repeat(60));
    let second = settings.secret_key(|_| unreachable!()).unwrap();
    assert_eq!(second.expose(), first.expose());
    let mode = fs::metadata(data.join("secret.key")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    assert_eq!(fs::read_dir(&data).unwrap().count(), 1);

    fs::write(data.join("secret.key"), "\n").unwrap();
    let text = settings.secret_key(|_| unreachable!()).unwrap_err().to_string();
    assert!(text.contains("secret.key is empty: put its content back"), "{text}");
}

#[test]
fn a_set_key_wins() {
    let sources = Sources::from_env([("AUTHENTIK_SECRET_KEY", "mine")]);
    let settings = Settings::load(&sources).unwrap().settings;
    assert_eq!(settings.secret_key(|_| unreachable!()).unwrap().expose(), "mine");
}
