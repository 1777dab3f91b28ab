"""Whoever guesses passwords and codes is slowed down, in parallel as in a row, and the owner is not locked out for good."""

import base64
import time

import pytest
import requests
from person import Client, Person, at_once

from server import TOKEN, Server
from api import Api

WORDS = "Too many wrong passwords. Try again in"


@pytest.fixture(scope="module")
def server():
    limits = {
        "KEYWRIGHT_THROTTLE__LOGIN__ACCOUNT": "10/minute",
        "KEYWRIGHT_THROTTLE__PROVIDERS__OAUTH2__DEVICE": "5/hour",
        "KEYWRIGHT_THROTTLE__DEVICE_CODE": "5/hour",
        "KEYWRIGHT_THROTTLE__DEFAULT": "30/second",
    }
    with Server(env=limits) as running:
        yield running


@pytest.fixture(scope="module")
def api(server):
    return Api(server.base, TOKEN)


def error_of(shown):
    """The first thing that is said to be wrong."""
    return next(e["string"] for errors in shown["response_errors"].values() for e in errors)


@pytest.mark.parametrize("name", ["paul", "nobody-of-this-name"])
def test_parallel_guesses_in_sessions_of_their_own_pass_no_limit(server, api, name):
    if name == "paul":
        api.user(name, "paul-password")
    answers = [error_of(shown) for shown in at_once(40, lambda n: Person(server).log_in(name, f"guess-{n}"))]
    looked_at = [a for a in answers if not a.startswith(WORDS)]
    assert len(looked_at) == 10, answers
    assert len(set(looked_at)) == 1
    # Six seconds a place: the right password is turned away, too, and accepted later.
    shown = Person(server).log_in(name, "paul-password")
    assert error_of(shown).startswith(WORDS)
    events = api.get(f"/events/events/?action=suspicious_request&username={name}")["results"]
    mine = [e for e in api.get("/events/events/?action=suspicious_request")["results"] if e["context"].get("username") == name]
    assert len(mine) == 1 and mine[0]["client_ip"] == "127.0.0.1", events
    if name == "paul":
        time.sleep(7)
        Person(server).logged_in(name, "paul-password")


def test_app_passwords_at_the_token_endpoint(server, api):
    client = Client(server, api, "robots")
    api.call("POST", "/core/users/service_account/", 200, json={"name": "robot", "create_group": False})

    def guess(n):
        if n % 2:
            return client.post("token", {"grant_type": "client_credentials", "client_id": "robots", "username": "robot", "password": f"guess-{n}"})
        packed = base64.b64encode(f"robot:guess-{n}".encode()).decode()
        return client.post("token", {"grant_type": "client_credentials", "client_id": "robots", "client_secret": packed})

    answers = at_once(30, guess)
    assert {a.json()["error"] for a in answers} == {"invalid_grant"}
    refused = [a for a in answers if a.status_code == 429]
    assert len(refused) == 20
    assert all(1 <= int(a.headers["Retry-After"]) <= 6 and WORDS in a.json()["error_description"] for a in refused)


def test_requests_for_device_codes(server, api):
    client = Client(server, api, "screens")
    answers = [client.post("device", {"client_id": "screens"}) for _ in range(7)]
    assert [a.status_code for a in answers] == [200] * 5 + [429] * 2
    assert answers[-1].json()["error"] == "slow_down" and int(answers[-1].headers["Retry-After"]) > 60


def test_device_codes_that_nobody_was_given(server, api):
    flow = api.post("/flows/instances/", {"name": "d", "slug": "d", "title": "d", "designation": "stage_configuration", "authentication": "require_authenticated"})
    api.patch(f"/core/brands/{api.first('/core/brands/')['brand_uuid']}/", {"flow_device_code": flow["pk"]})
    api.user("guesser", "guesser-password")
    person = Person(server).logged_in("guesser", "guesser-password")
    answers = [person.get(f"/device?code={n:09}").text for n in range(8)]
    assert ["Too many codes" in a for a in answers] == [False] * 5 + [True] * 3


def test_calls_of_the_api_by_nobody(server):
    answers = at_once(60, lambda _: requests.get(server.base + "/api/v3/root/config/", timeout=30))
    refused = [a for a in answers if a.status_code == 429]
    assert refused and len(refused) < 60
    assert refused[0].json()["detail"] == "Request was throttled. Expected available in 1 second."
    assert refused[0].headers["Retry-After"] == "1"
