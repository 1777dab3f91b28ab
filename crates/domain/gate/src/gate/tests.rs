//! The decision, with ports made up: who passes, and that nobody else does.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use clock::Timestamp;
use parking_lot::Mutex;

use super::*;
use crate::ports::{Awaited, Basic, Claims, Login, Redeem, Review};
use crate::session::{Session, SessionKey};
use crate::site::{Addresses, Mode, SiteConfig, tests::config};

/// Both ports, as the tests want them.
struct World {
    kept: Mutex<Vec<(SessionKey, i64, Login)>>,
    version: AtomicU64,
    current: AtomicBool,
    allowed: AtomicBool,
    broken: AtomicBool,
    loads: AtomicU64,
    reviews: AtomicU64,
    redeemed: Mutex<Vec<(String, String)>>,
}

impl World {
    fn new() -> Arc<Self> {
        Arc::new(Self {
            kept: Mutex::default(),
            version: AtomicU64::new(1),
            current: AtomicBool::new(true),
            allowed: AtomicBool::new(true),
            broken: AtomicBool::new(false),
            loads: AtomicU64::new(0),
            reviews: AtomicU64::new(0),
            redeemed: Mutex::default(),
        })
    }
    fn check(&self) -> Result<(), Fault> {
        if self.broken.load(Ordering::Relaxed) { Err(Fault::Unavailable("down".into())) } else { Ok(()) }
    }
}

fn login(name: &str) -> Login {
    Login {
        claims: Claims { preferred_username: name.into(), sub: name.into(), ..Claims::default() },
        token: format!("token of {name}"),
        expires: Timestamp::from_second(10_000).unwrap(),
        user: Some(1),
        ..Login::default()
    }
}

impl Sessions for World {
    fn is_current(&self) -> bool {
        self.current.load(Ordering::Relaxed)
    }
    fn version(&self) -> u64 {
        self.version.load(Ordering::Relaxed)
    }
    fn review<'a>(&'a self, _: &'a Site, session: &'a Session, _: &'a Asked) -> Awaited<'a, Review> {
        self.reviews.fetch_add(1, Ordering::Relaxed);
        let there = session.transient || self.kept.lock().iter().any(|(key, ..)| *key == session.key);
        let stands = there && self.allowed.load(Ordering::Relaxed);
        Box::pin(async move { self.check().map(|()| if stands { Review::Stands } else { Review::Ended }) })
    }
    fn load<'a>(&'a self, site: &'a Site, key: &'a SessionKey) -> Awaited<'a, Option<Login>> {
        self.loads.fetch_add(1, Ordering::Relaxed);
        let found =
            self.kept.lock().iter().find(|(k, pk, _)| k == key && *pk == site.config.pk).map(|(.., l)| l.clone());
        Box::pin(async move { self.check().map(|()| found) })
    }
    fn keep<'a>(&'a self, site: &'a Site, key: &'a SessionKey, login: &'a Login) -> Awaited<'a, ()> {
        self.kept.lock().push((*key, site.config.pk, login.clone()));
        Box::pin(async move { self.check() })
    }
    fn end<'a>(&'a self, session: &'a Session, everywhere: bool) -> Awaited<'a, ()> {
        self.kept.lock().retain(|(key, _, login)| !(*key == session.key || everywhere && login.user == session.user));
        Box::pin(async move { self.check() })
    }
}

impl Issuer for World {
    fn addresses(&self, _: &Site, _: &Asked) -> Result<Arc<Addresses>, Fault> {
        let at = |name: &str| format!("https://id.example.com/{name}");
        let authorization_endpoint = at("authorize");
        Ok(Arc::new(Addresses {
            authorization_endpoint,
            end_session_endpoint: at("end"),
            jwks_uri: at("jwks"),
            ..Addresses::default()
        }))
    }
    fn redeem<'a>(&'a self, _: &'a Site, redeem: Redeem<'a>, _: &'a Asked) -> Awaited<'a, Login> {
        let once = self.redeemed.lock().iter().all(|(code, _)| code != redeem.code);
        self.redeemed.lock().push((redeem.code.into(), redeem.verifier.into()));
        let answer = if once { Ok(login("ada")) } else { Err(Fault::Refused("used".into())) };
        Box::pin(async move { self.check().and(answer) })
    }
    fn bearer<'a>(&'a self, site: &'a Site, token: &'a str, _: &'a Asked) -> Awaited<'a, Option<Login>> {
        let good = token == format!("token for {}", site.config.pk);
        Box::pin(async move { self.check().map(|()| good.then(|| Login { good_for: 60, ..login("robot") })) })
    }
    fn basic<'a>(&'a self, _: &'a Site, given: Basic<'a>, _: &'a Asked) -> Awaited<'a, Option<Login>> {
        let good = (given.username, given.password) == ("robot", "secret");
        Box::pin(async move { Ok(good.then(|| Login { good_for: 60, ..login("robot") })) })
    }
}

struct Stand {
    world: Arc<World>,
    gate: Gate,
    sites: Sites,
    clock: Clock,
}

fn stand() -> Stand {
    let world = World::new();
    let clock = Clock::fake_at(1000);
    let outpost = Outpost { name: "embedded".into(), version: "v".into() };
    let gate = Gate::new(world.clone(), world.clone(), Arc::default(), clock.clone(), Random::seeded(7), outpost);
    let single = SiteConfig { intercept_header_auth: true, skip_path_regex: "^/public/".into(), ..config() };
    let vault = SiteConfig { pk: 2, external_host: "https://vault.example.com".into(), ..single.clone() };
    let domain = SiteConfig {
        pk: 3,
        mode: Mode::ForwardDomain,
        external_host: "https://auth.team.example.com".into(),
        cookie_domain: "team.example.com".into(),
        client_id: "team".into(),
        ..single.clone()
    };
    let sites = Sites::new([single, vault, domain].map(|c| Site::compile(c).unwrap()));
    Stand { world, gate, sites, clock }
}

type Headers<'h> = &'h [(&'h str, &'h str)];

fn asked(host: &str, path: &str, headers: Headers<'_>) -> Asked {
    let mut builder = http::Request::get(path).header("host", host);
    for (name, value) in headers {
        builder = builder.header(*name, *value);
    }
    let (parts, ()) = builder.body(()).unwrap().into_parts();
    Asked { parts, host: host.into(), is_secure: true, is_trusted: true, address: None, request_id: String::new() }
}

impl Stand {
    /// What a proxy of a kind is told about a request.
    async fn check(&self, kind: &str, host: &str, path: &str, more: Headers<'_>) -> Response {
        let url = format!("https://{host}{path}");
        let mut headers: Vec<(&str, &str)> = match kind {
            "nginx" => vec![("x-original-url", &url)],
            "envoy" => vec![],
            _ => vec![("x-forwarded-host", host), ("x-forwarded-uri", path), ("x-forwarded-proto", "https")],
        };
        headers.extend(more);
        let own = format!("{PREFIX}/auth/{kind}{}", if kind == "envoy" { path } else { "" });
        let named = if kind == "envoy" { host } else { "authentik:9000" };
        self.gate.answer(&self.sites, &asked(named, &own, &headers)).await
    }
    /// Logs in at a site; the cookie header.
    async fn log_in(&self, host: &str) -> String {
        let (query, cookie) = self.begun(host).await;
        let response = self.back(host, &query, &cookie).await;
        assert_eq!(response.status(), 302, "{response:?}");
        cookies(&response)
    }
    /// A login that began: the query of the way back, and the cookie.
    async fn begun(&self, host: &str) -> (String, String) {
        let response = self.check("traefik", host, "/deep?a=b", &[]).await;
        assert_eq!(response.status(), 302);
        let to = Url::parse(response.headers()["location"].to_str().unwrap()).unwrap();
        let state = to.query_pairs().find(|(k, _)| k == "state").unwrap().1.into_owned();
        (
            format!("X-authentik-auth-callback=true&code={}&state={state}", self.world.redeemed.lock().len()),
            cookies(&response),
        )
    }
    async fn back(&self, host: &str, query: &str, cookie: &str) -> Response {
        self.check("traefik", host, &format!("{PREFIX}/callback?{query}"), &[("cookie", cookie)]).await
    }
}

fn cookies(response: &Response) -> String {
    let set = response.headers().get_all("set-cookie").iter().map(|c| c.to_str().unwrap().split(';').next().unwrap());
    set.filter(|pair| !pair.ends_with('=')).collect::<Vec<_>>().join("; ")
}

const KINDS: [&str; 4] = ["traefik", "caddy", "nginx", "envoy"];

#[tokio::test]
async fn who_logged_in_passes_at_every_kind_without_a_query() {
    let stand = stand();
    let cookie = stand.log_in("wiki.example.com").await;
    for kind in KINDS {
        let response = stand.check(kind, "wiki.example.com", "/x", &[("cookie", &cookie)]).await;
        assert_eq!(response.status(), 200, "{kind}");
        assert_eq!(response.headers()["x-authentik-username"], "ada");
        assert_eq!(response.headers()["x-authentik-meta-jwks"], "https://id.example.com/jwks");
    }
    let counted = (stand.world.loads.load(Ordering::Relaxed), stand.world.reviews.load(Ordering::Relaxed));
    assert_eq!(counted, (0, 0));
}

#[tokio::test]
async fn the_login_has_state_and_pkce_and_leads_back() {
    let stand = stand();
    let response = stand.check("caddy", "wiki.example.com", "/deep?a=b", &[]).await;
    let to = Url::parse(response.headers()["location"].to_str().unwrap()).unwrap();
    let query: std::collections::HashMap<_, _> = to.query_pairs().into_owned().collect();
    assert_eq!(
        (to.host_str(), &*query["response_type"], &*query["scope"]),
        (Some("id.example.com"), "code", "openid ak_proxy")
    );
    assert_eq!(query["code_challenge_method"], "S256");
    let cookie = response.headers()["set-cookie"].to_str().unwrap();
    for attribute in ["HttpOnly", "SameSite=Lax", "Secure", "Path=/"] {
        assert!(cookie.contains(attribute), "{cookie}");
    }
    let (query, cookie) = stand.begun("wiki.example.com").await;
    let response = stand.back("wiki.example.com", &query, &cookie).await;
    assert_eq!(response.headers()["location"], "https://wiki.example.com/deep?a=b");
    assert_eq!(stand.world.redeemed.lock()[0].1.len(), 43);
}

#[tokio::test]
async fn a_way_back_is_good_once_for_the_browser_and_the_site_that_began() {
    let stand = stand();
    let (query, cookie) = stand.begun("wiki.example.com").await;
    for (host, cookie) in [
        ("wiki.example.com", ""),
        ("wiki.example.com", "authentik_proxy_00000000_login=x"),
        ("vault.example.com", &*cookie),
    ] {
        let response = stand.back(host, &query, cookie).await;
        assert_eq!(response.status(), 400, "{host}");
        assert_eq!(cookies(&response), "");
    }
    let session = cookies(&stand.back("wiki.example.com", &query, &cookie).await);
    assert!(session.starts_with("authentik_proxy_"));
    assert_eq!(stand.back("wiki.example.com", &query, &cookie).await.status(), 400);
    // Whoever is in already is sent on: the back button is no attack.
    let both = format!("{cookie}; {session}");
    let response = stand.back("wiki.example.com", &query, &both).await;
    assert_eq!(response.headers()["location"], "https://wiki.example.com/deep?a=b");
}

#[tokio::test]
async fn nobody_passes_with_what_is_no_session() {
    let stand = stand();
    let name = &stand.sites.of_host("wiki.example.com").unwrap().cookie.session.clone();
    let vault = stand.log_in("vault.example.com").await;
    let random = format!("{name}={}", "A".repeat(43));
    let huge = format!("{name}={}", "A".repeat(40_000));
    let bad = [
        "",
        "x",
        &format!("{name}="),
        &format!("{name}=garbage"),
        &random,
        &huge,
        &format!("{name}=\"; {name}"),
        &vault,
    ];
    for kind in KINDS {
        for cookie in bad {
            let more: Vec<(&str, &str)> = vec![
                ("cookie", cookie),
                ("x-authentik-username", "admin"),
                ("x_authentik_username", "admin"),
                ("user-agent", "kube-probe/1.0"),
            ];
            let response = stand.check(kind, "wiki.example.com", "/private", &more).await;
            assert!(matches!(response.status().as_u16(), 302 | 401), "{kind} {cookie} {}", response.status());
            assert!(!response.headers().keys().any(|k| k.as_str().starts_with("x-authentik")), "{kind}");
        }
    }
}

#[tokio::test]
async fn open_paths_pass_as_nobody() {
    let stand = stand();
    for kind in KINDS {
        let response = stand.check(kind, "wiki.example.com", "/public/a", &[("x-authentik-username", "admin")]).await;
        assert_eq!(response.status(), 200, "{kind}");
        for name in headers::IDENTITY_HEADERS {
            assert_eq!(response.headers()[&name], "", "{kind} {name}");
        }
        for path in [
            "/public/../private",
            "/public/%2e%2e/private",
            "/private?x=/public/",
            "//public/",
            "/public%2f..%2fprivate",
            "/PUBLIC/a",
        ] {
            assert_ne!(stand.check(kind, "wiki.example.com", path, &[]).await.status(), 200, "{kind} {path}");
        }
    }
}

#[tokio::test]
async fn our_own_paths_do_not_open_nginx() {
    let stand = stand();
    for path in [
        "/outpost.goauthentik.io/",
        "/outpost.goauthentik.io/callback?X-authentik-auth-callback=true",
        "/outpost.goauthentik.io/static/x",
    ] {
        assert_eq!(stand.check("nginx", "wiki.example.com", path, &[]).await.status(), 401, "{path}");
        let spoofed = [("x-original-uri", path)];
        assert_eq!(stand.check("nginx", "wiki.example.com", "/private", &spoofed).await.status(), 401);
    }
}

#[tokio::test]
async fn sessions_end_with_policies_and_with_what_they_hang_on() {
    let stand = stand();
    let cookie = stand.log_in("wiki.example.com").await;
    let check =
        async || stand.check("traefik", "wiki.example.com", "/", &[("cookie", &cookie)]).await.status().as_u16();
    stand.world.version.store(2, Ordering::Relaxed);
    assert_eq!((check().await, check().await), (200, 200));
    assert_eq!(stand.world.reviews.load(Ordering::Relaxed), 1, "decided once for a configuration");
    stand.world.allowed.store(false, Ordering::Relaxed);
    stand.gate.memory().doubt_where(|s| s.user == Some(1));
    assert_eq!(check().await, 302);
    stand.world.allowed.store(true, Ordering::Relaxed);
    assert_eq!(check().await, 302, "it does not come back");
}

#[tokio::test]
async fn what_cannot_be_decided_lets_nobody_in() {
    let stand = stand();
    let cookie = stand.log_in("wiki.example.com").await;
    stand.world.current.store(false, Ordering::Relaxed);
    stand.world.broken.store(true, Ordering::Relaxed);
    for kind in KINDS {
        let response = stand.check(kind, "wiki.example.com", "/", &[("cookie", &cookie)]).await;
        assert_eq!((response.status().as_u16(), response.headers().contains_key("retry-after")), (503, true), "{kind}");
    }
    stand.world.broken.store(false, Ordering::Relaxed);
    assert_eq!(stand.check("nginx", "wiki.example.com", "/", &[("cookie", &cookie)]).await.status(), 200);
}

#[tokio::test]
async fn a_session_ends_by_itself_and_by_logging_out() {
    let stand = stand();
    let cookie = stand.log_in("wiki.example.com").await;
    let other = stand.log_in("vault.example.com").await;
    let response = stand
        .gate
        .answer(&stand.sites, &asked("wiki.example.com", &format!("{PREFIX}/sign_out"), &[("cookie", &cookie)]))
        .await;
    assert_eq!(
        (response.status().as_u16(), &response.headers()["location"]),
        (302, &"https://id.example.com/end".parse().unwrap())
    );
    assert_eq!(stand.check("nginx", "wiki.example.com", "/", &[("cookie", &cookie)]).await.status(), 401);
    stand.gate.memory().doubt_where(|_| true);
    assert_eq!(stand.check("nginx", "vault.example.com", "/", &[("cookie", &other)]).await.status(), 401);
    let again = stand.log_in("wiki.example.com").await;
    stand.clock.advance(std::time::Duration::from_secs(9001));
    assert_eq!(stand.check("nginx", "wiki.example.com", "/", &[("cookie", &again)]).await.status(), 401);
}

#[tokio::test]
async fn one_login_is_good_below_a_domain() {
    let stand = stand();
    let cookie = stand.log_in("a.team.example.com").await;
    for host in ["b.team.example.com", "team.example.com", "a.team.example.com:8443"] {
        assert_eq!(stand.check("nginx", host, "/", &[("cookie", &cookie)]).await.status(), 200, "{host}");
    }
    for host in ["wiki.example.com", "vault.example.com"] {
        assert_eq!(stand.check("nginx", host, "/", &[("cookie", &cookie)]).await.status(), 401, "{host}");
    }
    assert_eq!(stand.check("nginx", "evil-team.example.com", "/", &[("cookie", &cookie)]).await.status(), 400);
}

#[tokio::test]
async fn programs_pass_by_header_at_the_site_it_is_good_for() {
    let stand = stand();
    let good = [("authorization", "Bearer token for 1")];
    for _ in 0..2 {
        let response = stand.check("traefik", "wiki.example.com", "/", &good).await;
        assert_eq!(
            (response.status().as_u16(), &response.headers()["x-authentik-username"]),
            (200, &"robot".parse().unwrap())
        );
        assert!(!response.headers().contains_key("set-cookie"));
    }
    assert_eq!(stand.check("nginx", "vault.example.com", "/", &good).await.status(), 401);
    let basic = [("authorization", "Basic cm9ib3Q6c2VjcmV0")];
    assert_eq!(stand.check("nginx", "wiki.example.com", "/", &basic).await.status(), 200);
    for bad in ["Bearer x", "Bearer ", "Basic", "Basic !!", "Basic cm9ib3Q6eA==", "Digest x", ""] {
        assert_eq!(
            stand.check("nginx", "wiki.example.com", "/", &[("authorization", bad)]).await.status(),
            401,
            "{bad}"
        );
    }
    let twice = [("authorization", "Bearer token for 1"), ("authorization", "Bearer token for 1")];
    assert_eq!(stand.check("nginx", "wiki.example.com", "/", &twice).await.status(), 401);
    // Looked at again every second.
    stand.world.allowed.store(false, Ordering::Relaxed);
    stand.clock.advance(std::time::Duration::from_secs(1));
    assert_eq!(stand.check("nginx", "wiki.example.com", "/", &good).await.status(), 401);
}

#[tokio::test]
async fn a_login_replaces_the_session_that_was_there() {
    let stand = stand();
    let planted = stand.log_in("wiki.example.com").await;
    let (query, cookie) = stand.begun("wiki.example.com").await;
    let response = stand.back("wiki.example.com", &query, &format!("{cookie}; {planted}")).await;
    let fresh = cookies(&response);
    assert_ne!(fresh, planted);
    assert_eq!(stand.check("nginx", "wiki.example.com", "/", &[("cookie", &planted)]).await.status(), 401);
    assert_eq!(stand.check("nginx", "wiki.example.com", "/", &[("cookie", &fresh)]).await.status(), 200);
}

#[tokio::test]
async fn what_is_unknown_is_refused() {
    let stand = stand();
    assert_eq!(stand.check("traefik", "unknown.example.com", "/", &[]).await.status(), 400);
    let none = asked("authentik:9000", &format!("{PREFIX}/auth/nginx"), &[]);
    assert_eq!(stand.gate.answer(&stand.sites, &none).await.status(), 500);
    let ping = asked("anything", &format!("{PREFIX}/ping"), &[]);
    assert_eq!(stand.gate.answer(&stand.sites, &ping).await.status(), 204);
    for rd in ["https://evil.com", "//evil.com", "/%5Cevil.com"] {
        let start = asked("wiki.example.com", &format!("{PREFIX}/start?rd={rd}"), &[]);
        let response = stand.gate.answer(&stand.sites, &start).await;
        let to = Url::parse(response.headers()["location"].to_str().unwrap()).unwrap();
        let state = to.query_pairs().find(|(k, _)| k == "state").unwrap().1.into_owned();
        assert_eq!(crate::state::State::read(&state).unwrap().back, "https://wiki.example.com/", "{rd}");
    }
}

#[tokio::test]
async fn behind_the_proxy_the_application_sees_nothing_of_ours_but_who_is_there() {
    let stand = stand();
    let proxied = SiteConfig {
        mode: Mode::Proxy,
        internal_host: "http://app:8080".into(),
        intercept_header_auth: true,
        skip_path_regex: "^/public/".into(),
        ..config()
    };
    let sites = Sites::new([Site::compile(proxied).unwrap()]);
    let site = sites.of_host("wiki.example.com").unwrap();
    let cookie = stand.log_in("wiki.example.com").await;
    let sent =
        [("cookie", &*format!("{cookie}; own=1")), ("x_authentik_groups", "admins"), ("x-authentik-email", "a@b")];
    let request = asked("wiki.example.com", "/a", &sent);
    let Verdict::Pass(pass) = stand.gate.decide(site, &request).await else { panic!("it must pass") };
    let mut headers = request.parts.headers.clone();
    pass.write(&mut headers);
    assert_eq!(
        (&headers["cookie"], &headers["x-authentik-username"], &headers["x-authentik-email"]),
        (&"own=1".parse().unwrap(), &"ada".parse().unwrap(), &"".parse().unwrap())
    );
    assert!(!headers.contains_key("x_authentik_groups"));
    assert_eq!(pass.backend().unwrap().as_str(), "http://app:8080/");
    let status = async |path: &str, headers: Headers<'_>| match stand
        .gate
        .decide(site, &asked("wiki.example.com", path, headers))
        .await
    {
        Verdict::Pass(pass) => pass.username().len() as u16,
        Verdict::Answer(response) => response.status().as_u16(),
    };
    assert_eq!(status("/a", &[]).await, 302);
    assert_eq!(status("/a", &[("authorization", "Bearer x")]).await, 401);
    assert_eq!(status("/public/a", &[]).await, 0, "as nobody");
    assert_eq!(status("/a", &[("upgrade", "websocket"), ("connection", "upgrade")]).await, 302);
}
