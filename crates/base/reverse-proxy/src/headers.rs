//! Headers that end at a proxy, and headers that a proxy writes itself.

use std::net::IpAddr;

use http::{
    HeaderMap, HeaderName, HeaderValue,
    header::{CONNECTION, CONTENT_LENGTH, COOKIE, EXPECT, HOST, TE, TRANSFER_ENCODING, UPGRADE},
};
use net::{ClientAddress, Connection, Origin};

/// RFC 9110 §7.6.1, with what older specifications call hop-by-hop. `Trailer` is not among them: it announces fields that
/// are passed on.
const HOP_BY_HOP: [&str; 7] = [
    "connection",
    "proxy-connection",
    "keep-alive",
    "transfer-encoding",
    "upgrade",
    "proxy-authenticate",
    "proxy-authorization",
];

/// Removes what concerns only the connection the message came over.
pub(crate) fn strip_hop_by_hop(headers: &mut HeaderMap) {
    // RFC 9110 §7.6.1: the fields named in Connection go as well. `TE` stands there on every honest HTTP/1.1 request, and
    // what may be passed on of it is decided below.
    let named: Vec<HeaderName> = tokens(headers, &CONNECTION).filter_map(|name| name.parse().ok()).collect();
    // SECURITY: a client must not make the proxy drop what the proxy itself relies on.
    for name in named.iter().filter(|name| **name != TE && **name != HOST && **name != CONTENT_LENGTH) {
        headers.remove(name);
    }
    // RFC 9112 §6.3: with both, the length is not the truth. hyper has already read the body by the encoding.
    if headers.contains_key(TRANSFER_ENCODING) {
        headers.remove(CONTENT_LENGTH);
    }
    for name in HOP_BY_HOP {
        headers.remove(name);
    }
    let wants_trailers = tokens(headers, &TE).any(|token| token.eq_ignore_ascii_case("trailers"));
    headers.remove(TE);
    if wants_trailers {
        headers.insert(TE, HeaderValue::from_static("trailers"));
    }
}

/// RFC 9113 §8.2.3: browsers send cookies one by one over HTTP/2, and what does not speak it has to get them in one field.
pub(crate) fn join_cookies(headers: &mut HeaderMap) {
    let all: Vec<&[u8]> = headers.get_all(COOKIE).iter().map(HeaderValue::as_bytes).collect();
    if all.len() > 1
        && let Ok(whole) = HeaderValue::from_bytes(&all.join(&b"; "[..]))
    {
        headers.insert(COOKIE, whole);
    }
}

/// The tokens of a header that is a list.
pub(crate) fn tokens<'a>(headers: &'a HeaderMap, name: &HeaderName) -> impl Iterator<Item = &'a str> {
    let values = headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).map(str::trim).filter(|token| !token.is_empty())
}

/// The protocol a client wants to change to.
///
/// SECURITY: never another version of HTTP. The requests on such a tunnel would reach the upstream without having been
/// looked at ("h2c smuggling"); ignoring the wish is what RFC 9110 §7.8 allows.
pub(crate) fn wanted_upgrade(headers: &HeaderMap) -> Option<HeaderValue> {
    tokens(headers, &CONNECTION).find(|token| token.eq_ignore_ascii_case("upgrade"))?;
    let mut protocols = tokens(headers, &UPGRADE);
    let protocol = protocols.next()?;
    let lower = protocol.to_ascii_lowercase();
    let is_http = lower.starts_with("h2") || lower.starts_with("h3") || lower.starts_with("http");
    if is_http || lower.starts_with("tls") || protocols.next().is_some() {
        return None;
    }
    HeaderValue::from_str(protocol).ok()
}

/// Who asked, for the upstream. Whatever the request itself said is thrown away.
pub(crate) fn set_forwarded(headers: &mut HeaderMap, connection: Connection, client: ClientAddress, origin: &Origin) {
    let lies: Vec<HeaderName> = headers.keys().filter(|name| is_about_the_client(name)).cloned().collect();
    for name in lies {
        headers.remove(name);
    }
    let (client, peer) = (client.0, connection.peer.ip());
    // The proxies in between are known only by the nearest one.
    let chain = if client == peer { client.to_string() } else { format!("{client}, {peer}") };
    let scheme = origin.scheme.as_str();
    let port = match origin.host.get(origin.domain().len()..).and_then(|rest| rest.strip_prefix(':')) {
        Some(port) if !port.is_empty() => port,
        _ if origin.scheme.is_secure() => "443",
        _ => "80",
    };
    let mut forwarded = format!("for={};host=\"{}\";proto={scheme}", node(client), origin.host);
    if client != peer {
        forwarded.push_str(&format!(", for={}", node(peer)));
    }
    let mut set = |name, value: &str| {
        // All are made of addresses and of a host that has been parsed as one.
        if let Ok(value) = HeaderValue::from_str(value) {
            headers.insert(HeaderName::from_static(name), value);
        }
    };
    set("x-forwarded-for", &chain);
    set("x-forwarded-proto", scheme);
    set("x-forwarded-host", &origin.host);
    set("x-forwarded-port", port);
    set("x-real-ip", &client.to_string());
    set("forwarded", &forwarded);
    // hyper answered it when it began to read the body.
    headers.remove(EXPECT);
    // The client writes it from the URL, in the form that the version of HTTP wants.
    headers.remove(HOST);
}

/// Puts headers of ours in place of the client's.
///
/// SECURITY: after [`strip_hop_by_hop`], or a client could have them removed by naming them in `Connection`.
pub(crate) fn set_ours(headers: &mut HeaderMap, ours: HeaderMap) {
    let names: Vec<String> = ours.keys().map(plain).collect();
    let theirs: Vec<HeaderName> = headers.keys().filter(|name| names.contains(&plain(name))).cloned().collect();
    for name in theirs {
        headers.remove(name);
    }
    headers.extend(ours);
}

/// The name as applications see it, many of which take `_` and `-` for the same.
fn plain(name: &HeaderName) -> String {
    name.as_str().replace('_', "-")
}

/// RFC 7239 §6: IPv6 in brackets and quotes.
fn node(address: IpAddr) -> String {
    match address {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => format!("\"[{address}]\""),
    }
}

/// Headers by which proxies tell about the client or the address asked for.
fn is_about_the_client(name: &HeaderName) -> bool {
    const NAMES: [&str; 11] = [
        "forwarded",
        "x-real-ip",
        "x-client-ip",
        "x-cluster-client-ip",
        "true-client-ip",
        "x-rewrite-url",
        "x-scheme",
        "x-url-scheme",
        "front-end-https",
        "x-host",
        "proxy",
    ];
    let name = plain(name);
    NAMES.contains(&name.as_str()) || name.starts_with("x-forwarded") || name.starts_with("x-original-")
}

#[cfg(test)]
mod tests;
