//! What counts of what a proxy says, and of what its client made it say.

use super::*;

fn asked(trusted: bool, path: &str, headers: &[(&str, &str)]) -> Asked {
    let mut builder = http::Request::get(path);
    for (name, value) in headers {
        builder = builder.header(*name, *value);
    }
    let (parts, ()) = builder.body(()).unwrap().into_parts();
    Asked {
        parts,
        host: "id.example.com".into(),
        is_secure: true,
        is_trusted: trusted,
        address: None,
        request_id: String::new(),
    }
}

#[test]
fn paths_name_kinds() {
    let kind = |path| Kind::of_path(path).map(|(kind, behind)| (kind, behind.to_owned()));
    assert_eq!(kind("/outpost.goauthentik.io/auth/traefik"), Some((Kind::Traefik, String::new())));
    assert_eq!(kind("/outpost.goauthentik.io/auth/envoy/a/b"), Some((Kind::Envoy, "/a/b".into())));
    assert_eq!(kind("/outpost.goauthentik.io/auth/nginx/x"), None);
    assert_eq!(kind("/outpost.goauthentik.io/auth/other"), None);
    assert_eq!(kind("/outpost.goauthentik.io/authx"), None);
}

#[test]
fn nginx_is_asked_by_the_one_header_it_sets() {
    let request = asked(
        true,
        "/",
        &[
            ("host", "wiki.example.com"),
            ("x-original-url", "https://Wiki.example.com:8443/private?a=1"),
            ("x-original-uri", "/public/"),
            ("x-forwarded-uri", "/public/"),
            ("x-forwarded-host", "other.example.com"),
        ],
    );
    let found = target(Kind::Nginx, &request, "").unwrap();
    assert_eq!(
        (&*found.host, &*found.path, found.query, found.is_sure),
        ("wiki.example.com:8443", "/private", Some("a=1"), true)
    );
    // Set by a client through a proxy that knows the other header only: no rule for paths counts.
    let request = asked(true, "/", &[("host", "wiki.example.com"), ("x-original-uri", "/public/")]);
    let found = target(Kind::Nginx, &request, "").unwrap();
    assert_eq!((&*found.host, found.is_sure), ("wiki.example.com", false));
}

#[test]
fn doubled_headers_are_refused() {
    let twice = [("host", "a"), ("x-original-url", "https://a/"), ("x-original-url", "https://b/")];
    assert_eq!(target(Kind::Nginx, &asked(true, "/", &twice), ""), Err(Unclear::Ambiguous));
    let twice = [("host", "a"), ("x-forwarded-host", "a"), ("x-forwarded-uri", "/a"), ("x-forwarded-uri", "/public")];
    assert_eq!(target(Kind::Traefik, &asked(true, "/", &twice), ""), Err(Unclear::Ambiguous));
    let list = [("host", "a"), ("x-forwarded-host", "a, b")];
    assert_eq!(target(Kind::Caddy, &asked(true, "/", &list), ""), Err(Unclear::Ambiguous));
}

#[test]
fn a_host_is_a_name_and_nothing_more() {
    let urls = [
        "https://a@b/",
        "https://b?/private",
        "https://b:443?/private",
        "https://b#/private",
        "https://b:/private",
        "https://b:443:443/",
        "https://b",
        "https:///private",
        "/private?x=https://b/public/",
        "ftp://b/",
        "https://[::1/",
    ];
    for url in urls {
        let request = asked(true, "/", &[("host", "a"), ("x-original-url", url)]);
        assert_eq!(target(Kind::Nginx, &request, ""), Err(Unclear::Ambiguous), "{url}");
    }
    for host in ["open.b/x.b", "open.b?.b", "a@b", "b:", "b:x", "b%2eb", "[::1", "[::1]x", "a b"] {
        let request = asked(true, "/", &[("host", "a"), ("x-forwarded-host", host), ("x-forwarded-uri", "/")]);
        assert_eq!(target(Kind::Traefik, &request, ""), Err(Unclear::Ambiguous), "{host}");
        let request = asked(true, "/", &[("host", host)]);
        assert_eq!(target(Kind::Envoy, &request, "/"), Err(Unclear::Ambiguous), "{host}");
    }
    for host in ["b", "b.example.com:8443", "x_y.b", "[::1]", "[::1]:80", "127.0.0.1:9000"] {
        let request = asked(true, "/", &[("host", "a"), ("x-forwarded-host", host), ("x-forwarded-uri", "/")]);
        assert_eq!(target(Kind::Caddy, &request, "").unwrap().host, host);
    }
}

#[test]
fn strangers_are_not_believed() {
    let told =
        [("host", "wiki.example.com"), ("x-forwarded-host", "vault.example.com"), ("x-forwarded-uri", "/public/")];
    let request = asked(false, "/", &told);
    let found = target(Kind::Traefik, &request, "").unwrap();
    assert_eq!((&*found.host, found.is_sure), ("wiki.example.com", false));
    let request = asked(false, "/", &[("host", "a"), ("x-original-url", "https://b/")]);
    assert_eq!(target(Kind::Nginx, &request, ""), Err(Unclear::Missing));
}

#[test]
fn envoy_sends_the_request_itself() {
    let request = asked(
        true,
        "/outpost.goauthentik.io/auth/envoy/a?b=c",
        &[("host", "Wiki.example.com"), ("x-forwarded-host", "x")],
    );
    let found = target(Kind::Envoy, &request, "/a").unwrap();
    assert_eq!((&*found.host, &*found.path, found.query), ("wiki.example.com", "/a", Some("b=c")));
}
