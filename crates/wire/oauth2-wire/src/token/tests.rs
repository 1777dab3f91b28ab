//! Tests of the token endpoint's types.

use serde_json::json;

use super::*;

#[test]
fn grants_are_read_by_their_names() {
    for grant in GrantType::ALL {
        assert_eq!(grant.as_str().parse(), Ok(grant));
        assert_eq!(serde_json::to_value(grant).unwrap(), grant.as_str());
    }
    let params = Params::parse(b"grant_type=banana&code=c&scope=openid&audience=a&audience=b").unwrap();
    let request = TokenRequest::parse(&params);
    assert_eq!(request.grant_type, None);
    assert_eq!(request.code.as_deref(), Some("c"));
    assert_eq!(request.exchange.audience, ["a", "b"]);
    assert_eq!(params.check_repeated(&TokenRequest::REPEATABLE), Ok(()));
    assert!(!format!("{request:?}").contains("\"c\""));
}

#[test]
fn token_responses_have_the_recorded_order() {
    let response = TokenResponse {
        access_token: "a".into(),
        token_type: crate::names::TOKEN_TYPE_BEARER.into(),
        scope: ScopeSet::parse("openid email"),
        expires_in: Some(3600),
        id_token: Some("i".into()),
        refresh_token: None,
        issued_token_type: None,
    };
    assert_eq!(
        serde_json::to_string(&response).unwrap(),
        r#"{"access_token":"a","token_type":"Bearer","scope":"openid email","expires_in":3600,"id_token":"i"}"#
    );
    let read: TokenResponse = serde_json::from_str(r#"{"access_token":"a","token_type":"bearer"}"#).unwrap();
    assert_eq!(read.expires_in, None);
}

#[test]
fn introspection_tells_nothing_of_inactive_tokens() {
    assert_eq!(serde_json::to_string(&Introspection::Inactive).unwrap(), r#"{"active":false}"#);
}

#[test]
fn claims_cannot_pose_as_members_of_the_introspection() {
    let Value::Object(claims) = json!({"active": false, "iss": "i", "client_id": "evil"}) else {
        panic!("an object");
    };
    let active = Introspection::Active { claims, scope: ScopeSet::parse("openid"), client_id: "c".into() };
    assert_eq!(
        serde_json::to_string(&active).unwrap(),
        r#"{"iss":"i","active":true,"scope":"openid","client_id":"c"}"#
    );
}

#[test]
fn device_responses_have_the_recorded_order() {
    let response = DeviceAuthorizationResponse {
        device_code: "d".into(),
        verification_uri: "http://127.0.0.1:59000/device".into(),
        verification_uri_complete: "http://127.0.0.1:59000/device?code=148802796".into(),
        user_code: "148802796".into(),
        expires_in: 60,
        interval: 5,
    };
    assert_eq!(
        serde_json::to_string(&response).unwrap(),
        r#"{"device_code":"d","verification_uri":"http://127.0.0.1:59000/device","verification_uri_complete":"http://127.0.0.1:59000/device?code=148802796","user_code":"148802796","expires_in":60,"interval":5}"#
    );
}
