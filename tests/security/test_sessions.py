"""A session begins anew at login and ends when it should."""

import time

import pytest
import requests
from person import LOGIN, Person
from server import PASSWORD


@pytest.fixture
def person(server, api, request):
    name = f"holder{abs(hash(request.node.name)) % 10**8}"
    user = api.user(name, "holder-password")
    person = Person(server).logged_in(name, "holder-password")
    person.pk, person.name = user["pk"], name
    return person


def holder_of(server, cookie):
    """Who a session cookie alone makes one."""
    thief = Person(server)
    thief.session.headers["Cookie"] = f"authentik_session={cookie}"
    return thief.who()


def test_the_id_changes_at_login(server, api):
    api.user("changer", "changer-password")
    person = Person(server)
    person.look()
    before = person.cookie()
    person.logged_in("changer", "changer-password")
    assert before and person.cookie() and person.cookie() != before
    assert holder_of(server, before) is None
    assert holder_of(server, person.cookie()) == "changer"


def test_a_planted_session_does_not_become_the_victims(server, api):
    api.user("victim", "victim-password")
    attacker = Person(server)
    attacker.look()
    planted = attacker.cookie()
    victim = Person(server)
    victim.session.cookies.set("authentik_session", planted, path="/")
    victim.log_in("victim", "victim-password")
    assert attacker.who() is None and holder_of(server, planted) is None


@pytest.mark.parametrize("cookie", ["", "x", "x" * 100_00, "a.b.c", "null", "%00", "'; DROP TABLE x", "é", "eyJhbGciOiJub25lIn0.eyJzaWQiOiIxIn0."])
def test_a_made_up_cookie_is_nobody(server, cookie):
    thief = Person(server)
    thief.session.headers["Cookie"] = f"authentik_session={cookie}".encode()
    assert thief.session.get(server.base + "/api/v3/core/users/me/", timeout=30).status_code == 403
    page = thief.session.get(server.base + "/if/flow/default-authentication-flow/", timeout=30)
    assert page.status_code == 200


def test_a_changed_cookie_is_nobody(server, person):
    cookie = person.cookie()
    for changed in (cookie[:-1], cookie + "x", cookie.swapcase(), cookie[1:], cookie.split(".")[0]):
        assert holder_of(server, changed) is None
    assert holder_of(server, cookie) == person.name


def test_the_raw_key_of_a_session_is_no_cookie(server, api, person):
    row = api.first("/core/authenticated_sessions/", user__username=person.name)
    for guess in (row["uuid"], row["uuid"].replace("-", "")):
        assert holder_of(server, guess) is None


def logout(api, person):
    person.look("default-invalidation-flow")


def removal(api, person):
    for row in api.get("/core/authenticated_sessions/", user__username=person.name)["results"]:
        api.call("DELETE", f"/core/authenticated_sessions/{row['uuid']}/", 204)


def password_change(api, person):
    api.call("POST", f"/core/users/{person.pk}/set_password/", 204, json={"password": "another-password"})


def deactivation(api, person):
    api.patch(f"/core/users/{person.pk}/", {"is_active": False})


def deletion(api, person):
    api.call("DELETE", f"/core/users/{person.pk}/", 204)


@pytest.mark.parametrize("end", [logout, removal, password_change, deactivation, deletion], ids=lambda f: f.__name__)
def test_it_ends(server, api, person, end):
    cookie = person.cookie()
    assert holder_of(server, cookie) == person.name
    end(api, person)
    assert holder_of(server, cookie) is None
    # Neither may it write, nor go on to an application.
    answer = person.call("post", "/core/tokens/", json={"identifier": "late"})
    assert answer.status_code == 403


def test_it_does_not_come_back_with_the_account(server, api, person):
    cookie = person.cookie()
    deactivation(api, person)
    assert holder_of(server, cookie) is None
    api.patch(f"/core/users/{person.pk}/", {"is_active": True})
    assert holder_of(server, cookie) is None


def test_one_logout_leaves_the_other_browser_alone(server, person):
    second = Person(server).logged_in(person.name, "holder-password")
    logout(None, person)
    assert person.who() is None and second.who() == person.name


def test_people_see_and_end_their_own_sessions_only(server, api, person):
    other = Person(server).logged_in("akadmin", PASSWORD)
    listed = person.call("get", "/core/authenticated_sessions/").json()
    assert listed["pagination"]["count"] == 1 and listed["results"][0]["current"] is True
    for row in api.get("/core/authenticated_sessions/", user__username="akadmin")["results"]:
        assert person.call("delete", f"/core/authenticated_sessions/{row['uuid']}/").status_code in (403, 404)
    assert other.who() == "akadmin"
    assert person.call("delete", f"/core/authenticated_sessions/{listed['results'][0]['uuid']}/").status_code == 204
    assert person.who() is None


def test_another_login_in_the_same_browser_is_another_session(server, api, person):
    before = person.cookie()
    api.user("successor", "successor-password")
    person.look("default-invalidation-flow")
    person.logged_in("successor", "successor-password")
    assert person.who() == "successor" and holder_of(server, before) is None


def test_a_visitor_leaves_no_session_behind(server, api):
    before = api.get("/core/authenticated_sessions/")["pagination"]["count"]
    for _ in range(20):
        requests.get(f"{server.base}/api/v3/flows/executor/{LOGIN}/?query=", timeout=30)
    assert api.get("/core/authenticated_sessions/")["pagination"]["count"] == before


@pytest.fixture
def login_stage(api):
    """The path of the stage that logs in, put back afterwards."""
    path = f"/stages/user_login/{api.first('/stages/user_login/', name='default-authentication-login')['pk']}/"
    before = api.get(path)
    yield path
    api.patch(path, {k: before[k] for k in ("session_duration", "network_binding")})


def test_it_ends_in_time(server, api, login_stage):
    api.user("brief", "brief-password")
    api.patch(login_stage, {"session_duration": "seconds=2"})
    person = Person(server).logged_in("brief", "brief-password")
    assert holder_of(server, person.cookie()) == "brief"
    time.sleep(2.2)
    # The cookie is older than the session now, whatever the browser thinks of it.
    assert holder_of(server, person.cookie()) is None


def test_it_stays_at_its_address_where_that_is_asked_for(server, api, login_stage):
    api.user("bound", "bound-password")
    api.patch(login_stage, {"network_binding": "bind_asn_network_ip"})
    person = Person(server, **{"X-Forwarded-For": "198.51.100.7"}).logged_in("bound", "bound-password")
    assert person.who() == "bound"
    thief = Person(server, **{"X-Forwarded-For": "203.0.113.9", "Cookie": f"authentik_session={person.cookie()}"})
    assert thief.who() is None


def test_a_device_is_known_after_a_login_and_only_for_its_person(server, api):
    """The cookie that says so is signed, outlives the session and is good for nobody else."""
    for name in ("known-ann", "known-bob"):
        api.user(name, "some-password")

    def login(name, address, device=None):
        # Each from another address: an open session at the same one counts as known, too.
        person = Person(server, **{"X-Forwarded-For": address})
        if device:
            person.session.cookies.set("authentik_device", device, domain="127.0.0.1", path="/")
        person.logged_in(name, "some-password")
        event = api.first("/events/events/", action="login", username=name, ordering="-created")
        return person.session.cookies.get("authentik_device"), event["context"]["auth_method_args"]["known_device"]

    device, known = login("known-ann", "192.0.2.1")
    assert device and not known
    assert login("known-ann", "192.0.2.2", device)[1]
    assert login("known-ann", "192.0.2.2")[1], "a session from the same address is open"
    assert not login("known-ann", "192.0.2.3", device[:-1] + ("A" if device[-1] != "A" else "B"))[1]
    assert not login("known-bob", "192.0.2.4", device)[1]
