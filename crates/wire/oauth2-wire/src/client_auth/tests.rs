//! Tests of client authentication.

use base64::engine::general_purpose::STANDARD;
use proptest::prelude::*;

use super::*;

fn basic(text: &str) -> String {
    format!("Basic {}", STANDARD.encode(text))
}

fn candidates(header: &str) -> Vec<(String, String)> {
    match ClientAuth::parse(Some(header), &Params::default()) {
        ClientAuth::Basic(credentials) => {
            credentials.candidates().map(|(id, secret)| (id.to_owned(), secret.to_owned())).collect()
        }
        _ => Vec::new(),
    }
}

fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(id, secret)| ((*id).to_owned(), (*secret).to_owned())).collect()
}

#[test]
fn both_readings_of_basic_credentials_are_tried() {
    assert_eq!(candidates(&basic("rec:secret")), pairs(&[("rec", "secret")]));
    assert_eq!(candidates(&basic("id:a:b")), pairs(&[("id", "a:b")]));
    assert_eq!(candidates(&basic("id%3A1:p%2Bw+x")), pairs(&[("id%3A1", "p%2Bw+x"), ("id:1", "p+w x")]));
    assert_eq!(candidates(&basic("id:a+b")), pairs(&[("id", "a+b"), ("id", "a b")]));
    assert_eq!(candidates(&basic("id:100%")), pairs(&[("id", "100%")]));
    assert_eq!(candidates(&basic("id")), pairs(&[("id", "")]));
    assert_eq!(candidates("basic aWQ6eA"), pairs(&[("id", "x")]));
}

#[test]
fn a_broken_header_is_not_replaced_by_the_form() {
    let form: Params = [("client_id", "a"), ("client_secret", "b")].into_iter().collect();
    for header in ["Basic !!!", "Basic /w==", &basic(":x")] {
        let auth = ClientAuth::parse(Some(header), &form);
        assert!(auth == ClientAuth::Missing, "{header}");
    }
    let other = ClientAuth::parse(Some("Bearer x"), &form);
    assert!(other == ClientAuth::Post { client_id: "a".into(), client_secret: Some("b".into()) });
}

#[test]
fn the_form_names_public_and_asserting_clients() {
    let form: Params = [("client_id", "a"), ("client_secret", "")].into_iter().collect();
    let auth = ClientAuth::parse(None, &form);
    assert!(auth == ClientAuth::Post { client_id: "a".into(), client_secret: None });
    assert_eq!(auth.client_ids(), ["a"]);
    let form: Params = [("client_assertion_type", "t"), ("client_assertion", "x")].into_iter().collect();
    assert!(matches!(ClientAuth::parse(None, &form), ClientAuth::Assertion { client_id: None, .. }));
    assert!(ClientAuth::parse(None, &Params::default()) == ClientAuth::Missing);
}

#[test]
fn bearer_tokens_come_from_header_form_and_query() {
    let form: Params = [("access_token", "form")].into_iter().collect();
    assert_eq!(bearer_token(Some("Bearer abc"), Some(&form), None), Some("abc"));
    assert_eq!(bearer_token(Some("bearer abc"), None, None), Some("abc"));
    assert_eq!(bearer_token(Some("Bearer"), Some(&form), None), Some("form"));
    assert_eq!(bearer_token(Some("Bearer "), None, Some(&form)), Some("form"));
    assert_eq!(bearer_token(Some("Basic abc"), None, None), None);
}

proptest! {
    #[test]
    fn any_header_is_read(header in "(Basic |Bearer )?.{0,60}") {
        let _ = ClientAuth::parse(Some(&header), &Params::default()).client_ids();
        let _ = bearer_token(Some(&header), None, None);
    }
}
