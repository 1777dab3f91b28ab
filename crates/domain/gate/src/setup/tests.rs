//! That every text is filled in, that nothing of a provider can break out of its place, and that the guide shows these texts.

use super::*;

fn origin(text: &str) -> Origin {
    Origin::parse("address", text).unwrap()
}

fn facts() -> Facts {
    Facts {
        name: "wiki".to_owned(),
        app: origin("https://wiki.example.com"),
        auth: origin("https://wiki.example.com"),
        server: origin("http://keywright.auth.svc:9000"),
        upstream: origin("http://wiki:8080"),
        domain: false,
        basic_auth: false,
    }
}

fn text(proxy: Proxy, facts: &Facts) -> String {
    render(proxy, facts).into_iter().map(|file| file.content).collect()
}

#[test]
fn every_text_is_filled_in_in_all_variants() {
    for proxy in Proxy::ALL {
        for (https, domain, basic_auth) in [(true, false, false), (false, true, false), (true, true, true)] {
            let mut facts = Facts { domain, basic_auth, ..facts() };
            if !https {
                facts.app = origin("http://wiki.example.com:8000");
                facts.server = origin("https://auth.example.com");
            }
            let text = text(proxy, &facts);
            let name = proxy.name();
            assert!(!text.contains("{{") && !text.contains("}}"), "{name}: {text}");
            assert!(!text.lines().any(|line| line.starts_with('%')), "{name}: {text}");
            assert!(text.contains("auth/"), "{name}: {text}");
        }
    }
}

#[test]
fn every_word_of_a_template_has_a_value() {
    let values = values(&facts());
    for (_, text) in Proxy::ALL.into_iter().flat_map(Proxy::templates) {
        for word in text.split("{{").skip(1).filter_map(|part| part.split_once("}}")).map(|(word, _)| word) {
            let known = values.words.contains_key(word) || matches!(word, "header" | "lower" | "variable");
            assert!(known, "{{{{{word}}}}} has no value");
        }
        for flag in
            text.lines().filter_map(|l| l.strip_prefix('%')?.split_once('|')).map(|(f, _)| f.trim_start_matches('!'))
        {
            assert!(values.flags.contains_key(flag) || matches!(flag, "headers" | "lower"), "%{flag}| is no condition");
        }
    }
}

#[test]
fn every_identity_header_is_named_for_each_proxy() {
    for proxy in Proxy::ALL {
        let text = text(proxy, &facts()).to_ascii_lowercase();
        // HAProxy's script takes all that begin alike.
        for header in HEADERS.iter().filter(|_| proxy != Proxy::Haproxy) {
            assert!(text.contains(&header.to_ascii_lowercase()), "{}: {header} is missing", proxy.name());
        }
        assert!(!text.contains("forwardedheaders.insecure: true"));
    }
}

#[test]
fn a_password_for_the_application_is_passed_on_only_where_the_provider_says_so() {
    let copied = |text: &str| text.lines().any(|l| l.trim() == "- Authorization");
    assert!(!copied(&text(Proxy::Traefik, &facts())));
    assert!(copied(&text(Proxy::Traefik, &Facts { basic_auth: true, ..facts() })));
}

#[test]
fn the_login_of_a_domain_is_at_the_external_host() {
    let facts = Facts { domain: true, auth: origin("https://auth.example.com"), ..facts() };
    assert!(
        text(Proxy::Nginx, &facts).contains("return 302 https://auth.example.com/outpost.goauthentik.io/start?rd=")
    );
    assert!(text(Proxy::IngressNginx, &facts).contains("auth-signin: \"https://auth.example.com/outpost"));
}

fn site(mode: Mode, external_host: &str, cookie_domain: &str) -> Site {
    Site::compile(crate::SiteConfig {
        mode,
        external_host: external_host.to_owned(),
        internal_host: if mode == Mode::Proxy { "http://wiki:8080".to_owned() } else { String::new() },
        cookie_domain: cookie_domain.to_owned(),
        cookie_secret: Some(std::sync::Arc::new("secret".to_owned().into())),
        assigned_application_slug: "wiki".to_owned(),
        ..crate::SiteConfig::default()
    })
    .unwrap()
}

#[test]
fn what_nobody_says_follows_from_the_provider() {
    let facts = Facts::of(&site(Mode::ForwardSingle, "https://wiki.example.com", ""), &Wanted::default()).unwrap();
    assert_eq!((facts.name.as_str(), facts.app.to_string()), ("wiki", "https://wiki.example.com".to_owned()));
    assert_eq!((facts.upstream.to_string(), facts.domain), ("http://wiki:8080".to_owned(), false));
    let domain = site(Mode::ForwardDomain, "https://auth.example.com", "example.com");
    let one = Wanted { app: Some("https://one.example.com"), ..Wanted::default() };
    let facts = Facts::of(&domain, &one).unwrap();
    assert_eq!((facts.name.as_str(), facts.auth.to_string()), ("one", "https://auth.example.com".to_owned()));
    assert!(facts.domain);
}

#[test]
fn there_is_no_configuration_for_what_the_provider_does_not_stand_for() {
    let fault = |site, app| Facts::of(&site, &Wanted { app, ..Wanted::default() }).unwrap_err();
    let single = || site(Mode::ForwardSingle, "https://wiki.example.com", "");
    assert!(matches!(fault(single(), Some("https://other.example.com")), SetupFault::Outside(..)));
    let domain = site(Mode::ForwardDomain, "https://auth.example.com", "example.com");
    assert!(matches!(fault(domain, Some("https://evil-example.com")), SetupFault::Outside(..)));
    assert_eq!(fault(site(Mode::Proxy, "https://wiki.example.com", ""), None), SetupFault::Mode);
    let path = fault(site(Mode::ForwardSingle, "https://example.com/wiki", ""), None);
    assert_eq!(path.field(), "external_host");
}

#[test]
fn an_address_can_say_nothing_but_scheme_host_and_port() {
    for bad in [
        "",
        "wiki.example.com",
        "ftp://wiki.example.com",
        "https://user@wiki.example.com",
        "https://wiki.example.com/path",
        "https://wiki.example.com/?a",
        "https://wiki.example.com;}",
        "https://wiki\"quote.example.com",
        "https://wiki`tick`.example.com",
        "https://wiki$var.example.com",
        "https://wiki'quote.example.com",
        "https://wiki{brace}.example.com",
    ] {
        assert!(Origin::parse("app", bad).is_err(), "{bad}");
    }
    assert_eq!(origin(" https://Wiki.Example.COM:443/ ").to_string(), "https://wiki.example.com");
    assert_eq!(origin("http://[::1]:8080").address(), "[::1]:8080");
    assert_eq!(origin("https://a.example").address(), "a.example:443");
}

#[test]
fn a_name_is_one_everywhere() {
    assert_eq!(name_of("My_Wiki 2"), "my-wiki-2");
    assert_eq!(name_of("--"), "app");
    assert_eq!(name_of("a\nb: c"), "a-b--c");
}

#[test]
fn an_unknown_proxy_is_answered_with_the_known_ones() {
    let fault = Proxy::of_name("apache").unwrap_err().to_string();
    assert!(fault.contains("apache") && fault.contains("traefik-kubernetes, nginx, ingress-nginx"), "{fault}");
    for proxy in Proxy::ALL {
        assert_eq!(Proxy::of_name(proxy.name()), Ok(proxy));
    }
}

/// The guide shows, between `<!-- setup: name -->` and `<!-- end -->`, what would be printed for its example.
/// `UPDATE_GUIDE=1` writes it anew.
#[test]
fn the_guide_shows_these_texts() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../docs/guides/forward-auth.md");
    let guide = std::fs::read_to_string(path).unwrap();
    let mut whole = guide.clone();
    for proxy in Proxy::ALL {
        let (start, end) = (format!("<!-- setup: {} -->\n", proxy.name()), "<!-- end -->");
        let at =
            whole.find(&start).unwrap_or_else(|| panic!("the guide has no place for {}", proxy.name())) + start.len();
        let to = at + whole[at..].find(end).expect("the place ends");
        whole.replace_range(at..to, &blocks(proxy));
    }
    if std::env::var_os("UPDATE_GUIDE").is_some() {
        std::fs::write(path, &whole).unwrap();
    }
    assert!(guide == whole, "docs/guides/forward-auth.md differs: run this test with UPDATE_GUIDE=1");
}

fn blocks(proxy: Proxy) -> String {
    let block = |file: File| {
        let language = match file.name.rsplit('.').next() {
            Some("yaml") => "yaml",
            Some("lua") => "lua",
            Some("conf") => "nginx",
            _ => "text",
        };
        format!("\n```{language}\n{}```\n", file.content)
    };
    render(proxy, &facts()).into_iter().map(block).collect::<String>() + "\n"
}
