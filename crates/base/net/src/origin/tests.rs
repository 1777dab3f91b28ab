//! Unit tests of the origin.

use http::{HeaderMap, HeaderName, HeaderValue, Uri};

use super::Origin;

fn origin(uri: &'static str, headers: &[(&'static str, &'static str)], is_trusted: bool) -> Option<String> {
    let pair =
        |(name, value): &(&'static str, &'static str)| (HeaderName::from_static(name), HeaderValue::from_static(value));
    let mut map = HeaderMap::new();
    for (name, value) in headers.iter().map(pair) {
        map.append(name, value);
    }
    Origin::of(&Uri::from_static(uri), &map, false, is_trusted).map(|origin| origin.to_string())
}

const FORWARDED: &[(&str, &str)] =
    &[("host", "inner:9000"), ("x-forwarded-proto", "http, https"), ("x-forwarded-host", "ID.example.com")];

#[test]
fn forwarded_headers_count_only_from_a_trusted_peer() {
    assert_eq!(origin("/", FORWARDED, true).unwrap(), "https://id.example.com");
    assert_eq!(origin("/", FORWARDED, false).unwrap(), "http://inner:9000");
}

#[test]
fn http2_has_its_host_in_the_uri() {
    assert_eq!(origin("https://a.example/x", &[], false).unwrap(), "http://a.example");
}

#[test]
fn wrong_hosts_are_refused() {
    assert_eq!(origin("/", &[], false), None);
    for wrong in ["", "a b", "user@host", "a/b", "a:port:1", "<script>"] {
        assert_eq!(origin("/", &[("host", wrong)], false), None, "{wrong}");
    }
    assert_eq!(origin("/", &[("host", "a"), ("host", "b")], false), None);
}

#[test]
fn the_domain_has_no_port() {
    for (host, domain) in [("a.b:80", "a.b"), ("a.b", "a.b"), ("[::1]:80", "[::1]"), ("[::1]", "[::1]")] {
        let origin = Origin { scheme: super::Scheme::Http, host: host.to_owned() };
        assert_eq!(origin.domain(), domain);
    }
}
