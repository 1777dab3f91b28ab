"""`keywright outpost proxy` beside a server: a process without a database that lets people through to applications."""

import base64
import json
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import urllib.error
import urllib.request

import pytest
import raw
import requests
from api import Api
from applications import Application, frame, read_frame
from browser import Browser
from server import TOKEN, Server, binary, free_port
from waiting import wait_for

PASSWORD = "a person's password"
PREFIX = "/outpost.goauthentik.io"


class Outpost:
    """The process, on ports of its own."""

    def __init__(self, **env):
        self.http, self.https, self.metrics = free_port(), free_port(), free_port()
        self.data = pathlib.Path(tempfile.mkdtemp(prefix="keywright-outpost-"))
        self.log = self.data / "outpost.log"
        self.env = {
            "PATH": os.environ["PATH"],
            "AUTHENTIK_DATA_DIR": str(self.data),
            "AUTHENTIK_LISTEN__HTTP": f"127.0.0.1:{self.http}",
            "AUTHENTIK_LISTEN__HTTPS": f"127.0.0.1:{self.https}",
            "AUTHENTIK_LISTEN__METRICS": f"127.0.0.1:{self.metrics}",
            **env,
        }
        self.process = None

    def start(self, ready=True):
        self.process = subprocess.Popen([binary(), "outpost", "proxy"], env=self.env, stdout=self.log.open("ab"), stderr=subprocess.STDOUT, cwd=self.data)
        if ready:
            wait_for("the outpost", lambda: self.ask("/-/health/ready/") == 200)
            wait_for("its line", lambda: self.gauge("authentik_outpost_connection") == 1)
        return self

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(30)

    def close(self):
        self.stop()
        shutil.rmtree(self.data, ignore_errors=True)

    def ask(self, path):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.metrics}{path}", timeout=5) as answer:
                return answer.status
        except urllib.error.HTTPError as refusal:
            return refusal.code
        except OSError:
            return 0

    def gauge(self, name):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.metrics}/metrics", timeout=5) as answer:
            lines = [line for line in answer.read().decode().splitlines() if line.startswith(name + "{")]
        return float(lines[0].rsplit(" ", 1)[1]) if lines else None

    def said(self, *words, seconds=20):
        wait_for(f"{words} in the log", lambda: all(w in self.log.read_text() for w in words), seconds)


class World:
    """A server, an outpost, an application in proxy mode (wiki) and one that a reverse proxy asks about (notes)."""

    def __init__(self):
        raw.resolve_here()
        self.application = Application("wiki").__enter__()
        self.server = Server(port=free_port())
        self.server.start()
        self.api = Api(self.server.base, TOKEN)
        self.api.user("alice", PASSWORD)
        self.api.user("bob", PASSWORD)
        self.outpost = Outpost(AUTHENTIK_HOST=self.server.base)
        self.host = {name: f"{name}.{raw.DOMAIN}:{self.outpost.http}" for name in ("wiki", "notes", "late")}
        self.wiki = self.provider("wiki", mode="proxy", internal_host=self.application.base)
        self.notes = self.provider("notes", mode="forward_single")
        self.instance = self.api.post("/outposts/instances/", {"name": "edge", "type": "proxy", "providers": [self.wiki["pk"], self.notes["pk"]], "config": {"authentik_host": self.server.base}})
        self.outpost.env["AUTHENTIK_TOKEN"] = self.api.get(f"/core/tokens/{self.instance['token_identifier']}/view_key/")["key"]
        self.outpost.start()

    def provider(self, name, **extra):
        flows = {kind: self.api.flow(slug) for kind, slug in (("authorization_flow", "default-provider-authorization-implicit-consent"), ("invalidation_flow", "default-provider-invalidation-flow"))}
        provider = self.api.post("/providers/proxy/", {"name": name, "external_host": f"http://{self.host[name]}", **flows, **extra})
        self.api.post("/core/applications/", {"name": name, "slug": name, "provider": provider["pk"]})
        return provider

    def close(self):
        print("--- the outpost's log ---")
        print(self.outpost.log.read_text()[-3000:])
        self.outpost.close()
        self.server.__exit__(None)
        self.application.__exit__()

    def log_in(self, name, path="/"):
        browser = Browser()
        page = browser.log_in(browser.get(f"http://{self.host['wiki']}{path}"), name, PASSWORD)
        return browser, page

    def cookies(self, browser, name):
        """The headers with which a browser would come back to a site."""
        # Python's cookie jar knows no host without a dot; these have one.
        values = [f"{c.name}={c.value}" for c in browser.session.cookies if c.domain.lstrip(".").startswith(name)]
        return [("Cookie", "; ".join(values))] if values else []

    def get(self, site, path="/", headers=()):
        return raw.send(self.outpost.http, path, self.host[site], headers=list(headers))

    def check(self, headers=(), path="/"):
        """What Traefik asks about notes."""
        told = [("X-Forwarded-Proto", "http"), ("X-Forwarded-Host", self.host["notes"]), ("X-Forwarded-Uri", path), ("X-Forwarded-Method", "GET")]
        return raw.send(self.outpost.http, f"{PREFIX}/auth/traefik", self.host["notes"], headers=[*told, *headers])


@pytest.fixture(scope="module")
def world():
    world = World()
    yield world
    world.close()


def asked(page):
    assert page.status == 200, f"{page.status} {page.url} {page.text[:500]}"
    return json.loads(page.response.text)


def identity(asked):
    found = {}
    for name, value in asked["headers"]:
        if name.lower().startswith("x-authentik-"):
            assert name.lower() not in found, f"{name} is there twice"
            found[name.lower().removeprefix("x-authentik-")] = value
    return found


def test_proxy_mode_leads_through_the_login_to_the_application(world):
    _, page = world.log_in("alice", "/deep/page?x=1&y=%2Ftwo")
    told = asked(page)
    assert (told["application"], told["path"]) == ("wiki", "/deep/page?x=1&y=%2Ftwo")
    who = identity(told)
    assert (who["username"], who["email"], who["name"]) == ("alice", "alice@example.com", "Alice")
    assert (who["meta-app"], who["meta-provider"], who["meta-outpost"]) == ("wiki", "wiki", "edge")
    assert who["meta-version"].startswith("goauthentik.io/outpost/")
    assert who["meta-jwks"].startswith(world.server.base) and who["jwt"].count(".") == 2
    headers = {name.lower(): value for name, value in told["headers"]}
    assert headers["host"] == headers["x-forwarded-host"] == world.host["wiki"]
    assert headers["x-forwarded-for"] == "127.0.0.1" and headers["x-forwarded-proto"] == "http"
    assert "authentik_proxy" not in headers.get("cookie", ""), "the application gets no cookie of ours"


def test_nothing_a_client_sends_makes_it_somebody(world):
    world.application.asked.clear()
    forged = [("X-authentik-username", "akadmin"), ("X_authentik_username", "akadmin")]
    answer = world.get("wiki", headers=forged)
    assert answer.status == 302 and not world.application.asked
    browser, _ = world.log_in("alice")
    answer = world.get("wiki", headers=[*world.cookies(browser, "wiki"), *forged, ("Connection", "X-authentik-username, X-authentik-groups")])
    assert answer.status == 200 and identity(json.loads(answer.body))["username"] == "alice"
    assert b"akadmin" not in answer.body


def test_websocket_through_proxy_mode(world):
    browser, _ = world.log_in("alice")
    answer = raw.talk(world.outpost.http, world.host["wiki"], "hello", world.cookies(browser, "wiki"))
    assert answer == (101, "wiki heard hello")
    status, said = raw.talk(world.outpost.http, world.host["wiki"], "hello")
    assert status != 101 and said is None


def test_the_application_learns_the_address_that_a_balancer_tells(world):
    browser, _ = world.log_in("alice")
    cookie = world.cookies(browser, "wiki")[0][1]
    request = f"GET / HTTP/1.1\r\nHost: {world.host['wiki']}\r\nConnection: close\r\nCookie: {cookie}\r\nX-Forwarded-For: 192.0.2.1\r\n\r\n"
    with raw.connect(world.outpost.http) as connection, connection.makefile("rb") as stream:
        connection.sendall(b"PROXY TCP4 203.0.113.9 127.0.0.1 56324 443\r\n" + request.encode())
        answer = raw.read(stream)
    headers = {name.lower(): value for name, value in json.loads(answer.body)["headers"]}
    assert headers["x-forwarded-for"] == "203.0.113.9" and headers["x-authentik-username"] == "alice"


def test_forward_auth(world):
    answer = world.check(path="/some/page")
    assert answer.status == 302 and answer.headers["location"].startswith(world.server.base), answer
    browser = Browser()
    start = f"http://{world.host['notes']}{PREFIX}/start?rd=http%3A%2F%2F{world.host['notes'].replace(':', '%3A')}%2Fsome"
    browser.log_in(browser.get(start), "bob", PASSWORD)
    answer = world.check(world.cookies(browser, "notes"), "/some/page")
    assert answer.status == 200 and answer.headers["x-authentik-username"] == "bob"
    # The cookie of one application is none at another.
    assert world.get("wiki", headers=world.cookies(browser, "notes")).status == 302


def test_logout_at_the_server_ends_the_session_at_the_outpost(world):
    browser, page = world.log_in("alice")
    cookies = world.cookies(browser, "wiki")
    assert world.get("wiki", headers=cookies).status == 200
    browser.get(world.server.base + "/flows/-/default/invalidation/")
    wait_for("the end of the session", lambda: world.get("wiki", headers=cookies).status == 302, 2)


def test_who_may_no_longer_enter_is_out_at_the_outpost_too(world):
    api, application = world.api, world.api.get("/core/applications/wiki/")
    carol = api.user("carol", PASSWORD)
    group = api.group("of the wiki")
    in_group = lambda what: api.call("POST", f"/core/groups/{group}/{what}_user/", 204, json={"pk": carol["pk"]})  # noqa: E731
    others, _ = world.log_in("alice")

    def is_out(cookies):
        wait_for("the end of the session", lambda: world.get("wiki", headers=cookies).status == 302, 5)

    def status(browser):
        return world.get("wiki", headers=world.cookies(browser, "wiki")).status

    # A binding comes up that others do not fit.
    browser, _ = world.log_in("carol")
    in_group("add")
    assert status(browser) == 200
    binding = api.post("/policies/bindings/", {"target": application["pk"], "group": group, "order": 0, "enabled": True})
    try:
        is_out(world.cookies(others, "wiki"))
        assert status(browser) == 200
        # The group is left.
        in_group("remove")
        is_out(world.cookies(browser, "wiki"))
    finally:
        api.call("DELETE", f"/policies/bindings/{binding['pk']}/", 204)
    again, _ = world.log_in("carol")
    assert status(again) == 200
    # The account is deactivated.
    api.patch(f"/core/users/{carol['pk']}/", {"is_active": False})
    is_out(world.cookies(again, "wiki"))


def test_programs_send_their_credentials_along(world):
    def basic(name, word):
        return [("Authorization", "Basic " + base64.b64encode(f"{name}:{word}".encode()).decode())]

    alice = world.api.first("/core/users/", username="alice")["pk"]
    world.api.post("/core/tokens/", {"identifier": "alice-app", "intent": "app_password", "user": alice})
    word = world.api.get("/core/tokens/alice-app/view_key/")["key"]
    answer = world.get("wiki", headers=basic("alice", word))
    assert answer.status == 200 and identity(json.loads(answer.body))["username"] == "alice"
    assert world.get("wiki", headers=basic("alice", word + "x")).status == 401
    form = {"grant_type": "client_credentials", "client_id": world.wiki["client_id"], "username": "alice", "password": word, "scope": "openid profile"}
    token = requests.post(f"{world.server.base}/application/o/token/", data=form, timeout=10).json()["access_token"]
    for headers in ([("Authorization", f"Bearer {token}")], basic("goauthentik.io/token", token)):
        answer = world.get("wiki", headers=headers)
        assert answer.status == 200 and identity(json.loads(answer.body))["username"] == "alice"
    assert world.get("wiki", headers=[("Authorization", "Bearer nothing")]).status == 401


def test_a_websocket_ends_with_the_session(world):
    browser, _ = world.log_in("alice")
    lines = ["GET /socket HTTP/1.1", f"Host: {world.host['wiki']}", "Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13"]
    lines += ["Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", *(f"{name}: {value}" for name, value in world.cookies(browser, "wiki"))]
    with raw.connect(world.outpost.http) as connection, connection.makefile("rb") as stream:
        connection.sendall("\r\n".join([*lines, "", ""]).encode())
        assert b" 101 " in stream.readline()
        raw.read_headers(stream)
        connection.sendall(frame("hello", os.urandom(4)))
        assert read_frame(stream) == "wiki heard hello"
        browser.get(world.server.base + "/flows/-/default/invalidation/")
        connection.settimeout(5)
        assert stream.read(1) == b"", "the tunnel is closed"


def test_methods_of_the_clients_choice_are_no_labels(world):
    """Each label is kept for as long as the process lives."""
    browser, _ = world.log_in("alice")
    for method in ("MADE-UP-1", "MADE-UP-2"):
        raw.send(world.outpost.http, "/", world.host["wiki"], world.cookies(browser, "wiki"), method)
    with urllib.request.urlopen(f"http://127.0.0.1:{world.outpost.metrics}/metrics", timeout=5) as answer:
        text = answer.read().decode()
    assert "upstream_response_duration" in text and "MADE-UP" not in text


def test_a_large_body_passes(world):
    browser, _ = world.log_in("alice")
    body = b"x" * (40 << 20)
    answer = browser.session.post(f"http://{world.host['wiki']}/upload", data=body, timeout=60)
    assert answer.status_code == 200 and len(answer.json()["body"]) == len(body)


def test_logout_at_the_application(world):
    browser, _ = world.log_in("alice")
    cookies = world.cookies(browser, "wiki")
    browser.get(f"http://{world.host['wiki']}{PREFIX}/sign_out")
    assert world.get("wiki", headers=cookies).status == 302


def test_a_change_of_a_provider_arrives_at_once(world):
    assert world.get("wiki", "/open/page").status == 302
    world.api.patch(f"/providers/proxy/{world.wiki['pk']}/", {"skip_path_regex": "^/open/", "internal_host": world.application.base})
    wait_for("the change", lambda: world.get("wiki", "/open/page").status == 200, 2)
    late = world.provider("late", mode="forward_single")
    assert world.get("late", f"{PREFIX}/start").status == 400
    providers = [world.wiki["pk"], world.notes["pk"], late["pk"]]
    world.api.patch(f"/outposts/instances/{world.instance['pk']}/", {"providers": providers})
    wait_for("the provider", lambda: world.get("late", f"{PREFIX}/start").status == 302, 2)


def test_the_server_knows_that_the_outpost_lives(world):
    (health,) = world.api.get(f"/outposts/instances/{world.instance['pk']}/health/")
    assert not health["version_outdated"] and health["hostname"]
    assert world.outpost.ask(f"{PREFIX}/ping") == 204
    assert raw.send(world.outpost.http, f"{PREFIX}/ping", "anything").status == 204


def test_a_restart_of_the_outpost_logs_nobody_out(world):
    browser, _ = world.log_in("alice")
    cookies = world.cookies(browser, "wiki")
    world.outpost.stop()
    world.outpost.start()
    answer = world.get("wiki", headers=cookies)
    assert answer.status == 200 and identity(json.loads(answer.body))["username"] == "alice"


def test_a_logout_that_the_outpost_missed_counts(world):
    browser, _ = world.log_in("bob")
    cookies = world.cookies(browser, "wiki")
    world.outpost.stop()
    browser.get(world.server.base + "/flows/-/default/invalidation/")
    world.outpost.start()
    assert world.get("wiki", headers=cookies).status == 302


def test_without_the_server_sessions_go_on_and_nobody_new_is_let_in(world):
    browser, _ = world.log_in("alice")
    cookies = world.cookies(browser, "wiki")
    world.server.stop()
    try:
        wait_for("the outpost to notice", lambda: world.get("wiki").status == 503)
        answer = world.get("wiki")
        assert b"cannot be reached" in answer.body and answer.headers["retry-after"]
        assert world.get("wiki", headers=cookies).status == 200
        status, said = raw.talk(world.outpost.http, world.host["wiki"], "still", cookies)
        assert (status, said) == (101, "wiki heard still")
        assert world.outpost.ask("/-/health/ready/") == 200
    finally:
        world.server.start()
    wait_for("the line", lambda: world.outpost.gauge("authentik_outpost_connection") == 1, 40)
    assert world.get("wiki", headers=cookies).status == 200
    other, page = world.log_in("bob")
    assert identity(asked(page))["username"] == "bob"
    # News come in again.
    other.get(world.server.base + "/flows/-/default/invalidation/")
    wait_for("the end of the session", lambda: world.get("wiki", headers=world.cookies(other, "wiki")).status == 302, 2)


def test_an_application_that_is_down_is_told_apart(world):
    browser, _ = world.log_in("alice")
    world.api.patch(f"/providers/proxy/{world.wiki['pk']}/", {"internal_host": f"http://127.0.0.1:{free_port()}"})
    try:
        cookies = world.cookies(browser, "wiki")
        wait_for("the refusal", lambda: world.get("wiki", headers=cookies).status == 502, 3)
        assert b"does not accept connections" in world.get("wiki", headers=cookies).body
    finally:
        world.api.patch(f"/providers/proxy/{world.wiki['pk']}/", {"internal_host": world.application.base})


def test_a_wrong_set_up_is_explained(world):
    def outpost(**env):
        return Outpost(**{"AUTHENTIK_HOST": world.server.base, "AUTHENTIK_TOKEN": world.outpost.env["AUTHENTIK_TOKEN"], **env})

    secure = f"https://127.0.0.1:{world.server.https}"
    cases = [
        ({"AUTHENTIK_TOKEN": "wrong"}, ["does not accept the token", "AUTHENTIK_TOKEN", "view_key"]),
        ({"AUTHENTIK_HOST": f"http://127.0.0.1:{free_port()}"}, ["cannot be reached", "AUTHENTIK_HOST"]),
        ({"AUTHENTIK_HOST": world.application.base}, ["instead of what the API of authentik answers", "AUTHENTIK_HOST"]),
        ({"AUTHENTIK_HOST": secure}, ["certificate", "not trusted", "AUTHENTIK_INSECURE"]),
    ]
    for env, words in cases:
        it = outpost(**env).start(ready=False)
        try:
            it.said(*words)
            # It waits for better times, and says so to whoever asks.
            assert it.process.poll() is None and it.ask("/-/health/ready/") == 503
            assert raw.send(it.http, "/", "wiki").status == 503
        finally:
            it.close()
    it = outpost(AUTHENTIK_HOST=secure, AUTHENTIK_INSECURE="true").start()
    it.close()


@pytest.mark.parametrize("missing, words", [("AUTHENTIK_HOST", "set AUTHENTIK_HOST"), ("AUTHENTIK_TOKEN", "set AUTHENTIK_TOKEN")])
def test_what_is_missing_is_named_at_once(missing, words):
    it = Outpost(AUTHENTIK_HOST="http://127.0.0.1:1", AUTHENTIK_TOKEN="x")
    del it.env[missing]
    try:
        it.start(ready=False)
        assert it.process.wait(20) != 0
        assert words in it.log.read_text()
    finally:
        it.close()
