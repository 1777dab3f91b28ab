"""An authorization code is good once, for one client, for a short time, and only while its user may log in."""

import time

import pytest
from person import Client, Person, at_once, is_refused


@pytest.fixture(scope="module")
def client(server, api):
    return Client(server, api, "codes", scopes=("openid", "email", "profile", "offline_access"))


@pytest.fixture(scope="module")
def other(server, api):
    return Client(server, api, "codes-other")


@pytest.fixture
def person(server, api, request):
    name = f"coder{abs(hash(request.node.name)) % 10**8}"
    user = api.user(name, "coder-password")
    person = Person(server).logged_in(name, "coder-password")
    person.pk = user["pk"]
    return person


def test_a_second_use_is_refused_and_ends_what_the_first_one_gave(client, person):
    code = person.code(client, scope="openid offline_access")
    first = client.redeem(code).json()
    assert client.is_active(first["access_token"])
    is_refused(client.redeem(code), "invalid_grant")
    assert not client.is_active(first["access_token"]) and not client.is_active(first["refresh_token"])
    assert client.userinfo(first["access_token"]).status_code == 401
    is_refused(client.refresh(first["refresh_token"]), "invalid_grant")


def test_of_fifty_at_once_one_gets_tokens(client, person):
    code = person.code(client)
    answers = at_once(50, lambda _: client.redeem(code))
    assert sorted(a.status_code for a in answers) == [200] + [400] * 49, [a.text for a in answers if a.status_code not in (200, 400)][:3]
    for answer in answers:
        if answer.status_code == 400:
            assert answer.json()["error"] == "invalid_grant"


def test_another_client_gets_nothing_and_burns_nothing(client, other, person):
    code = person.code(client)
    is_refused(other.redeem(code), "invalid_grant")
    is_refused(other.redeem(code, client_id="codes", client_secret="codes-other-secret"), "invalid_client")
    assert client.redeem(code).status_code == 200


@pytest.mark.parametrize("change", [lambda c: c[:-1], lambda c: c + "0", lambda c: c.upper(), lambda c: " " + c, lambda c: c + "\0", lambda c: "", lambda c: "%", lambda c: "0" * 10000])
def test_what_only_looks_like_the_code_is_not_the_code(client, person, change):
    is_refused(client.redeem(change(person.code(client))), "invalid_grant")


def test_two_codes_in_one_request_are_an_error(client, person):
    form = [("grant_type", "authorization_code"), ("redirect_uri", client.redirect), ("client_id", "codes"), ("client_secret", "codes-secret")]
    code = person.code(client)
    is_refused(client.post("token", [*form, ("code", code), ("code", "x")]), "invalid_request")


def test_it_ends_in_time(server, api, person):
    hasty = Client(server, api, "codes-hasty", access_code_validity="seconds=1")
    code = person.code(hasty)
    time.sleep(1.2)
    is_refused(hasty.redeem(code), "invalid_grant")


def test_it_ends_with_the_user(api, client, person):
    code, second = person.code(client), person.code(client)
    api.patch(f"/core/users/{person.pk}/", {"is_active": False})
    is_refused(client.redeem(code), "invalid_grant")
    api.patch(f"/core/users/{person.pk}/", {"is_active": True})
    api.call("DELETE", f"/core/users/{person.pk}/", 204)
    is_refused(client.redeem(second), "invalid_grant")


def test_it_ends_with_the_session(client, person):
    code = person.code(client)
    person.look("default-invalidation-flow")
    assert person.who() is None
    is_refused(client.redeem(code), "invalid_grant")


def test_it_ends_with_the_provider(server, api, person):
    gone = Client(server, api, "codes-gone")
    code = person.code(gone)
    api.call("DELETE", "/core/applications/codes-gone/", 204)
    is_refused(gone.redeem(code), "invalid_grant")
    api.call("DELETE", f"/providers/oauth2/{gone.provider['pk']}/", 204)
    is_refused(gone.redeem(code), "invalid_client")
