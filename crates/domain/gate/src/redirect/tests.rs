//! Where `rd` may lead.

use super::*;
use crate::site::{SiteConfig, tests::config};

#[test]
fn ways_back_lead_to_the_site() {
    let site = Site::compile(config()).unwrap();
    let back = |rd: &str| site.way_back(rd);
    assert_eq!(back("/a?b=c#d").as_deref(), Some("https://wiki.example.com/a?b=c#d"));
    assert_eq!(back("https://wiki.example.com/x").as_deref(), Some("https://wiki.example.com/x"));
    // A proxy behind something that ends TLS sees another scheme than the browser.
    assert_eq!(back("http://wiki.example.com/x").as_deref(), Some("https://wiki.example.com/x"));
}

#[test]
fn and_nowhere_else() {
    let site = Site::compile(config()).unwrap();
    let evil = [
        "",
        "https://evil.com/",
        "//evil.com",
        "///evil.com",
        "/\\evil.com",
        "\\\\evil.com",
        "/\tevil.com",
        "/%09/\r\nx",
        "https:evil.com",
        "https:/evil.com",
        "https:///evil.com",
        "javascript:alert(1)",
        "https://wiki.example.com@evil.com/",
        "https://wiki.example.com.evil.com/",
        "https://evil.com/wiki.example.com",
        "https://a@wiki.example.com/",
        "https://wiki.example.com:444/",
        "data:text/html,x",
        "https://wiki.example.com\\@evil.com",
        "ftp://wiki.example.com/",
        "/outpost.goauthentik.io/start",
        "https://evil.com%2f@wiki.example.com",
        "evil",
    ];
    for rd in evil {
        assert_eq!(site.way_back(rd), None, "{rd:?}");
    }
    assert_eq!(site.way_back(&format!("/{}", "a".repeat(3000))), None);
}

#[test]
fn a_domain_lets_back_to_all_below_it() {
    let domain = SiteConfig { mode: Mode::ForwardDomain, cookie_domain: "example.com".into(), ..config() };
    let site = Site::compile(domain).unwrap();
    assert_eq!(site.way_back("https://other.example.com/x").as_deref(), Some("https://other.example.com/x"));
    for rd in ["https://evil-example.com/", "https://example.com.evil.org/", "https://evil.org/?example.com"] {
        assert_eq!(site.way_back(rd), None, "{rd}");
    }
}
