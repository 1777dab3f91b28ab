"""A server with sites of every mode."""

import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent))

from applications import Application  # noqa: E402
from asking import PASSWORD, Gate  # noqa: E402
from person import Person  # noqa: E402
from server import Server  # noqa: E402


@pytest.fixture(scope="module")
def server():
    # Browsers reach it under this name; proxies and these tests over the loopback.
    with Server() as running:
        running.stop()
        running.env["AUTHENTIK_HOST"] = running.base
        running.start()
        yield running


@pytest.fixture(scope="module")
def application():
    with Application("behind") as running:
        yield running


@pytest.fixture(scope="module")
def gate(server, application):
    gate = Gate(server)
    api = gate.api
    readers, keepers = api.group("readers"), api.group("keepers")
    api.user("alice", PASSWORD, [readers])
    api.user("bob", PASSWORD, [readers, keepers])
    gate.groups = {"readers": readers, "keepers": keepers}
    gate.site("wiki", skip_path_regex="^/public/")
    _, vault = gate.site("vault")
    api.post("/policies/bindings/", {"target": vault["pk"], "group": keepers, "order": 0, "enabled": True})
    opened = r"^https://open\.team\.example\.test/"
    gate.site("team", "forward_domain", "auth.team.example.test", cookie_domain="team.example.test", skip_path_regex=opened)
    gate.site("full", "proxy", internal_host=application.base, skip_path_regex="^/public/")
    return gate


@pytest.fixture
def alice(server, gate):
    return Person(server).logged_in("alice", PASSWORD)


@pytest.fixture
def bob(server, gate):
    return Person(server).logged_in("bob", PASSWORD)
