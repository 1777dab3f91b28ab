"""Whoever an application is not for gets in by no entry."""

import time

import pytest
from browser import Browser
from person import Client, Person, is_refused

ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


@pytest.fixture(scope="module")
def members(api):
    return api.group("members of guarded")


@pytest.fixture(scope="module")
def elsewhere(server, api):
    return Client(server, api, "elsewhere")


@pytest.fixture(scope="module")
def client(server, api, members, elsewhere):
    client = Client(
        server, api, "guarded", scopes=("openid", "profile", "offline_access"), jwt_federation_providers=[elsewhere.provider["pk"]]
    )
    api.post("/policies/bindings/", {"target": client.application["pk"], "group": members, "order": 0})
    return client


@pytest.fixture(scope="module")
def agents(api, members):
    """Two service accounts, the first of them a member."""
    found = {}
    for name in ("agent-inside", "agent-outside"):
        found[name] = api.post("/core/users/service_account/", {"name": name, "create_group": False}, expect=200)
    api.call("POST", f"/core/groups/{members}/add_user/", 204, json={"pk": found["agent-inside"]["user_pk"]})
    return found


@pytest.fixture(scope="module")
def outsider(server, api):
    api.user("outsider", "outsider-password")
    return Person(server).logged_in("outsider", "outsider-password")


@pytest.fixture(scope="module")
def insider(server, api, members):
    api.user("insider", "insider-password", [members])
    return Person(server).logged_in("insider", "insider-password")


def is_denied(to, answer):
    """A page of our own says no; upstream gives it the status 200, and clients of the recording see the same."""
    assert to is None and answer.status_code in (200, 403), (to, answer.status_code)
    assert "Permission denied" in answer.text and "<form" not in answer.text, answer.text[:300]


RESPONSES = ["code", "id_token", "id_token token", "code token", "code id_token", "code id_token token"]


@pytest.mark.parametrize("response_type", RESPONSES)
@pytest.mark.parametrize("mode", [None, "fragment", "form_post"])
def test_the_authorize_endpoint_refuses(client, outsider, insider, response_type, mode):
    to, answer = outsider.authorize(client, response_type=response_type, response_mode=mode)
    is_denied(to, answer)
    to, answer = insider.authorize(client, response_type=response_type, response_mode=mode)
    assert to or answer.json()["component"] == "ak-stage-autosubmit", answer.text[:300]


@pytest.mark.parametrize("prompt", ["none", "login", "consent"])
def test_no_prompt_gets_around_it(client, outsider, prompt):
    to, answer = outsider.authorize(client, prompt=prompt)
    assert "code=" not in (to or ""), to
    assert to is None or "error=" in to


def test_a_login_on_the_way_does_not_get_around_it(server, client, outsider):
    browser = Browser()
    page = browser.log_in(browser.get(client.authorize_url()), "outsider", "outsider-password")
    assert "Permission denied" in page.text and not page.forms, page.text


@pytest.mark.parametrize("grant", ["client_credentials", "password"])
def test_service_accounts_are_asked_about_too(client, agents, grant):
    def ask(name):
        return client.token(grant_type=grant, username=name, password=agents[name]["token"], scope="openid")

    assert ask("agent-inside").status_code == 200
    is_refused(ask("agent-outside"), "invalid_grant")


def test_the_clients_own_account_is_asked_about_too(client):
    is_refused(client.token(grant_type="client_credentials", scope="openid"), "invalid_grant")


def test_a_federated_token_does_not_bring_its_user_in(client, elsewhere, outsider, insider):
    def ask(person):
        token = elsewhere.log_in(person, scope="openid profile")["access_token"]
        return client.token(grant_type="client_credentials", client_assertion_type=ASSERTION, client_assertion=token, client_secret=None, scope="openid")

    is_refused(ask(outsider), "invalid_grant")
    assert ask(insider).status_code == 200


def test_leaving_the_group_ends_the_refreshing(server, api, client, members):
    user = api.user("leaver", "leaver-password", [members])
    tokens = client.log_in(Person(server).logged_in("leaver", "leaver-password"), scope="openid offline_access")
    tokens = client.refresh(tokens["refresh_token"]).json()
    api.call("POST", f"/core/groups/{members}/remove_user/", 204, json={"pk": user["pk"]})
    is_refused(client.refresh(tokens["refresh_token"]), "invalid_grant")


def test_a_code_from_before_is_worth_nothing_after(server, api, client, members):
    user = api.user("late", "late-password", [members])
    code = Person(server).logged_in("late", "late-password").code(client)
    api.call("POST", f"/core/groups/{members}/remove_user/", 204, json={"pk": user["pk"]})
    is_refused(client.redeem(code), "invalid_grant")


def test_the_list_of_applications_keeps_it_back(outsider, insider):
    def names(person):
        answer = person.call("GET", "/core/applications/").json()
        assert answer["pagination"]["count"] == len(answer["results"])
        return {a["slug"] for a in answer["results"]}

    assert "guarded" not in names(outsider) and "guarded" in names(insider)


def test_asking_about_access_tells_the_truth(api, client):
    outside = api.first("/core/users/", username="outsider")["pk"]
    assert api.get("/core/applications/guarded/check_access/", for_user=outside)["passing"] is False


@pytest.mark.parametrize("expression", ["raise ValueError('x')", "return 1 / 0", "return nothing_of_that_name", "while True:\n    pass", "x = 'a' * 10**10\nreturn True", "def f():\n    return f()\nreturn f()"])
def test_a_policy_that_fails_denies(server, api, outsider, expression):
    slug = f"failing-{abs(hash(expression)) % 10**8}"
    client = Client(server, api, slug)
    policy = api.post("/policies/expression/", {"name": slug, "expression": expression})
    api.post("/policies/bindings/", {"target": client.application["pk"], "policy": policy["pk"], "order": 0})
    started = time.monotonic()
    to, answer = outsider.authorize(client)
    is_denied(to, answer)
    assert time.monotonic() - started < 20
    is_refused(client.token(grant_type="client_credentials", scope="openid"), "invalid_grant")
    # Whoever runs the place can read why.
    events = api.get("/events/events/", action="policy_exception", ordering="-created")["results"]
    assert any(slug in str(e["context"]) for e in events), events[:1]


def test_a_disabled_binding_and_a_negated_one(server, api, outsider):
    client = Client(server, api, "negated")
    user = api.first("/core/users/", username="outsider")["pk"]
    binding = api.post("/policies/bindings/", {"target": client.application["pk"], "user": user, "order": 0, "negate": True})
    assert outsider.authorize(client)[0] is None
    api.patch(f"/policies/bindings/{binding['pk']}/", {"enabled": False})
    assert outsider.authorize(client)[0]


def test_nobody_gets_in_without_an_application(server, api, outsider):
    client = Client(server, api, "unlinked")
    api.call("DELETE", "/core/applications/unlinked/", 204)
    to, answer = outsider.authorize(client)
    assert to is None and answer.status_code in (403, 404)
    is_refused(client.token(grant_type="client_credentials", scope="openid"), "invalid_grant")
