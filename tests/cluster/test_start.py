"""Nodes that start together on an empty database, and how much of the database each takes."""

import pytest
from api import Api
from database import Pair
from nodes import Node, Worker, end
from server import TOKEN


@pytest.fixture(scope="module")
def cluster():
    with Pair(standby=False) as database:
        nodes = [Node(database).launch() for _ in range(3)] + [Worker(database).launch()]
        try:
            for node in nodes[:3]:
                node.wait_ready(90)
            yield database, nodes
        finally:
            end(nodes)


def test_three_that_start_at_once_make_one_installation(cluster):
    database, nodes = cluster
    apis = [Api(node.base, TOKEN) for node in nodes[:3]]
    for path, most in (("/core/users/", {"username": "akadmin"}), ("/core/brands/", {}), ("/flows/instances/", {"slug": "default-authentication-flow"}), ("/crypto/certificatekeypairs/", {})):
        counts = [api.get(path, **most)["pagination"]["count"] for api in apis]
        assert counts == [1, 1, 1], (path, counts)
    embedded = apis[0].get("/outposts/instances/", managed__iexact="goauthentik.io/outposts/embedded")
    assert embedded["pagination"]["count"] == 1
    for node in nodes:
        text = node.log.read_text()
        assert "ERROR" not in text and "panicked" not in text, text[-2000:]
    assert database.primary.sql("SELECT count(*) FROM keywright_schema", "keywright") == "1"


def test_what_one_changes_the_others_show(cluster):
    _, nodes = cluster
    apis = [Api(node.base, TOKEN) for node in nodes[:3]]
    group = apis[0].group("of the first node")
    assert [api.get(f"/core/groups/{group}/")["name"] for api in apis] == ["of the first node"] * 3
    apis[1].patch(f"/core/groups/{group}/", {"name": "of the second"})
    assert [api.get(f"/core/groups/{group}/")["name"] for api in apis] == ["of the second"] * 3


def test_a_node_takes_ten_connections_at_most(cluster):
    from concurrent.futures import ThreadPoolExecutor

    database, nodes = cluster
    apis = [Api(node.base, TOKEN) for node in nodes[:3]]
    most = 0
    with ThreadPoolExecutor(40) as pool:
        asked = [pool.submit(apis[n % 3].get, "/core/users/", page_size=100) for n in range(300)]
        while not all(a.done() for a in asked):
            # A node's connections come from its process: told apart by the address that they come from would need more.
            count = int(database.primary.sql("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'keywright'"))
            most = max(most, count)
        assert all(a.result() for a in asked)
    assert 0 < most <= 40, most
