"""Names that look alike are not the same person, and a name that was free again is a new person."""

import pytest
import requests
from person import Client, Person


@pytest.fixture(scope="module", autouse=True)
def owner(api):
    return api.user("grace", "grace-password")


LOOKALIKES = {
    "Cyrillic": "grаce",
    "full width": "ｇrace",
    "zero width": "gra\u200bce",
    "combining": "grace\u0301",
    "trailing space": "grace ",
    "trailing NUL": "grace\0",
    "trailing newline": "grace\n",
    "right-to-left mark": "\u202egrace",
    "wildcard": "gr%ce",
    "underscore wildcard": "gr_ce",
    "LDAP wildcard": "gr*",
    "quote": "grace'--",
}


@pytest.mark.parametrize("name", LOOKALIKES.values(), ids=LOOKALIKES)
def test_the_password_does_not_open_the_account_by_a_name_that_looks_alike(server, name):
    person = Person(server)
    shown = person.log_in(name, "grace-password")
    # Space around a name is cut off by forms; that is the same name then.
    allowed = "grace" if name.strip() == "grace" else None
    assert person.who() in (None, allowed), shown


@pytest.mark.parametrize("name", [n for n in LOOKALIKES.values() if n.strip() != "grace" and "\0" not in n])
def test_an_account_with_such_a_name_is_another_account(server, api, owner, name):
    answer = requests.post(f"{api.base}/core/users/", json={"username": name, "name": "x", "email": ""}, headers=api.session.headers, timeout=30)
    if answer.status_code == 400:
        assert "username" in answer.json(), answer.text
        return
    assert answer.status_code == 201, answer.text
    api.call("POST", f"/core/users/{answer.json()['pk']}/set_password/", 204, json={"password": "impostor-password"})
    person = Person(server)
    person.log_in("grace", "impostor-password")
    assert person.who() is None
    person = Person(server)
    person.log_in(name, "impostor-password")
    assert person.who() in (None, name)


@pytest.mark.parametrize("name", ["GRACE", "Grace"])
def test_another_case_never_leads_into_the_wrong_account(server, api, name):
    answer = requests.post(f"{api.base}/core/users/", json={"username": name, "name": "x", "email": ""}, headers=api.session.headers, timeout=30)
    if answer.status_code == 201:
        api.call("POST", f"/core/users/{answer.json()['pk']}/set_password/", 204, json={"password": "case-password"})
        for typed in (name, "grace"):
            person = Person(server)
            person.log_in(typed, "case-password")
            assert person.who() in (None, name)
        person = Person(server)
        person.log_in("grace", "grace-password")
        assert person.who() == "grace"
    else:
        assert answer.status_code == 400 and "username" in answer.json()


def test_a_name_is_given_once(api):
    refused = api.call("POST", "/core/users/", 400, json={"username": "grace", "name": "x"})
    assert list(refused) == ["username"], refused


def test_a_shared_address_opens_neither_account_with_the_others_password(server, api):
    for name in ("twin-a", "twin-b"):
        user = api.user(name, f"{name}-password")
        api.patch(f"/core/users/{user['pk']}/", {"email": "shared@example.com"})
    for typed, name in (("twin-a", "twin-b"), ("twin-b", "twin-a")):
        person = Person(server)
        person.log_in(typed, f"{name}-password")
        assert person.who() is None
    for name in ("twin-a", "twin-b"):
        person = Person(server)
        person.log_in("shared@example.com", f"{name}-password")
        assert person.who() in (None, name)


@pytest.mark.parametrize("address", ["a@evil.example@corp.example", '"a@evil.example"@corp.example', "a\n@b.example", "no-address", "a@", "@b", "a b@c.example"])
def test_an_address_that_is_none_is_refused(api, address):
    answer = requests.post(f"{api.base}/core/users/", json={"username": f"m{abs(hash(address))}", "name": "x", "email": address}, headers=api.session.headers, timeout=30)
    if answer.status_code == 201:
        # What a standard allows (quoted local part) is kept as it is.
        assert answer.json()["email"] == address and address.startswith('"')
    else:
        assert answer.status_code == 400 and list(answer.json()) == ["email"], answer.text


def test_somebody_new_under_an_old_name_inherits_nothing(server, api):
    client = Client(server, api, "reborn", scopes=("openid", "offline_access"))
    first = api.user("phoenix", "first-password")
    person = Person(server).logged_in("phoenix", "first-password")
    old = client.log_in(person, scope="openid offline_access")
    sub = client.userinfo(old["access_token"]).json()["sub"]
    api.call("DELETE", f"/core/users/{first['pk']}/", 204)
    second = api.user("phoenix", "second-password")
    assert second["pk"] != first["pk"] and second["uid"] != first["uid"]
    assert person.who() is None and not client.is_active(old["access_token"])
    assert client.refresh(old["refresh_token"]).status_code == 400
    new = client.log_in(Person(server).logged_in("phoenix", "second-password"))
    assert client.userinfo(new["access_token"]).json()["sub"] != sub
