//! Tests of published keys.

use proptest::prelude::*;

use super::*;

const RFC_7638_N: &str = "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw";

fn jwk(json: serde_json::Value) -> Jwk {
    serde_json::from_value(json).unwrap()
}

#[test]
fn thumbprints_equal_the_rfcs() {
    let rsa = jwk(serde_json::json!({"kty": "RSA", "n": RFC_7638_N, "e": "AQAB", "alg": "RS256", "kid": "2011-04-29"}));
    assert_eq!(rsa.thumbprint().unwrap(), "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
    let okp =
        jwk(serde_json::json!({"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}));
    assert_eq!(okp.thumbprint().unwrap(), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
}

#[test]
fn an_empty_set_has_no_keys_member() {
    assert_eq!(serde_json::to_string(&JwkSet::default()).unwrap(), "{}");
    assert_eq!(JwkSet::parse(b"{}").unwrap(), JwkSet::default());
}

#[test]
fn keys_that_are_not_understood_do_not_spoil_the_set() {
    let set = JwkSet::parse(
        br#"{"keys":[{"kty":7},"x",{"kty":"oct","k":"AAAA"},{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}]}"#,
    )
    .unwrap();
    let good = set.keys.iter().filter(|key| PublicKey::from_jwk(key).is_ok()).count();
    assert_eq!((set.keys.len(), good), (2, 1));
    assert!(!serde_json::to_string(&set).unwrap().contains("AAAA"), "secrets are not repeated");
}

#[test]
fn members_come_in_authentiks_order() {
    let key = Jwk {
        alg: Some("RS256".into()),
        kid: Some("k".into()),
        kty: "RSA".into(),
        usage: Some("sig".into()),
        n: Some("n".into()),
        e: Some("AQAB".into()),
        ..Jwk::default()
    }
    .with_certificate(b"der");
    assert_eq!(
        serde_json::to_string(&key).unwrap(),
        r#"{"alg":"RS256","kid":"k","kty":"RSA","use":"sig","n":"n","e":"AQAB","x5c":["ZGVy"],"x5t":"fUTDPPmoKrm9UwDSZnhFBOl3IXc","x5t#S256":"UFDYDSLs1HHqVd9wNAQsHgQTQf9AZuf2_zjiC3IN-Oo"}"#
    );
}

proptest! {
    #[test]
    fn any_members_are_read_or_refused(
        kty in "RSA|EC|OKP", crv in "P-256|P-521|Ed25519|", n in "[A-Za-z0-9_-]{0,400}", e in "[A-Za-z0-9_-]{0,8}",
    ) {
        let key = Jwk { kty, crv: Some(crv), n: Some(n.clone()), e: Some(e.clone()), x: Some(n), y: Some(e), ..Jwk::default() };
        let _ = PublicKey::from_jwk(&key);
        let _ = key.thumbprint();
    }
}
