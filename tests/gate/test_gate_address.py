"""Where people are sent to log in when nobody set AUTHENTIK_HOST: to an address that is known for sure, or nowhere.

The newcomer's way goes through real proxies with the configuration that the program prints; what nobody may bring about is
asked of the server directly.
"""

import subprocess
import time
import urllib.parse
from types import SimpleNamespace

import pytest
import raw
import requests
from applications import Application
from asking import PREFIX, Gate
from browser import Browser
from person import Person
from proxies import Caddy, Nginx, Traefik
from server import PASSWORD, TOKEN, Server, binary, free_port

FIRST = "the first password of akadmin"
REMEDIES = ["AUTHENTIK_HOST", "authentik_host", "brand", "administrator"]


class Home:
    """A machine with a server as it is started by hand, an application, and a reverse proxy between."""

    def __init__(self, folder, kind, address, password=None):
        raw.resolve_here()
        self.server, self.application = Server(password=password), Application("wiki")
        self.port, self.proxy = free_port(), kind(folder)
        self.host = f"{address}:{self.port}"
        self.address = f"http://{self.host}"
        self.base = f"http://localhost:{self.server.http}"

    def __enter__(self):
        self.application.__enter__()
        self.server.start()
        return self

    def __exit__(self, *failure):
        self.proxy.stop()
        self.application.__exit__()
        self.server.__exit__(*failure)

    def first_steps(self, browser):
        """What the first page asks of whoever starts: a password for the administrator."""
        page = browser.get(self.base + "/if/flow/initial-setup/")
        page = browser.submit(page, email="admin@example.com", password=FIRST, password_repeat=FIRST)
        assert page.url == self.base + "/if/user/", page.url

    def administer(self, browser):
        """The provider, its application and its outpost, made under the administrator's session; the proxy with what is printed."""

        def call(method, path, body=None):
            headers = {"X-authentik-CSRF": browser.session.cookies.get("authentik_csrf")}
            answer = browser.session.request(method, f"{self.base}/api/v3{path}", json=body, headers=headers, timeout=30)
            assert answer.ok, f"{method} {path}: {answer.status_code} {answer.text[:500]}"
            return answer.json()

        flow = {k: call("GET", f"/flows/instances/{slug}/")["pk"] for k, slug in FLOWS.items()}
        provider = {"name": "wiki", "mode": "forward_single", "external_host": self.address, **flow}
        provider = call("POST", "/providers/proxy/", provider)["pk"]
        call("POST", "/core/applications/", {"name": "Wiki", "slug": "wiki", "provider": provider})
        (outpost,) = call("GET", "/outposts/instances/")["results"]
        assert outpost["config"]["authentik_host"] == "", "the embedded outpost is as it was made"
        call("PATCH", f"/outposts/instances/{outpost['pk']}/", {"providers": [provider]})
        self.start_proxy()

    def start_proxy(self):
        command = [binary(), "setup", "wiki", "--for", self.proxy.name, "--server", self.base, "--upstream", self.application.base]
        done = subprocess.run(command, env=self.server.env, cwd=self.server.data, capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr
        self.proxy.start({"wiki": [{"name": f"wiki.{ENDINGS[self.proxy.name]}", "content": done.stdout}]}, [self.port])
        # Traefik listens before it has read its sites.
        deadline = time.monotonic() + 30
        while raw.send(self.port, "/", self.host).status == 404 and time.monotonic() < deadline:
            time.sleep(0.1)

    def reached(self):
        asked = list(self.application.asked)
        self.application.asked.clear()
        return asked


ENDINGS = {"caddy": "Caddyfile", "nginx": "conf", "traefik": "yaml"}
FLOWS = {"authorization_flow": "default-provider-authorization-implicit-consent", "invalidation_flow": "default-provider-invalidation-flow"}


@pytest.mark.parametrize("kind", [Caddy, Nginx, Traefik], ids=lambda kind: kind.name)
def test_a_newcomer_who_sets_nothing_logs_in_at_an_application(tmp_path, kind):
    """`keywright server`, the first page at localhost, a provider, the proxy as printed: that is all."""
    with Home(tmp_path, kind, "wiki.example.test") as home:
        assert "AUTHENTIK_HOST" not in home.server.env
        admin = Browser()
        home.first_steps(admin)
        home.administer(admin)
        stranger = Browser()
        page = stranger.get(f"{home.address}/deep/page?x=1")
        assert page.url.startswith(f"{home.base}/if/flow/") and not home.reached(), page.url
        page = stranger.log_in(page, "akadmin", FIRST)
        assert page.url == f"{home.address}/deep/page?x=1" and page.status == 200, f"{page.status} {page.url}: {page.text[:300]}"
        headers = {name.lower(): value for name, value in page.response.json()["headers"]}
        assert headers["x-authentik-username"] == "akadmin"
        assert headers["x-authentik-meta-jwks"] == f"{home.base}/application/o/wiki/jwks/"
        # And out again.
        page = stranger.get(f"{home.address}{PREFIX}/sign_out")
        assert page.url.startswith(home.base), page.url
        # What was learned outlives the process.
        home.server.stop()
        home.server.start()
        assert Browser().get(f"{home.address}/").url.startswith(f"{home.base}/if/flow/")


def test_on_one_machine_nobody_has_to_log_in_before(tmp_path):
    """The application is at localhost: so is whoever opens it, and Caddy comes over the loopback."""
    with Home(tmp_path, Caddy, "localhost", PASSWORD) as home:
        gate = Gate(home.server)
        gate.site("wiki", external_host=home.address)
        home.start_proxy()
        browser = Browser()
        page = browser.get(home.address)
        assert page.url.startswith(f"{home.base}/if/flow/"), page.url
        page = browser.log_in(page, "akadmin", PASSWORD)
        assert page.url.rstrip("/") == home.address and page.status == 200, f"{page.status} {page.url}"


@pytest.fixture(scope="module")
def alone():
    """A server that nobody has told its address, with sites that proxies ask it about over the loopback."""
    with Server() as server:
        gate = Gate(server)
        gate.site("wiki")
        gate.site("team", "forward_domain", "auth.team.example.test", cookie_domain="team.example.test")
        yield gate


def to(answer):
    """Where an answer sends the browser, or nothing when it is a refusal that names each remedy."""
    if answer.status == 302:
        parts = urllib.parse.urlsplit(answer.headers["location"])
        return f"{parts.scheme}://{parts.netloc}"
    assert answer.status == 500 and "location" not in answer.headers, answer
    assert answer.headers["content-type"].startswith("text/html"), answer
    text = answer.body.decode()
    assert all(remedy in text for remedy in REMEDIES), text
    return None


def at(server, host, scheme="http"):
    """A person whose browser shows this address, whatever machine it leads to."""
    port = server.https if scheme == "https" else server.http
    person = Person(SimpleNamespace(base=f"{scheme}://127.0.0.1:{port}"), Host=host)
    person.session.verify = False
    return person


# Whatever a client or a proxy may write about a host.
FORGED = [
    [],
    [("X-Forwarded-Server", "evil.example")],
    [("Forwarded", "host=evil.example;proto=https")],
    [("X-Forwarded-Port", "9000"), ("X-Forwarded-Prefix", "/evil")],
    [("X-Authentik-Host", "https://evil.example"), ("Origin", "https://evil.example"), ("Referer", "https://evil.example/")],
    [("X-Forwarded-For", "127.0.0.1"), ("X-Real-IP", "127.0.0.1")],
]


def starts(gate, host):
    """Each way to a login at a site."""
    for forged in FORGED:
        for kind in ("traefik", "caddy", "envoy"):
            yield gate.check(kind, host, "/", headers=forged)
        for path in (f"{PREFIX}/start", f"{PREFIX}/start?rd=https://evil.example/", f"{PREFIX}/sign_out"):
            yield gate.ask(host, path, headers=forged)


def test_without_an_address_nobody_is_sent_anywhere_and_the_remedy_is_told(alone):
    for answer in starts(alone, "wiki.example.test"):
        assert to(answer) is None
    # nginx wants a status, and asks for the page afterwards.
    assert alone.check("nginx", "wiki.example.test").status == 401
    assert "Nothing tells under which address browsers reach this server" in alone.server.log.read_text()
    # Whoever goes on asking does not fill the record.
    deadline = time.monotonic() + 10
    while not (events := alone.api.get("/events/events/", action="configuration_error")["results"]) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert len(events) == 1 and events[0]["context"]["provider"] == "wiki provider", events
    assert all(remedy in events[0]["context"]["message"] for remedy in REMEDIES)


def test_who_logs_in_under_a_made_up_name_changes_nothing(alone):
    """Only an administrator's own login tells where the server is; theirs under an address that leads nowhere does not."""
    alone.api.user("mallory", PASSWORD)
    for name, host in [("mallory", "evil.example"), ("akadmin", f"0.0.0.0:{alone.server.http}"), ("akadmin", f"[::]:{alone.server.http}")]:
        person = at(alone.server, host)
        assert person.log_in(name, PASSWORD)["component"] == "xak-flow-redirect", name
    # Neither does an administrator's token, which programs use at addresses of their own.
    answer = requests.get(f"{alone.server.base}/api/v3/core/users/me/", headers={"Authorization": f"Bearer {TOKEN}", "Host": "evil.example"}, timeout=30)
    assert answer.ok
    assert to(alone.check("caddy", "wiki.example.test")) is None
    assert alone.api.get("/admin/system/")["embedded_outpost_host"] == ""


def test_a_domains_external_host_is_the_server(alone):
    for answer in starts(alone, "one.team.example.test"):
        assert to(answer) == "https://auth.team.example.test"


def test_an_administrators_login_tells_and_one_at_a_better_address_tells_better(alone):
    """Last, for what is learned stays."""
    for host, proto, expected in [
        (f"localhost:{alone.server.http}", "http", f"http://localhost:{alone.server.http}"),
        (f"127.0.0.1:{alone.server.http}", "http", f"http://localhost:{alone.server.http}"),
        ("id.example.test", "https", "https://id.example.test"),
        (f"127.0.0.1:{alone.server.http}", "http", "https://id.example.test"),
        ("other.example.test", "https", "https://id.example.test"),
    ]:
        person = at(alone.server, host, proto)
        assert person.log_in("akadmin", PASSWORD)["component"] == "xak-flow-redirect"
        for answer in starts(alone, "wiki.example.test"):
            assert to(answer) == expected, host
        # For whoever comes from elsewhere, localhost is another machine.
        elsewhere = alone.check("caddy", "wiki.example.test", headers=[("X-Forwarded-For", "192.0.2.9")])
        assert to(elsewhere) == (None if "localhost" in expected else expected), host
    assert alone.api.get("/admin/system/")["embedded_outpost_host"] == "https://id.example.test"
    # What somebody sets goes before what was learned.
    outpost = alone.api.first("/outposts/instances/")
    alone.api.patch(f"/outposts/instances/{outpost['pk']}/", {"config": {**outpost["config"], "authentik_host": "https://set.example.test"}})
    assert to(alone.check("caddy", "wiki.example.test")) == "https://set.example.test"
    alone.server.stop()
    alone.server.env["AUTHENTIK_HOST"] = "https://env.example.test"
    alone.server.start()
    assert to(alone.check("caddy", "wiki.example.test")) == "https://env.example.test"
    assert to(alone.check("caddy", "one.team.example.test")) == "https://env.example.test"


def test_an_application_at_localhost_that_is_asked_about_from_elsewhere_tells_nothing():
    """A proxy on another machine: there, localhost is not here."""
    address = own_address()
    if not address:
        pytest.skip("this machine has no address but the loopback")
    port = free_port()
    listens = f"127.0.0.1:{port},{address}:{port}"
    with Server(env={"AUTHENTIK_LISTEN__TRUSTED_PROXY_CIDRS": f"{address}/32,127.0.0.0/8"}) as server:
        server.stop()
        server.http, server.base = port, f"http://127.0.0.1:{port}"
        server.env["AUTHENTIK_LISTEN__HTTP"] = listens
        server.start()
        gate = Gate(server)
        gate.site("home", host="localhost:8443")
        assert to(gate.check("caddy", "localhost:8443")) == f"http://localhost:{port}"
        told = {"Host": "localhost", "X-Forwarded-Host": "localhost:8443", "X-Forwarded-Proto": "https", "X-Forwarded-Uri": "/", "X-Forwarded-For": "127.0.0.1"}
        session = requests.Session()
        session.trust_env = False
        answer = session.get(f"http://{address}:{port}{PREFIX}/auth/caddy", headers=told, allow_redirects=False, timeout=30)
        assert answer.status_code == 500 and "AUTHENTIK_HOST" in answer.text, answer.text


def own_address():
    """An address of this machine under which it does not come to itself over the loopback's."""
    import socket

    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        try:
            s.connect(("192.0.2.1", 9))
        except OSError:
            return None
        address = s.getsockname()[0]
    return None if address.startswith("127.") else address
