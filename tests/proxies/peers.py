#!/usr/bin/env python3
"""Checks of a session in a second: Keywright beside oauth2-proxy, Authelia and authentik's outpost, in one run on one machine.

Not a test, for it takes a quiet machine: `python tests/proxies/peers.py` with a release build in $KEYWRIGHT. The peers are measured
where they are installed (in the PATH, or named by $OAUTH2_PROXY, $AUTHELIA and $AUTHENTIK_PROXY), each with one person logged in and
with what it recommends: oauth2-proxy with its session in a cookie, Authelia with sessions in memory, authentik's outpost with
sessions in files. The load comes from benches/peers: as much as goes, then half of that with its times.
"""

import base64
import hashlib
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time

import requests

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "support"))

import raw  # noqa: E402
from browser import Browser  # noqa: E402
from forward_auth import Installation  # noqa: E402
from proxies import Proxy  # noqa: E402
from server import ROOT, free_port  # noqa: E402
from upstream import World  # noqa: E402

NAME, PASSWORD = "alice", "a person's password"


def wait_for(port, process):
    for _ in range(300):
        assert process.poll() is None, f"{process.args[0]} ended with {process.returncode}"
        try:
            return raw.connect(port).close()
        except OSError:
            time.sleep(0.1)
    raise AssertionError(f"nothing listens on {port}")


def cookies(session, name):
    return "; ".join(f"{c.name}={c.value}" for c in session.cookies if name in c.name)


class Peer:
    """A server that answers checks: port, process and the request to ask with."""

    def __init__(self, name, port, process, path, headers):
        self.name, self.port, self.process = name, port, process
        lines = [f"GET {path} HTTP/1.1", *(f"{k}: {v}" for k, v in headers.items()), "", ""]
        self.request = "\r\n".join(lines).encode()

    def check(self):
        """That the request is let through with an identity, and not without its cookie."""
        for request, good in ((self.request, True), (re.sub(rb"Cookie: .*\r\n", b"", self.request), False)):
            with raw.connect(self.port) as s:
                s.sendall(request.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
                answer = raw.read(s.makefile("rb"))
            assert (200 <= answer.status < 300) is good, f"{self.name}: {answer.status} {answer.body[:300]}"


def keywright():
    class Nothing(Proxy):
        name = "traefik"

        def start(self, sites, ports):
            pass

    # The peers write no line for each request either.
    Installation.environment = {"AUTHENTIK_LOG_LEVEL": "warning"}
    it = Installation(Nothing)
    # The login goes straight to the server, as a proxy would pass it on.
    host = it.host("wiki")
    session = requests.Session()
    session.trust_env = False
    told = {"Host": host, "X-Forwarded-Host": host, "X-Forwarded-Proto": "http", "X-Forwarded-Uri": "/"}
    at = f"{it.server.base}/outpost.goauthentik.io"
    answer = session.get(f"{at}/auth/traefik", headers=told, allow_redirects=False)
    mine = answer.cookies
    browser = Browser()
    page = browser.get(answer.headers["Location"], allow_redirects=True)
    # The way back leads to the application's address, where nothing listens: its last step is asked here.
    try:
        page = browser.log_in(page, NAME, PASSWORD)
        back = page.url
    except requests.ConnectionError as refused:
        back = refused.request.url
    answer = requests.get(at + "/callback?" + back.split("?", 1)[1], headers={**told, "Cookie": "; ".join(f"{c.name}={c.value}" for c in mine)}, allow_redirects=False)
    cookie = "; ".join(f"{c.name}={c.value}" for c in answer.cookies if c.value)
    assert cookie, f"{answer.status_code} {answer.text[:300]}"
    headers = {**told, "Accept": "*/*", "User-Agent": "Mozilla/5.0", "Cookie": cookie, "X-Forwarded-For": "192.0.2.1", "X-Forwarded-Method": "GET"}
    return Peer("Keywright", it.server.http, it.server.process.pid, "/outpost.goauthentik.io/auth/traefik", headers), it.close


def oauth2_proxy(program, folder):
    port = free_port()
    digest = base64.b64encode(hashlib.sha1(PASSWORD.encode()).digest()).decode()
    (folder / "htpasswd").write_text(f"{NAME}:{{SHA}}{digest}\n")
    options = {
        "http-address": f"127.0.0.1:{port}",
        "provider": "github",
        "client-id": "nobody",
        "client-secret": "nothing",
        "cookie-secret": "0123456789abcdef0123456789abcdef",
        "cookie-secure": "false",
        "email-domain": "*",
        "htpasswd-file": str(folder / "htpasswd"),
        "upstream": "static://202",
        "reverse-proxy": "true",
        "trusted-proxy-ip": "127.0.0.1",
        "set-xauthrequest": "true",
        "request-logging": "false",
        "auth-logging": "false",
        "standard-logging": "false",
    }
    process = subprocess.Popen([program, *(f"--{k}={v}" for k, v in options.items())], cwd=folder, env={"HOME": str(folder)}, stderr=subprocess.DEVNULL)
    wait_for(port, process)
    session = requests.Session()
    session.trust_env = False
    session.post(f"http://127.0.0.1:{port}/oauth2/sign_in", data={"username": NAME, "password": PASSWORD, "rd": "/"}, allow_redirects=False)
    headers = {"Host": f"127.0.0.1:{port}", "Accept": "*/*", "User-Agent": "Mozilla/5.0", "Cookie": cookies(session, "oauth2_proxy")}
    headers |= {"X-Forwarded-For": "192.0.2.1", "X-Forwarded-Proto": "http", "X-Forwarded-Host": "wiki.example.test", "X-Forwarded-Uri": "/"}
    return Peer("oauth2-proxy", port, process.pid, "/oauth2/auth", headers), process.terminate


AUTHELIA = """\
theme: light
log: {{ level: error }}
server: {{ address: 'tcp://127.0.0.1:{port}/' }}
identity_validation: {{ reset_password: {{ jwt_secret: 'a secret that is long enough for it' }} }}
authentication_backend: {{ file: {{ path: '{folder}/users.yml', password: {{ algorithm: argon2, argon2: {{ iterations: 1, memory: 8192 }} }} }} }}
access_control: {{ default_policy: deny, rules: [{{ domain: '*.example.test', policy: one_factor }}] }}
session:
  secret: 'another secret that is long enough'
  cookies: [{{ domain: example.test, authelia_url: 'https://auth.example.test', default_redirection_url: 'https://www.example.test' }}]
ntp: {{ disable_startup_check: true }}
storage: {{ encryption_key: 'a third secret that is long enough', local: {{ path: '{folder}/db.sqlite3' }} }}
notifier: {{ filesystem: {{ filename: '{folder}/mail.txt' }} }}
"""


def authelia(program, folder):
    port = free_port()
    hashed = subprocess.run([program, "crypto", "hash", "generate", "argon2", "--password", PASSWORD, "-i", "1", "-m", "8192"], cwd=folder, capture_output=True, text=True, check=True)
    digest = hashed.stdout.split("Digest: ")[1].strip()
    users = f"users: {{ {NAME}: {{ displayname: Alice, password: '{digest}', email: {NAME}@example.com, groups: [readers] }} }}\n"
    (folder / "users.yml").write_text(users)
    (folder / "configuration.yml").write_text(AUTHELIA.format(port=port, folder=folder))
    environment = {"HOME": str(folder), "PATH": os.environ["PATH"]}
    process = subprocess.Popen([program, "--config", str(folder / "configuration.yml")], cwd=folder, env=environment, stdout=subprocess.DEVNULL)
    wait_for(port, process)
    told = {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "auth.example.test", "X-Forwarded-For": "192.0.2.1", "Host": "auth.example.test"}
    answer = requests.post(
        f"http://127.0.0.1:{port}/api/firstfactor",
        json={"username": NAME, "password": PASSWORD, "keepMeLoggedIn": False},
        headers={**told, "X-Forwarded-Uri": "/api/firstfactor", "X-Forwarded-Method": "POST"},
        timeout=30,
    )
    assert answer.ok, answer.text
    cookie = re.match("[^;]+", answer.headers["Set-Cookie"])[0]
    told |= {"X-Forwarded-Host": "wiki.example.test", "X-Forwarded-Uri": "/", "X-Forwarded-Method": "GET", "Host": "auth.example.test"}
    headers = {**told, "Accept": "*/*", "User-Agent": "Mozilla/5.0", "Cookie": cookie}
    return Peer("Authelia", port, process.pid, "/api/authz/forward-auth", headers), process.terminate


def outpost(program, _folder):
    world = World(program, log_level="error", AUTHENTIK_LOG_LEVEL="warning")
    host = world.host["notes"]
    cookie = world.log_in(world.person("alice"), "notes", f"http://{host}/")
    told = {"X-Forwarded-Host": host, "X-Forwarded-Proto": "http", "X-Forwarded-Uri": "/", "X-Forwarded-Method": "GET", "X-Forwarded-For": "192.0.2.1"}
    headers = {"Host": host, **told, "Accept": "*/*", "User-Agent": "Mozilla/5.0", **dict(cookie)}
    process = world.outpost.process.pid
    return Peer("authentik", world.outpost.http, process, "/outpost.goauthentik.io/auth/traefik", headers), lambda: world.close(quiet=True)


def main():
    peers, ends = [], []
    folder = pathlib.Path(tempfile.mkdtemp(prefix="keywright-peers-"))
    build = ["cargo", "bench", "--quiet", "-p", "benches", "--bench", "peers", "--"]
    try:
        bare = subprocess.Popen([*build, "--bare"], cwd=ROOT, stdout=subprocess.PIPE, text=True)
        ends.append(bare.terminate)
        port = int(bare.stdout.readline())
        listener = int(subprocess.run(["ps", "-o", "pid=", "--ppid", str(bare.pid)], capture_output=True, text=True).stdout.split()[0])
        ends.insert(0, lambda: os.kill(listener, 15))
        for start in (lambda: (Peer("bare axum", port, listener, "/", {"Host": "localhost", "Accept": "*/*"}), lambda: None), keywright):
            peer, end = start()
            peers.append(peer), ends.append(end)
        for name, variable, start in (("oauth2-proxy", "OAUTH2_PROXY", oauth2_proxy), ("authelia", "AUTHELIA", authelia), ("authentik-proxy", "AUTHENTIK_PROXY", outpost)):
            program = os.environ.get(variable) or shutil.which(name)
            if not program:
                print(f"{name} is not installed (${variable}): left out")
                continue
            (folder / name).mkdir()
            peer, end = start(program, folder / name)
            peers.append(peer), ends.append(end)
        arguments = []
        for peer in peers:
            if peer.name != "bare axum":
                peer.check()
            file = folder / f"{peer.name}.request"
            file.write_bytes(peer.request)
            arguments.append(f"{peer.name}={peer.port},{peer.process},{file}")
        subprocess.run([*build, *arguments], cwd=ROOT, check=True)
    finally:
        for end in ends:
            end()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
