"""Nobody gets a scope that the client is not set up for or that was not granted."""

import pytest
import requests
from person import Client, Person, claims, is_refused


@pytest.fixture(scope="module")
def client(server, api):
    return Client(server, api, "scopes", scopes=("openid", "profile"))


@pytest.fixture(scope="module")
def account(api):
    return api.post("/core/users/service_account/", {"name": "scope-agent", "create_group": False}, expect=200)


@pytest.fixture(scope="module")
def person(server, api):
    api.user("scoped", "scoped-password")
    return Person(server).logged_in("scoped", "scoped-password")


def by_code(client, person, account, scope):
    return client.redeem(person.code(client, scope=scope))


def by_secret(client, person, account, scope):
    return client.token(grant_type="client_credentials", scope=scope)


def by_app_password(client, person, account, scope):
    return client.token(grant_type="client_credentials", username="scope-agent", password=account["token"], scope=scope)


def by_password(client, person, account, scope):
    return client.token(grant_type="password", username="scope-agent", password=account["token"], scope=scope)


GRANTS = [by_code, by_secret, by_app_password, by_password]


@pytest.mark.parametrize("grant", GRANTS, ids=lambda f: f.__name__)
@pytest.mark.parametrize("extra", ["email", "offline_access", "groups", "goauthentik.io/api", "admin", "OPENID", "openid\temail", "*"])
def test_a_scope_that_is_not_configured_is_not_granted(client, person, account, grant, extra):
    answer = grant(client, person, account, f"openid {extra}")
    assert answer.status_code == 200, answer.text
    tokens = answer.json()
    assert set(tokens["scope"].split()) <= {"openid", "profile"}
    assert "refresh_token" not in tokens
    for told in (claims(tokens["access_token"]), claims(tokens["id_token"]), client.userinfo(tokens["access_token"]).json()):
        assert "email" not in told and "groups" not in told, told


def test_a_scope_that_was_not_asked_for_is_not_granted(client, person, account):
    for grant in GRANTS:
        token = grant(client, person, account, "openid").json()
        assert token["scope"].split() == ["openid"]
        assert "preferred_username" not in client.userinfo(token["access_token"]).json()


def test_the_device_flow_grants_no_more(server, client):
    answer = client.post("device", {"client_id": "scopes", "scope": "openid email offline_access"})
    assert answer.status_code == 200, answer.text
    is_refused(client.token(grant_type="urn:ietf:params:oauth:grant-type:device_code", device_code=answer.json()["device_code"]), "authorization_pending")


def test_the_token_endpoint_cannot_widen_a_code(client, person):
    code = person.code(client, scope="openid")
    answer = client.redeem(code, scope="openid profile email")
    assert answer.json()["scope"].split() == ["openid"]


def test_no_refresh_token_without_offline_access(server, api, person):
    client = Client(server, api, "scopes-offline", scopes=("openid", "offline_access"))
    assert "refresh_token" not in client.log_in(person, scope="openid")
    assert "refresh_token" in client.log_in(person, scope="openid offline_access")


def test_an_access_token_without_openid_reads_no_userinfo_of_others(server, client, person):
    token = client.log_in(person, scope="profile")["access_token"]
    answer = client.userinfo(token)
    assert answer.status_code in (200, 403)
    assert requests.get(f"{server.base}/application/o/userinfo/", timeout=30).status_code == 401
