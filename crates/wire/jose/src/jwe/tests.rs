//! Tests of encrypted tokens.

use proptest::prelude::*;

use super::*;
use crate::{Algorithm, Curve, KeyKind, SigningKey, jws};

const ALL_ALG: [KeyAlgorithm; 3] = [KeyAlgorithm::RsaOaep256, KeyAlgorithm::RsaOaep, KeyAlgorithm::Direct];

fn rsa() -> (EncryptionKey, DecryptionKey) {
    let pem = KeyKind::Rsa2048.generate().unwrap();
    let public = SigningKey::from_pem(&pem).unwrap().public_key().unwrap();
    (EncryptionKey::rsa(&public).unwrap(), DecryptionKey::from_pem(&pem).unwrap())
}

#[test]
fn authentiks_combination_round_trips() {
    let (encryption, decryption) = rsa();
    let header = Header::authentik("5dc0");
    let token = encrypt(b"inner", &header, &encryption).unwrap();
    let protected = token.split('.').next().unwrap();
    assert_eq!(decode(protected).unwrap(), br#"{"alg":"RSA-OAEP-256","enc":"A256CBC-HS512","kid":"5dc0","typ":"JWE"}"#);
    let opened = decrypt(&token, &decryption, &ALL_ALG, &ContentAlgorithm::ALL).unwrap();
    assert_eq!(opened, Decrypted { header, plaintext: b"inner".to_vec() });
    let (_, other) = rsa();
    assert_eq!(decrypt(&token, &other, &ALL_ALG, &ContentAlgorithm::ALL), Err(Error::Decryption));
}

#[test]
fn the_allow_lists_are_held_to() {
    let (encryption, decryption) = rsa();
    let token = encrypt(b"inner", &Header::authentik("k"), &encryption).unwrap();
    for (alg, enc) in [
        (&[KeyAlgorithm::RsaOaep][..], &ContentAlgorithm::ALL[..]),
        (&ALL_ALG[..], &[ContentAlgorithm::A256Gcm][..]),
        (&[][..], &[][..]),
    ] {
        assert!(matches!(decrypt(&token, &decryption, alg, enc), Err(Error::AlgorithmNotAllowed(_))));
    }
}

#[test]
fn shared_keys_round_trip_in_every_content_algorithm() {
    for enc in ContentAlgorithm::ALL {
        let secret = vec![9; enc.key_length()];
        let header = Header { alg: KeyAlgorithm::Direct, cty: None, enc, kid: None, typ: None };
        let token = encrypt(b"x", &header, &EncryptionKey::shared_secret(&secret)).unwrap();
        let key = DecryptionKey::shared_secret(&secret);
        let opened = decrypt(&token, &key, &[KeyAlgorithm::Direct], &[enc]).unwrap();
        assert_eq!(opened.plaintext, b"x");
        // A key where none belongs.
        let stuffed = token.replacen("..", ".AAAA.", 1);
        assert!(decrypt(&stuffed, &key, &[KeyAlgorithm::Direct], &[enc]).is_err());
        let short = DecryptionKey::shared_secret(&secret[1..]);
        assert!(decrypt(&token, &short, &[KeyAlgorithm::Direct], &[enc]).is_err());
    }
}

#[test]
fn keys_and_algorithms_cannot_be_mixed() {
    let (encryption, decryption) = rsa();
    let direct = Header { alg: KeyAlgorithm::Direct, ..Header::authentik("k") };
    assert!(encrypt(b"x", &direct, &encryption).is_err());
    let shared = EncryptionKey::shared_secret(&[0; 64]);
    assert!(encrypt(b"x", &Header::authentik("k"), &shared).is_err());
    let token = encrypt(b"x", &direct, &shared).unwrap();
    assert!(decrypt(&token, &decryption, &ALL_ALG, &ContentAlgorithm::ALL).is_err());
    let ec = SigningKey::from_pem(&KeyKind::Ec(Curve::P256).generate().unwrap()).unwrap();
    assert!(EncryptionKey::rsa(&ec.public_key().unwrap()).is_err());
}

#[test]
fn compression_and_critical_extensions_are_refused() {
    let key = DecryptionKey::shared_secret(&[0; 32]);
    for header in [
        r#"{"alg":"dir","enc":"A256GCM","zip":"DEF"}"#,
        r#"{"alg":"dir","enc":"A256GCM","crit":["exp"]}"#,
        r#"{"alg":"RSA1_5","enc":"A256GCM"}"#,
        r#"{"alg":"dir","enc":"A256GCM","enc":"A128GCM"}"#,
    ] {
        let token = format!("{}..AAAAAAAAAAAAAAAA.AA.AAAAAAAAAAAAAAAAAAAAAA", encode(header));
        let refused = decrypt(&token, &key, &ALL_ALG, &ContentAlgorithm::ALL);
        assert!(matches!(refused, Err(Error::Header(_))), "{header}: {refused:?}");
    }
}

#[test]
fn a_signed_token_can_travel_inside() {
    let (encryption, decryption) = rsa();
    let signing = SigningKey::shared_secret(b"secret").unwrap();
    let inner = jws::sign(b"{}", "JWT", &signing).unwrap();
    let token = encrypt(inner.as_bytes(), &Header::authentik("k"), &encryption).unwrap();
    let opened = decrypt(&token, &decryption, &ALL_ALG, &ContentAlgorithm::ALL).unwrap();
    let inner = String::from_utf8(opened.plaintext).unwrap();
    let key = signing.verifying_key().unwrap();
    assert!(jws::verify(&inner, &key, &[Algorithm::Hs256]).is_ok());
}

proptest! {
    #[test]
    fn any_text_is_refused(token in "[A-Za-z0-9_-]{0,20}(\\.[A-Za-z0-9_-]{0,24}){3,5}") {
        let key = DecryptionKey::shared_secret(&[0; 32]);
        prop_assert!(decrypt(&token, &key, &ALL_ALG, &ContentAlgorithm::ALL).is_err());
    }
}
