//! Tests of derived keys, sealing and signing.

use proptest::prelude::*;

use super::*;

fn root(key: &str) -> RootKey {
    RootKey::new(&key.into())
}

#[test]
fn sealed_values_open_with_the_same_key_and_context_only() {
    let sealer = root("key").sealer("totp", Random::system());
    let sealed = sealer.seal_text(b"user 1", b"secret");
    assert_eq!(sealer.open_text(b"user 1", &sealed).unwrap().expose(), b"secret");
    assert!(sealer.open_text(b"user 2", &sealed).is_err());
    assert!(root("key").sealer("cookie", Random::system()).open_text(b"user 1", &sealed).is_err());
    assert!(root("other").sealer("totp", Random::system()).open_text(b"user 1", &sealed).is_err());
}

#[test]
fn sealing_twice_gives_different_values() {
    let sealer = root("key").sealer("totp", Random::system());
    assert_ne!(sealer.seal(b"", b"secret"), sealer.seal(b"", b"secret"));
}

#[test]
fn every_changed_byte_is_noticed() {
    let sealer = root("key").sealer("totp", Random::seeded(1));
    let sealed = sealer.seal(b"", b"secret");
    for index in 0..sealed.len() {
        let mut damaged = sealed.clone();
        damaged[index] ^= 1;
        assert!(sealer.open(b"", &damaged).is_err(), "byte {index}");
        assert!(sealer.open(b"", &sealed[..index]).is_err(), "cut at {index}");
    }
}

#[test]
fn signatures_are_bound_to_message_and_purpose() {
    let signer = root("key").signer("csrf");
    let signed = signer.attach("a.b");
    assert_eq!(signer.detach(&signed), Some("a.b"));
    assert_eq!(root("key").signer("session").detach(&signed), None);
    assert_eq!(signer.detach(&signed.replacen('a', "b", 1)), None);
    assert_eq!(signer.detach(&format!("{signed}A")), None);
    assert_eq!(signer.detach("a.b."), None);
    assert_eq!(signer.detach(""), None);
}

#[test]
fn derived_keys_are_stable_and_differ_by_purpose() {
    let key = root("key").derive::<32>("a");
    assert_eq!(key, root("key").derive::<32>("a"));
    assert_ne!(key, root("key").derive::<32>("b"));
}

proptest! {
    #[test]
    fn opening_noise_is_refused(noise in proptest::collection::vec(any::<u8>(), 0..80), text in ".{0,40}") {
        let root = root("key");
        prop_assert!(root.sealer("a", Random::system()).open(b"", &noise).is_err());
        prop_assert!(root.signer("a").detach(&text).is_none());
    }
}
