//! Tests of the claims.

use super::*;

fn claims(json: &str) -> Claims {
    parse(json.as_bytes()).unwrap()
}

#[test]
fn times_are_checked_with_leeway() {
    let token = claims(r#"{"exp":100,"nbf":50,"iat":50}"#);
    assert_eq!(token.check(&Checks::at(99)), Ok(()));
    assert_eq!(token.check(&Checks::at(100)), Err(ClaimError::Expired));
    assert_eq!(token.check(&Checks::at(104).leeway(5)), Ok(()));
    assert_eq!(token.check(&Checks::at(105).leeway(5)), Err(ClaimError::Expired));
    assert_eq!(token.check(&Checks::at(49)), Err(ClaimError::NotYetValid));
    assert_eq!(token.check(&Checks::at(45).leeway(5)), Ok(()));
    assert_eq!(claims(r#"{"exp":100,"iat":60}"#).check(&Checks::at(59)), Err(ClaimError::IssuedInFuture));
    assert_eq!(claims("{}").check(&Checks::at(0)), Err(ClaimError::Missing("exp")));
    assert_eq!(claims("{}").check(&Checks { requires_exp: false, ..Checks::at(0) }), Ok(()));
}

#[test]
fn extreme_times_do_not_overflow() {
    let token = claims(r#"{"exp":9223372036854775807,"nbf":-9223372036854775808}"#);
    assert_eq!(token.check(&Checks::at(0).leeway(i64::MAX)), Ok(()));
    assert!(parse::<Claims>(br#"{"exp":1e300}"#).is_err());
    assert!(parse::<Claims>(br#"{"exp":"100"}"#).is_err());
    assert_eq!(claims(r#"{"exp":100.9}"#).exp, Some(100));
}

#[test]
fn issuer_and_audience_are_checked_when_asked() {
    let checks = Checks::at(0).issuers(&["https://a"]).audiences(&["one", "two"]);
    let check = |json: &str| claims(json).check(&checks);
    assert_eq!(check(r#"{"exp":9,"iss":"https://a","aud":"two"}"#), Ok(()));
    assert_eq!(check(r#"{"exp":9,"iss":"https://a","aud":["x","one"]}"#), Ok(()));
    assert_eq!(check(r#"{"exp":9,"iss":"https://a/","aud":"one"}"#), Err(ClaimError::Issuer));
    assert_eq!(check(r#"{"exp":9,"iss":"https://a","aud":[]}"#), Err(ClaimError::Audience));
    assert_eq!(check(r#"{"exp":9,"iss":"https://a"}"#), Err(ClaimError::Missing("aud")));
    assert_eq!(check(r#"{"exp":9,"aud":"one"}"#), Err(ClaimError::Missing("iss")));
}

#[test]
fn other_claims_are_kept() {
    let token = claims(r#"{"sub":"me","groups":["a"],"exp":1}"#);
    assert_eq!(token.other["groups"], serde_json::json!(["a"]));
    let key = SigningKey::shared_secret(b"secret").unwrap();
    let signed = sign(&token, &key).unwrap();
    let verified = verify(&signed, &key.verifying_key().unwrap(), &[Algorithm::Hs256], &Checks::at(0));
    assert_eq!(verified, Ok(token));
}

#[test]
fn payloads_that_are_no_object_are_refused() {
    for payload in ["", "[]", "7", "\"x\"", "{", r#"{"exp":1,"exp":2}"#, "{}x"] {
        assert!(parse::<Claims>(payload.as_bytes()).is_err(), "{payload}");
    }
}
