//! Unit tests of who the client is.

use http::{HeaderMap, HeaderValue};

use super::TrustedProxies;
use crate::Connection;

fn client(peer: &str, forwarded: &[&[u8]]) -> String {
    let networks = ["10.0.0.0/8", "::1/128"].map(|network| network.parse().unwrap());
    let mut headers = HeaderMap::new();
    for value in forwarded {
        headers.append("x-forwarded-for", HeaderValue::from_bytes(value).unwrap());
    }
    let connection = Connection::of(peer.parse().unwrap());
    TrustedProxies::new(networks.to_vec()).client(&connection, &headers).0.to_string()
}

#[test]
fn whom_a_proxy_could_not_name_cannot_name_another() {
    let connection = Connection { is_anonymous: true, ..Connection::of("10.0.0.1:5".parse().unwrap()) };
    let headers = HeaderMap::from_iter([("x-forwarded-for".parse().unwrap(), HeaderValue::from_static("192.0.2.1"))]);
    let trusted = TrustedProxies::new(vec!["10.0.0.0/8".parse().unwrap()]);
    assert!(!trusted.believe(&connection));
    assert_eq!(trusted.client(&connection, &headers).0.to_string(), "10.0.0.1");
}

#[test]
fn a_stranger_cannot_name_another_client() {
    assert_eq!(client("192.0.2.1:5", &[b"198.51.100.1"]), "192.0.2.1");
}

#[test]
fn the_rightmost_untrusted_address_counts() {
    assert_eq!(client("10.0.0.1:5", &[]), "10.0.0.1");
    assert_eq!(client("10.0.0.1:5", &[b"203.0.113.9, 198.51.100.1, 10.0.0.2"]), "198.51.100.1");
    assert_eq!(client("10.0.0.1:5", &[b"203.0.113.9", b"198.51.100.1", b"10.0.0.2"]), "198.51.100.1");
    assert_eq!(client("10.0.0.1:5", &[b"10.0.0.3, 10.0.0.2"]), "10.0.0.3");
}

#[test]
fn addresses_come_in_several_spellings() {
    assert_eq!(client("[::ffff:10.0.0.1]:5", &[b"198.51.100.1:4711"]), "198.51.100.1");
    assert_eq!(client("[::1]:5", &[b"[2001:db8::1]:80"]), "2001:db8::1");
    assert_eq!(client("[::1]:5", &[b"[2001:db8::1]"]), "2001:db8::1");
    assert_eq!(client("[::1]:5", &[b"::ffff:198.51.100.1"]), "198.51.100.1");
}

#[test]
fn an_unreadable_header_is_worthless() {
    for wrong in [&b"unknown"[..], b"198.51.100.1, nonsense, 10.0.0.2", b"", b"198.51.100.1,", b"\xff"] {
        assert_eq!(client("10.0.0.1:5", &[wrong]), "10.0.0.1", "{wrong:?}");
    }
}

#[test]
fn what_a_stranger_wrote_is_not_even_read() {
    assert_eq!(client("10.0.0.1:5", &[b"nonsense, 198.51.100.1"]), "198.51.100.1");
}
