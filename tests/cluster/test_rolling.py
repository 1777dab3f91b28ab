"""Nodes are replaced one after the other under load, and no request fails."""

import signal
import time

import pytest
import requests
from database import Pair
from nodes import Balancer, Node, end
from traffic import Target, Traffic


@pytest.fixture(scope="module")
def cluster():
    with Pair(standby=False) as database:
        nodes, balancer = [Node(database) for _ in range(2)], None
        try:
            for node in nodes:
                node.start()
            balancer = Balancer(nodes)
            yield nodes, balancer
        finally:
            if balancer:
                balancer.stop()
            end(nodes)


def test_a_rolling_restart_fails_no_request(cluster):
    nodes, balancer = cluster
    traffic = Traffic(Target(balancer.base, balancer.http), nodes)
    traffic.start([traffic.log_in, traffic.write, traffic.read, traffic.tokens], each=2)
    time.sleep(2)
    for node in nodes:
        node.signal(signal.SIGTERM)
        # It says so at once, and answers until it goes.
        time.sleep(0.3)
        assert not node.is_ready()
        answer = requests.get(node.base + "/-/health/live/", timeout=5)
        assert answer.status_code == 200 and answer.headers["Connection"] == "close"
        assert node.process.wait(35) == 0
        node.launch().wait_ready()
        time.sleep(1.5)
    traffic.end()
    print(traffic.report())
    assert not traffic.wrong, traffic.wrong[:10]
    assert not traffic.failed, f"{traffic.report()}\n{traffic.when[:10]}"
    assert min(traffic.done[kind] for kind in ("log_in", "write", "read", "tokens")) > 3
    traffic.look_back()


def test_a_request_under_way_is_finished_before_the_end(cluster):
    import socket

    nodes, _ = cluster
    node = nodes[0]
    body = b'{"name": "a group that took its time"}'
    from server import TOKEN

    head = f"POST /api/v3/core/groups/ HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {TOKEN}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    with socket.create_connection(("127.0.0.1", node.http)) as slow:
        slow.settimeout(20)
        slow.sendall(head.encode() + body[:10])
        node.signal(signal.SIGTERM)
        time.sleep(4.5)
        with pytest.raises(OSError):
            socket.create_connection(("127.0.0.1", node.http), timeout=2).close()
        slow.sendall(body[10:])
        answer = b""
        while part := slow.recv(65536):
            answer += part
    assert answer.startswith(b"HTTP/1.1 201"), answer[:300]
    assert node.process.wait(10) == 0
    node.launch().wait_ready()
