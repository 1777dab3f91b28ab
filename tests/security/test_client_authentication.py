"""Only the client gets its tokens: with its own secret, sent one way."""

import base64
import urllib.parse

import pytest
from person import Client, Person, is_refused


def basic(text):
    return {"Authorization": "Basic " + base64.b64encode(text.encode()).decode()}


@pytest.fixture(scope="module")
def client(server, api):
    return Client(server, api, "secretive")


@pytest.fixture(scope="module")
def other(server, api):
    return Client(server, api, "secretive-other")


@pytest.fixture(scope="module")
def public(server, api):
    return Client(server, api, "secretive-public", client_type="public")


@pytest.fixture(scope="module")
def person(server, api):
    api.user("secret-keeper", "keeper-password")
    return Person(server).logged_in("secret-keeper", "keeper-password")


WRONG = {
    "none": None,
    "empty": "",
    "wrong": "wrong",
    "another client's": "secretive-other-secret",
    "one short": "secretive-secre",
    "one long": "secretive-secret1",
    "another case": "SECRETIVE-SECRET",
    "a space": "secretive-secret ",
    "NUL": "secretive-secret\0",
    "very long": "x" * 100_000,
}


@pytest.mark.parametrize("secret", WRONG.values(), ids=WRONG)
def test_a_wrong_secret_gets_nothing_for_a_code(client, person, secret):
    code = person.code(client)
    is_refused(client.redeem(code, client_secret=secret), "invalid_client")
    assert client.redeem(code).status_code == 200


@pytest.mark.parametrize("secret", WRONG.values(), ids=WRONG)
def test_a_wrong_secret_gets_no_client_credentials(client, secret):
    is_refused(client.token(grant_type="client_credentials", scope="openid", client_secret=secret), "invalid_grant")


@pytest.mark.parametrize("secret", WRONG.values(), ids=WRONG)
def test_a_wrong_secret_learns_and_ends_nothing(client, person, secret):
    token = client.log_in(person)["access_token"]
    form = client.form({"token": token, "client_secret": secret})
    assert client.post("introspect", form).json() == {"active": False}
    assert client.post("revoke", form).status_code == 401
    assert client.is_active(token)


HEADERS = {
    "wrong secret": basic("secretive:wrong"),
    "empty secret": basic("secretive:"),
    "no colon": basic("secretive"),
    "another client's secret": basic("secretive:secretive-other-secret"),
    "not base64": {"Authorization": "Basic !!!"},
    "nothing": {"Authorization": "Basic"},
    "another scheme": {"Authorization": "Bearer secretive-secret"},
    "not UTF-8": {"Authorization": "Basic " + base64.b64encode(b"\xff\xfe:\xff").decode()},
}


@pytest.mark.parametrize("header", HEADERS.values(), ids=HEADERS)
def test_a_bad_header_gets_nothing(client, person, header):
    code = person.code(client)
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": client.redirect, "client_id": "secretive"}
    is_refused(client.post("token", form, headers=header), "invalid_client")
    assert client.redeem(code).status_code == 200


def test_two_clients_in_one_request_do_not_mix(client, other, person):
    code = person.code(client)
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": client.redirect, "client_id": "secretive", "client_secret": "wrong"}
    answer = client.post("token", form, headers=basic("secretive-other:secretive-other-secret"))
    assert answer.status_code == 400 and answer.json()["error"] in ("invalid_client", "invalid_grant", "invalid_request")
    form = form | {"client_secret": "secretive-secret"}
    answer = client.post("token", form, headers=basic("secretive-other:wrong"))
    assert answer.status_code == 400, answer.text


def test_a_percent_encoded_secret_in_the_header_is_read_as_one(server, api, person):
    special = "a+b %41&=é:" * 3
    client = Client(server, api, "secretive-special", client_secret=special)
    form = {"grant_type": "authorization_code", "redirect_uri": client.redirect}
    encoded = basic(f"{urllib.parse.quote_plus('secretive-special')}:{urllib.parse.quote_plus(special)}")
    assert client.post("token", form | {"code": person.code(client)}, headers=encoded).status_code == 200
    is_refused(client.post("token", form | {"code": person.code(client)}, headers=basic(f"secretive-special:{special[:-1]}")), "invalid_client")


def test_a_public_client_proves_nothing(public, person):
    assert public.redeem(person.code(public)).status_code == 200
    # It has no secret to show where one is needed.
    for secret in ("", "wrong", None):
        is_refused(public.token(grant_type="client_credentials", scope="openid", client_secret=secret), "invalid_grant")
    token = public.log_in(person)["access_token"]
    assert not public.is_active(token)


@pytest.mark.parametrize("client_id", ["nope", "", "SECRETIVE", "secretive ", "secretive\0", "1", None])
def test_an_unknown_client_gets_nothing(client, client_id):
    is_refused(client.token(grant_type="client_credentials", scope="openid", client_id=client_id), "invalid_client")


def test_an_empty_secret_lets_nobody_in(server, api, person):
    client = Client(server, api, "secretive-empty", client_secret="")
    for secret in ("", None, "x"):
        is_refused(client.token(grant_type="client_credentials", scope="openid", client_secret=secret), "invalid_grant")
        is_refused(client.redeem(person.code(client), client_secret=secret), "invalid_client")
