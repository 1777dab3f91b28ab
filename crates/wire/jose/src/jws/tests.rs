//! The examples of RFC 7515 and RFC 8037, a token authentik signed, and attacks.

use proptest::prelude::*;

use super::*;
use crate::{Curve, Jwk, KeyKind, PublicKey};

const HS256: &str = "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const HS256_KEY: &str = "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow";
const PAYLOAD: &[u8] = b"{\"iss\":\"joe\",\r\n \"exp\":1300819380,\r\n \"http://example.com/is_root\":true}";

fn jwk(json: serde_json::Value) -> VerifyingKey {
    VerifyingKey::from_jwk(&serde_json::from_value::<Jwk>(json).unwrap()).unwrap()
}

fn pair(kind: KeyKind) -> (SigningKey, VerifyingKey) {
    let key = SigningKey::from_pem(&kind.generate().unwrap()).unwrap().with_kid("k");
    let verifying = key.verifying_key().unwrap();
    (key, verifying)
}

#[test]
fn rfc_7515_a1_hs256() {
    let key = VerifyingKey::shared_secret(&decode(HS256_KEY).unwrap()).unwrap();
    let verified = verify(HS256, &key, &[Algorithm::Hs256]).unwrap();
    assert_eq!(verified.payload, PAYLOAD);
    assert_eq!(verified.header.typ.as_deref(), Some("JWT"));
}

#[test]
fn rfc_7515_a2_rs256() {
    let key = jwk(serde_json::json!({
        "kty": "RSA",
        "n": "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ",
        "e": "AQAB",
    }));
    let token = "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw";
    assert_eq!(verify(token, &key, &[Algorithm::Rs256]).unwrap().payload, PAYLOAD);
}

#[test]
fn rfc_7515_a3_es256() {
    let key = jwk(serde_json::json!({
        "kty": "EC",
        "crv": "P-256",
        "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
        "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
    }));
    let token = "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";
    assert_eq!(verify(token, &key, &[Algorithm::Es256]).unwrap().payload, PAYLOAD);
}

#[test]
fn rfc_7515_a5_unsecured_tokens_are_never_accepted() {
    let unsecured = "eyJhbGciOiJub25lIn0.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.";
    let key = VerifyingKey::shared_secret(b"x").unwrap();
    let refused = verify(unsecured, &key, &[Algorithm::Hs256, Algorithm::Rs256]);
    assert_eq!(refused, Err(Error::AlgorithmNotAllowed("none".to_owned())));
    for alg in ["None", "nOnE", "", "hs256"] {
        let header = encode(format!(r#"{{"alg":"{alg}"}}"#));
        assert!(verify(&format!("{header}.e30."), &key, &[Algorithm::Hs256]).is_err());
    }
}

#[test]
fn rfc_8037_a4_ed25519() {
    let key = jwk(serde_json::json!({
        "kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
    }));
    let token = "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg";
    let verified = verify(token, &key, &[Algorithm::EdDsa]).unwrap();
    assert_eq!(verified.payload, b"Example of Ed25519 signing");
}

#[test]
fn a_token_signed_by_authentik_verifies_with_its_published_keys() {
    let set = JwkSet::parse(include_bytes!("authentik_jwks.json")).unwrap();
    let token = include_str!("authentik_token.txt").trim();
    let verified = verify_with_set(token, &set, &[Algorithm::Rs256]).unwrap();
    assert_eq!(verified.header.kid, set.keys[0].kid);
    // And the published key is written the way it was read.
    let der = base64::Engine::decode(&base64::engine::general_purpose::STANDARD, &set.keys[0].x5c.as_ref().unwrap()[0])
        .unwrap();
    let written = Jwk {
        alg: Some("RS256".to_owned()),
        kid: set.keys[0].kid.clone(),
        usage: Some("sig".to_owned()),
        ..PublicKey::from_certificate(&der).unwrap().to_jwk().with_certificate(&der)
    };
    assert_eq!(
        serde_json::to_string(&JwkSet { keys: vec![written] }).unwrap(),
        include_str!("authentik_jwks.json").trim().replace("\": ", "\":").replace(", \"", ",\"")
    );
}

#[test]
fn every_algorithm_round_trips_and_no_other_verifies() {
    let all: Vec<Algorithm> =
        [Algorithm::Hs256, Algorithm::Hs384, Algorithm::Hs512].into_iter().chain(Algorithm::ASYMMETRIC).collect();
    let rsa = KeyKind::Rsa2048.generate().unwrap();
    for algorithm in &all {
        let key = match algorithm {
            Algorithm::Hs256 | Algorithm::Hs384 | Algorithm::Hs512 => SigningKey::shared_secret(b"secret").unwrap(),
            Algorithm::Es256 => pair(KeyKind::Ec(Curve::P256)).0,
            Algorithm::Es384 => pair(KeyKind::Ec(Curve::P384)).0,
            Algorithm::Es512 => pair(KeyKind::Ec(Curve::P521)).0,
            Algorithm::EdDsa => pair(KeyKind::Ed25519).0,
            _ => SigningKey::from_pem(&rsa).unwrap(),
        };
        let key = key.with_algorithm(*algorithm).unwrap();
        let token = sign(b"payload", "JWT", &key).unwrap();
        let verifying = key.verifying_key().unwrap();
        assert_eq!(verify(&token, &verifying, &[*algorithm]).unwrap().payload, b"payload");
        for other in all.iter().filter(|other| *other != algorithm) {
            assert!(verify(&token, &verifying, &[*other]).is_err());
            // The same token with another algorithm in its header.
            let header = encode(format!(r#"{{"alg":"{other}"}}"#));
            let forged = format!("{header}.{}", token.split_once('.').unwrap().1);
            assert!(verify(&forged, &verifying, &all).is_err(), "{algorithm} as {other}");
        }
    }
}

#[test]
fn a_public_key_is_never_an_hmac_key() {
    let pem = KeyKind::Rsa2048.generate().unwrap();
    let public = SigningKey::from_pem(&pem).unwrap().public_key().unwrap();
    let jwk = public.to_jwk();
    let key = VerifyingKey::new(public);
    for guess in [jwk.n.unwrap().into_bytes(), pem.as_bytes().to_vec()] {
        let forged = sign(b"{}", "JWT", &SigningKey::shared_secret(&guess).unwrap()).unwrap();
        let refused = verify(&forged, &key, &[Algorithm::Hs256, Algorithm::Rs256]);
        assert_eq!(refused, Err(Error::KeyMismatch("HS256")));
    }
    assert!(SigningKey::shared_secret(b"").is_err());
    assert!(VerifyingKey::shared_secret(b"").is_err());
}

#[test]
fn keys_inside_the_header_are_not_used() {
    let (attacker, attacker_public) = pair(KeyKind::Ec(Curve::P256));
    let (_, key) = pair(KeyKind::Ec(Curve::P256));
    let embedded = serde_json::to_string(&attacker.public_key().unwrap().to_jwk()).unwrap();
    let header = format!(r#"{{"alg":"ES256","jwk":{embedded},"jku":"https://evil","x5u":"https://evil"}}"#);
    let message = format!("{}.{}", encode(header), encode("{}"));
    let token = format!("{message}.{}", encode(attacker.sign(message.as_bytes()).unwrap()));
    assert!(verify(&token, &attacker_public, &[Algorithm::Es256]).is_ok());
    assert_eq!(verify(&token, &key, &[Algorithm::Es256]), Err(Error::Signature));
}

#[test]
fn critical_extensions_and_repeated_members_are_refused() {
    let key = VerifyingKey::shared_secret(b"x").unwrap();
    for header in [
        r#"{"alg":"HS256","crit":["b64"],"b64":false}"#,
        r#"{"alg":"HS256","crit":[]}"#,
        r#"{"alg":"HS256","alg":"HS256"}"#,
        r#"{"alg":["HS256"]}"#,
        r#"{"kid":"x"}"#,
        "[]",
        r#"["HS256",null,null,null,null]"#,
        "",
    ] {
        let token = format!("{}.e30.AAAA", encode(header));
        let refused = verify(&token, &key, &[Algorithm::Hs256]);
        assert!(matches!(refused, Err(Error::Header(_))), "{header}: {refused:?}");
    }
}

#[test]
fn cut_extended_and_respelled_tokens_are_refused() {
    let key = SigningKey::shared_secret(b"secret").unwrap();
    let verifying = key.verifying_key().unwrap();
    let token = sign(b"{\"a\":1}", "JWT", &key).unwrap();
    assert!(verify(&token, &verifying, &[Algorithm::Hs256]).is_ok());
    for length in 0..token.len() {
        assert!(verify(&token[..length], &verifying, &[Algorithm::Hs256]).is_err());
    }
    for tail in ["A", "=", " ", "\n", ".", ".AAAA", "AAAA", "\0"] {
        assert!(verify(&format!("{token}{tail}"), &verifying, &[Algorithm::Hs256]).is_err());
        assert!(verify(&format!("{tail}{token}"), &verifying, &[Algorithm::Hs256]).is_err());
    }
    // HS256 signatures end in two unused bits; setting them is another spelling of the same bytes.
    let last = token.chars().last().unwrap();
    let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let next = alphabet.chars().nth(alphabet.find(last).unwrap() + 1).unwrap();
    let respelled = format!("{}{next}", &token[..token.len() - 1]);
    assert!(verify(&respelled, &verifying, &[Algorithm::Hs256]).is_err());
    assert!(verify(&"A".repeat(300_000), &verifying, &[Algorithm::Hs256]).is_err());
}

#[test]
fn sets_are_searched_by_kid() {
    let (one, _) = pair(KeyKind::Ec(Curve::P256));
    let (two, _) = pair(KeyKind::Ed25519);
    let jwk = |key: &SigningKey, kid: &str| Jwk { kid: Some(kid.to_owned()), ..key.public_key().unwrap().to_jwk() };
    let allowed = &Algorithm::ASYMMETRIC;
    let token = sign(b"{}", "JWT", &one).unwrap();
    let set = JwkSet { keys: vec![jwk(&two, "other"), jwk(&one, "k")] };
    assert!(verify_with_set(&token, &set, allowed).is_ok());
    let renamed = JwkSet { keys: vec![jwk(&one, "other")] };
    assert_eq!(verify_with_set(&token, &renamed, allowed), Err(Error::NoKey));
    let unnamed = JwkSet { keys: vec![Jwk { kid: None, ..jwk(&one, "") }] };
    assert!(verify_with_set(&token, &unnamed, allowed).is_ok());
    let for_encryption = JwkSet { keys: vec![Jwk { usage: Some("enc".to_owned()), ..jwk(&one, "k") }] };
    assert_eq!(verify_with_set(&token, &for_encryption, allowed), Err(Error::NoKey));
    let other_alg = JwkSet { keys: vec![Jwk { alg: Some("ES384".to_owned()), ..jwk(&one, "k") }] };
    assert!(verify_with_set(&token, &other_alg, allowed).is_err());
}

proptest! {
    #[test]
    fn any_text_is_refused(token in "[A-Za-z0-9_.-]{0,80}|.{0,40}") {
        let key = VerifyingKey::shared_secret(b"x").unwrap();
        prop_assert!(verify(&token, &key, &[Algorithm::Hs256]).is_err());
        let _ = peek_header(&token);
        let _ = peek_payload(&token);
    }

    #[test]
    fn any_payload_round_trips(payload in proptest::collection::vec(any::<u8>(), 0..200)) {
        let key = SigningKey::shared_secret(b"x").unwrap();
        let token = sign(&payload, "JWT", &key).unwrap();
        let verified = verify(&token, &key.verifying_key().unwrap(), &[Algorithm::Hs256]).unwrap();
        prop_assert_eq!(verified.payload, payload);
    }
}
