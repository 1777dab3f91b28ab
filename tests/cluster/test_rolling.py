"""Nodes are replaced one after the other under load, and no request fails."""

import signal
import socket
import time

import pytest
import requests
from database import Pair
from nodes import Balancer, Node, end
from traffic import Target, Traffic
from waiting import wait_for

# How long a node goes on after it was told to end: longer than usual, for slow machines.
DELAY = 8.0


@pytest.fixture(scope="module")
def cluster():
    with Pair(standby=False) as database:
        nodes, balancer = [Node(database, AUTHENTIK_LISTEN__SHUTDOWN_DELAY=f"seconds={DELAY:.0f}") for _ in range(2)], None
        try:
            for node in nodes:
                node.start()
            balancer = Balancer(nodes)
            yield nodes, balancer
        finally:
            if balancer:
                balancer.stop()
            end(nodes)


def every_kind_was_done_more_often(traffic):
    before = dict(traffic.done)
    wait_for("work of every kind", lambda: all(traffic.done[kind.__name__] > before.get(kind.__name__, 0) for kind in traffic.kinds), 60)


def test_a_rolling_restart_fails_no_request(cluster):
    nodes, balancer = cluster
    traffic = Traffic(Target(balancer.base, balancer.http), nodes)
    traffic.start([traffic.log_in, traffic.write, traffic.read, traffic.tokens], each=2)
    for node in nodes:
        balancer.wait_up()
        every_kind_was_done_more_often(traffic)
        node.signal(signal.SIGTERM)
        # It says so at once, and answers until it goes.
        began = time.monotonic()
        wait_for("that it is not ready", lambda: not node.is_ready())
        answer = requests.get(node.base + "/-/health/live/", timeout=5)
        assert answer.status_code == 200 and answer.headers["Connection"] == "close"
        balancer.wait_down(node)
        assert time.monotonic() - began < DELAY, "the machine is too slow for the balancer to take note in time"
        assert node.process.wait(DELAY + 35) == 0
        node.launch().wait_ready(60)
    balancer.wait_up()
    every_kind_was_done_more_often(traffic)
    traffic.end()
    print(traffic.report())
    assert not traffic.wrong, traffic.wrong[:10]
    assert not traffic.failed, f"{traffic.report()}\n{traffic.when[:10]}"
    traffic.look_back()


def listens(node):
    try:
        socket.create_connection(("127.0.0.1", node.http), timeout=2).close()
    except OSError:
        return False
    return True


def test_a_request_under_way_is_finished_before_the_end(cluster):
    nodes, _ = cluster
    node = nodes[0]
    body = b'{"name": "a group that took its time"}'
    from server import TOKEN

    head = f"POST /api/v3/core/groups/ HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {TOKEN}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    with socket.create_connection(("127.0.0.1", node.http)) as slow:
        slow.settimeout(20)
        slow.sendall(head.encode() + body[:10])
        node.signal(signal.SIGTERM)
        wait_for("the end of listening", lambda: not listens(node), DELAY + 15, 0.2)
        slow.sendall(body[10:])
        answer = b""
        while part := slow.recv(65536):
            answer += part
    assert answer.startswith(b"HTTP/1.1 201"), answer[:300]
    assert node.process.wait(10) == 0
    node.launch().wait_ready()
