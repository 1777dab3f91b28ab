"""A key to encrypt tokens to has no place at a proxy provider: outposts hold none to decrypt with."""

import sqlite3
import urllib.parse

import pytest
import requests
from api import Api
from asking import PASSWORD, Gate, told
from person import Person, claims
from server import TOKEN, Server

HOST = "sealed.example.test"


@pytest.fixture(scope="module")
def gate():
    with Server() as server:
        server.stop()
        server.env["AUTHENTIK_HOST"] = server.base
        server.start()
        gate = Gate(server)
        gate.site("sealed")
        gate.api.user("alice", PASSWORD)
        yield gate


def set_key(gate, provider, key):
    """The OAuth side of a proxy provider is shown as a provider of its own."""
    session = requests.Session()
    session.trust_env = False
    headers = {"Authorization": f"Bearer {TOKEN}"}
    return session.patch(f"{gate.api.base}/providers/oauth2/{provider['pk']}/", json={"encryption_key": key}, headers=headers, timeout=30)


def test_a_key_is_refused_with_the_reason(gate):
    provider, key = gate.providers["sealed"], gate.api.signing_key()
    refused = set_key(gate, provider, key)
    assert refused.status_code == 400 and "Proxy Provider" in refused.json()["encryption_key"][0], refused.text
    assert set_key(gate, provider, None).status_code == 200
    # Where clients can have keys, they still may.
    plain, _ = gate.api.oauth_app("plain", "https://plain.example.test/cb", encryption_key=key)
    assert plain["encryption_key"] == key and set_key(gate, plain, key).status_code == 200


def test_a_proxy_provider_takes_none(gate):
    provider = gate.providers["sealed"]
    gate.api.patch(f"/providers/proxy/{provider['pk']}/", {"encryption_key": gate.api.signing_key(), "mode": "forward_single", "internal_host": "http://x"})
    assert gate.api.get(f"/providers/oauth2/{provider['pk']}/")["encryption_key"] is None


def test_one_that_was_kept_keeps_nobody_out(gate):
    """As a database may have it that was filled before, or by authentik."""
    server, provider = gate.server, gate.providers["sealed"]
    key = gate.api.signing_key()
    server.stop()
    with sqlite3.connect(server.data / "keywright.db") as database:
        table = "authentik_providers_oauth2_oauth2provider"
        pair = "SELECT pk FROM authentik_crypto_certificatekeypair WHERE name = 'authentik Self-signed Certificate'"
        changed = database.execute(f"UPDATE {table} SET encryption_key = ({pair}) WHERE pk = ?", [provider["pk"]])
        assert changed.rowcount == 1
    server.start()
    gate.api = Api(server.base, TOKEN)
    assert gate.api.get(f"/providers/oauth2/{provider['pk']}/")["encryption_key"] == key
    # The embedded outpost, and the token that the application gets.
    alice = Person(server).logged_in("alice", PASSWORD)
    cookie = gate.log_in(alice, "nginx", HOST)
    token = told(gate.check("nginx", HOST, "/", cookie))["jwt"]
    assert claims(token)["preferred_username"] == "alice"
    # An outpost elsewhere, which redeems codes itself.
    (config,) = [c for c in gate.api.get("/outposts/proxy/")["results"] if c["pk"] == provider["pk"]]
    redirect = provider["redirect_uris"][0]["url"]
    query = {"response_type": "code", "client_id": config["client_id"], "redirect_uri": redirect, "scope": "openid profile", "state": "s"}
    outside, page = alice.go(f"{server.base}/application/o/authorize/?{urllib.parse.urlencode(query)}")
    assert outside, page.text[:300]
    code = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(outside).query))["code"]
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": redirect, "client_id": config["client_id"], "client_secret": config["client_secret"]}
    answer = requests.post(f"{server.base}/application/o/token/", data=form, timeout=30)
    assert answer.ok, answer.text
    assert claims(answer.json()["id_token"])["preferred_username"] == "alice"
    assert not [k for k in requests.get(config["oidc_configuration"]["jwks_uri"], timeout=30).json().get("keys", []) if k.get("use") == "enc"]
