"""Refresh tokens are used once; whoever uses one a second time ends all that came of the same login."""

import pytest
from person import Client, Person, at_once, is_refused

SCOPES = ("openid", "email", "profile", "offline_access")


@pytest.fixture(scope="module")
def client(server, api):
    return Client(server, api, "refreshing", scopes=SCOPES)


@pytest.fixture
def person(server, api, request):
    name = f"refresher{abs(hash(request.node.name)) % 10**8}"
    user = api.user(name, "refresher-password")
    person = Person(server).logged_in(name, "refresher-password")
    person.pk = user["pk"]
    return person


@pytest.fixture
def tokens(client, person):
    return client.log_in(person, scope="openid email offline_access")


def test_the_old_one_is_replaced(client, tokens):
    new = client.refresh(tokens["refresh_token"]).json()
    assert new["refresh_token"] != tokens["refresh_token"] and client.is_active(new["refresh_token"])
    assert not client.is_active(tokens["refresh_token"])


def test_using_the_old_one_ends_the_family(client, tokens):
    new = client.refresh(tokens["refresh_token"]).json()
    newer = client.refresh(new["refresh_token"]).json()
    is_refused(client.refresh(tokens["refresh_token"]), "invalid_grant")
    for token in (newer["refresh_token"], newer["access_token"], new["access_token"], tokens["access_token"]):
        assert not client.is_active(token)
    is_refused(client.refresh(newer["refresh_token"]), "invalid_grant")


def test_of_fifty_at_once_one_gets_tokens(client, tokens):
    answers = at_once(50, lambda _: client.refresh(tokens["refresh_token"]))
    assert sorted(a.status_code for a in answers) == [200] + [400] * 49, {a.status_code for a in answers}
    won = next(a for a in answers if a.status_code == 200).json()
    # Two held the same token; nobody can tell which of them is the thief.
    assert not client.is_active(won["access_token"])
    is_refused(client.refresh(won["refresh_token"]), "invalid_grant")


def test_another_login_of_the_same_person_is_another_family(client, person, tokens):
    second = client.log_in(person, scope="openid offline_access")
    client.refresh(tokens["refresh_token"])
    is_refused(client.refresh(tokens["refresh_token"]), "invalid_grant")
    assert client.refresh(second["refresh_token"]).status_code == 200


def test_another_client_gets_nothing_and_ends_nothing(server, api, client, tokens):
    other = Client(server, api, "refreshing-other", scopes=SCOPES)
    is_refused(other.refresh(tokens["refresh_token"]), "invalid_grant")
    assert client.refresh(tokens["refresh_token"]).status_code == 200


def test_a_wrong_secret_does_not_use_it_up(client, tokens):
    is_refused(client.refresh(tokens["refresh_token"], client_secret="wrong"), "invalid_client")
    assert client.refresh(tokens["refresh_token"]).status_code == 200


def test_other_tokens_are_no_refresh_tokens(client, tokens):
    for token in (tokens["access_token"], tokens["id_token"], tokens["refresh_token"][:-1], tokens["refresh_token"] + "x", "", None):
        is_refused(client.refresh(token), "invalid_grant")


def test_scopes_only_become_fewer(client, tokens):
    wider = client.refresh(tokens["refresh_token"], scope="openid email profile offline_access")
    if wider.status_code == 200:
        assert "profile" not in wider.json()["scope"].split()
        assert "preferred_username" not in client.userinfo(wider.json()["access_token"]).json()
    else:
        is_refused(wider, "invalid_scope")


def test_a_scope_taken_from_the_client_is_gone(server, api, person):
    poorer = Client(server, api, "refreshing-poorer", scopes=SCOPES)
    tokens = poorer.log_in(person, scope="openid email offline_access")
    left = [api.scope(s) for s in ("openid", "offline_access")]
    api.patch(f"/providers/oauth2/{poorer.provider['pk']}/", {"property_mappings": left})
    answer = poorer.refresh(tokens["refresh_token"]).json()
    assert "email" not in answer["scope"].split()
    assert "email" not in poorer.userinfo(answer["access_token"]).json()


def deactivate(api, client, person, tokens):
    api.patch(f"/core/users/{person.pk}/", {"is_active": False})


def delete(api, client, person, tokens):
    api.call("DELETE", f"/core/users/{person.pk}/", 204)


def bar(api, client, person, tokens):
    api.post("/policies/bindings/", {"target": client.application["pk"], "group": api.group(f"others {person.pk}"), "order": 0})


def revoke(api, client, person, tokens):
    assert client.post("revoke", client.form({"token": tokens["refresh_token"]})).status_code == 200


def remove(api, client, person, tokens):
    row = next(r for r in api.get("/oauth2/refresh_tokens/", user=person.pk)["results"])
    api.call("DELETE", f"/oauth2/refresh_tokens/{row['pk']}/", 204)


@pytest.mark.parametrize("end", [deactivate, delete, revoke, remove, bar], ids=lambda f: f.__name__)
def test_it_ends_with_the_right_to_log_in(server, api, person, end):
    # A client of its own: a binding of one case must not hold for the next.
    client = Client(server, api, f"refreshing-{end.__name__}", scopes=SCOPES)
    tokens = client.log_in(person, scope="openid offline_access")
    end(api, client, person, tokens)
    is_refused(client.refresh(tokens["refresh_token"]), "invalid_grant")


def test_it_ends_when_its_owner_takes_consent_back(server, api, person):
    """The owner does so themselves, and what other applications hold stays."""
    client = Client(server, api, "refreshing-agreed", scopes=SCOPES, consent="explicit")
    other = Client(server, api, "refreshing-agreed-too", scopes=SCOPES, consent="explicit")
    tokens, others = (c.log_in(person, scope="openid offline_access") for c in (client, other))
    code = person.code(client, scope="openid offline_access")
    stranger = Person(server).logged_in(api.user("stranger-to-consents", "stranger-password")["username"], "stranger-password")
    given = person.call("GET", "/core/user_consent/").json()["results"]
    row = next(r for r in given if r["application"]["slug"] == client.slug)
    assert stranger.call("DELETE", f"/core/user_consent/{row['pk']}/").status_code in (403, 404)
    assert person.call("DELETE", f"/core/user_consent/{row['pk']}/").status_code == 204
    is_refused(client.refresh(tokens["refresh_token"]), "invalid_grant")
    assert client.userinfo(tokens["access_token"]).status_code == 401
    assert not client.is_active(tokens["access_token"])
    is_refused(client.redeem(code), "invalid_grant")
    assert other.userinfo(others["access_token"]).status_code == 200
    assert other.refresh(others["refresh_token"]).status_code == 200


@pytest.mark.parametrize("kind", ["refresh_tokens", "access_tokens"])
def test_its_owner_may_delete_it(server, api, person, kind):
    client = Client(server, api, f"refreshing-own-{kind}", scopes=SCOPES)
    tokens = client.log_in(person, scope="openid offline_access")
    row = person.call("GET", f"/oauth2/{kind}/").json()["results"][0]
    name = f"stranger-to-{kind}"
    api.user(name, "stranger-password")
    assert Person(server).logged_in(name, "stranger-password").call("DELETE", f"/oauth2/{kind}/{row['pk']}/").status_code in (403, 404)
    assert person.call("DELETE", f"/oauth2/{kind}/{row['pk']}/").status_code == 204
    assert not client.is_active(tokens[kind.removesuffix("s")])
