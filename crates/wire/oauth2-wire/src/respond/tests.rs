//! Tests of the answers, with authentik's recorded addresses.

use super::*;
use crate::AuthorizeError;

fn uri(text: &str) -> CheckedRedirectUri {
    CheckedRedirectUri::well_formed(text).unwrap()
}

fn redirect(text: &str, mode: ResponseMode, params: &[(&str, &str)]) -> String {
    match respond(&uri(text), mode, params) {
        Response::Redirect(location) => location,
        Response::FormPost { .. } => panic!("not a redirect"),
    }
}

fn refusal(text: &str, mode: ResponseMode, error: &Error, more: &[(&str, &str)]) -> String {
    match respond_error(&uri(text), mode, error, more) {
        Response::Redirect(location) => location,
        Response::FormPost { .. } => panic!("not a redirect"),
    }
}

#[test]
fn codes_come_in_query_or_fragment() {
    let params = [("code", "e8a7"), ("state", "st4te")];
    let callback = "http://localhost:9999/callback";
    assert_eq!(
        redirect(callback, ResponseMode::Query, &params),
        "http://localhost:9999/callback?code=e8a7&state=st4te"
    );
    assert_eq!(
        redirect(callback, ResponseMode::Fragment, &params),
        "http://localhost:9999/callback#code=e8a7&state=st4te"
    );
    assert_eq!(
        redirect(callback, ResponseMode::Query, &[("code", "7ae4"), ("state", "")]),
        "http://localhost:9999/callback?code=7ae4&state="
    );
}

#[test]
fn a_query_of_the_client_is_kept() {
    let params = [("code", "c")];
    assert_eq!(redirect("https://a/?x=%20y", ResponseMode::Query, &params), "https://a/?x=%20y&code=c");
    assert_eq!(redirect("https://a/?", ResponseMode::Query, &params), "https://a/?code=c");
    assert_eq!(redirect("https://a/?x", ResponseMode::Fragment, &params), "https://a/?x#code=c");
}

#[test]
fn values_cannot_add_parameters() {
    let params = [("state", "a&code=evil#x\r\nSet-Cookie: y=ü +")];
    assert_eq!(
        redirect("https://a/", ResponseMode::Query, &params),
        "https://a/?state=a%26code%3Devil%23x%0D%0ASet-Cookie%3A+y%3D%C3%BC+%2B"
    );
    let error = Error::from(AuthorizeError::LoginRequired);
    assert_eq!(
        refusal("https://a/", ResponseMode::Fragment, &error, &[("state", "a&b c")]),
        "https://a/#error=login_required&error_description=The%20Authorization%20Server%20requires%20End-User%20authentication&state=a%26b%20c"
    );
}

#[test]
fn errors_have_the_recorded_form() {
    let callback = "http://localhost:9999/callback";
    let error = Error::from(AuthorizeError::UnsupportedResponseType);
    assert_eq!(
        refusal(callback, ResponseMode::Query, &error, &[("state", "st4te")]),
        "http://localhost:9999/callback?error=unsupported_response_type&error_description=The%20authorization%20server%20does%20not%20support%20obtaining%20an%20authorization%20code%20using%20this%20method&state=st4te"
    );
    let error = Error::new("invalid_request", "Unsupported challenge method S512");
    assert_eq!(
        refusal(callback, ResponseMode::Query, &error, &[]),
        "http://localhost:9999/callback?error=invalid_request&error_description=Unsupported%20challenge%20method%20S512"
    );
}

#[test]
fn forms_have_no_empty_fields() {
    let response = respond(&uri("https://a/"), ResponseMode::FormPost, &[("code", "c"), ("state", "")]);
    let fields = vec![("code".to_owned(), "c".to_owned())];
    assert_eq!(response, Response::FormPost { url: "https://a/".to_owned(), fields });
}

#[test]
fn errors_are_posted_where_answers_are() {
    let error = Error::new("login_required", "Nobody is here");
    let response = respond_error(&uri("https://a/"), ResponseMode::FormPost, &error, &[("state", "<s>")]);
    let fields = [("error", "login_required"), ("error_description", "Nobody is here"), ("state", "<s>")];
    let fields = fields.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
    assert_eq!(response, Response::FormPost { url: "https://a/".to_owned(), fields });
}
