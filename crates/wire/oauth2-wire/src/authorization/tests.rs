//! Tests of the authorization request.

use proptest::prelude::*;

use super::*;

fn request(query: &str) -> AuthorizationRequest {
    AuthorizationRequest::parse(&Params::parse(query.as_bytes()).unwrap())
}

#[test]
fn the_recorded_request_is_read() {
    let request = request(
        "response_type=code&client_id=rec&redirect_uri=http%3A%2F%2Flocalhost%3A9999%2Fcallback&scope=openid+email+profile&state=st4te&nonce=n0nce&code_challenge=abc&code_challenge_method=S256&max_age=99999&prompt=none+login",
    );
    assert_eq!(request.client_id, "rec");
    assert_eq!(request.redirect_uri.as_deref(), Some("http://localhost:9999/callback"));
    assert_eq!(request.response_type, Some(ResponseType::Code));
    assert_eq!(request.effective_mode(ResponseType::Code), ResponseMode::Query);
    assert_eq!(request.scope.to_string(), "openid email profile");
    assert_eq!(request.max_age, MaxAge::Seconds(99_999));
    assert!(request.prompt.contains(Prompt::None) && request.prompt.contains(Prompt::Login));
    assert_eq!(request.pkce().unwrap().unwrap().method, PkceMethod::S256);
}

#[test]
fn what_is_missing_or_unknown_gets_its_default() {
    let request = request(
        "response_type=banana&response_mode=banana&prompt=banana+select_account&max_age=abc&state=&code_challenge=abcdef",
    );
    assert_eq!(request.response_type, None);
    assert_eq!(request.error_mode(), ResponseMode::Query);
    assert_eq!(request.response_mode, None);
    assert_eq!(request.effective_mode(ResponseType::CodeIdToken), ResponseMode::Fragment);
    assert_eq!(request.prompt, PromptSet::default());
    assert_eq!(request.max_age, MaxAge::Invalid);
    assert_eq!(request.state, None);
    assert_eq!(request.pkce().unwrap().unwrap().method, PkceMethod::Plain);
}

#[test]
fn errors_travel_as_answers_would() {
    for (query, expected) in [
        ("response_type=code", ResponseMode::Query),
        ("response_type=code+id_token", ResponseMode::Fragment),
        ("response_type=code+id_token&response_mode=query", ResponseMode::Query),
        ("response_type=id_token&response_mode=query", ResponseMode::Fragment),
        ("response_type=code&response_mode=form_post", ResponseMode::FormPost),
        ("response_mode=form_post", ResponseMode::FormPost),
    ] {
        assert_eq!(request(query).error_mode(), expected, "{query}");
    }
}

#[test]
fn unknown_challenge_methods_are_told_in_authentiks_words() {
    let refused = request("code_challenge=abc&code_challenge_method=S512").pkce().unwrap_err();
    assert_eq!(refused, Error::new("invalid_request", "Unsupported challenge method S512"));
    assert_eq!(request("code_challenge_method=S512").pkce(), Ok(None));
}

#[test]
fn the_order_of_response_types_does_not_matter() {
    for (text, expected) in [
        ("code", Ok(ResponseType::Code)),
        ("token id_token code", Ok(ResponseType::CodeIdTokenToken)),
        ("token id_token", Ok(ResponseType::IdTokenToken)),
        ("token code", Ok(ResponseType::CodeToken)),
        ("token", Err(())),
        ("code code", Err(())),
        ("none", Err(())),
        ("", Err(())),
    ] {
        assert_eq!(text.parse::<ResponseType>(), expected, "{text}");
    }
    for known in ResponseType::ALL {
        assert_eq!(known.as_str().parse(), Ok(known));
        assert_eq!(serde_json::to_value(known).unwrap(), known.as_str());
    }
    assert_eq!(ResponseType::IdToken.flow(), "implicit");
    assert_eq!(ResponseType::CodeToken.flow(), "hybrid");
}

proptest! {
    #[test]
    fn any_query_is_read(query in ".{0,100}") {
        let _ = request(&query).pkce();
    }
}
