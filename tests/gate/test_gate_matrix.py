"""What clients send to get past a reverse proxy: never a 2xx, never a word about anybody.

From advisories of authentik (GHSA-5wcc-hf24-rf5h, CVE-2026-25748), oauth2-proxy, Caddy and Oathkeeper.
"""

import urllib.parse

import pytest
from asking import IDENTITY, KINDS, PASSWORD, PREFIX, refused, send, told
from person import Person

HOST = "wiki.example.test"
SPELLINGS = ["X-authentik-username", "x-AUTHENTIK-Username", "X_authentik_username", "X-authentik_username", "X_Authentik-Username"]
# Paths that are no public ones, whatever somebody in between makes of them.
NOT_PUBLIC = [
    "/private",
    "/private?x=/public/",
    "/private#/public/",
    "/private%23/public/",
    "/public/../private",
    "/public/%2e%2e/private",
    "/public/..%2fprivate",
    "/public%2f..%2fprivate",
    "/public/.%2e/private",
    "/public/%252e%252e/private",
    "/public\\..\\private",
    "/public/..;/private",
    "/public/;x/private",
    "//public/private",
    "/./public/",
    "/PUBLIC/private",
    "/public",
    f"{PREFIX}/public/",
    f"{PREFIX}/",
    f"{PREFIX}/auth/nginx",
    f"{PREFIX}/ping",
    f"{PREFIX}/static/x",
]


def bad_cookies(name):
    good_shape = "A" * 43
    return {
        "none": "",
        "empty": f"{name}=",
        "garbage": f"{name}=%%%;{name}",
        "random": f"{name}={good_shape}",
        "quoted": f'{name}="{good_shape}"',
        "not text": f"{name}=".encode() + b"\xff\xfe\x00\x80".replace(b"\x00", b"") + b"; x=\xc3",
        "huge": f"{name}={'A' * 20000}",
        "doubled": "; ".join([f"{name}={c * 43}" for c in "ABCDEFGH"]),
        "gob": f"{name}=MTcwMDAwMDAwMHxEWDhFQVFMX2dBQUJFQUVRQUFBfA==",
        "json": name + '={"claims":{"sub":"admin"}}',
        "path": f"{name}=../../etc/passwd",
    }


@pytest.fixture(scope="module")
def name(gate):
    return gate.check("traefik", HOST).cookie().split("=")[0].removesuffix("_login")


@pytest.fixture(scope="module")
def strict(gate):
    """An application below the domain with a site and rules of its own."""
    host = "strict.team.example.test"
    _, application = gate.site("strict", host=host)
    gate.api.post("/policies/bindings/", {"target": application["pk"], "group": gate.groups["keepers"], "order": 0, "enabled": True})
    return host


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("case", list(bad_cookies("x")))
def test_bad_cookies(gate, name, kind, case):
    refused(gate.check(kind, HOST, "/private", headers=[("Cookie", bad_cookies(name)[case])]))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("path", NOT_PUBLIC)
def test_paths_that_are_not_public(gate, kind, path):
    if kind == "envoy" and "#" in path:
        pytest.skip("no request has a fragment")
    refused(gate.check(kind, HOST, path))


@pytest.mark.parametrize("kind", KINDS)
def test_public_paths_pass_as_nobody(gate, kind):
    answer = gate.check(kind, HOST, "/public/page?x=1", headers=[(spelling, "admin") for spelling in SPELLINGS])
    assert answer.status == 200
    assert {name: told(answer)[name] for name in IDENTITY} == dict.fromkeys(IDENTITY, "")


# The client's own headers beside those of the proxy, and in their place.
LIES = {
    "X-Original-URI": "/public/",
    "X-Original-URL": "https://wiki.example.test/public/",
    "X-Forwarded-Uri": "/public/",
    "X-Forwarded-Host": "open.example.test",
    "X-Forwarded-Prefix": "/public",
    "X-Rewrite-URL": "/public/",
    "X-Forwarded-Method": "OPTIONS",
    "X-HTTP-Method-Override": "OPTIONS",
    "X-Forwarded-For": "127.0.0.1",
    "X-Real-IP": "127.0.0.1",
    "Forwarded": "for=127.0.0.1;host=wiki.example.test",
    "X-Forwarded-Server": "authentik",
    "X-authentik-auth-callback": "true",
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("header", LIES)
def test_lies_about_the_request(gate, kind, header):
    for value in (LIES[header], f"{PREFIX}/callback", f"{PREFIX}/start", ""):
        refused(gate.check(kind, HOST, "/private", headers=[(header, value)]))


def test_own_paths_in_the_original_address_open_nothing(gate):
    """GHSA-5wcc-hf24-rf5h."""
    for path in ("/", "/start", "/callback", "/sign_out", "/ping", "/auth/nginx", "/static/a.css", "/callback?X-authentik-auth-callback=true"):
        for header in ("X-Original-URI", "X-Original-URL", "X-Forwarded-Uri"):
            value = PREFIX + path if header != "X-Original-URL" else f"https://{HOST}{PREFIX}{path}"
            refused(send(gate.server.http, f"{PREFIX}/auth/nginx", HOST, [(header, value)]))
            refused(gate.check("nginx", HOST, "/private", headers=[(header, value)]))


@pytest.mark.parametrize("kind", KINDS)
def test_doubled_headers_of_a_proxy(gate, kind, alice):
    """A doubled header is read differently by different programs: not even a good session passes with one."""
    cookie = gate.log_in(alice, "nginx", HOST)
    doubled = {
        "traefik": [("X-Forwarded-Host", HOST), ("X-Forwarded-Uri", "/public/")],
        "caddy": [("X-Forwarded-Host", HOST), ("X-Forwarded-Uri", "/public/")],
        "nginx": [("X-Original-URL", f"https://{HOST}/public/")],
        "envoy": [],
    }[kind]
    for header in doubled:
        refused(gate.check(kind, HOST, "/private", cookie, [header]))


def test_the_host_of_another_application_is_not_taken_from_the_client(gate, alice):
    """Somebody who may enter one application asks for another, and says it is the one."""
    cookie = gate.log_in(alice, "nginx", HOST)
    lies = [[("X-Forwarded-Host", HOST)], [("X-Original-URI", "/")], [("Forwarded", f"host={HOST}")]]
    for kind in ("nginx", "envoy"):
        for lie in lies:
            refused(gate.check(kind, "vault.example.test", "/", cookie, lie))


@pytest.mark.parametrize("kind", KINDS)
def test_a_port_of_the_clients_choice_does_not_lead_to_the_rules_of_the_domain(gate, strict, alice, kind):
    """Proxies choose the application by the name; the client writes what it likes behind it."""
    cookie = gate.log_in(alice, "traefik", "one.team.example.test", callback_host="auth.team.example.test")
    assert gate.check(kind, "two.team.example.test:8443", "/", cookie).status == 200
    for port in ("", ":443", ":80", ":8443", ":1", ":"):
        refused(gate.check(kind, strict + port, "/", cookie))
        refused(gate.check(kind, strict.upper() + port, "/", cookie))


@pytest.mark.parametrize("kind", ["traefik", "caddy", "envoy"])
def test_a_host_is_a_name_and_nothing_more(gate, kind):
    # A rule of the domain opens open.team.example.test.
    assert gate.check(kind, "open.team.example.test", "/x").status == 200
    for host in ("open.team.example.test/.team.example.test", "open.team.example.test?.team.example.test", "open.team.example.test:1:1", "a@open.team.example.test"):
        refused(gate.check(kind, host, "/x"))


@pytest.mark.parametrize("path", ["?/private", ":443?/private", "#/private", ":443#/private", "", "@wiki.example.test/public/"])
def test_what_the_client_writes_behind_the_host_is_no_path(gate, alice, path):
    """nginx takes `Host: wiki.example.test:443?` for the name, and authentik's configuration writes it into X-Original-URL."""
    cookie = gate.log_in(alice, "nginx", HOST)
    refused(send(gate.server.http, f"{PREFIX}/auth/nginx", HOST, [("X-Original-URL", f"https://{HOST}{path}"), ("Cookie", cookie)]))
    query = f"/private?x=https://{HOST}/public/"
    refused(send(gate.server.http, f"{PREFIX}/auth/nginx", HOST, [("X-Original-URL", query)]))


def test_nginx_serves_the_application_that_its_own_host_names(gate, alice):
    """`GET http://vault/ HTTP/1.1` with `Host: wiki`: $host, which becomes Host, is vault and $http_host is wiki."""
    cookie = gate.log_in(alice, "nginx", HOST)
    told_wiki = [("X-Original-URL", f"https://{HOST}/x"), ("Cookie", cookie)]
    refused(send(gate.server.http, f"{PREFIX}/auth/nginx", "vault.example.test", told_wiki))
    # The outpost's own name there, or the name without its port, is how others are set up.
    for named in (HOST, f"{HOST}:443", f"{HOST}:8443", f"127.0.0.1:{gate.server.http}", "auth.team.example.test", "keywright"):
        assert send(gate.server.http, f"{PREFIX}/auth/nginx", named, told_wiki).status == 200, named


def test_headers_of_strangers_do_not_count(server, gate):
    """Asked from an address that no proxy is trusted at."""
    server.stop()
    server.env["AUTHENTIK_LISTEN__TRUSTED_PROXY_CIDRS"] = "203.0.113.0/24"
    server.start()
    try:
        for kind in ("traefik", "caddy"):
            answer = gate.check(kind, HOST, "/public/")
            assert answer.status == 400 and "TRUSTED_PROXY_CIDRS" in answer.json()["Hint"]
            refused(send(server.http, f"{PREFIX}/auth/{kind}", HOST, [("X-Forwarded-Uri", "/public/")]))
        refused(gate.check("nginx", HOST, "/public/"))
        # Scheme and cookie follow the site, not what somebody says.
        started = send(server.http, f"{PREFIX}/start", HOST, [("X-Forwarded-Proto", "http")])
        assert "Secure" in started.cookies[0]
    finally:
        server.stop()
        del server.env["AUTHENTIK_LISTEN__TRUSTED_PROXY_CIDRS"]
        server.start()


@pytest.mark.parametrize("kind", KINDS)
def test_methods_upgrades_and_agents(gate, kind):
    for method in ("OPTIONS", "HEAD", "TRACE", "PROPFIND", "POST", "DELETE", "FOO"):
        refused(gate.check(kind, HOST, "/private", method=method))
        refused(send(gate.server.http, f"{PREFIX}/auth/{kind}", HOST, [("X-Original-URL", f"https://{HOST}/private")], method))
    upgrade = [("Upgrade", "websocket"), ("Connection", "Upgrade"), ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="), ("Sec-WebSocket-Version", "13")]
    refused(gate.check(kind, HOST, "/private", headers=upgrade))
    for agent in ("GoogleHC/1.0", "kube-probe/1.29", "ELB-HealthChecker/2.0", "goauthentik.io/outpost/2025.12.4"):
        refused(gate.check(kind, HOST, "/private", headers=[("User-Agent", agent)]))


@pytest.mark.parametrize("kind", KINDS)
def test_identity_headers_of_the_client_are_replaced(gate, alice, kind):
    cookie = gate.log_in(alice, "nginx", HOST)
    lies = [(spelling, "admin") for spelling in SPELLINGS] + [("X-authentik-groups", "admins"), ("X-authentik-entitlements", "all")]
    said = told(gate.check(kind, HOST, "/", cookie, lies))
    assert (said["username"], said["groups"], said["entitlements"]) == ("alice", "readers", "")
    assert all("admin" not in value for value in said.values())


def test_a_cookie_of_one_application_is_none_at_another(gate, bob):
    cookie = gate.log_in(bob, "nginx", HOST)
    value = cookie.split("=")[1]
    other = gate.check("traefik", "vault.example.test").cookie().split("=")[0].removesuffix("_login")
    for sent in (cookie, f"{other}={value}", f"{cookie}; {other}={value}"):
        refused(gate.check("nginx", "vault.example.test", "/", sent))


@pytest.mark.parametrize("kind", ["traefik", "nginx"])
def test_a_callback_belongs_to_the_browser_that_began(gate, server, kind):
    """Login CSRF: an attacker's code, brought into the browser of somebody else."""
    attacker = Person(server).logged_in("bob", PASSWORD)
    to, cookie = gate.begin(kind, HOST)
    outside, _ = attacker.go(to)
    _, victims = gate.begin(kind, HOST)
    for brought in ("", victims):
        answer = gate.back(kind, HOST, outside, brought)
        assert answer.status == 400 and not answer.cookie(), answer
    # Of another application it is none either, and it works once.
    assert gate.back(kind, "vault.example.test", outside, cookie).status == 400
    session = gate.back(kind, HOST, outside, cookie).cookie()
    assert gate.check(kind, HOST, "/", session).status == 200
    again = gate.back(kind, HOST, outside, cookie)
    assert again.status == 400 and not again.cookie(), again


def test_callbacks_without_what_belongs_to_them(gate):
    for query in ("", "?code=x", "?state=x", "?code=x&state=x", "?code=&state=", "?state=eyJzIjoxfQ.x&code=1", "?error=access_denied"):
        for path in (f"{PREFIX}/callback{query}", f"/{query or '?'}&X-authentik-auth-callback=true"):
            answer = gate.ask(HOST, path)
            assert answer.status in (400, 403, 404), f"{path}: {answer}"
            assert not answer.cookie()


def test_a_session_from_before_the_login_is_worth_nothing_after_it(gate, bob, alice):
    planted = gate.log_in(bob, "nginx", HOST)
    to, cookie = gate.begin("nginx", HOST)
    outside, _ = alice.go(to)
    fresh = gate.back("nginx", HOST, outside, f"{cookie}; {planted}").cookie()
    assert fresh and fresh != planted
    assert told(gate.check("nginx", HOST, "/", fresh))["username"] == "alice"
    refused(gate.check("nginx", HOST, "/", planted))


def test_a_group_cannot_be_named_like_two_or_like_another(gate, server):
    for number, name in enumerate(["x|keepers", "keep|ers", "keepers|"]):
        gate.api.user(f"forger{number}", PASSWORD, [gate.groups["readers"], gate.api.group(name)])
        cookie = gate.log_in(Person(server).logged_in(f"forger{number}", PASSWORD), "nginx", HOST)
        assert told(gate.check("nginx", HOST, "/", cookie))["groups"] == "readers", name


ELSEWHERE = [
    "https://evil.example",
    "//evil.example",
    "///evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "/\tevil.example",
    "/%09/evil.example",
    "https:evil.example",
    "https:/evil.example",
    "https:///evil.example",
    "javascript:alert(1)",
    f"https://{HOST}@evil.example/",
    f"https://{HOST}.evil.example/",
    f"https://evil.example/?{HOST}",
    "/ok\r\nSet-Cookie: a=b",
]


@pytest.mark.parametrize("rd", ELSEWHERE)
@pytest.mark.parametrize("host", [HOST, "one.team.example.test"])
def test_rd_leads_nowhere_else(gate, alice, host, rd):
    answer = gate.ask(host, f"{PREFIX}/start?{urllib.parse.urlencode({'rd': rd})}")
    outside, _ = alice.go(answer.headers["location"])
    callback = urllib.parse.urlsplit(outside)
    arrived = gate.ask(callback.netloc, f"{callback.path}?{callback.query}", answer.cookie())
    to = urllib.parse.urlsplit(arrived.headers["location"])
    assert to.scheme == "https" and to.netloc in (HOST, "auth.team.example.test"), arrived
    assert "evil" not in to.netloc and "\n" not in arrived.headers["location"]


def test_cookies_are_out_of_reach_of_scripts_and_other_sites(gate, alice):
    answer = gate.check("traefik", "one.team.example.test")
    assert "Domain=team.example.test" in answer.cookies[0]
    for attribute in ("HttpOnly", "Secure", "SameSite=Lax", "Path=/"):
        assert attribute in answer.cookies[0]
    assert "Domain" not in gate.check("traefik", HOST).cookies[0]


@pytest.mark.parametrize("kind", KINDS)
def test_unknown_hosts_are_refused(gate, alice, kind):
    cookie = gate.log_in(alice, "nginx", HOST)
    for host in ("unknown.example.test", f"{HOST}.evil.example", f"x{HOST}", "evil-team.example.test"):
        assert gate.check(kind, host, "/", cookie).status == 400, host


def test_emails_and_names_cannot_say_more_than_themselves(gate, server):
    user = gate.api.user("mallory", PASSWORD, [])
    gate.api.patch(f"/core/users/{user['pk']}/", {"name": "M\r\nX-authentik-groups: admins", "email": "a@evil.example"})
    cookie = gate.log_in(Person(server).logged_in("mallory", PASSWORD), "nginx", HOST)
    answer = gate.check("nginx", HOST, "/", cookie)
    assert (answer.status, told(answer)["name"], told(answer)["groups"]) == (200, "", "")
