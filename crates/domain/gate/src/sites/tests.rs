//! Which site a host leads to.

use super::*;
use crate::site::{SiteConfig, tests::config};

fn site(pk: i64, external: &str, domain: &str) -> Site {
    let mode = if domain.is_empty() { Mode::ForwardSingle } else { Mode::ForwardDomain };
    Site::compile(SiteConfig { pk, external_host: external.into(), cookie_domain: domain.into(), mode, ..config() })
        .unwrap()
}

#[test]
fn a_host_of_its_own_comes_before_a_domain_and_the_longest_domain_first() {
    let sites = Sites::new([
        site(1, "https://wiki.example.com", ""),
        site(2, "https://auth.example.com", "example.com"),
        site(3, "https://auth.team.example.com", "team.example.com"),
        site(4, "http://plain.example.org:8080", ""),
    ]);
    let pk = |host| sites.of_host(host).map(|site| site.config.pk);
    assert_eq!(pk("wiki.example.com"), Some(1));
    assert_eq!(pk("wiki.example.com:443"), Some(1));
    assert_eq!(pk("other.example.com:8443"), Some(2));
    assert_eq!(pk("a.team.example.com"), Some(3));
    assert_eq!(pk("plain.example.org:8080"), Some(4));
    // A port of the client's choice does not make a name the domain's.
    for other in ["wiki.example.com:80", "wiki.example.com:8443", "wiki.example.com:1"] {
        assert_eq!(pk(other), None, "{other}");
    }
    for unknown in ["plain.example.org", "evil-example.com", "example.org", "", "wiki.example.com.evil.org"] {
        assert_eq!(pk(unknown), None, "{unknown}");
    }
}

#[test]
fn a_second_site_cannot_take_a_host_over() {
    let sites = Sites::new([site(9, "https://a.example.com", ""), site(2, "https://a.example.com", "")]);
    assert_eq!(sites.of_host("a.example.com").unwrap().config.pk, 2);
}
