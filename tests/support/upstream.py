"""authentik's own proxy outpost, the program itself, beside a server of ours with a site in each of the three modes."""

import contextlib
import json
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import urllib.parse

import raw
from api import Api
from applications import Application
from person import Person
from server import TOKEN, Server, free_port
from waiting import wait_for

# Where it is installed.
PROGRAM = os.environ.get("AUTHENTIK_PROXY")
PASSWORD = "a person's password"
PREFIX = "/outpost.goauthentik.io"


class Upstream:
    """The program, on ports of the loopback and with its sessions in a folder of its own. Its token is set before it is started."""

    def __init__(self, program, server):
        self.program = program
        self.http, self.https, self.metrics = free_port(), free_port(), free_port()
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="keywright-upstream-"))
        self.log = self.folder / "outpost.log"
        self.env = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder),
            "TMPDIR": str(self.folder),
            "AUTHENTIK_LISTEN__HTTP": f"127.0.0.1:{self.http}",
            "AUTHENTIK_LISTEN__HTTPS": f"127.0.0.1:{self.https}",
            "AUTHENTIK_LISTEN__METRICS": f"127.0.0.1:{self.metrics}",
            "AUTHENTIK_HOST": server.base,
        }
        self.process = None

    def start(self):
        self.process = subprocess.Popen([self.program], env=self.env, stdout=self.log.open("ab"), stderr=subprocess.STDOUT, cwd=self.folder)
        wait_for("the outpost", self.answers, 60)

    def answers(self):
        assert self.process.poll() is None, f"it ended with {self.process.returncode}: {self.log.read_text()[-2000:]}"
        with contextlib.suppress(OSError):
            return raw.send(self.http, f"{PREFIX}/ping", "localhost").status == 204

    def said(self):
        """What its log says, an object a line."""
        lines = self.log.read_text().splitlines()
        return [json.loads(line) for line in lines if line.startswith("{")]

    def close(self):
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(15)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)


class World:
    """Our server, the program, and a site in each of the three modes."""

    def __init__(self, program=PROGRAM, log_level="trace", **env):
        raw.resolve_here()
        self.application = Application("wiki").__enter__()
        self.server = Server(port=free_port(), env=env)
        self.server.start()
        self.api = Api(self.server.base, TOKEN)
        readers = self.api.group("readers")
        for name in ("alice", "bob"):
            user = self.api.user(name, PASSWORD, [readers])
            attributes = {"app_name": f"{name}-there", "app_word": "open sesame", "additionalHeaders": {"X-Desk": f"{name}'s desk"}}
            self.api.patch(f"/core/users/{user['pk']}/", {"attributes": attributes})
        self.outpost = Upstream(program, self.server)
        at = self.outpost.http
        self.host = {"wiki": f"wiki.{raw.DOMAIN}:{at}", "notes": f"notes.{raw.DOMAIN}:{at}", "team": f"auth.team.{raw.DOMAIN}:{at}"}
        attributes = {"basic_auth_user_attribute": "app_name", "basic_auth_password_attribute": "app_word"}
        self.providers = {
            "wiki": self.provider("wiki", "proxy", internal_host=self.application.base, skip_path_regex="^/public/", basic_auth_enabled=True, **attributes),
            "notes": self.provider("notes", "forward_single", skip_path_regex="^/public/"),
            "team": self.provider("team", "forward_domain", cookie_domain=f"team.{raw.DOMAIN}"),
        }
        config = {"authentik_host": self.server.base, "log_level": log_level}
        served = [p["pk"] for p in self.providers.values()]
        self.object = self.api.post("/outposts/instances/", {"name": "theirs", "type": "proxy", "providers": served, "config": config})
        self.outpost.env["AUTHENTIK_TOKEN"] = self.api.get(f"/core/tokens/{self.object['token_identifier']}/view_key/")["key"]
        try:
            self.outpost.start()
        except BaseException:
            self.close()
            raise

    def provider(self, name, mode, **extra):
        flows = {kind: self.api.flow(f"default-provider-{slug}") for kind, slug in (("authorization_flow", "authorization-implicit-consent"), ("invalidation_flow", "invalidation-flow"))}
        made = self.api.post("/providers/proxy/", {"name": name, "mode": mode, "external_host": f"http://{self.host[name]}", **flows, **extra})
        self.api.post("/core/applications/", {"name": name, "slug": name, "provider": made["pk"]})
        return made

    def close(self, quiet=False):
        if not quiet and self.outpost.log.exists():
            print("--- the outpost's log ---")
            print(self.outpost.log.read_text()[-6000:])
        self.outpost.close()
        self.server.__exit__(None)
        self.application.__exit__()

    def get(self, site, path="/", headers=()):
        return raw.send(self.outpost.http, path, self.host[site], headers=list(headers))

    def check(self, kind, host, path="/", cookies=(), outpost=None):
        """What a reverse proxy of that kind asks when somebody wants such a page."""
        named = host.split(":")[0] if "team" in host else host
        if kind == "nginx":
            said = [("X-Original-URL", f"http://{host}{path}")]
        else:
            said = [("X-Forwarded-Proto", "http"), ("X-Forwarded-Host", named), ("X-Forwarded-Uri", path), ("X-Forwarded-Method", "GET")]
        own = f"{PREFIX}/auth/{kind}" + (path if kind == "envoy" else "")
        return raw.send((outpost or self.outpost).http, own, named, headers=[*said, *cookies])

    @contextlib.contextmanager
    def another(self, **env):
        """The program once more, with other settings, for the same sites."""
        other = Upstream(self.outpost.program, self.server)
        other.env |= {"AUTHENTIK_TOKEN": self.outpost.env["AUTHENTIK_TOKEN"], **env}
        try:
            other.start()
            yield other
        finally:
            print(other.log.read_text()[-2000:])
            other.close()

    def log_in(self, person, site, rd, outpost=None):
        """From the page where a login begins to the one that was asked for; the headers of who is logged in."""
        jar, port = {}, (outpost or self.outpost).http

        def go(url):
            parts = urllib.parse.urlsplit(url)
            kept = [("Cookie", "; ".join(f"{k}={v}" for k, v in jar.items()))] if jar else []
            answer = raw.send(port, f"{parts.path}?{parts.query}", self.host[site], headers=kept)
            assert answer.status == 302, f"{url}: {answer}"
            if cookie := answer.headers.get("set-cookie"):
                name, _, value = cookie.split(";")[0].partition("=")
                jar[name] = value
            return answer.headers["location"]

        to = go(f"http://{self.host[site]}{PREFIX}/start?{urllib.parse.urlencode({'rd': rd})}")
        assert to.startswith(person.server.base + "/application/o/authorize/"), to
        outside, answer = person.go(to)
        assert outside and outside.startswith(f"http://{self.host[site]}{PREFIX}/callback?"), f"{outside} {answer.text[:500]}"
        assert go(outside) == rd
        return [("Cookie", "; ".join(f"{k}={v}" for k, v in jar.items()))]

    def person(self, name):
        return Person(self.server).logged_in(name, PASSWORD)
