//! Tokens and keys of strangers. Nothing verifies that was not signed with the key.
#![no_main]

use std::sync::LazyLock;

use jose::{Algorithm, JwkSet, KeyKind, SigningKey, VerifyingKey};
use libfuzzer_sys::fuzz_target;

static KEY: LazyLock<VerifyingKey> = LazyLock::new(|| {
    let made = KeyKind::Ec(jose::Curve::P256).generate().expect("a key");
    let key = SigningKey::from_pem(&made).expect("the key is read");
    key.verifying_key().expect("its other half")
});

fuzz_target!(|bytes: &[u8]| {
    let _ = JwkSet::parse(bytes);
    let _ = jose::jwt::parse::<jose::jwt::Claims>(bytes);
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let _ = jose::jws::peek_header(text);
    let _ = jose::jws::peek_payload(text);
    assert!(jose::jws::verify(text, &KEY, &[Algorithm::Es256]).is_err());
});
