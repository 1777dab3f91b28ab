//! Tests of public keys.

use proptest::prelude::*;

use super::*;
use crate::{KeyKind, SigningKey};

#[test]
fn weak_and_odd_rsa_keys_are_refused() {
    assert!(PublicKey::rsa(&[0xff; 256], &[1, 0, 1]).is_ok());
    assert!(PublicKey::rsa(&[0xff; 128], &[1, 0, 1]).is_err(), "1024 bits");
    assert!(PublicKey::rsa(&[0xff; 1025], &[1, 0, 1]).is_err(), "too large");
    assert!(PublicKey::rsa(&[0xff; 256], &[1]).is_err(), "exponent 1");
    assert!(PublicKey::rsa(&[0xff; 256], &[]).is_err(), "no exponent");
    assert!(PublicKey::rsa(&[0xff; 256], &[0xff; 6]).is_err(), "huge exponent");
    assert!(PublicKey::rsa(&[0xfe; 256], &[1, 0, 1]).is_err(), "even modulus");
}

#[test]
fn points_off_the_curve_are_refused() {
    let mut point = vec![1; 65];
    point[0] = 4;
    assert!(PublicKey::ec(Curve::P256, &point).is_err());
    assert!(PublicKey::ec(Curve::P256, &point[..33]).is_err());
    assert!(PublicKey::ec(Curve::P256, &[]).is_err());
    assert!(PublicKey::ed25519(&[1; 31]).is_err());
}

#[test]
fn every_kind_survives_the_way_through_a_jwk() {
    for kind in [
        KeyKind::Rsa2048,
        KeyKind::Ec(Curve::P256),
        KeyKind::Ec(Curve::P384),
        KeyKind::Ec(Curve::P521),
        KeyKind::Ed25519,
    ] {
        let key = SigningKey::from_pem(&kind.generate().unwrap()).unwrap().public_key().unwrap();
        assert_eq!(PublicKey::from_jwk(&key.to_jwk()).unwrap(), key, "{kind:?}");
    }
}

#[test]
fn coordinates_without_leading_zeros_are_completed() {
    // A key whose x begins with a zero byte is found within a few hundred tries.
    for _ in 0..20_000 {
        let pem = KeyKind::Ec(Curve::P256).generate().unwrap();
        let key = SigningKey::from_pem(&pem).unwrap().public_key().unwrap();
        let mut jwk = key.to_jwk();
        let x = crate::encoding::decode(jwk.x.as_ref().unwrap()).unwrap();
        if x[0] == 0 {
            jwk.x = Some(encode(&x[1..]));
            assert_eq!(PublicKey::from_jwk(&jwk).unwrap(), key);
            return;
        }
    }
    panic!("no key with a leading zero in 20000");
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(der in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = PublicKey::from_spki(&der);
        let _ = PublicKey::from_pkcs1(&der);
        let _ = PublicKey::from_certificate(&der);
        let _ = crate::SigningKey::from_pkcs8(&der);
        let _ = crate::jwe::DecryptionKey::from_pkcs8(&der);
    }
}
