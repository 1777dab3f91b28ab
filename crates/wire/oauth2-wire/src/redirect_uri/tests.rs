//! Tests of redirect URIs.

use proptest::prelude::*;

use super::*;

fn strict(url: &str) -> RedirectUri {
    RedirectUri { matching_mode: MatchingMode::Strict, url: url.to_owned() }
}

fn regex(url: &str) -> RedirectUri {
    RedirectUri { matching_mode: MatchingMode::Regex, url: url.to_owned() }
}

fn is_found(given: &str, registered: &[RedirectUri]) -> bool {
    find_redirect_uri(Some(given), registered).is_ok()
}

#[test]
fn strict_uris_match_character_by_character() {
    let registered = [strict("https://app.example/callback")];
    assert!(is_found("https://app.example/callback", &registered));
    for given in [
        "https://app.example/callback/",
        "https://app.example/callback?x=1",
        "https://APP.example/callback",
        "https://app.example:443/callback",
        "https://app.example/Callback",
        "http://app.example/callback",
    ] {
        assert_eq!(find_redirect_uri(Some(given), &registered), Err(RedirectUriRefusal::Mismatch), "{given}");
    }
    assert_eq!(find_redirect_uri(None, &registered), Err(RedirectUriRefusal::Missing));
    assert_eq!(find_redirect_uri(Some(""), &registered), Err(RedirectUriRefusal::Missing));
    assert_eq!(
        find_redirect_uri(Some("https://a"), &[]),
        Err(RedirectUriRefusal::Mismatch),
        "nothing registered matches nothing"
    );
}

#[test]
fn a_strict_uri_is_no_pattern() {
    assert!(!is_found("https://appxexample/", &[strict("https://app.example/")]));
    assert!(!is_found("https://a", &[strict(".*")]));
}

#[test]
fn patterns_match_the_whole() {
    let registered = [regex("http://localhost:9999/re/[a-z]+")];
    assert!(is_found("http://localhost:9999/re/abc", &registered));
    for given in [
        "http://localhost:9999/re/abc1",
        "http://localhost:9999/re/abc\n",
        "xhttp://localhost:9999/re/abc",
        "http://localhost:9999/re/abc?x",
    ] {
        assert!(!is_found(given, &registered), "{given}");
    }
    // Alternatives are anchored too, and look-around works as in Python.
    assert!(!is_found("https://evil.example/b", &[regex("https://a|https://b")]));
    assert!(is_found("https://b", &[regex("https://a|https://b")]));
    assert!(is_found("https://x.example/", &[regex(r"https://(?!evil)\w+\.example/")]));
    assert!(!is_found("https://evil.example/", &[regex(r"https://(?!evil)\w+\.example/")]));
}

#[test]
fn broken_patterns_match_nothing_and_hide_nothing() {
    for pattern in ["https://a(", "a)|(?:.*", "*", "(?x) https://a # "] {
        let refused = find_redirect_uri(Some("https://b"), &[regex(pattern)]);
        assert!(refused.is_err(), "{pattern}");
    }
    assert!(matches!(
        find_redirect_uri(Some("https://b"), &[regex("a)|(?:.*")]),
        Err(RedirectUriRefusal::Pattern { .. })
    ));
    assert!(is_found("https://b", &[regex("("), strict("https://b")]));
    assert!(regex(&"a".repeat(3000)).matches("https://b").is_err());
}

#[test]
fn costly_patterns_are_given_up() {
    let given = format!("https://{}!", "a".repeat(60));
    let started = std::time::Instant::now();
    let _ = find_redirect_uri(Some(&given), &[regex(r"https://(a+)+(?=b)(a+)+\1c")]);
    assert!(started.elapsed().as_secs() < 5);
}

#[test]
fn dangerous_forms_are_refused_even_when_registered() {
    let anything = [regex("(?s).*")];
    for (given, refusal) in [
        ("javascript:alert(1)", RedirectUriRefusal::ForbiddenScheme),
        ("JavaScript:alert(1)", RedirectUriRefusal::ForbiddenScheme),
        ("data:text/html,x", RedirectUriRefusal::ForbiddenScheme),
        ("vbscript:x", RedirectUriRefusal::ForbiddenScheme),
        (" javascript:alert(1)", RedirectUriRefusal::Characters),
        ("java\tscript:alert(1)", RedirectUriRefusal::Characters),
        ("https://a.example/#x", RedirectUriRefusal::Fragment),
        ("https://a.example#", RedirectUriRefusal::Fragment),
        ("https://good.example@evil.example/", RedirectUriRefusal::UserInfo),
        ("https:good.example@evil.example/", RedirectUriRefusal::UserInfo),
        ("https:///good.example@evil.example/", RedirectUriRefusal::UserInfo),
        (r"https://evil.example\@good.example", RedirectUriRefusal::Characters),
        ("//evil.example/", RedirectUriRefusal::Relative),
        ("/callback", RedirectUriRefusal::Relative),
        ("1http://a", RedirectUriRefusal::Relative),
        ("https://evil.example\u{3002}good.example/", RedirectUriRefusal::Mismatch),
    ] {
        assert_eq!(find_redirect_uri(Some(given), &anything), Err(refusal.clone()), "{given}");
    }
    let long = format!("https://{}", "a".repeat(MAX_LENGTH));
    assert_eq!(find_redirect_uri(Some(&long), &anything), Err(RedirectUriRefusal::TooLong));
}

#[test]
fn private_schemes_and_mail_like_paths_are_fine() {
    for given in [
        "com.example.app:/oauth2/callback",
        "urn:ietf:wg:oauth:2.0:oob",
        "https://app.example/users/@me?mail=a@b",
        "http://[::1]:8080/",
        "app://callback",
    ] {
        assert!(is_found(given, &[strict(given)]), "{given}");
    }
}

#[test]
fn a_loopback_address_is_good_with_any_port() {
    for registered in ["http://127.0.0.1/cb", "http://127.0.0.1:8000/cb", "http://127.0.0.1:80/cb"] {
        for given in ["http://127.0.0.1/cb", "http://127.0.0.1:1/cb", "http://127.0.0.1:65535/cb"] {
            assert!(is_found(given, &[strict(registered)]), "{registered} {given}");
        }
    }
    assert!(is_found("http://[::1]:51004/cb?a=b", &[strict("http://[::1]/cb?a=b")]));
    for (registered, given) in [
        ("http://127.0.0.1/cb", "http://127.0.0.1:51004/cb/more"),
        ("http://127.0.0.1/cb", "http://127.0.0.1:51004/cb?a=b"),
        ("http://127.0.0.1/cb", "http://127.0.0.1:51004"),
        ("http://127.0.0.1/cb", "https://127.0.0.1:51004/cb"),
        ("http://127.0.0.1/cb", "http://127.0.0.2:51004/cb"),
        ("http://127.0.0.1/cb", "http://[::1]:51004/cb"),
        ("http://127.0.0.1/cb", "http://127.0.0.1.evil.example:80/cb"),
        ("http://127.0.0.1/cb", "http://127.0.0.1:80:81/cb"),
        ("http://127.0.0.1/cb", "http://127.0.0.1:+80/cb"),
        ("http://127.0.0.1/cb", "http://127.0.0.1:/cb"),
        ("http://127.0.0.1/cb", "http://127.0.0.1:0/cb"),
        ("http://127.0.0.1/cb", "http://127.0.0.1:65536/cb"),
        ("http://127.0.0.1/cb", "http://127.0.0.1:x@evil.example/cb"),
        ("http://localhost/cb", "http://localhost:51004/cb"),
        ("http://10.0.0.1/cb", "http://10.0.0.1:51004/cb"),
        ("https://app.example/cb", "https://app.example:8443/cb"),
    ] {
        assert!(!is_found(given, &[strict(registered)]), "{registered} {given}");
    }
}

#[test]
fn json_is_authentiks() {
    let json = r#"{"matching_mode":"regex","url":"http://localhost:9999/re/[a-z]+"}"#;
    let uri: RedirectUri = serde_json::from_str(json).unwrap();
    assert_eq!(serde_json::to_string(&uri).unwrap(), json);
}

proptest! {
    #[test]
    fn any_text_is_matched_or_refused(given in ".{0,60}", pattern in ".{0,30}") {
        let _ = find_redirect_uri(Some(&given), &[regex(&pattern), strict(&pattern)]);
        let _ = find_redirect_uri(Some(&format!("https://{given}")), &[regex(".*")]);
    }
}
