//! Unit tests of certificates and their files.

use std::{fs, os::unix::fs::PermissionsExt as _};

use clock::Clock;

use super::{Tls, TlsFault};

const NONE: settings::Tls = settings::Tls { cert: None, key: None };

#[test]
fn the_self_signed_certificate_is_made_once_and_its_key_is_private() {
    let folder = tempfile::tempdir().unwrap();
    let clock = Clock::fake_at(1_790_000_000);
    let tls = Tls::open(&NONE, folder.path(), &clock).unwrap();
    let key = folder.path().join("tls/self-signed.key");
    assert_eq!(fs::metadata(&key).unwrap().permissions().mode() & 0o777, 0o600);
    let before = fs::read(&key).unwrap();
    Tls::open(&NONE, folder.path(), &clock).unwrap();
    assert_eq!(fs::read(&key).unwrap(), before);
    tls.reload().unwrap();
}

#[test]
fn wrong_files_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let clock = Clock::fake_at(1_790_000_000);
    let tls = Tls::open(&NONE, folder.path(), &clock).unwrap();
    fs::write(folder.path().join("tls/self-signed.crt"), "nonsense").unwrap();
    let fault = tls.reload().unwrap_err();
    assert!(matches!(&fault, TlsFault::Pem { expected: "certificate", .. }), "{fault}");

    let missing = settings::Tls { cert: Some("/does/not/exist".into()), key: Some("/neither".into()) };
    let fault = Tls::open(&missing, folder.path(), &clock).unwrap_err();
    assert!(fault.to_string().starts_with("cannot access /does/not/exist"), "{fault}");
}

#[test]
fn a_key_of_another_certificate_is_refused() {
    let (one, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let clock = Clock::fake_at(1_790_000_000);
    for folder in [&one, &other] {
        Tls::open(&NONE, folder.path(), &clock).unwrap();
    }
    let mixed = settings::Tls {
        cert: Some(one.path().join("tls/self-signed.crt")),
        key: Some(other.path().join("tls/self-signed.key")),
    };
    assert!(matches!(Tls::open(&mixed, one.path(), &clock), Err(TlsFault::Pair(_))));
}
