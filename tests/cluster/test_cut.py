"""A node that the network cuts off from the database, and so from the other nodes, which meet nowhere else.

Nobody tells it: packets vanish. It has to notice, to say nothing that may no longer be true, to keep nobody waiting for
long, and to know what the others changed before it decides anything again.
"""

import contextlib
import signal
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests
from api import Api
from asking import Gate
from database import Pair
from nodes import Node, end
from person import Client, Person
from server import TOKEN
from wire import Wire

PASSWORD = "password of the people"
# How long after an answer its effect may take on the other nodes.
SECOND = 1.0
# The longest that anybody waits for a refusal; the promise is six seconds, the rest is for slow machines.
LONGEST = 10.0
# As long as a node may take to be as before once the network is whole.
RECOVERY = 30.0
PUBLIC = "/public/page"


class World:
    def __init__(self, near, far, wire):
        self.near, self.far, self.wire = near, far, wire
        self.gate, self.far_gate = Gate(near), Gate(far)
        self.api = self.gate.api
        self.keepers = self.api.group("keepers")
        self.api.user("alice", PASSWORD)
        self.api.user("bob", PASSWORD, [self.keepers])
        self.client = Client(near, self.api, "app", "https://app.example.com/cb")

    def open_site(self, name):
        """A site that everybody may enter and with a page for which nobody need log in, and people who are there."""
        host = f"{name}.example.test"
        provider, application = self.gate.site(name, skip_path_regex="^/public/")
        cookies = {who: self.gate.log_in(Person(self.near).logged_in(who, PASSWORD), "nginx", host) for who in ("alice", "bob")}
        deadline = time.monotonic() + RECOVERY
        while not all(self.passes(host, cookie) for cookie in cookies.values()) or not self.passes(host, "", PUBLIC):
            assert time.monotonic() < deadline, "the site does not come up on the other node"
            time.sleep(0.1)
        return host, provider, application, cookies

    def close_site(self, provider, application):
        """Only keepers may enter, and only after they logged in."""
        self.api.post("/policies/bindings/", {"target": application["pk"], "group": self.keepers, "order": 0, "enabled": True})
        self.api.patch(f"/providers/proxy/{provider['pk']}/", {"mode": "forward_single", "skip_path_regex": ""})
        return time.monotonic()

    def check(self, host, cookie, path="/"):
        return self.far_gate.check("nginx", host, path, cookie)

    def passes(self, host, cookie, path="/"):
        return 200 <= self.check(host, cookie, path).status <= 299


@pytest.fixture(scope="module")
def world():
    with Pair(standby=False) as database, contextlib.ExitStack() as after:
        wire = Wire(database.primary.port)
        after.callback(wire.stop)
        near, far = Node(database), Node(database, AUTHENTIK_POSTGRESQL__HOST=f"127.0.0.1:{wire.port}")
        after.callback(end, [near, far])
        for node in (near, far):
            node.env["AUTHENTIK_HOST"] = near.base
            node.launch()
        for node in (near, far):
            node.wait_ready(90)
        yield World(near, far, wire)


class Watch:
    """Asks the same again and again, each time without waiting for the answer of before."""

    def __init__(self, **questions):
        self.seen = {name: [] for name in questions}
        self.over, self.pool = threading.Event(), ThreadPoolExecutor(250)
        self.threads = [threading.Thread(target=self.ask, args=item, daemon=True) for item in questions.items()]
        for thread in self.threads:
            thread.start()

    def ask(self, name, question):
        def one(began):
            try:
                said = question()
            except (requests.RequestException, OSError) as problem:
                said = repr(problem)
            self.seen[name].append((began, time.monotonic() - began, said))

        while not self.over.wait(0.3):
            self.pool.submit(one, time.monotonic())

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.over.set()
        for thread in self.threads:
            thread.join()
        self.pool.shutdown()

    def said(self, name, since=0.0):
        return {said for began, _, said in self.seen[name] if began > since}

    def slowest(self, *names):
        return max(took for name in names for _, took, _ in self.seen[name])


def status(node, path, **kw):
    return requests.get(node.base + path, timeout=20, allow_redirects=False, **kw).status_code


def until(what, holds):
    deadline = time.monotonic() + RECOVERY
    while not holds():
        assert time.monotonic() < deadline, f"never: {what}"
        time.sleep(0.1)


@pytest.fixture(autouse=True)
def whole(world):
    yield
    world.wire.heal()


@pytest.mark.parametrize(("name", "seconds", "forgotten"), [("briefly", 2.5, False), ("long", 9, False), ("forgotten", 9, True)])
def test_a_node_that_is_cut_off_lets_nobody_in_and_comes_back_knowing(world, name, seconds, forgotten):
    host, provider, application, cookies = world.open_site(name)
    visitor = Person(world.near).logged_in("alice", PASSWORD)
    session = {"authentik_session": visitor.cookie()}
    far, discovery = world.far, "/application/o/app/.well-known/openid-configuration"
    assert status(far, "/api/v3/core/users/me/", cookies=session) == 200
    token = world.client.token(grant_type="client_credentials").json()["access_token"]
    with Watch(
        alice=lambda: world.check(host, cookies["alice"]).status,
        bob=lambda: world.check(host, cookies["bob"]).status,
        public=lambda: world.check(host, "", PUBLIC).status,
        me=lambda: status(far, "/api/v3/core/users/me/", cookies=session),
        introspection=lambda: introspected(far, world.client, token),
        discovery=lambda: status(far, discovery),
        # A browser sends its session along, whatever it asks for.
        keys=lambda: status(far, "/application/o/app/jwks/", cookies=session),
        live=lambda: status(far, "/-/health/live/"),
        ready=lambda: status(far, "/-/health/ready/"),
    ) as watch:
        time.sleep(1)
        calm = {name: watch.said(name) for name in watch.seen}
        assert calm == {**dict.fromkeys(watch.seen, {200}), "introspection": {"active"}}, calm
        world.wire.cut()
        cut = time.monotonic()
        visitor.get("/api/v3/flows/executor/default-invalidation-flow/?query=")
        assert visitor.who() is None
        world.client.post("revoke", world.client.form({"token": token}))
        closed = world.close_site(provider, application)
        late = Client(world.near, world.api, f"late-{name}", "https://late.example.com/cb")
        time.sleep(max(0.0, cut + seconds - time.monotonic()))
        if seconds > LONGEST / 2:
            refuses_at_once(world, host, cookies, session, late)
        world.wire.heal(forgotten)
        far.wait_ready(RECOVERY)
        until("the keeper is let in again", lambda: world.passes(host, cookies["bob"]))
        until("a new provider is known", lambda: status(far, f"/application/o/{late.slug}/.well-known/openid-configuration") == 200)
        time.sleep(1)
    known = closed + SECOND
    # Decided rightly or not at all, whenever it was asked: from a second after what was changed elsewhere.
    assert watch.said("alice", known) <= {401, 403, 503}, watch.said("alice", known)
    assert watch.said("public", known) <= {401, 503}, watch.said("public", known)
    assert watch.said("bob") <= {200, 503}, watch.said("bob")
    assert watch.said("me", known) <= {403, 503}, watch.said("me", known)
    assert watch.said("introspection", known) <= {"over", 503}, watch.said("introspection", known)
    for name in ("discovery", "keys", "live"):
        assert watch.said(name) == {200}, (name, watch.said(name))
    assert watch.said("ready") <= {200, 503}
    print(f"the longest wait: {watch.slowest(*watch.seen):.1f} s; for what needs nothing: {watch.slowest('discovery', 'keys', 'live'):.1f} s")
    assert watch.slowest(*watch.seen) < LONGEST
    assert watch.slowest("discovery", "keys", "live") < LONGEST / 4
    assert Person(far).logged_in("bob", PASSWORD).who() == "bob"


def introspected(node, client, token):
    answer = requests.post(f"{node.base}/application/o/introspect/", data=client.form({"token": token}), timeout=20)
    return answer.status_code if answer.status_code != 200 else "active" if answer.json()["active"] else "over"


def refuses_at_once(world, host, cookies, session, late):
    """What a node says that knows that it is cut off."""
    far = world.far
    assert status(far, "/-/health/ready/") == 503

    def refused(method, path, **kw):
        began = time.monotonic()
        answer = requests.request(method, far.base + path, timeout=20, allow_redirects=False, **kw)
        assert time.monotonic() - began < LONGEST / 4, f"{path} kept its caller waiting"
        assert answer.status_code == 503, f"{method} {path}: {answer.status_code} {answer.text[:300]}"
        assert int(answer.headers["Retry-After"]) > 0
        return answer

    bearer, html = {"Authorization": f"Bearer {TOKEN}"}, {"Accept": "text/html"}
    form = world.client.form({"grant_type": "client_credentials"})
    refused("POST", "/application/o/token/", data=form)
    refused("POST", "/api/v3/core/groups/", headers=bearer, json={"name": "x"})
    refused("GET", "/outpost.goauthentik.io/auth/nginx", headers={"X-Original-URL": f"https://{host}/", "Cookie": cookies["bob"]})
    for more in ({}, {"cookies": session}):
        page = refused("GET", "/if/flow/default-authentication-flow/", headers=html, **more)
        assert page.headers["Content-Type"].startswith("text/html"), page.headers
    assert world.client.token(grant_type="client_credentials").status_code == 200, "the others go on"


def test_a_node_that_slept_decides_nothing_by_what_it_remembers(world):
    """It wakes with requests at its door, before it can have heard of anything."""
    host, provider, application, cookies = world.open_site("slept")
    ask = f"GET /outpost.goauthentik.io/auth/nginx HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n"
    questions = [f"X-Original-URL: https://{host}{PUBLIC}", f"X-Original-URL: https://{host}/\r\nCookie: {cookies['alice']}"]
    world.far.signal(signal.SIGSTOP)
    try:
        world.close_site(provider, application)
        waiting = []
        for question in questions * 5:
            waiting.append(socket.create_connection(("127.0.0.1", world.far.http), timeout=20))
            waiting[-1].sendall(f"{ask}{question}\r\n\r\n".encode())
        time.sleep(3)
    finally:
        world.far.signal(signal.SIGCONT)
    for one in waiting:
        with one:
            answer = one.makefile("rb").read()
        assert answer.startswith((b"HTTP/1.1 401", b"HTTP/1.1 403", b"HTTP/1.1 503")), answer[:300]
    until("the keeper is let in", lambda: world.passes(host, cookies["bob"]))


def test_what_a_cut_off_node_had_begun_stands_in_nobodys_way(world):
    """Logins and changes of configuration go on elsewhere, whatever the other node was in the middle of."""
    api = Api(world.far.base, TOKEN)

    def write(n):
        with contextlib.suppress(requests.RequestException, OSError):
            api.session.post(f"{api.base}/core/groups/", json={"name": f"far {n}"}, timeout=20)

    with ThreadPoolExecutor(8) as pool:
        written = [pool.submit(write, n) for n in range(80)]
        time.sleep(0.3)
        world.wire.cut()
        began = time.monotonic()
        world.api.group("near")
        world.api.patch(f"/core/groups/{world.keepers}/", {"attributes": {"at": 1}})
        Person(world.near).logged_in("alice", PASSWORD)
        # A transaction without its COMMIT is ended by the server after fifteen seconds.
        assert time.monotonic() - began < 15 + LONGEST
        world.wire.heal()
        for one in written:
            one.result()
    world.far.wait_ready(RECOVERY)
