"""`kill -9` in the middle of work: what was acknowledged is there, what was used stays used, and nobody has to help.

Twenty rounds (KEYWRIGHT_KILL_ROUNDS) on one data folder. In each, 200 logins and writes are under way when the server is
killed; after the restart everything that an answer had promised is looked for.
"""

import os
import random
import threading
import time
from concurrent.futures import ThreadPoolExecutor, wait

import pytest
import requests
from api import Api
from person import Client, Person
from server import TOKEN, Server

ROUNDS = int(os.environ.get("KEYWRIGHT_KILL_ROUNDS", "20"))
WORKERS = 200
JOBS = WORKERS
PEOPLE = 10
SCOPES = ("openid", "offline_access")
# Everything that can be seen of a server that is gone.
GONE = (requests.RequestException, OSError)


class Ledger:
    """What was acknowledged, and what was handed in without an answer."""

    def __init__(self):
        self.lock = threading.Lock()
        self.users, self.groups, self.tokens, self.sessions = set(), [], [], []
        # Handed in and answered with 200: used for certain. Handed in without an answer: used or not, once at most.
        self.used_codes, self.used_refresh, self.open_codes, self.open_refresh = [], [], [], []

    def is_full(self):
        return all((self.users, self.groups, self.tokens, self.sessions, self.used_codes, self.used_refresh))

    def note(self, where, what):
        with self.lock:
            list_or_set = getattr(self, where)
            list_or_set.add(what) if isinstance(list_or_set, set) else list_or_set.append(what)


class Round:
    def __init__(self, server, client, people, number):
        self.server, self.client, self.people, self.number = server, client, people, number
        self.ledger, self.stop = Ledger(), threading.Event()

    def jobs(self):
        kinds = [self.create_user, self.create_group, self.log_in, self.use_codes, self.use_codes, self.issue]
        return [(kinds[n % len(kinds)], n) for n in range(JOBS)]

    def run(self):
        def one(kind, n):
            while not self.stop.is_set():
                try:
                    kind(n)
                except GONE:
                    return

        with ThreadPoolExecutor(WORKERS) as pool:
            # A login is five requests and a hash: those who log in need a start before the others fill every queue.
            first = [job for job in self.jobs() if job[0] == self.log_in]
            running = [pool.submit(one, kind, n) for kind, n in first]
            time.sleep(0.4)
            running += [pool.submit(one, kind, n) for kind, n in self.jobs() if (kind, n) not in first]
            time.sleep(random.uniform(0.5, 2.5))
            # On a slow machine logins take longer than that, and a round without any shows nothing.
            patience = time.monotonic() + 30
            while not self.ledger.is_full() and time.monotonic() < patience:
                time.sleep(0.05)
            self.server.process.kill()
            self.server.process.wait()
            self.stop.set()
            done, _ = wait(running, timeout=60)
        assert len(done) == JOBS
        for future in done:
            future.result()

    def session(self):
        session = requests.Session()
        session.trust_env = False
        return session

    def create_user(self, n):
        api = Api(self.server.base, TOKEN)
        while not self.stop.is_set():
            name = f"r{self.number}-{n}-{time.monotonic_ns()}"
            answer = api.session.post(api.base + "/core/users/", json={"username": name, "name": name, "email": f"{name}@example.com"}, timeout=20)
            assert answer.status_code == 201, answer.text
            self.ledger.note("users", name)

    def create_group(self, n):
        api = Api(self.server.base, TOKEN)
        while not self.stop.is_set():
            attributes = {"round": self.number, "at": time.monotonic_ns()}
            name = f"r{self.number}-{n}-{attributes['at']}"
            answer = api.session.post(api.base + "/core/groups/", json={"name": name, "attributes": attributes}, timeout=20)
            assert answer.status_code == 201, answer.text
            self.ledger.note("groups", (answer.json()["pk"], attributes))

    def log_in(self, n):
        while not self.stop.is_set():
            person, name = Person(self.server), f"person{n % PEOPLE}"
            shown = person.log_in(name, "kill-password")
            if shown.get("component") == "xak-flow-redirect":
                self.ledger.note("sessions", (person.cookie(), name))

    def use_codes(self, n):
        # Sessions of earlier rounds: they outlive every kill.
        person = Person(self.server)
        person.session.cookies.set("authentik_session", self.people[n % len(self.people)], path="/")
        while not self.stop.is_set():
            code = person.code(self.client, scope="openid offline_access")
            self.ledger.note("open_codes", code)
            answer = self.client.redeem(code)
            assert answer.status_code == 200, answer.text
            tokens = answer.json()
            self.ledger.note("used_codes", code)
            if random.random() < 0.5:
                self.ledger.note("open_refresh", tokens["refresh_token"])
                answer = self.client.refresh(tokens["refresh_token"])
                assert answer.status_code == 200, answer.text
                self.ledger.note("used_refresh", tokens["refresh_token"])
                tokens = answer.json()
            self.ledger.note("tokens", tokens)

    def issue(self, n):
        with self.session() as session:
            while not self.stop.is_set():
                answer = self.client.token(session=session, grant_type="client_credentials", scope="openid")
                assert answer.status_code == 200, answer.text
                self.ledger.note("tokens", answer.json())

    # After the restart.

    def check(self):
        api, ledger = Api(self.server.base, TOKEN), self.ledger
        found = set()
        page = 1
        while page:
            answer = api.get("/core/users/", search=f"r{self.number}-", page=page, page_size=100, include_groups="false")
            found |= {u["username"] for u in answer["results"]}
            page = answer["pagination"]["next"]
        lost = ledger.users - found
        assert not lost, f"{len(lost)} of {len(ledger.users)} acknowledged users are lost: {sorted(lost)[:3]}"
        for pk, attributes in sample(ledger.groups, 60):
            assert api.get(f"/core/groups/{pk}/")["attributes"] == attributes
        for cookie, name in sample(ledger.sessions, 20):
            with self.session() as session:
                session.headers["Cookie"] = f"authentik_session={cookie}"
                answer = session.get(self.server.base + "/api/v3/core/users/me/", timeout=30)
                assert answer.status_code == 200 and answer.json()["user"]["username"] == name, "an acknowledged session is lost"
        for tokens in sample(ledger.tokens, 60):
            for kind in ("access_token", "refresh_token"):
                if kind in tokens:
                    assert self.client.is_active(tokens[kind]), f"an acknowledged {kind} is lost"
        # Families that nobody reuses below are checked above, before reuse ends them.
        for code in sample(ledger.used_codes, 30):
            assert self.client.redeem(code).status_code == 400, "a code was used twice"
        for token in sample(ledger.used_refresh, 30):
            assert self.client.refresh(token).status_code == 400, "a refresh token was used twice"
        for code in set(ledger.open_codes) - set(ledger.used_codes):
            assert [self.client.redeem(code).status_code for _ in range(2)].count(200) <= 1
            assert self.client.redeem(code).status_code == 400
        for token in set(ledger.open_refresh) - set(ledger.used_refresh):
            assert [self.client.refresh(token).status_code for _ in range(2)].count(200) <= 1
            assert self.client.refresh(token).status_code == 400


def sample(rows, most):
    return random.sample(rows, min(most, len(rows)))


@pytest.mark.skipif(ROUNDS == 0, reason="KEYWRIGHT_KILL_ROUNDS=0")
def test_nothing_acknowledged_is_lost_and_nothing_is_used_twice(tmp_path, capsys):
    server = Server(data=tmp_path)
    server.start()
    try:
        api = Api(server.base, TOKEN)
        client = Client(server, api, "killed", scopes=SCOPES)
        for n in range(PEOPLE):
            api.user(f"person{n}", "kill-password")
        people = [Person(server).logged_in(f"person{n}", "kill-password").cookie() for n in range(PEOPLE)]
        totals = dict.fromkeys(("users", "groups", "sessions", "tokens", "used_codes", "used_refresh"), 0)
        slowest = 0
        for number in range(ROUNDS):
            this = Round(server, client, people, number)
            this.run()
            slowest = max(slowest, server.start())
            this.check()
            people = [cookie for cookie, _ in sample(this.ledger.sessions, PEOPLE)] or people
            for name in totals:
                totals[name] += len(getattr(this.ledger, name))
        # A round in which nothing was acknowledged shows nothing.
        assert all(count > 0 for count in totals.values()), totals
        assert "corrupt" not in server.log.read_text().lower()
        with capsys.disabled():
            print(f"\n{ROUNDS} kills; acknowledged: {totals}; slowest start {slowest * 1000:.0f} ms")
    finally:
        server.stop()
