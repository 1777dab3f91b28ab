//! Tests of the stored formats; the vectors were made with Python's hashlib and with Django's rules.

use proptest::prelude::*;

use super::*;

const CHEAP: Cost = Cost { memory: 64, passes: 1, lanes: 1 };

#[test]
fn new_hashes_are_argon2id_in_django_notation() {
    let stored = hash("hunter2", Cost::default(), &Random::seeded(1)).unwrap();
    assert!(stored.starts_with("argon2$argon2id$v=19$m=19456,t=2,p=1$"), "{stored}");
    assert_eq!(verify("hunter2", &stored), Ok(true));
    assert_eq!(verify("hunter2 ", &stored), Ok(false));
    assert!(!needs_rehash(&stored, Cost::default()));
    assert!(needs_rehash(&stored, Cost { passes: 3, ..Cost::default() }));
}

#[test]
fn pbkdf2_sha256_hashes_are_read() {
    let stored = "pbkdf2_sha256$1000$seasalt$JgZryXe2Ga8ysg6XbzkLpTdyPQrHqsinbL9BnnhgX4A=";
    assert_eq!(verify("lètmein", stored), Ok(true));
    assert_eq!(verify("letmein", stored), Ok(false));
    assert!(needs_rehash(stored, CHEAP));
}

#[test]
fn pbkdf2_sha1_hashes_are_read() {
    let stored = "pbkdf2_sha1$1000$seasalt$ljleU4wBmTtz/MoG5YTwxpM0d7I=";
    assert_eq!(verify("lètmein", stored), Ok(true));
    assert_eq!(verify("letmein", stored), Ok(false));
    assert!(needs_rehash(stored, CHEAP));
}

#[test]
fn scrypt_hashes_are_read() {
    let stored = "scrypt$1024$seasalt$8$1$+qO2jTkVUbPNlniTkHY96ldSJKs4U0WQif8UbWlfO3wJDNhKOg+pPtDckiT6Zw0qkEvKIQ1MdONfGxsWrpoiNg==";
    assert_eq!(verify("lètmein", stored), Ok(true));
    assert_eq!(verify("letmein", stored), Ok(false));
    assert!(needs_rehash(stored, CHEAP));
}

#[test]
fn bcrypt_hashes_are_read() {
    let stored = "bcrypt$$2b$04$abcdefghijklmnopqrstuuanVo7Xut1CH8VGIGlz1JovQh9GJbbtG";
    assert_eq!(verify("lètmein", stored), Ok(true));
    assert_eq!(verify("letmein", stored), Ok(false));
    assert!(needs_rehash(stored, CHEAP));
}

#[test]
fn bcrypt_sha256_hashes_are_read() {
    let stored = "bcrypt_sha256$$2b$04$abcdefghijklmnopqrstuulyx/yrfLnuLCi6gwFG5mrkJjuQKpL6S";
    assert_eq!(verify("lètmein", stored), Ok(true));
    assert_eq!(verify("letmein", stored), Ok(false));
    assert!(needs_rehash(stored, CHEAP));
}

#[test]
fn argon2_hashes_of_other_costs_are_read() {
    // Test vector of the Argon2 reference implementation, in Django's notation.
    let stored = "argon2$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4";
    assert_eq!(verify("password", stored), Ok(true));
    assert_eq!(verify("Password", stored), Ok(false));
    assert!(needs_rehash(stored, CHEAP));
}

#[test]
fn unusable_passwords_match_nothing() {
    for stored in ["", "!", "!abc", &unusable(&Random::system())] {
        assert_eq!(verify("", stored), Ok(false));
        assert_eq!(verify("!", stored), Ok(false));
        assert!(!needs_rehash(stored, CHEAP));
    }
}

#[test]
fn long_passwords_are_refused_before_hashing() {
    let long = "x".repeat(MAX_LENGTH + 1);
    assert_eq!(hash(&long, CHEAP, &Random::system()), Err(PasswordError::TooLong));
    assert_eq!(verify(&long, "pbkdf2_sha256$1$a$b"), Err(PasswordError::TooLong));
    assert!(hash(&long[1..], CHEAP, &Random::system()).is_ok());
}

#[test]
fn costs_beyond_the_limits_are_refused() {
    let hash = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    for stored in [
        format!("argon2$argon2id$v=19$m=4194304,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA${hash}"),
        format!("argon2$argon2id$v=19$m=1024,t=1000,p=1$AAAAAAAAAAAAAAAAAAAAAA${hash}"),
        format!("pbkdf2_sha256$4000000000$salt${hash}="),
        "bcrypt$$2b$31$abcdefghijklmnopqrstuu5s2v8.iXieOjg/.AySBTTZIIVFJeBui".to_owned(),
        format!("scrypt$1073741824$salt$8$1${hash}="),
        format!("scrypt$16384$salt$8$1000${hash}="),
    ] {
        let refused = verify("x", &stored);
        assert!(matches!(refused, Err(PasswordError::TooCostly(_))), "{stored}: {refused:?}");
    }
}

#[test]
fn damaged_hashes_are_refused() {
    for stored in [
        "x",
        "md5$salt$hash",
        "pbkdf2_sha256$1$salt$",
        "pbkdf2_sha256$1$salt$AAAA",
        "pbkdf2_sha256$0$salt$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
        "argon2$argon2id$v=19$m=64,t=1,p=1$AAAAAAAAAAAAAAAAAAAAAA$",
        "argon2$argon2id$v=19$$$",
        "bcrypt$x",
        "scrypt$3$salt$8$1$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
    ] {
        assert_eq!(verify("x", stored), Err(PasswordError::Format), "{stored}");
        assert!(check_stored(stored).is_err());
        assert!(needs_rehash(stored, CHEAP));
    }
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused(
        kind in "argon2|pbkdf2_sha256|pbkdf2_sha1|bcrypt|bcrypt_sha256|scrypt|.{0,5}",
        rest in "[$a-z0-9=,+/.]{0,60}",
    ) {
        let _ = check_stored(&format!("{kind}${rest}"));
    }
}
