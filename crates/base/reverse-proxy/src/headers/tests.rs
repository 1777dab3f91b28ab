//! Unit tests of the header rules.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use http::HeaderMap;
use net::{ClientAddress, Connection, Origin, Scheme};

use super::{join_cookies, set_forwarded, set_ours, strip_hop_by_hop, wanted_upgrade};

fn headers(lines: &[(&'static str, &str)]) -> HeaderMap {
    lines.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect()
}

fn origin(scheme: Scheme, host: &str) -> Origin {
    Origin { scheme, host: host.to_owned() }
}

#[test]
fn hop_by_hop_fields_and_those_named_in_connection_are_removed() {
    let mut all = headers(&[
        ("connection", "close, X-Secret"),
        ("x-secret", "1"),
        ("keep-alive", "timeout=5"),
        ("proxy-connection", "keep-alive"),
        ("te", "trailers, deflate"),
        ("transfer-encoding", "chunked"),
        ("content-length", "5"),
        ("upgrade", "websocket"),
        ("proxy-authorization", "Basic eDp5"),
        ("trailer", "X-Sum"),
        ("accept", "*/*"),
    ]);
    strip_hop_by_hop(&mut all);
    assert_eq!(all, headers(&[("te", "trailers"), ("trailer", "X-Sum"), ("accept", "*/*")]));
}

#[test]
fn connection_cannot_remove_host_or_length() {
    let mut all = headers(&[("connection", "host, content-length"), ("host", "a"), ("content-length", "3")]);
    strip_hop_by_hop(&mut all);
    assert_eq!(all, headers(&[("host", "a"), ("content-length", "3")]));
}

#[test]
fn another_version_of_http_is_never_an_upgrade() {
    for protocol in ["h2c", "H2C", "HTTP/2.0", "http/1.1", "TLS/1.2", "h2", "h3", "websocket, h2c"] {
        let wish = headers(&[("connection", "Upgrade, HTTP2-Settings"), ("upgrade", protocol)]);
        assert_eq!(wanted_upgrade(&wish), None, "{protocol}");
    }
    assert_eq!(wanted_upgrade(&headers(&[("upgrade", "websocket")])), None);
    let wish = headers(&[("connection", "keep-alive, Upgrade"), ("upgrade", "WebSocket")]);
    assert_eq!(wanted_upgrade(&wish).unwrap(), "WebSocket");
}

#[test]
fn cookies_are_passed_on_in_one_field() {
    let mut crumbs = headers(&[("cookie", "a=1"), ("accept", "*/*"), ("cookie", "b=2; c=3")]);
    join_cookies(&mut crumbs);
    assert_eq!(crumbs, headers(&[("accept", "*/*"), ("cookie", "a=1; b=2; c=3")]));
    let mut none = headers(&[("accept", "*/*")]);
    join_cookies(&mut none);
    assert_eq!(none, headers(&[("accept", "*/*")]));
}

#[test]
fn what_the_client_says_about_itself_is_replaced() {
    let mut all = headers(&[
        ("x-forwarded-for", "1.2.3.4"),
        ("x_forwarded_for", "1.2.3.4"),
        ("x-forwarded-user", "root"),
        ("forwarded", "for=1.2.3.4"),
        ("x-real-ip", "1.2.3.4"),
        ("x-original-url", "/admin"),
        ("x-rewrite-url", "/admin"),
        ("host", "evil.example"),
        ("expect", "100-continue"),
        ("accept", "*/*"),
    ]);
    let client = IpAddr::V4(Ipv4Addr::new(203, 0, 113, 5));
    let connection = Connection { is_tls: true, ..Connection::of(SocketAddr::new(client, 4000)) };
    set_forwarded(&mut all, connection, ClientAddress(client), &origin(Scheme::Https, "app.example"));
    let expected = headers(&[
        ("accept", "*/*"),
        ("x-forwarded-for", "203.0.113.5"),
        ("x-forwarded-proto", "https"),
        ("x-forwarded-host", "app.example"),
        ("x-forwarded-port", "443"),
        ("x-real-ip", "203.0.113.5"),
        ("forwarded", "for=203.0.113.5;host=\"app.example\";proto=https"),
    ]);
    assert_eq!(all, expected);
}

#[test]
fn a_trusted_proxy_is_named_after_the_client() {
    let mut all = HeaderMap::new();
    let connection = Connection::of("10.0.0.1:80".parse().unwrap());
    let client = ClientAddress(IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1)));
    set_forwarded(&mut all, connection, client, &origin(Scheme::Http, "app.example:8080"));
    assert_eq!(all["x-forwarded-for"], "2001:db8::1, 10.0.0.1");
    assert_eq!(all["x-forwarded-port"], "8080");
    assert_eq!(all["forwarded"], "for=\"[2001:db8::1]\";host=\"app.example:8080\";proto=http, for=10.0.0.1");
}

#[test]
fn our_headers_replace_the_clients_in_any_spelling() {
    let mut all = headers(&[("x_user_name", "root"), ("x-user-name", "root"), ("x-user-names", "kept")]);
    set_ours(&mut all, headers(&[("x-user-name", "ada"), ("x-user-name", "ada2")]));
    let values: Vec<_> = all.get_all("x-user-name").iter().collect();
    assert_eq!(values, ["ada", "ada2"]);
    assert_eq!(all.len(), 3);
}
