"""What a reverse proxy asks the server, and what comes of it."""

import http.client
import json
import re
import urllib.parse

from api import Api
from server import TOKEN

PREFIX = "/outpost.goauthentik.io"
KINDS = ["traefik", "caddy", "nginx", "envoy"]
PASSWORD = "a person's password"
IDENTITY = ["username", "groups", "entitlements", "email", "name", "uid", "jwt"]
META = ["meta-jwks", "meta-outpost", "meta-provider", "meta-app", "meta-version"]


class Answer:
    def __init__(self, response):
        self.status, self.body = response.status, response.read()
        self.headers = {name.lower(): value for name, value in response.getheaders()}
        self.cookies = [value for name, value in response.getheaders() if name.lower() == "set-cookie"]

    def __repr__(self):
        return f"{self.status} {self.headers} {self.body[:300]}"

    def cookie(self):
        """What the browser keeps of it, as it sends it back."""
        return "; ".join(c.split(";")[0] for c in self.cookies if "Max-Age=0" not in c)

    def json(self):
        return json.loads(self.body)


def send(port, path, host, headers=(), method="GET", body=b""):
    """One request with its headers just as they are given, doubled or not."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
    connection.putheader("Host", host)
    for name, value in headers:
        connection.putheader(name, value if isinstance(value, bytes) else value.encode("utf-8"))
    if body:
        connection.putheader("Content-Length", str(len(body)))
    connection.endheaders(body)
    try:
        return Answer(connection.getresponse())
    finally:
        connection.close()


class Gate:
    """The server as reverse proxies see it: they ask over the loopback, which is trusted."""

    def __init__(self, server):
        self.server, self.api = server, Api(server.base, TOKEN)
        self.providers = {}

    def site(self, name, mode="forward_single", host=None, **more):
        """A site with its application, assigned to the embedded outpost."""
        host = host or f"{name}.example.test"
        provider = self.api.post(
            "/providers/proxy/",
            {
                "name": f"{name} provider",
                "authorization_flow": self.api.flow("default-provider-authorization-implicit-consent"),
                "invalidation_flow": self.api.flow("default-provider-invalidation-flow"),
                "mode": mode,
                "external_host": f"https://{host}",
                **more,
            },
        )
        application = self.api.post("/core/applications/", {"name": name, "slug": name, "provider": provider["pk"]})
        self.providers[name] = provider
        outpost = self.api.first("/outposts/instances/", managed__iexact="goauthentik.io/outposts/embedded")
        self.api.patch(f"/outposts/instances/{outpost['pk']}/", {"providers": [p["pk"] for p in self.providers.values()]})
        return provider, application

    def check(self, kind, host, path="/", cookie="", headers=(), method="GET"):
        """What a proxy of that kind asks when it got such a request, with the client's own headers among its own."""
        own = f"{PREFIX}/auth/{kind}"
        said = []
        if kind in ("traefik", "caddy"):
            said = [("X-Forwarded-Host", host), ("X-Forwarded-Proto", "https"), ("X-Forwarded-Uri", path), ("X-Forwarded-Method", method)]
        elif kind == "nginx":
            said = [("X-Original-URL", f"https://{host}{path}")]
        else:
            own += path
        if cookie:
            said.append(("Cookie", cookie))
        named = f"127.0.0.1:{self.server.http}" if kind in ("traefik", "caddy") else host
        return send(self.server.http, own, named, [*said, *headers], method if kind == "envoy" else "GET")

    def ask(self, host, path, cookie="", headers=(), method="GET", body=b""):
        """A request to one of our own addresses on a site's host, or through the proxy that we are."""
        more = [("Cookie", cookie)] if cookie else []
        return send(self.server.http, path, host, [("X-Forwarded-Proto", "https"), *more, *headers], method, body)

    def begin(self, kind, host, path="/deep/page?x=1"):
        """The first visit: where it is sent to, and the cookie that goes with it."""
        if kind == "nginx":
            refused = self.check(kind, host, path)
            assert refused.status == 401, refused
            answer = self.ask(host, f"{PREFIX}/start?{urllib.parse.urlencode({'rd': f'https://{host}{path}'})}")
        else:
            answer = self.check(kind, host, path)
        assert answer.status == 302, answer
        return answer.headers["location"], answer.cookie()

    def back(self, kind, host, url, cookie, headers=()):
        """The return with a code, by the way that this kind of proxy sends it."""
        parts = urllib.parse.urlsplit(url)
        path = f"{parts.path}?{parts.query}"
        if kind == "nginx":
            return self.ask(host, path, cookie, headers)
        return self.check(kind, host, path, cookie, headers)

    def log_in(self, person, kind, host, path="/deep/page?x=1", callback_host=None):
        """A whole login; the cookie of the session."""
        to, cookie = self.begin(kind, host, path)
        outside, answer = person.go(to)
        assert outside, f"{answer.status_code} {answer.text[:600]}"
        arrived = self.back(kind, callback_host or host, outside, cookie)
        assert arrived.status == 302, arrived
        assert arrived.headers["location"] == f"https://{host}{path}"
        return arrived.cookie()


def told(answer):
    """The identity headers of an answer."""
    own = {name: value for name, value in answer.headers.items() if re.match("x[-_]authentik[-_]", name)}
    # The request id is told on every answer.
    own.pop("x-authentik-id", None)
    return {name.removeprefix("x-authentik-"): value for name, value in own.items()}


def refused(answer):
    """Nobody passes, and nothing is said of anybody."""
    assert not 200 <= answer.status <= 299, answer
    assert not told(answer), answer
    return True
