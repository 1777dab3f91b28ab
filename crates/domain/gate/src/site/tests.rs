//! What a configuration becomes.

use super::*;

pub fn config() -> SiteConfig {
    SiteConfig {
        pk: 1,
        name: "wiki".into(),
        mode: Mode::ForwardSingle,
        external_host: "https://wiki.example.com".into(),
        client_id: "wiki-client".into(),
        cookie_secret: Some(Arc::new("a secret of the site".into())),
        scopes_to_request: vec!["openid".into(), "ak_proxy".into()],
        assigned_application_slug: "wiki".into(),
        ..SiteConfig::default()
    }
}

#[test]
fn addresses_are_put_together() {
    let site = Site::compile(config()).unwrap();
    assert_eq!(site.host, "wiki.example.com");
    assert_eq!(
        site.redirect_uri(),
        "https://wiki.example.com/outpost.goauthentik.io/callback?X-authentik-auth-callback=true"
    );
    let below =
        Site::compile(SiteConfig { external_host: "https://x.example.com:8443/wiki/".into(), ..config() }).unwrap();
    assert_eq!(below.own("start"), "https://x.example.com:8443/wiki/outpost.goauthentik.io/start");
    assert_eq!(redirect_uri("https://x.example.com:8443/wiki/"), Some(below.redirect_uri()));
}

#[test]
fn what_cannot_work_is_refused_with_the_reason() {
    let fault = |config| Site::compile(config).unwrap_err();
    assert!(matches!(fault(SiteConfig { external_host: "wiki".into(), ..config() }), SiteFault::ExternalHost(_)));
    assert!(matches!(fault(SiteConfig { mode: Mode::Proxy, ..config() }), SiteFault::InternalHost(_)));
    assert_eq!(fault(SiteConfig { mode: Mode::ForwardDomain, ..config() }), SiteFault::CookieDomain);
    assert_eq!(fault(SiteConfig { cookie_secret: None, ..config() }), SiteFault::CookieSecret);
}

#[test]
fn open_paths_are_matched_by_path_alone() {
    let site = Site::compile(SiteConfig { skip_path_regex: "^/public/\n(\n^/health$".into(), ..config() }).unwrap();
    let open = |path| site.is_open("wiki.example.com", path);
    assert!(open("/public/a") && open("/health"));
    for path in
        ["/private", "/private?x=/public/", "/public/../admin", "/public/%2e%2e/admin", "/public%2f..%2fa", "//public/"]
    {
        assert!(!open(path), "{path}");
    }
    assert!(
        !Site::compile(SiteConfig { skip_path_regex: ".*".into(), ..config() })
            .unwrap()
            .is_open("", "/outpost.goauthentik.io/x")
    );
}

#[test]
fn open_paths_of_a_domain_are_matched_with_their_host() {
    let domain = SiteConfig {
        mode: Mode::ForwardDomain,
        cookie_domain: ".Example.com".into(),
        skip_path_regex: "^https://docs\\.example\\.com/".into(),
        ..config()
    };
    let site = Site::compile(domain).unwrap();
    assert_eq!(site.domain.as_deref(), Some("example.com"));
    assert!(site.is_open("docs.example.com", "/a"));
    assert!(!site.is_open("wiki.example.com", "/a?x=https://docs.example.com/"));
    assert!(!site.is_open("wiki.example.com", "/https://docs.example.com/"));
}

#[test]
fn hosts_below_a_domain_are_told_from_those_that_only_end_like_it() {
    assert!(is_within("a.example.com", "example.com") && is_within("example.com", "example.com"));
    assert!(!is_within("evil-example.com", "example.com") && !is_within("com", "example.com"));
}
