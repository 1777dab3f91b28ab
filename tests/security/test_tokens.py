"""Tokens that were changed, forged, taken from elsewhere or have ended open nothing."""

import base64
import json
import time

import pytest
import requests
from authlib.jose import JsonWebKey, jwt
from cryptography.hazmat.primitives import serialization
from cryptography.x509 import load_pem_x509_certificate
from person import Client, Person, claims, is_refused

ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


def part(value):
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


def head(token):
    first = token.split(".")[0]
    return json.loads(base64.urlsafe_b64decode(first + "=" * (-len(first) % 4)))


@pytest.fixture(scope="module")
def client(server, api):
    return Client(server, api, "tokens", scopes=("openid", "email", "profile", "offline_access"))


@pytest.fixture(scope="module")
def other(server, api):
    return Client(server, api, "tokens-other")


@pytest.fixture(scope="module")
def federated(server, api, client):
    """Trusts the tokens of `client`."""
    return Client(server, api, "tokens-federated", jwt_federation_providers=[client.provider["pk"]])


@pytest.fixture
def person(server, api, request):
    name = f"bearer{abs(hash(request.node.name)) % 10**8}"
    user = api.user(name, "bearer-password")
    person = Person(server).logged_in(name, "bearer-password")
    person.pk = user["pk"]
    return person


@pytest.fixture(scope="module")
def public_pem(api):
    answer = api.get(f"/crypto/certificatekeypairs/{api.signing_key()}/view_certificate/")
    key = load_pem_x509_certificate(answer["data"].encode()).public_key()
    return key.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)


def stranger_key():
    return JsonWebKey.generate_key("RSA", 2048, is_private=True)


def sign(header, payload, key):
    return jwt.encode(header, payload, key).decode()


def forgeries(token, public_pem, issuer):
    body, own = claims(token), stranger_key()
    header = head(token)
    import hashlib
    import hmac

    def hs256(secret):
        text = f"{part({'alg': 'HS256', 'typ': 'JWT', 'kid': header['kid']})}.{part(body)}"
        tag = base64.urlsafe_b64encode(hmac.new(secret, text.encode(), hashlib.sha256).digest()).decode().rstrip("=")
        return f"{text}.{tag}"

    _, payload, signature = token.split(".")
    flipped = "B" if signature[0] == "A" else "A"
    return {
        "alg none": f"{part({'alg': 'none', 'typ': 'JWT'})}.{payload}.",
        "alg None": f"{part({'alg': 'None', 'kid': header['kid']})}.{payload}.",
        "alg none with the signature": f"{part({'alg': 'none', 'kid': header['kid']})}.{payload}.{signature}",
        "no alg": f"{part({'kid': header['kid']})}.{payload}.{signature}",
        "HS256 with the public key": hs256(public_pem),
        "HS256 with the client's secret": hs256(b"tokens-secret"),
        "HS256 with nothing": hs256(b""),
        "another key under our kid": sign({"alg": "RS256", "kid": header["kid"]}, body, own),
        "another key with its jwk": sign({"alg": "RS256", "kid": header["kid"], "jwk": own.as_dict(is_private=False)}, body, own),
        "another key with jku": sign({"alg": "RS256", "kid": "x", "jku": issuer + "evil"}, body, own),
        "an unknown kid": sign({"alg": "RS256", "kid": "../../dev/null"}, body, own),
        "changed claims": f"{token.split('.')[0]}.{part({**body, 'sub': 'somebody else'})}.{signature}",
        "changed signature": f"{token.split('.')[0]}.{payload}.{flipped}{signature[1:]}",
        "no signature": f"{token.split('.')[0]}.{payload}.",
        "two parts": f"{token.split('.')[0]}.{payload}",
        "one short": token[:-1],
        "twenty short": token[:-20],
        "trailing garbage": token + "x",
        "trailing part": token + ".x",
        "only a dot": ".",
        "nothing": "",
    }


NAMES = list(forgeries(f"{part({'alg': 'RS256', 'kid': 'k'})}.{part({'sub': 's'})}.c2ln", b"x", "http://x/"))


@pytest.mark.parametrize("name", NAMES)
def test_a_forged_token_opens_nothing(server, client, federated, person, public_pem, name):
    good = client.log_in(person, scope="openid profile")["access_token"]
    token = forgeries(good, public_pem, server.base)[name]
    assert not client.is_active(token)
    assert client.userinfo(token).status_code == 401
    grant = {"grant_type": "client_credentials", "client_assertion_type": ASSERTION, "client_assertion": token, "client_secret": None}
    assert federated.token(**grant).status_code == 400
    api = requests.get(f"{server.base}/api/v3/core/users/me/", headers={"Authorization": f"Bearer {token}"}, timeout=30)
    assert api.status_code == 403
    # The true one does, so that the test tests something.
    assert client.userinfo(good).status_code == 200
    assert federated.token(**grant | {"client_assertion": good}).status_code == 200


def test_an_id_token_is_no_access_token(server, client, person):
    token = client.log_in(person)["id_token"]
    assert client.userinfo(token).status_code == 401
    assert not client.is_active(token)


def test_an_access_token_is_no_key_to_the_api(server, client, person):
    token = client.log_in(person)["access_token"]
    answer = requests.get(f"{server.base}/api/v3/core/users/me/", headers={"Authorization": f"Bearer {token}"}, timeout=30)
    assert answer.status_code == 403


def test_another_provider_learns_nothing_of_a_token(client, other, person):
    tokens = client.log_in(person, scope="openid offline_access")
    assert client.is_active(tokens["access_token"]) and client.is_active(tokens["refresh_token"])
    assert not other.is_active(tokens["access_token"]) and not other.is_active(tokens["refresh_token"])


def test_another_provider_revokes_nothing(client, other, person):
    tokens = client.log_in(person, scope="openid offline_access")
    other.post("revoke", other.form({"token": tokens["access_token"]}))
    other.post("revoke", other.form({"token": tokens["refresh_token"]}))
    assert client.is_active(tokens["access_token"]) and client.is_active(tokens["refresh_token"])


def test_a_provider_that_is_not_trusted_gives_no_assertions(other, federated, person):
    token = other.log_in(person)["access_token"]
    is_refused(
        federated.token(grant_type="client_credentials", client_assertion_type=ASSERTION, client_assertion=token, client_secret=None), "invalid_grant"
    )


def test_it_ends_in_time(server, api, federated, person):
    brief = Client(server, api, "tokens-brief", access_token_validity="seconds=1", scopes=("openid",))
    token = brief.log_in(person)["access_token"]
    assert brief.is_active(token)
    time.sleep(1.2)
    assert not brief.is_active(token) and brief.userinfo(token).status_code == 401


def revoked(api, client, person, tokens):
    assert client.post("revoke", client.form({"token": tokens["access_token"]})).status_code == 200


def deactivated(api, client, person, tokens):
    api.patch(f"/core/users/{person.pk}/", {"is_active": False})


def deleted(api, client, person, tokens):
    api.call("DELETE", f"/core/users/{person.pk}/", 204)


def removed(api, client, person, tokens):
    row = api.first("/oauth2/access_tokens/", user=person.pk)
    api.call("DELETE", f"/oauth2/access_tokens/{row['pk']}/", 204)


@pytest.mark.parametrize("end", [revoked, deactivated, deleted, removed], ids=lambda f: f.__name__)
def test_it_ends_when_its_reason_ends(api, client, person, end):
    tokens = client.log_in(person)
    end(api, client, person, tokens)
    assert not client.is_active(tokens["access_token"])
    assert client.userinfo(tokens["access_token"]).status_code == 401


def test_it_ends_with_its_provider(server, api, person):
    gone = Client(server, api, "tokens-gone")
    token = gone.log_in(person)["access_token"]
    api.call("DELETE", f"/providers/oauth2/{gone.provider['pk']}/", 204)
    assert gone.userinfo(token).status_code == 401
    assert not gone.is_active(token)


def test_its_header_tells_only_what_is_needed(client, person):
    tokens = client.log_in(person)
    for token in (tokens["access_token"], tokens["id_token"]):
        assert set(head(token)) <= {"alg", "kid", "typ"} and head(token)["alg"] == "RS256"
        assert claims(token)["iss"].endswith("/application/o/tokens/") and claims(token)["aud"] == "tokens"
