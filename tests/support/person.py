"""A person with a browser of their own who answers flows step by step, and the applications they go to."""

import base64
import hashlib
import json
import re
import urllib.parse
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import requests

LOGIN = "default-authentication-flow"
CALLBACK = "https://app.example.com/cb"


def s256(verifier):
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")


def claims(token):
    body = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))


def at_once(number, what):
    """Runs `what` so often at the same moment; returns what came out."""
    gate = Barrier(number)

    def one(n):
        gate.wait()
        return what(n)

    with ThreadPoolExecutor(number) as pool:
        return list(pool.map(one, range(number)))


class Person:
    """A browser, as far as the executor's API needs one."""

    def __init__(self, server, **headers):
        self.server, self.session = server, requests.Session()
        self.session.trust_env = False
        self.session.headers.update(headers)

    def url(self, path):
        return urllib.parse.urljoin(self.server.base, path)

    def get(self, path, follow=False, **kw):
        return self.session.get(self.url(path), allow_redirects=follow, timeout=60, **kw)

    def call(self, method, path, **kw):
        """A call of the API under the session, with the token against forgery."""
        headers = {"X-authentik-CSRF": self.session.cookies.get("authentik_csrf") or "", **kw.pop("headers", {})}
        return self.session.request(method, f"{self.server.base}/api/v3{path}", headers=headers, timeout=60, **kw)

    def cookie(self):
        return self.session.cookies.get("authentik_session")

    # A flow.

    def look(self, slug=LOGIN, query=""):
        """The present challenge."""
        return self.session.get(f"{self.server.base}/api/v3/flows/executor/{slug}/", params={"query": query}, timeout=60)

    def answer(self, body, slug=LOGIN, query="", **kw):
        """Answers the challenge; where the answer is accepted, what comes out is the next one."""
        kw = kw or {"json": body}
        return self.session.post(f"{self.server.base}/api/v3/flows/executor/{slug}/", params={"query": query}, timeout=60, **kw)

    def log_in(self, username, password, slug=LOGIN, query=""):
        """Goes through a login; the last challenge as it was answered with."""
        shown = self.look(slug, query).json()
        for _ in range(6):
            component = shown.get("component")
            if component == "ak-stage-identification":
                body = {"component": component, "uid_field": username} | ({"password": password} if shown.get("password_fields") else {})
            elif component == "ak-stage-password":
                body = {"component": component, "password": password}
            elif component == "ak-stage-user-login":
                body = {"component": component, "remember_me": False}
            else:
                return shown
            before, shown = component, self.answer(body, slug, query).json()
            if shown.get("response_errors") and shown.get("component") == before:
                return shown
        return shown

    def logged_in(self, username, password):
        shown = self.log_in(username, password)
        assert shown["component"] == "xak-flow-redirect", shown
        return self

    def who(self):
        """The name that the API knows the session under, or None."""
        answer = self.session.get(self.server.base + "/api/v3/core/users/me/", timeout=60)
        return answer.json()["user"]["username"] if answer.status_code == 200 else None

    # An application.

    def go(self, url, most=15):
        """Follows redirects and flows that ask for nothing. Returns the address outside, or None, and the last answer."""
        for _ in range(most):
            answer = self.get(url)
            to = answer.headers.get("Location") if answer.is_redirect else None
            if to is None and answer.headers.get("content-type", "").startswith("application/json"):
                shown = answer.json()
                if shown.get("component") == "ak-stage-consent":
                    answer = self.session.post(answer.url, json={"component": "ak-stage-consent", "token": shown["token"]}, timeout=60)
                    shown = answer.json()
                to = shown.get("to") if shown.get("component") == "xak-flow-redirect" else None
            if to is None:
                return None, answer
            to = urllib.parse.urljoin(answer.url, to)
            parts = urllib.parse.urlsplit(to)
            if f"{parts.scheme}://{parts.netloc}" != self.server.base:
                return to, answer
            flow = re.fullmatch("/if/flow/([^/]+)/", parts.path)
            url = f"/api/v3/flows/executor/{flow[1]}/?{urllib.parse.urlencode({'query': parts.query})}" if flow else to
        raise AssertionError(f"too many redirects, at last to {url}")

    def authorize(self, client, **over):
        return self.go(client.authorize_url(**over))

    def code(self, client, **over):
        to, answer = self.authorize(client, **over)
        code = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(to or "").query)).get("code")
        assert code, f"no code: {to} {answer.status_code} {answer.text[:400]}"
        return code


class Client:
    """An application with its provider, and what it sends to the token endpoint."""

    def __init__(self, server, api, slug, redirect=CALLBACK, **extra):
        self.server, self.slug, self.redirect = server, slug, redirect
        self.provider, self.application = api.oauth_app(slug, redirect, **extra)
        self.public = self.provider["client_type"] == "public"

    def authorize_url(self, **over):
        query = {"response_type": "code", "client_id": self.slug, "redirect_uri": self.redirect, "scope": "openid", "state": "s", "nonce": "n"}
        query = {k: v for k, v in (query | over).items() if v is not None}
        return f"{self.server.base}/application/o/authorize/?{urllib.parse.urlencode(query)}"

    def post(self, path, form, **kw):
        session = kw.pop("session", requests)
        return session.post(f"{self.server.base}/application/o/{path}/", data=form, timeout=60, **kw)

    def form(self, form):
        own = {"client_id": self.slug} | ({} if self.public else {"client_secret": self.provider["client_secret"]})
        return {k: v for k, v in (own | form).items() if v is not None}

    def token(self, session=requests, headers=None, **form):
        return self.post("token", self.form(form), session=session, headers=headers)

    def redeem(self, code, **form):
        return self.token(**({"grant_type": "authorization_code", "code": code, "redirect_uri": self.redirect} | form))

    def refresh(self, token, **form):
        return self.token(**({"grant_type": "refresh_token", "refresh_token": token} | form))

    def log_in(self, person, scope="openid", **over):
        """Tokens for a person who is logged in."""
        answer = self.redeem(person.code(self, scope=scope, **over))
        assert answer.status_code == 200, answer.text
        return answer.json()

    def is_active(self, token):
        answer = self.post("introspect", self.form({"token": token}))
        assert answer.status_code == 200, answer.text
        return answer.json()["active"]

    def userinfo(self, token):
        return requests.get(f"{self.server.base}/application/o/userinfo/", headers={"Authorization": f"Bearer {token}"}, timeout=60)


def is_refused(answer, error, status=400):
    """An OAuth error with this code, and nothing that could be a token."""
    assert answer.status_code == status, f"{answer.status_code} {answer.text[:400]}"
    body = answer.json()
    assert body["error"] == error and body["error_description"], body
    assert not {"access_token", "refresh_token", "id_token", "code"} & set(body), body
