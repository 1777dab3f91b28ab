"""A real HAProxy that passes on bytes and says by the PROXY protocol whose they are: both versions, plain and before TLS.

The client comes from another address of this machine than the proxy, which alone is trusted.
"""

import socket
import tempfile

import pytest
import raw
import requests
from api import Api
from applications import Application
from browser import Browser
from person import Person
from proxies import Proxy, of_debian
from requests.adapters import HTTPAdapter
from server import TOKEN, Server, free_port
from waiting import wait_for

CLIENT = "127.0.0.2"
PASSWORD = "a person's password"
SITE = f"full.{raw.DOMAIN}"
WAYS = ["v1", "v2", "tls"]
NAMED = b"PROXY TCP4 203.0.113.9 127.0.0.1 56324 443\r\n"
REQUEST = b"GET /-/health/live/ HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"


class Passing(Proxy):
    """HAProxy which does not look into what it passes on."""

    name = "haproxy"

    def prepare(self, server, ports):
        targets = {"v1": (server.http, "send-proxy"), "v2": (server.http, "send-proxy-v2"), "tls": (server.https, "send-proxy-v2")}
        text = "defaults\n    mode tcp\n    timeout connect 5s\n    timeout client 60s\n    timeout server 60s\n"
        for port, (way, (target, said)) in zip(ports, targets.items(), strict=True):
            # Its own look whether the server is there says that it is the proxy's own.
            server_line = f"server it 127.0.0.1:{target} {said} check inter 500ms check-{said.removesuffix('-v2')}"
            text += f"listen {way}\n    bind 127.0.0.1:{port}\n    {server_line}\n"
        return [of_debian("haproxy", "haproxy"), "-db", "-f", str(self.write("haproxy.cfg", text))]


class From(HTTPAdapter):
    """Connects from the client's address."""

    def init_poolmanager(self, *args, **more):
        super().init_poolmanager(*args, **more, source_address=(CLIENT, 0))


def from_client(session):
    session.mount("http://", From())
    session.mount("https://", From())
    session.verify = False
    return session


class World:
    def __init__(self, server, ports):
        self.server, self.ports, self.api = server, dict(zip(WAYS, ports, strict=True)), Api(server.base, TOKEN)

    def base(self, way):
        return f"http{'s' if way == 'tls' else ''}://127.0.0.1:{self.ports[way]}"


class At:
    def __init__(self, base):
        self.base = base


@pytest.fixture(scope="module")
def world():
    raw.resolve_here()
    ports = [free_port() for _ in WAYS]
    proxy = Passing(tempfile.mkdtemp(prefix="keywright-proxy-"))
    with Server(env={"AUTHENTIK_LISTEN__TRUSTED_PROXY_CIDRS": "127.0.0.1/32", "AUTHENTIK_HOST": f"http://auth.{raw.DOMAIN}:{ports[1]}"}) as server:
        proxy.start(server, ports)
        try:
            world = World(server, ports)
            # A proxy that finds nobody behind it takes connections and closes them.
            wait_for("the way through the proxy", lambda: all(answers(world.base(way)) for way in WAYS))
            world.api.user("alice", PASSWORD)
            yield world
        finally:
            proxy.stop()


def answers(base):
    try:
        return requests.get(base + "/-/health/live/", timeout=5, verify=False).status_code == 200
    except requests.RequestException:
        return False


def recorded(world, action, name):
    events = world.api.get("/events/events/", action=action, ordering="-created")["results"]
    return next(e["client_ip"] for e in events if name in str(e))


@pytest.mark.filterwarnings("ignore:Unverified HTTPS request")
@pytest.mark.parametrize("way", WAYS)
def test_the_record_has_the_clients_address_and_no_other(world, way):
    name = f"guessed-{way}"
    world.api.user(name, PASSWORD)
    person = Person(At(world.base(way)))
    from_client(person.session)
    # What the client says of itself passes the proxy untouched, and is not believed.
    person.session.headers["X-Forwarded-For"] = "198.51.100.7"
    person.log_in(name, "wrong-password")
    assert recorded(world, "login_failed", name) == CLIENT
    assert person.logged_in(name, PASSWORD).who() == name
    assert recorded(world, "login", name) == CLIENT
    log = world.server.log.read_text()
    assert CLIENT in log and "198.51.100.7" not in log


def test_the_gate_tells_applications_the_clients_address(world):
    base = f"http://{SITE}:{world.ports['v2']}"
    with Application("behind") as application:
        flows = {f: world.api.flow(f"default-{n}") for f, n in (("authorization_flow", "provider-authorization-implicit-consent"), ("invalidation_flow", "provider-invalidation-flow"))}
        site = {"name": "full", "mode": "proxy", "external_host": base, "internal_host": application.base, **flows}
        provider = world.api.post("/providers/proxy/", site)
        world.api.post("/core/applications/", {"name": "full", "slug": "full", "provider": provider["pk"]})
        outpost = world.api.first("/outposts/instances/", managed__iexact="goauthentik.io/outposts/embedded")
        world.api.patch(f"/outposts/instances/{outpost['pk']}/", {"providers": [provider["pk"]]})
        browser = Browser()
        from_client(browser.session)
        page = wait_for("the site", lambda: (p := browser.get(base + "/page")).forms and p)
        application.asked.clear()
        page = browser.log_in(page, "alice", PASSWORD)
        assert page.status == 200, page.text[:500]
        told = {name.lower(): value for name, value in application.asked[-1]["headers"]}
        assert told["x-authentik-username"] == "alice"
        assert told["x-forwarded-for"] == CLIENT, told
    assert recorded(world, "authorize_application", "full") == CLIENT
    # A stranger cannot have a decision made about another request than its own, whoever passes it on.
    lies = {"X-Forwarded-Host": SITE, "X-Forwarded-Uri": "/", "X-Original-URL": base + "/", "Cookie": "; ".join(f"{c.name}={c.value}" for c in browser.session.cookies)}
    for kind in ("traefik", "nginx"):
        answer = from_client(requests.Session()).get(f"{world.base('v2')}/outpost.goauthentik.io/auth/{kind}", headers=lies, allow_redirects=False, timeout=30)
        assert not 200 <= answer.status_code <= 299 and "alice" not in str(answer.headers), answer.headers


def said(world, data, source="127.0.0.1", port=None):
    """What is answered to bytes that come from an address."""
    with socket.create_connection(("127.0.0.1", port or world.server.http), timeout=20, source_address=(source, 0)) as s:
        s.sendall(data)
        answer = b""
        try:
            while part := s.recv(65536):
                answer += part
        except ConnectionResetError:
            pass
        return answer


def test_only_who_is_trusted_names_another(world):
    assert said(world, NAMED + REQUEST).startswith(b"HTTP/1.1 200")
    assert said(world, REQUEST, source=CLIENT).startswith(b"HTTP/1.1 200")
    assert said(world, NAMED + REQUEST, source=CLIENT).startswith(b"HTTP/1.1 400")
    # TLS begins otherwise.
    assert not said(world, NAMED, source=CLIENT, port=world.server.https).startswith(b"HTTP")


@pytest.mark.parametrize(
    "header",
    [b"PROXY TCP4 203.0.113.9\r\n", b"PROXY TCP4 203.0.113.999 127.0.0.1 1 2\r\n", b"PROXY \r\n", b"PROXY UNKNOWN " + b"x" * 200, b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x01x", b"\r\n\r\n\0\r\nQUIT\n\x21\x11\xff\xff" + b"x" * 5000],
    ids=["short", "no address", "nothing", "endless", "short of version 2", "long of version 2"],
)
def test_what_is_malformed_ends_the_connection(world, header):
    assert said(world, header + REQUEST) == b""


def test_who_stops_in_the_middle_keeps_nobody_waiting(world):
    slow = [socket.create_connection(("127.0.0.1", world.server.http), timeout=20) for _ in range(20)]
    for number, one in enumerate(slow):
        one.sendall(NAMED[: number * 2])
    assert said(world, NAMED + REQUEST).startswith(b"HTTP/1.1 200")
    for number, one in enumerate(slow):
        with one:
            one.sendall(NAMED[number * 2 :] + REQUEST)
            assert one.recv(65536).startswith(b"HTTP/1.1 200")
