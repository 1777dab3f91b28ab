//! Tests of private keys. The files in `test_keys` were made with OpenSSL for these tests only.

use super::*;

macro_rules! key {
    ($name:literal) => {
        include_str!(concat!("test_keys/", $name))
    };
}

fn assert_pair(private: &str, public: &str, algorithm: Algorithm) {
    let key = SigningKey::from_pem(private).unwrap();
    assert_eq!(key.algorithm(), algorithm);
    let public = VerifyingKey::from_pem(public).unwrap();
    let signature = key.sign(b"message").unwrap();
    assert_eq!(public.verify(algorithm, b"message", &signature), Ok(()));
    assert_eq!(public.verify(algorithm, b"massage", &signature), Err(Error::Signature));
}

#[test]
fn openssl_files_of_every_format_are_read() {
    assert_pair(key!("rsa1.pem"), key!("rsa.pub"), Algorithm::Rs256);
    assert_pair(key!("rsa1.pem"), key!("rsa1.pub"), Algorithm::Rs256);
    assert_pair(key!("ec8.pem"), key!("ec.pub"), Algorithm::Es512);
    assert_pair(key!("ed.pem"), key!("ed.pub"), Algorithm::EdDsa);
    assert_eq!(SigningKey::from_pem(key!("rsa8.pem")).unwrap().algorithm(), Algorithm::Rs256);
    assert_eq!(SigningKey::from_pem(key!("ec1.pem")).unwrap().algorithm(), Algorithm::Es256);
}

#[test]
fn indented_keys_are_read_as_authentik_does() {
    let indented = key!("rsa1.pem").replace('\n', "\r\n    ");
    assert!(SigningKey::from_pem(&indented).is_ok());
}

#[test]
fn weak_unknown_and_public_keys_are_refused() {
    for text in [
        key!("rsa1024.pem"),
        key!("k1.pem"),
        key!("rsa.pub"),
        "",
        "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----",
        "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----",
        "-----BEGIN PRIVATE KEY-----\n-----END PRIVATE KEY-----",
    ] {
        assert!(matches!(SigningKey::from_pem(text), Err(Error::Key(_))), "{text}");
    }
}

#[test]
fn algorithms_must_fit_the_key() {
    let rsa = || SigningKey::from_pem(key!("rsa8.pem")).unwrap();
    assert!(rsa().with_algorithm(Algorithm::Ps512).is_ok());
    assert!(rsa().with_algorithm(Algorithm::Es256).is_err());
    assert!(rsa().with_algorithm(Algorithm::Hs256).is_err());
    let ec = SigningKey::from_pem(key!("ec1.pem")).unwrap();
    assert!(ec.with_algorithm(Algorithm::Es384).is_err());
}

#[test]
fn generated_keys_are_read_back() {
    for (kind, algorithm) in [
        (KeyKind::Rsa2048, Algorithm::Rs256),
        (KeyKind::Ec(Curve::P256), Algorithm::Es256),
        (KeyKind::Ec(Curve::P384), Algorithm::Es384),
        (KeyKind::Ec(Curve::P521), Algorithm::Es512),
        (KeyKind::Ed25519, Algorithm::EdDsa),
    ] {
        let pem = kind.generate().unwrap();
        assert!(pem.starts_with("-----BEGIN PRIVATE KEY-----\n"));
        assert_eq!(SigningKey::from_pem(&pem).unwrap().algorithm(), algorithm);
    }
}

#[test]
fn debug_shows_no_key() {
    let key = SigningKey::shared_secret(b"hunter2").unwrap().with_kid("k");
    assert_eq!(format!("{key:?}"), "SigningKey { algorithm: Hs256, kid: Some(\"k\"), .. }");
}
