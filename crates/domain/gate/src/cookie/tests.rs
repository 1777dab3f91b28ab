//! What is taken for a cookie of ours, and what is passed on.

use super::*;

const GOOD: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA0";

fn headers(lines: &[&[u8]]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for line in lines {
        headers.append(COOKIE, HeaderValue::from_bytes(line).unwrap());
    }
    headers
}

#[test]
fn only_values_that_could_be_ours_are_looked_at() {
    let bad: [&[u8]; 7] =
        [b"s=", b"s", b"s=short", b"s=\xff\xfe", b"S=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA0", b"xs=1", b";;;=;"];
    for line in bad {
        assert_eq!(values(&headers(&[line]), "s").count(), 0, "{line:?}");
    }
    let long = format!("s={}", "A".repeat(60_000));
    assert_eq!(values(&headers(&[long.as_bytes()]), "s").count(), 0);
    let good = format!("a=\u{e9}; s={GOOD}; t=1");
    assert_eq!(values(&headers(&[b"other=\xff", good.as_bytes()]), "s").collect::<Vec<_>>(), [GOOD]);
    let many: Vec<u8> = std::iter::repeat_n(format!("s={GOOD};"), 50).collect::<String>().into_bytes();
    assert_eq!(values(&headers(&[&many]), "s").count(), CANDIDATES);
}

#[test]
fn our_cookies_are_not_passed_on() {
    let names = Names::of("wiki");
    let line =
        format!("a=1; {}=x; {}=y; {}=of-the-domain; b=2", names.session, names.browser, Names::of("team").session);
    let mut map = headers(&[line.as_bytes(), format!("{}=z", names.session).as_bytes()]);
    strip(&mut map);
    let left: Vec<_> = map.get_all(COOKIE).iter().map(|v| v.to_str().unwrap()).collect();
    assert_eq!(left, ["a=1; b=2"]);
}

#[test]
fn the_name_follows_from_the_client() {
    assert_eq!(Names::of("wiki").session.len(), "authentik_proxy_".len() + 8);
    assert_ne!(Names::of("wiki"), Names::of("wiki2"));
}
