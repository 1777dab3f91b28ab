"""Two servers on one database: what ends at one has ended at the other within a second."""

import pathlib
import signal
import sys
import time

import pytest
from asking import PASSWORD, Gate, told
from person import Person

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "cluster"))

from database import Pair  # noqa: E402
from nodes import Node, end  # noqa: E402

HOST = "wiki.example.test"


@pytest.fixture(scope="module")
def database():
    with Pair(standby=False) as running:
        yield running


@pytest.fixture(scope="module")
def both(database):
    one = Node(database)
    one.env["AUTHENTIK_HOST"] = one.base
    two = Node(database, AUTHENTIK_HOST=one.base)
    try:
        one.start()
        two.start()
        first, second = Gate(one), Gate(two)
        first.group = first.api.group("keepers")
        first.user = first.api.user("alice", PASSWORD, [first.group])
        _, application = first.site("wiki")
        first.api.post("/policies/bindings/", {"target": application["pk"], "group": first.group, "order": 0, "enabled": True})
        time.sleep(1)
        yield first, second
    finally:
        end([one, two])


def log_in(first, second):
    """A login at one node, and the session at the other."""
    person = Person(first.server).logged_in("alice", PASSWORD)
    cookie = first.log_in(person, "nginx", HOST)
    for gate in (first, second):
        answer = gate.check("nginx", HOST, "/", cookie)
        assert answer.status == 200 and told(answer)["username"] == "alice", answer
    return person, cookie


def out_after(gate, cookie):
    began = time.monotonic()
    while gate.check("nginx", HOST, "/", cookie).status == 200:
        assert time.monotonic() - began < 5, "still in"
        time.sleep(0.02)
    return time.monotonic() - began


@pytest.mark.parametrize("how", ["logout", "ended by an administrator", "group left", "deactivated"])
def test_what_ends_at_one_ends_at_the_other(both, how):
    first, second = both
    person, cookie = log_in(first, second)
    if how == "logout":
        person.go(f"{first.server.base}/flows/-/default/invalidation/")
    elif how == "ended by an administrator":
        for login in first.api.get("/core/authenticated_sessions/", user__username="alice")["results"]:
            first.api.call("DELETE", f"/core/authenticated_sessions/{login['uuid']}/", 204)
    elif how == "group left":
        first.api.post(f"/core/groups/{first.group}/remove_user/", {"pk": first.user["pk"]}, 204)
    else:
        first.api.patch(f"/core/users/{first.user['pk']}/", {"is_active": False})
    assert first.check("nginx", HOST, "/", cookie).status == 401
    assert out_after(second, cookie) < 1
    if how == "group left":
        first.api.post(f"/core/groups/{first.group}/add_user/", {"pk": first.user["pk"]}, 204)
    assert second.check("nginx", HOST, "/", cookie).status == 401


def test_a_changed_binding_counts_at_the_other(both):
    first, second = both
    first.api.patch(f"/core/users/{first.user['pk']}/", {"is_active": True})
    _, cookie = log_in(first, second)
    binding = first.api.get("/policies/bindings/", target=first.api.get("/core/applications/wiki/")["pk"])["results"][0]
    first.api.patch(f"/policies/bindings/{binding['pk']}/", {"negate": True})
    assert first.check("nginx", HOST, "/", cookie).status == 401
    assert out_after(second, cookie) < 1
    first.api.patch(f"/policies/bindings/{binding['pk']}/", {"negate": False})


def test_a_node_that_was_stopped_believes_its_memory_no_longer(both):
    """The other node is frozen, somebody logs out, it goes on: the first check already refuses."""
    first, second = both
    person, cookie = log_in(first, second)
    second.server.signal(signal.SIGSTOP)
    person.go(f"{first.server.base}/flows/-/default/invalidation/")
    time.sleep(3)
    second.server.signal(signal.SIGCONT)
    assert second.check("nginx", HOST, "/", cookie).status == 401


def test_without_the_database_nobody_passes_for_long(both, database):
    """Last, as it takes the database away: a node that cannot hear of logouts does not trust what it remembers."""
    first, second = both
    _, cookie = log_in(first, second)
    database.primary.kill()
    time.sleep(3)
    for gate in (first, second):
        answer = gate.check("nginx", HOST, "/", cookie)
        assert (answer.status, "retry-after" in answer.headers) == (503, True), answer
