"""Constant work on an installation, which keeps a ledger: what was promised, what failed, and what was decided wrongly.

A request fails when it gets no answer or a 5xx one: that is counted. A decision is wrong when an answer says what is not
so: somebody is let in who may not, kept out who may, or something counts twice. There may be none.
"""

import collections
import random
import threading
import time
import uuid

import requests
from api import Api
from person import Client, Person
from requests.adapters import HTTPAdapter
from server import TOKEN
from urllib3.util import Retry
from waiting import wait_for

PASSWORD = "password of the people"
GONE = (requests.RequestException, OSError)
# How long after an answer its effect may take on the other nodes.
SECOND = 1.0


class Unavailable(Exception):
    """No answer, or one that says to come later."""


def served(answer):
    if answer.status_code >= 500:
        raise Unavailable(answer.status_code)
    return answer


class Target:
    """Something with an address: a node or the balancer."""

    def __init__(self, base, http=None):
        self.base, self.http = base, http


class Traffic:
    def __init__(self, entry, nodes, host=None):
        self.entry, self.nodes = entry, nodes
        api = Api(entry.base, TOKEN)
        # On a loaded machine a balancer may take a node for away before it has begun; only the traffic is to be counted.
        patience = Retry(total=10, backoff_factor=0.2, status_forcelist=[503], allowed_methods=None, raise_on_status=False)
        api.session.mount("http://", HTTPAdapter(max_retries=patience))
        self.client = Client(entry, api, "traffic", "https://app.example.com/cb", scopes=("openid", "offline_access"))
        self.people = [f"person{n}" for n in range(4)]
        for name in self.people:
            api.user(name, PASSWORD)
        api.user("guessed", PASSWORD)
        self.gate = None
        self.lock, self.stopped = threading.Lock(), threading.Event()
        self.done, self.failed = collections.Counter(), collections.Counter()
        self.wrong, self.groups, self.when = [], [], []
        self.long_token = self.first_token()
        # Those that are ended for good: nobody may ever take them again.
        self.ended_tokens, self.ended_sessions = [], []

    def first_token(self):
        def ask():
            answer = self.client.token(grant_type="client_credentials")
            # In a list, as a refusal counts as false and is no reason to wait.
            return None if answer.status_code == 503 else [answer]

        [answer] = wait_for("a token", ask)
        return answer.json()["access_token"]

    # Kinds of work. Each raises when it could not be done, and calls `decided` for what it saw.

    def decided(self, right, what):
        if not right:
            with self.lock:
                self.wrong.append(f"{time.strftime('%H:%M:%S')} {what}")

    def live(self):
        return [n for n in self.nodes if n.process.poll() is None]

    def log_in(self):
        name = random.choice(self.people)
        person = Person(self.entry)
        shown = served(person.look()).json()
        password = shown.get("password_fields")
        shown = served(person.answer({"component": "ak-stage-identification", "uid_field": name} | ({"password": PASSWORD} if password else {}))).json()
        if shown.get("component") == "ak-stage-password":
            shown = served(person.answer({"component": "ak-stage-password", "password": PASSWORD})).json()
        if shown.get("component") == "ak-stage-user-login":
            shown = served(person.answer({"component": "ak-stage-user-login", "remember_me": False})).json()
        self.decided(shown.get("component") == "xak-flow-redirect", f"{name} was not let in: {shown}")
        me = served(person.session.get(self.entry.base + "/api/v3/core/users/me/", timeout=20))
        self.decided(me.status_code == 200 and me.json()["user"]["username"] == name, f"the session of {name}: {me.status_code} {me.text[:200]}")
        return person

    def guess(self):
        person = Person(self.entry)
        served(person.look())
        shown = served(person.answer({"component": "ak-stage-identification", "uid_field": "guessed", "password": "wrong"})).json()
        if shown.get("component") == "ak-stage-password":
            shown = served(person.answer({"component": "ak-stage-password", "password": "wrong"})).json()
        self.decided(shown.get("component") != "xak-flow-redirect", f"a wrong password was taken: {shown}")
        time.sleep(1)

    def log_out(self):
        """An ended session is over on every node within a second."""
        person = self.log_in()
        served(person.get("/api/v3/flows/executor/default-invalidation-flow/?query="))
        ended, cookie = time.monotonic(), person.cookie() or ""
        self.gone_everywhere(ended, cookie, "session")

    def gone_everywhere(self, ended, cookie, what):
        time.sleep(max(0, ended + SECOND - time.monotonic()))
        for node in self.live():
            try:
                me = requests.get(f"{node.base}/api/v3/core/users/me/", cookies={"authentik_session": cookie}, timeout=3)
            except GONE:
                continue
            self.decided(me.status_code != 200, f"an ended {what} was taken by {node.base} {time.monotonic() - ended:.1f} s later")
        with self.lock:
            self.ended_sessions.append(cookie)

    def use_code_twice(self):
        """A code is taken once, whichever nodes are asked."""
        person = self.log_in()
        to, answer = person.authorize(self.client)
        served(answer)
        code = (to or "").partition("code=")[2].partition("&")[0]
        self.decided(code, f"no code for a person who is logged in: {to} {answer.status_code} {answer.text[:200]}")
        form = self.client.form({"grant_type": "authorization_code", "code": code, "redirect_uri": self.client.redirect})
        statuses = []
        for node in random.sample(self.nodes, 2) + [self.entry]:
            try:
                statuses.append(requests.post(f"{node.base}/application/o/token/", data=form, timeout=8).status_code)
            except GONE:
                statuses.append(None)
        self.decided(statuses.count(200) <= 1, f"a code was taken twice: {statuses}")
        if statuses.count(200) == 0:
            # Without a lost answer, the first must have had it.
            self.decided(any(s is None or s >= 500 for s in statuses), f"a good code was refused: {statuses}")
            raise Unavailable

    def tokens(self):
        answer = served(self.client.token(grant_type="client_credentials"))
        self.decided(answer.status_code == 200, f"no token: {answer.text[:200]}")
        token = answer.json()["access_token"]
        for one in (token, self.long_token):
            seen = served(self.client.post("introspect", self.client.form({"token": one})))
            self.decided(seen.json().get("active") is True, f"a good token was refused: {seen.text[:200]}")
        served(self.client.post("revoke", self.client.form({"token": token})))
        ended = time.monotonic()
        time.sleep(SECOND)
        for node in self.live():
            try:
                seen = requests.post(f"{node.base}/application/o/introspect/", data=self.client.form({"token": token}), timeout=3)
            except GONE:
                continue
            if seen.status_code == 200:
                self.decided(seen.json()["active"] is False, f"a revoked token was taken by {node.base} {time.monotonic() - ended:.1f} s later")
        with self.lock:
            self.ended_tokens.append(token)

    def write(self):
        name = f"group {uuid.uuid4()}"
        answer = served(requests.post(f"{self.entry.base}/api/v3/core/groups/", json={"name": name}, headers={"Authorization": f"Bearer {TOKEN}"}, timeout=20))
        self.decided(answer.status_code == 201, f"a group was refused: {answer.status_code} {answer.text[:200]}")
        with self.lock:
            self.groups.append(answer.json()["pk"])

    def read(self):
        answer = served(requests.get(f"{self.entry.base}/api/v3/core/users/", params={"username": "akadmin"}, headers={"Authorization": f"Bearer {TOKEN}"}, timeout=20))
        self.decided(answer.status_code == 200 and answer.json()["pagination"]["count"] == 1, f"the administrator: {answer.status_code} {answer.text[:200]}")

    def with_gate(self, gate):
        """Checks of a forward-auth site too, with a cookie that stays good and others that do not."""
        self.gate = gate
        self.gate_cookie = gate.log_in(Person(self.entry).logged_in(self.people[0], PASSWORD), "nginx", "wiki.example.test")
        return self

    def check(self):
        seen = self.gate.check("nginx", "wiki.example.test", "/page", self.gate_cookie)
        if seen.status >= 500:
            raise Unavailable
        self.decided(seen.status == 200 and seen.headers.get("x-authentik-username") == self.people[0], f"a good cookie was refused: {seen}")
        seen = self.gate.check("nginx", "wiki.example.test", "/page", "", headers=[("X-authentik-username", "akadmin")])
        self.decided(not 200 <= seen.status < 300, f"nobody was let in: {seen}")

    # Running it.

    def one(self, kind):
        while not self.stopped.is_set():
            began = time.monotonic()
            try:
                kind()
                self.done[kind.__name__] += 1
            except (Unavailable, *GONE) as problem:
                with self.lock:
                    self.failed[kind.__name__] += 1
                    self.when.append((time.monotonic(), time.monotonic() - began, kind.__name__, repr(problem)[:200]))
                time.sleep(0.05)
            except Exception as problem:  # noqa: BLE001 - what nobody thought of is a finding
                self.decided(False, f"{kind.__name__}: {problem!r}")

    def start(self, kinds, each=1):
        self.kinds = kinds
        self.threads = [threading.Thread(target=self.one, args=(kind,), daemon=True) for kind in kinds for _ in range(each)]
        for thread in self.threads:
            thread.start()
        return self

    def end(self, patience=30):
        self.stopped.set()
        for thread in self.threads:
            thread.join(patience)

    def report(self):
        total = sum(self.done.values())
        failed = ", ".join(f"{kind} {n}" for kind, n in sorted(self.failed.items())) or "none"
        return f"{total} rounds of work done ({dict(self.done)}), failed: {failed}; wrong decisions: {len(self.wrong)}"

    def look_back(self):
        """Everything that was promised is there, on every node; everything that was ended is over."""
        for node in self.live():
            api = Api(node.base, TOKEN)
            lost = [pk for pk in self.groups if api.session.get(f"{api.base}/core/groups/{pk}/", timeout=20).status_code != 200]
            assert not lost, f"{len(lost)} of {len(self.groups)} acknowledged writes are lost on {node.base}"
            for token in self.ended_tokens[-20:]:
                seen = requests.post(f"{node.base}/application/o/introspect/", data=self.client.form({"token": token}), timeout=20)
                assert seen.json()["active"] is False
            for cookie in self.ended_sessions[-20:]:
                assert requests.get(f"{node.base}/api/v3/core/users/me/", cookies={"authentik_session": cookie}, timeout=20).status_code != 200
