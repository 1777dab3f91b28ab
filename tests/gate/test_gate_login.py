"""A whole login for each way in which a reverse proxy asks, and how it ends."""

import base64
import time
import urllib.parse

import pytest
from asking import IDENTITY, KINDS, META, PASSWORD, PREFIX, told
from person import Person, claims


@pytest.mark.parametrize("kind", KINDS)
def test_a_login_leads_back_and_says_who_it_is(gate, alice, kind):
    cookie = gate.log_in(alice, kind, "wiki.example.test")
    answer = gate.check(kind, "wiki.example.test", "/anything", cookie)
    assert answer.status == 200, answer
    said = told(answer)
    assert set(said) == {*IDENTITY, *META}
    assert (said["username"], said["email"], said["groups"], said["entitlements"]) == ("alice", "alice@example.com", "readers", "")
    assert (said["meta-app"], said["meta-provider"], said["meta-outpost"]) == ("wiki", "wiki provider", "authentik Embedded Outpost")
    assert said["meta-jwks"] == f"{gate.server.base}/application/o/wiki/jwks/"
    assert said["meta-version"].startswith("goauthentik.io/outpost/2025.12")
    token = claims(said["jwt"])
    assert (token["preferred_username"], token["sub"]) == ("alice", said["uid"])
    assert not answer.body and answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("kind", KINDS)
def test_who_may_not_enter_does_not(gate, alice, bob, kind):
    to, _ = gate.begin(kind, "vault.example.test")
    outside, answer = alice.go(to)
    assert outside is None and "code=" not in answer.url, f"let through to {outside}"
    cookie = gate.log_in(bob, kind, "vault.example.test")
    assert told(gate.check(kind, "vault.example.test", "/", cookie))["username"] == "bob"


@pytest.mark.parametrize("kind", KINDS)
def test_logging_out_ends_the_session_at_once(gate, server, kind):
    person = Person(server).logged_in("alice", PASSWORD)
    cookie = gate.log_in(person, kind, "wiki.example.test")
    assert gate.check(kind, "wiki.example.test", "/", cookie).status == 200
    person.go(f"{server.base}/flows/-/default/invalidation/")
    assert person.who() is None
    assert gate.check(kind, "wiki.example.test", "/", cookie).status in (302, 401)


def test_sign_out_ends_all_sites_and_leads_to_the_end_of_the_session(gate, server):
    person = Person(server).logged_in("alice", PASSWORD)
    wiki, team = gate.log_in(person, "nginx", "wiki.example.test"), gate.log_in(person, "traefik", "one.team.example.test")
    answer = gate.ask("wiki.example.test", f"{PREFIX}/sign_out", wiki)
    assert answer.status == 302
    assert answer.headers["location"] == f"{server.base}/application/o/wiki/end-session/"
    assert "Max-Age=0" in answer.cookies[0]
    assert gate.check("nginx", "wiki.example.test", "/", wiki).status == 401
    assert gate.check("traefik", "one.team.example.test", "/", team).status == 302


def test_an_ended_login_a_deactivated_account_and_a_lost_group_are_out_at_once(gate, server, api):
    host, group = "vault.example.test", gate.groups["keepers"]
    user = gate.api.user("carol", PASSWORD, [group])
    in_as = lambda: gate.log_in(Person(server).logged_in("carol", PASSWORD), "nginx", host)  # noqa: E731
    status = lambda cookie: gate.check("nginx", host, "/", cookie).status  # noqa: E731
    # The login is ended by an administrator.
    cookie = in_as()
    assert status(cookie) == 200
    for login in gate.api.get("/core/authenticated_sessions/", user__username="carol")["results"]:
        gate.api.call("DELETE", f"/core/authenticated_sessions/{login['uuid']}/", 204)
    assert status(cookie) == 401
    # The group that the binding names is left.
    cookie = in_as()
    assert status(cookie) == 200
    gate.api.post(f"/core/groups/{group}/remove_user/", {"pk": user["pk"]}, 204)
    assert status(cookie) == 401
    gate.api.post(f"/core/groups/{group}/add_user/", {"pk": user["pk"]}, 204)
    assert status(cookie) == 401, "what has ended does not come back"
    # The account is deactivated.
    cookie = in_as()
    assert status(cookie) == 200
    gate.api.patch(f"/core/users/{user['pk']}/", {"is_active": False})
    assert status(cookie) == 401


def test_headers_follow_the_groups_of_the_person(gate, server):
    user = gate.api.user("dave", PASSWORD, [gate.groups["readers"]])
    cookie = gate.log_in(Person(server).logged_in("dave", PASSWORD), "nginx", "wiki.example.test")
    groups = lambda: told(gate.check("nginx", "wiki.example.test", "/", cookie))["groups"].split("|")  # noqa: E731
    assert groups() == ["readers"]
    gate.api.post(f"/core/groups/{gate.groups['keepers']}/add_user/", {"pk": user["pk"]}, 204)
    assert sorted(groups()) == ["keepers", "readers"]
    gate.api.post(f"/core/groups/{gate.groups['readers']}/remove_user/", {"pk": user["pk"]}, 204)
    assert groups() == ["keepers"]


def test_headers_of_programs_follow_the_groups_too(gate, server):
    user = gate.api.user("gina", PASSWORD, [gate.groups["readers"]])
    gate.api.post("/core/tokens/", {"identifier": "ginas-app", "intent": "app_password", "user": user["pk"], "expiring": False})
    key = gate.api.get("/core/tokens/ginas-app/view_key/")["key"]
    basic = [("Authorization", "Basic " + base64.b64encode(f"gina:{key}".encode()).decode())]
    asked = lambda headers: told(gate.check("nginx", "wiki.example.test", "/", headers=headers))  # noqa: E731
    bearer = [("Authorization", "Bearer " + asked(basic)["jwt"])]
    assert asked(basic)["groups"] == asked(bearer)["groups"] == "readers"
    gate.api.post(f"/core/groups/{gate.groups['keepers']}/add_user/", {"pk": user["pk"]}, 204)
    gate.api.post(f"/core/groups/{gate.groups['readers']}/remove_user/", {"pk": user["pk"]}, 204)
    time.sleep(1.2)
    assert (asked(basic)["groups"], asked(bearer)["groups"]) == ("keepers", "keepers")


def test_a_changed_binding_counts_at_once(gate, server, alice):
    _, application = gate.site("bound")
    cookie = gate.log_in(alice, "caddy", "bound.example.test")
    assert gate.check("caddy", "bound.example.test", "/", cookie).status == 200
    gate.api.post("/policies/bindings/", {"target": application["pk"], "group": gate.groups["keepers"], "order": 0, "enabled": True})
    assert gate.check("caddy", "bound.example.test", "/", cookie).status == 302


def test_one_login_opens_all_of_a_domain_and_nothing_else(gate, alice):
    cookie = gate.log_in(alice, "traefik", "one.team.example.test", callback_host="auth.team.example.test")
    for host in ["one.team.example.test", "two.team.example.test", "team.example.test"]:
        assert gate.check("traefik", host, "/", cookie).status == 200, host
    assert gate.check("traefik", "wiki.example.test", "/", cookie).status == 302
    assert gate.check("traefik", "evil-team.example.test", "/", cookie).status == 400


def test_attributes_become_headers_and_a_password_for_the_application(gate, server):
    gate.site(
        "legacy", basic_auth_enabled=True, basic_auth_user_attribute="legacy_user", basic_auth_password_attribute="legacy_password"
    )
    user = gate.api.user("erin", PASSWORD, [])
    attributes = {"legacy_user": "e", "legacy_password": "secret", "additionalHeaders": {"X-Desk": "7", "X-authentik-username": "admin"}}
    gate.api.patch(f"/core/users/{user['pk']}/", {"attributes": attributes})
    cookie = gate.log_in(Person(server).logged_in("erin", PASSWORD), "nginx", "legacy.example.test")
    answer = gate.check("nginx", "legacy.example.test", "/", cookie)
    assert (answer.headers["authorization"], answer.headers["x-desk"]) == ("Basic ZTpzZWNyZXQ=", "7")
    assert told(answer)["username"] == "erin"


def test_programs_pass_with_an_app_password_or_a_token_until_it_is_taken_away(gate, server, alice):
    user = gate.api.user("frank", PASSWORD, [])
    token = gate.api.post("/core/tokens/", {"identifier": "franks-app", "intent": "app_password", "user": user["pk"], "expiring": False})
    key = gate.api.get(f"/core/tokens/{token['identifier']}/view_key/")["key"]
    header = [("Authorization", "Basic " + base64.b64encode(f"frank:{key}".encode()).decode())]
    for kind in KINDS:
        answer = gate.check(kind, "wiki.example.test", "/api", headers=header)
        assert answer.status == 200 and told(answer)["username"] == "frank", answer
        assert not answer.cookies
    bearer = [("Authorization", "Bearer " + told(gate.check("nginx", "wiki.example.test", "/", headers=header))["jwt"])]
    assert told(gate.check("nginx", "wiki.example.test", "/", headers=bearer))["username"] == "frank"
    # A token of one provider is none for another that does not trust it.
    assert gate.check("nginx", "vault.example.test", "/", headers=bearer).status == 401
    wrong = [("Authorization", "Basic " + base64.b64encode(b"frank:wrong").decode())]
    assert gate.check("nginx", "wiki.example.test", "/", headers=wrong).status == 401
    gate.api.call("DELETE", f"/core/tokens/{token['identifier']}/", 204)
    time.sleep(1.2)
    assert gate.check("nginx", "wiki.example.test", "/api", headers=header).status == 401


def test_sessions_survive_a_restart(gate, server):
    person = Person(server).logged_in("bob", PASSWORD)
    cookie = gate.log_in(person, "nginx", "vault.example.test")
    server.stop()
    server.start()
    assert told(gate.check("nginx", "vault.example.test", "/", cookie))["username"] == "bob"
    person.go(f"{server.base}/flows/-/default/invalidation/")
    assert gate.check("nginx", "vault.example.test", "/", cookie).status == 401


def test_full_proxy_passes_requests_on_with_who_is_there(gate, application, alice):
    host = "full.example.test"
    answer = gate.ask(host, "/deep/page?x=1")
    assert answer.status == 302, answer
    to, cookie = answer.headers["location"], answer.cookie()
    outside, shown = alice.go(to)
    parts = urllib.parse.urlsplit(outside)
    arrived = gate.ask(host, f"{parts.path}?{parts.query}", cookie)
    assert (arrived.status, arrived.headers.get("location")) == (302, f"https://{host}/deep/page?x=1"), arrived
    spoofed = [("X-authentik-username", "admin"), ("X_authentik_groups", "admins"), ("x-AUTHENTIK-Email", "a@b")]
    answer = gate.ask(host, "/form?y=2", arrived.cookie() + "; own=1", spoofed, "POST", b"body")
    seen = answer.json()
    assert (answer.status, seen["method"], seen["path"], seen["body"]) == (200, "POST", "/form?y=2", "body")
    headers = {}
    for name, value in seen["headers"]:
        headers.setdefault(name.lower(), []).append(value)
    assert headers["x-authentik-username"] == ["alice"] and headers["x-authentik-email"] == ["alice@example.com"]
    assert headers["cookie"] == ["own=1"] and "x_authentik_groups" not in headers
    application.asked.clear()
    assert gate.ask(host, "/private").status == 302 and not application.asked
    assert gate.ask(host, "/public/page").status == 200 and application.asked
    # The server itself is not behind the application's name, nor the other way round.
    assert gate.ask(host, "/api/v3/root/config/").status == 302
    assert gate.ask(f"127.0.0.1:{gate.server.http}", "/api/v3/root/config/").status == 200


def test_ping_answers_on_every_host(gate):
    for host in ["wiki.example.test", "unknown.example.test", f"127.0.0.1:{gate.server.http}"]:
        assert gate.ask(host, f"{PREFIX}/ping").status == 204
