"""A node without its database: what it still answers, how fast it refuses, and that nobody has to help it back."""

import os
import signal
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests
from api import Api
from database import Pair
from nodes import Node, end
from person import Client, Person
from server import PASSWORD, TOKEN
from waiting import wait_for


# Far less than anybody waits for a database; the rest is for slow machines.
AT_ONCE = 2.0


def gives_up(node):
    began = time.monotonic()
    answer = requests.get(node.base + "/api/v3/core/users/", headers={"Authorization": f"Bearer {TOKEN}"}, timeout=30)
    return answer.status_code == 503 and time.monotonic() - began < AT_ONCE / 2


@pytest.fixture(scope="module")
def world():
    with Pair(standby=False) as database:
        node = Node(database)
        try:
            node.start()
            api = Api(node.base, TOKEN)
            client = Client(node, api, "app", "https://app.example.com/cb")
            yield database, node, api, client
        finally:
            end([node])


def test_it_serves_what_needs_no_database_refuses_the_rest_and_recovers(world):
    database, node, api, client = world
    person = Person(node).logged_in("akadmin", PASSWORD)
    discovery = f"{node.base}/application/o/app/.well-known/openid-configuration"
    keys = requests.get(discovery, timeout=5).json()["jwks_uri"]
    database.primary.kill()
    wait_for("that the node gives up waiting", lambda: gives_up(node), 30)
    for url in (discovery, keys, node.base + "/-/health/live/"):
        began = time.monotonic()
        answer = requests.get(url, timeout=5)
        assert answer.status_code == 200 and time.monotonic() - began < AT_ONCE, (url, answer.status_code)
    assert requests.get(node.base + "/-/health/ready/", timeout=5).status_code == 503
    assert requests.get(f"http://127.0.0.1:{node.metrics}/metrics", timeout=5).status_code == 200

    def refused(method, path, **kw):
        began = time.monotonic()
        answer = requests.request(method, node.base + path, timeout=10, allow_redirects=False, **kw)
        assert time.monotonic() - began < AT_ONCE, f"{path} kept its caller waiting"
        assert answer.status_code == 503, f"{method} {path}: {answer.status_code} {answer.text[:300]}"
        assert int(answer.headers["Retry-After"]) > 0
        return answer

    cookies = {"authentik_session": person.cookie()}
    bearer = {"Authorization": f"Bearer {TOKEN}"}
    form = client.form({"grant_type": "client_credentials"})
    answers = [
        refused("GET", "/api/v3/core/users/", headers=bearer),
        refused("POST", "/api/v3/core/groups/", headers=bearer, json={"name": "x"}),
        refused("GET", "/api/v3/core/users/me/", cookies=cookies),
        refused("POST", "/application/o/token/", data=form),
        refused("POST", "/application/o/introspect/", data=client.form({"token": "x"})),
        refused("GET", "/application/o/userinfo/", headers={"Authorization": "Bearer some-token"}),
    ]
    for answer in answers:
        assert answer.json()["detail"], answer.text
    page = refused("GET", client.authorize_url().removeprefix(node.base), cookies=cookies, headers={"Accept": "text/html"})
    assert page.headers["Content-Type"].startswith("text/html") and "<html" in page.text.lower(), page.text[:300]
    # Many at once do not wait for each other.
    began = time.monotonic()
    with ThreadPoolExecutor(50) as pool:
        statuses = list(pool.map(lambda _: requests.get(node.base + "/api/v3/core/users/", headers=bearer, timeout=20).status_code, range(300)))
    assert set(statuses) == {503} and time.monotonic() - began < 20
    database.primary.start()
    node.wait_ready(30)
    assert api.get("/core/users/", username="akadmin")["pagination"]["count"] == 1
    assert person.who() == "akadmin", "the session is what it was"
    assert requests.post(node.base + "/application/o/token/", data=form, timeout=10).status_code == 200


def test_a_node_waits_for_a_database_that_hangs_no_longer_than_for_one_that_is_gone(world):
    import contextlib

    database, node, api, _ = world
    api.get("/core/users/", username="akadmin")
    pids = [int(p) for p in database.primary.sql("SELECT pid FROM pg_stat_activity WHERE pid <> pg_backend_pid()").split()] + [database.primary.process.pid]
    # A connection may have ended since it was listed.
    def tell(sign):
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, sign)

    tell(signal.SIGSTOP)
    try:
        began = time.monotonic()
        with ThreadPoolExecutor(30) as pool:
            headers = {"Authorization": f"Bearer {TOKEN}"}
            asked = pool.map(lambda _: requests.get(node.base + "/api/v3/core/users/", headers=headers, timeout=40).status_code, range(60))
            assert set(asked) <= {503}, "nobody gets anything else"
        assert time.monotonic() - began < 20
    finally:
        tell(signal.SIGCONT)
    node.wait_ready(30)
    assert api.get("/core/users/", username="akadmin")["pagination"]["count"] == 1


@pytest.mark.skipif(not float(os.environ.get("KEYWRIGHT_CLUSTER_MINUTES", "0")), reason="takes a minute; set KEYWRIGHT_CLUSTER_MINUTES")
def test_a_write_waits_for_a_standby_that_hangs_but_not_for_ever():
    """It is made on the primary, but nobody was promised it: a failover may lose it."""
    with Pair() as database:
        node = Node(database)
        try:
            node.start()
            api = Api(node.base, TOKEN)
            receiver = int(database.standby.sql("SELECT pid FROM pg_stat_wal_receiver"))
            os.kill(receiver, signal.SIGSTOP)
            began = time.monotonic()
            answer = requests.post(f"{api.base}/core/groups/", json={"name": "x"}, headers={"Authorization": f"Bearer {TOKEN}"}, timeout=120)
            assert answer.status_code == 503 and int(answer.headers["Retry-After"]) > 0, answer.text[:300]
            assert 5 < time.monotonic() - began < 45
            assert api.get("/core/users/", username="akadmin")["pagination"]["count"] == 1, "reading goes on"
            os.kill(receiver, signal.SIGCONT)
            api.group("y")
        finally:
            end([node])
