//! Where `start` understands that somebody was going, in the spellings of the proxies there are.

use super::wanted;

#[test]
fn an_address_is_read_as_each_proxy_writes_it() {
    for (query, expected) in [
        // nginx: as it is, with the application's own query.
        ("rd=https://wiki.example.com/a%20b?x=1&y=2", Some("https://wiki.example.com/a%20b?x=1&y=2")),
        ("rd=http://wiki.example.com:8000/", Some("http://wiki.example.com:8000/")),
        // ingress-nginx: the host as it is, the rest encoded.
        ("rd=https://wiki.example.com%2Fa%3Fx%3D1%26y%3D2", Some("https://wiki.example.com/a?x=1&y=2")),
        // A program: encoded as a whole; other parameters are none of it.
        ("rd=https%3A%2F%2Fwiki.example.com%2Fa%3Fx%3D1&other=1", Some("https://wiki.example.com/a?x=1")),
        ("other=1&rd=%2Fpath", Some("/path")),
        ("rd=https://wiki.example.com&other=1", Some("https://wiki.example.com")),
        ("rd=/path&other=1", Some("/path")),
        ("other=1", None),
    ] {
        assert_eq!(wanted(Some(query)).as_deref(), expected, "{query}");
    }
    assert_eq!(wanted(None), None);
}
