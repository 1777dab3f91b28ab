"""Three servers, two workers, a primary and its standby, under constant work, while one thing after the other breaks.

No decision may be wrong and no acknowledged write lost. Failed requests are counted and printed; they are allowed only
around what broke. The short form takes about a minute; KEYWRIGHT_CLUSTER_MINUTES=10 repeats the breaking for that long.
"""

import importlib.util
import os
import pathlib
import random
import signal
import time

import pytest
import requests
from database import Pair
from nodes import Balancer, Node, Worker, end
from traffic import PASSWORD, Target, Traffic
from person import Person

MINUTES = float(os.environ.get("KEYWRIGHT_CLUSTER_MINUTES", "0"))


def gate_of(target):
    """The helper of the gate's own tests."""
    path = pathlib.Path(__file__).parents[1] / "gate/conftest.py"
    spec = importlib.util.spec_from_file_location("gate_helper", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.Gate(target)


@pytest.fixture(scope="module")
def cluster():
    with Pair() as database:
        nodes, workers = [Node(database) for _ in range(3)], [Worker(database) for _ in range(2)]
        balancer = Balancer(nodes)
        try:
            for node in nodes:
                node.env["AUTHENTIK_HOST"] = balancer.base
                node.launch()
            for node in nodes:
                node.wait_ready(90)
            for worker in workers:
                worker.launch()
            yield database, nodes, workers, balancer
        finally:
            balancer.stop()
            end(nodes + workers)


def kill_a_server(traffic, nodes):
    node = random.choice(nodes)
    node.signal(signal.SIGKILL)
    node.process.wait()
    time.sleep(2)
    node.launch().wait_ready(60)


def kill_a_worker(workers):
    worker = random.choice(workers)
    worker.signal(signal.SIGKILL)
    worker.process.wait()
    worker.launch()


def stop_a_server(traffic, nodes):
    """One node stands still while a session and a token end; when it wakes, it may not believe what it remembers."""
    node = random.choice(nodes)
    other = next(n for n in nodes if n is not node)
    person = Person(other).logged_in(traffic.people[1], PASSWORD)
    cookies = {"authentik_session": person.cookie()}
    token = requests.post(f"{other.base}/application/o/token/", data=traffic.client.form({"grant_type": "client_credentials"}), timeout=10).json()["access_token"]
    form = traffic.client.form({"token": token})
    # It has both in memory.
    assert requests.get(f"{node.base}/api/v3/core/users/me/", cookies=cookies, timeout=10).status_code == 200
    assert requests.post(f"{node.base}/application/o/introspect/", data=form, timeout=10).json()["active"] is True
    node.signal(signal.SIGSTOP)
    time.sleep(1)
    person.get("/api/v3/flows/executor/default-invalidation-flow/?query=")
    assert person.who() is None
    requests.post(f"{other.base}/application/o/revoke/", data=form, timeout=10)
    time.sleep(3)
    node.signal(signal.SIGCONT)
    # At once, before it can have heard of anything.
    for _ in range(5):
        me = requests.get(f"{node.base}/api/v3/core/users/me/", cookies=cookies, timeout=15)
        traffic.decided(me.status_code != 200, "a node that woke up took an ended session")
        seen = requests.post(f"{node.base}/application/o/introspect/", data=form, timeout=15)
        traffic.decided(seen.status_code >= 500 or seen.json()["active"] is False, "a node that woke up took a revoked token")
    node.wait_ready()


def test_what_breaks_loses_nothing_and_decides_nothing_wrongly(cluster):
    database, nodes, workers, balancer = cluster
    entry = Target(balancer.base, balancer.http)
    traffic = Traffic(entry, nodes)
    gate = gate_of(entry)
    gate.site("wiki")
    time.sleep(1)
    traffic.with_gate(gate)
    kinds = [traffic.log_in, traffic.guess, traffic.log_out, traffic.use_code_twice, traffic.tokens, traffic.write, traffic.read, traffic.check]
    traffic.start(kinds)
    time.sleep(3)
    calm = dict(traffic.failed)
    assert not calm and not traffic.wrong, f"nothing is broken yet: {traffic.report()} {traffic.when[:5]} {traffic.wrong[:5]}"
    until = time.monotonic() + MINUTES * 60
    while True:
        kill_a_server(traffic, nodes)
        kill_a_worker(workers)
        stop_a_server(traffic, nodes)
        time.sleep(2)
        if time.monotonic() >= until:
            break
    before = sum(traffic.failed.values())
    print(f"before the failover: {traffic.report()}")
    began = time.monotonic()
    database.fail_over()
    for node in nodes:
        node.wait_ready(30)
    took = time.monotonic() - began
    time.sleep(5)
    mended = time.monotonic()
    time.sleep(4)
    traffic.end()
    late = [x for x in traffic.when if x[0] - x[1] > mended]
    print(f"the failover took {took:.1f} s and cost {sum(traffic.failed.values()) - before} rounds of work")
    print(traffic.report())
    assert not traffic.wrong, f"{len(traffic.wrong)} wrong decisions:\n" + "\n".join(traffic.wrong[:10])
    assert not late, f"requests fail although nothing is broken any more: {late[:5]}"
    assert all(traffic.done[kind.__name__] for kind in kinds), traffic.report()
    traffic.look_back()
    for worker in workers:
        assert worker.process.poll() is None, worker.log.read_text()[-2000:]
