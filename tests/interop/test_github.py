"""Clients that know GitHub only: its addresses, its scopes, its two interfaces."""

import urllib.parse

import pytest
import requests
from person import CALLBACK, Client, Person


@pytest.fixture(scope="module")
def client(server, api):
    return Client(server, api, "hub")


def log_in(server, client, person, scope):
    query = {"client_id": client.slug, "redirect_uri": CALLBACK, "scope": scope, "state": "s"}
    to, answer = person.go(f"/login/oauth/authorize?{urllib.parse.urlencode(query | {'response_type': 'code'})}")
    assert to, answer.text[:300]
    code = urllib.parse.parse_qs(urllib.parse.urlsplit(to).query)["code"][0]
    form = client.form({"grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK})
    answer = requests.post(f"{server.base}/login/oauth/access_token", data=form, timeout=30)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_a_client_of_github_learns_who_came_and_of_which_teams(server, api, client):
    group = api.group("Octo Team")
    api.user("octocat", "octocat-password", groups=[group])
    person = Person(server).logged_in("octocat", "octocat-password")
    tokens = log_in(server, client, person, "user:email read:org")
    assert set(tokens["scope"].split()) == {"user:email", "read:org"}
    for scheme in ("token", "Bearer"):
        headers = {"Authorization": f"{scheme} {tokens['access_token']}"}
        assert requests.get(server.base + "/user", headers=headers, timeout=30).json()["login"] == "octocat"
        assert [t["name"] for t in requests.get(server.base + "/user/teams", headers=headers, timeout=30).json()] == ["Octo Team"]


def test_its_scopes_open_what_they_are_called_after_and_no_more(server, api, client):
    api.user("monalisa", "monalisa-password")
    person = Person(server).logged_in("monalisa", "monalisa-password")
    tokens = log_in(server, client, person, "user:email")
    headers = {"Authorization": f"token {tokens['access_token']}"}
    assert requests.get(server.base + "/user", headers=headers, timeout=30).status_code == 200
    assert requests.get(server.base + "/user/teams", headers=headers, timeout=30).status_code == 403
    assert client.userinfo(tokens["access_token"]).status_code == 403
    # Elsewhere nobody asks for them.
    for answer in (client.token(grant_type="client_credentials", scope="user:email read:org"), client.redeem(person.code(client, scope="openid user:email"))):
        assert "user:email" not in answer.json()["scope"].split()
