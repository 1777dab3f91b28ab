"""Nodes of one installation, and a balancer before them."""

import pathlib
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request

import pytest
from server import Server, binary, free_port
from waiting import wait_for


def env(database, **more):
    return database.env() | {"AUTHENTIK_LOG_LEVEL": "warning", "AUTHENTIK_WEB__WORKERS": "2"} | more


class Node(Server):
    def __init__(self, database, **more):
        super().__init__(env=env(database, **more))

    def is_ready(self):
        try:
            with urllib.request.urlopen(self.base + "/-/health/ready/", timeout=2) as answer:
                return answer.status == 200
        except OSError:
            return False

    def wait_ready(self, patience=30):
        started = time.monotonic()
        while not self.is_ready():
            assert time.monotonic() - started < patience, f"not ready after {patience} s:\n{self.log.read_text()[-3000:]}"
            time.sleep(0.05)
        return time.monotonic() - started

    def launch(self):
        """Starts without waiting."""
        self.process = subprocess.Popen([binary(), "server"], env=self.env, stdout=self.log.open("ab"), stderr=subprocess.STDOUT, cwd=self.data)
        return self

    def signal(self, what):
        self.process.send_signal(what)


class Worker(Node):
    def launch(self):
        self.process = subprocess.Popen([binary(), "worker"], env=self.env, stdout=self.log.open("ab"), stderr=subprocess.STDOUT, cwd=self.data)
        return self

    def start(self, patience=60):
        self.launch()


class Balancer:
    """HAProxy, which asks every node twice a second whether it is ready."""

    def __init__(self, nodes):
        program = shutil.which("haproxy") or shutil.which("haproxy", path="/usr/sbin")
        if not program:
            pytest.skip("no HAProxy on this machine; install the package haproxy")
        self.http, self.folder = free_port(), pathlib.Path(tempfile.mkdtemp(prefix="keywright-balancer-"))
        self.socket, self.nodes = self.folder / "stats", nodes
        self.base = f"http://127.0.0.1:{self.http}"
        servers = "".join(f"    server n{i} 127.0.0.1:{node.http} check inter 300ms fall 1 rise 1\n" for i, node in enumerate(nodes))
        (self.folder / "haproxy.cfg").write_text(
            f"""
global
    maxconn 2000
    stats socket {self.socket}
defaults
    mode http
    timeout connect 2s
    timeout client 30s
    timeout server 12s
    timeout check 2s
    retries 3
    option redispatch 1
    retry-on conn-failure
    option forwardfor
frontend all
    bind 127.0.0.1:{self.http}
    http-request set-header X-Forwarded-Proto http if !{{ hdr(X-Forwarded-Proto) -m found }}
    http-request set-header X-Forwarded-Host %[req.hdr(Host)] if !{{ hdr(X-Forwarded-Host) -m found }}
    default_backend nodes
backend nodes
    balance roundrobin
    option httpchk GET /-/health/ready/
    http-check expect status 200
{servers}"""
        )
        self.process = subprocess.Popen([program, "-q", "-db", "-f", str(self.folder / "haproxy.cfg")])
        for _ in range(100):
            try:
                urllib.request.urlopen(self.base + "/-/health/live/", timeout=1).close()
                return
            except urllib.error.HTTPError:
                # It answers, though no node does yet.
                return
            except OSError:
                time.sleep(0.05)
        raise AssertionError("the balancer does not come up")

    def statuses(self):
        """What it takes the nodes for, in their order: UP or something else."""
        with socket.socket(socket.AF_UNIX) as asked:
            asked.connect(str(self.socket))
            asked.sendall(b"show stat\n")
            lines = asked.makefile().read().splitlines()
        rows = [line.split(",") for line in lines if line.startswith("nodes,n")]
        return [row[17] for row in sorted(rows, key=lambda row: row[1])]

    def wait_up(self, patience=60):
        """Until it sends requests to all nodes."""
        wait_for("every node behind the balancer", lambda: all(s.startswith("UP") for s in self.statuses()), patience)

    def wait_down(self, node, patience=60):
        position = self.nodes.index(node)
        wait_for("the balancer's note of a node that goes", lambda: not self.statuses()[position].startswith("UP"), patience)

    def stop(self):
        self.process.terminate()
        self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)


def end(nodes):
    for node in nodes:
        if node.process and node.process.poll() is None:
            node.process.send_signal(signal.SIGCONT)
            node.process.kill()
            node.process.wait()
        shutil.rmtree(node.data, ignore_errors=True)
