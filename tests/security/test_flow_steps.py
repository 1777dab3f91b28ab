"""A flow cannot be made to skip, mix or repeat its steps."""

import json

import pytest
from browser import Browser
from person import LOGIN, Person

IDENTIFY = {"component": "ak-stage-identification", "uid_field": "stepper"}
PASSWORD = {"component": "ak-stage-password", "password": "stepper-password"}


@pytest.fixture(scope="module", autouse=True)
def people(api):
    return [api.user("stepper", "stepper-password"), api.user("second", "second-password")]


EMPTY = {
    "empty object": {"json": {}},
    "no body": {"data": b"", "headers": {"Content-Type": "application/json"}},
    "no component, a foreign field": {"json": {"x": 1}},
    "another stage's component": {"json": {"component": "ak-stage-user-login", "remember_me": False}},
    "an unknown component": {"json": {"component": "ak-stage-nonsense"}},
    "null": {"json": {"component": None, "uid_field": None, "password": None}},
    "wrong types": {"json": {"component": "ak-stage-identification", "uid_field": {"a": 1}, "password": [1]}},
    "an empty form": {"data": b"", "headers": {"Content-Type": "application/x-www-form-urlencoded"}},
}


@pytest.mark.parametrize("body", EMPTY.values(), ids=EMPTY)
def test_nothing_is_no_answer_to_any_step_of_the_login(server, body):
    person = Person(server)
    for wanted, right in (("ak-stage-identification", IDENTIFY), ("ak-stage-password", PASSWORD)):
        shown = person.look().json()
        assert shown["component"] == wanted
        answer = person.answer(None, **body)
        assert answer.status_code in (200, 400, 415), answer.text[:200]
        if answer.status_code == 200:
            assert answer.json()["component"] == wanted, answer.json()
        assert person.look().json()["component"] == wanted and person.who() is None
        person.answer(right)
    assert person.who() == "stepper"


@pytest.mark.parametrize("body", [[], "text", 7, None, [{}]], ids=repr)
def test_an_answer_must_be_an_object(server, body):
    person = Person(server)
    person.look()
    answer = person.answer(None, data=json.dumps(body), headers={"Content-Type": "application/json"})
    assert answer.status_code in (200, 400)
    assert person.look().json()["component"] == "ak-stage-identification" and person.who() is None


def test_the_second_step_cannot_be_first(server):
    person = Person(server)
    person.look()
    shown = person.answer(PASSWORD).json()
    assert shown["component"] == "ak-stage-identification" and person.who() is None


def test_a_wrong_password_is_told_at_its_field(server):
    person = Person(server)
    shown = person.log_in("stepper", "wrong")
    assert shown["component"] == "ak-stage-password" and shown["response_errors"]["password"][0]["string"], shown
    assert person.who() is None


def test_a_step_that_was_passed_cannot_be_played_again(server):
    person = Person(server)
    person.look()
    person.answer(IDENTIFY)
    # Back button: the old form with another name.
    shown = person.answer({**IDENTIFY, "uid_field": "second"}).json()
    assert shown["component"] == "ak-stage-password"
    assert shown["pending_user"] == "stepper"
    person.answer({**PASSWORD, "password": "second-password"})
    assert person.who() is None
    person.answer(PASSWORD)
    assert person.who() == "stepper"


def test_after_the_end_nothing_can_be_answered(server):
    person = Person(server).logged_in("stepper", "stepper-password")
    shown = person.answer(PASSWORD)
    assert shown.status_code == 200 and person.who() == "stepper"


def test_the_plan_of_one_flow_does_not_count_in_another(server, api):
    flow = api.post("/flows/instances/", {"name": "Other", "slug": "other-login", "title": "Other", "designation": "authentication", "authentication": "none"})
    for order, stage in enumerate(("default-authentication-identification", "default-authentication-password", "default-authentication-login")):
        pk = api.first("/stages/all/", name=stage)["pk"]
        api.post("/flows/bindings/", {"target": flow["pk"], "stage": pk, "order": order})
    person = Person(server)
    person.look()
    person.answer(IDENTIFY)
    assert person.look("other-login").json()["component"] == "ak-stage-identification"
    shown = person.answer(PASSWORD, slug="other-login").json()
    assert shown["component"] == "ak-stage-identification" and person.who() is None


def test_two_tabs_end_well(server):
    browser = Browser()
    first = browser.get(server.base + "/if/flow/default-authentication-flow/?next=%2Fif%2Fuser%2F")
    second = browser.get(server.base + "/if/flow/default-authentication-flow/?next=%2Fif%2Fuser%2F")
    second = browser.submit(second, uid_field="stepper")
    # The first tab is a step behind now; its form is not taken for the answer to the present step.
    stale = browser.submit(first, uid_field="second")
    assert stale.forms and "password" in stale.forms[0]["fields"], stale.text
    done = browser.log_in(stale, "stepper", "stepper-password")
    assert done.url.startswith(server.base + "/if/user/"), done.url
    late = browser.submit(second, password="stepper-password")
    assert late.status < 500


def test_the_page_refuses_a_form_from_elsewhere(server):
    browser = Browser()
    page = browser.get(server.base + "/if/flow/default-authentication-flow/")
    fields = {k: v for k, v in page.forms[0]["fields"].items() if k in ("component",)} | {"uid_field": "stepper"}
    answer = browser.session.post(page.url, data=fields, timeout=30, headers={"Origin": "https://evil.example"})
    assert answer.status_code in (200, 403)
    again = browser.get(server.base + "/if/flow/default-authentication-flow/")
    assert "uid_field" in again.forms[0]["fields"] and "password" not in again.forms[0]["fields"]


def test_only_flows_for_visitors_start_for_visitors(server, api):
    open_to_visitors = {"authentication", "enrollment", "recovery", "invalidation"}
    for flow in api.get("/flows/instances/", page_size=100)["results"]:
        shown = Person(server).look(flow["slug"]).json()
        if flow["designation"] not in open_to_visitors and flow["authentication"] != "none":
            assert shown["component"] in ("ak-stage-access-denied", "xak-flow-redirect"), (flow["slug"], shown)
            assert not shown.get("to", "/flows/-/default/authentication/").startswith("http"), shown


@pytest.fixture(scope="module")
def writing(api):
    """A flow that asks for a name and writes the user, without any sign-up meant."""
    field = api.post("/stages/prompt/prompts/", {"name": "w-username", "field_key": "username", "label": "Username", "type": "username", "required": True})
    prompt = api.post("/stages/prompt/stages/", {"name": "w-prompt", "fields": [field["pk"]]})
    stages = {"never": api.post("/stages/user_write/", {"name": "w-never", "user_creation_mode": "never_create"})}
    stages["required"] = api.post("/stages/user_write/", {"name": "w-required", "user_creation_mode": "create_when_required"})
    for name, stage in stages.items():
        flow = api.post(
            "/flows/instances/",
            {"name": name, "slug": f"write-{name}", "title": name, "designation": "stage_configuration", "authentication": "none"},
        )
        api.post("/flows/bindings/", {"target": flow["pk"], "stage": prompt["pk"], "order": 0})
        api.post("/flows/bindings/", {"target": flow["pk"], "stage": stage["pk"], "order": 10})


@pytest.mark.parametrize("name", ["akadmin", "somebody-new"])
def test_writing_without_a_user_and_without_leave_to_create_denies(server, api, writing, name):
    before = api.get("/core/users/")["pagination"]["count"]
    person = Person(server)
    person.look("write-never")
    shown = person.answer({"component": "ak-stage-prompt", "username": name}, slug="write-never").json()
    assert shown["component"] in ("ak-stage-access-denied", "ak-stage-prompt"), shown
    assert api.get("/core/users/")["pagination"]["count"] == before and person.who() is None


def test_a_visitor_cannot_write_over_a_user(server, api, writing):
    before = api.first("/core/users/", username="second")
    person = Person(server)
    person.look("write-required")
    shown = person.answer({"component": "ak-stage-prompt", "username": "second", "email": "evil@example.com", "pk": before["pk"]}, slug="write-required").json()
    assert shown["component"] in ("ak-stage-access-denied", "ak-stage-prompt"), shown
    assert api.first("/core/users/", username="second") == before


def test_somebody_changes_only_themselves(server, api, writing):
    pk = api.first("/core/users/", username="second")["pk"]
    count = api.get("/core/users/")["pagination"]["count"]
    person = Person(server).logged_in("stepper", "stepper-password")
    person.look("write-required")
    person.answer({"component": "ak-stage-prompt", "username": "second"}, slug="write-required")
    assert api.get(f"/core/users/{pk}/")["username"] == "second"
    assert api.get("/core/users/")["pagination"]["count"] == count


FAILING = ["raise ValueError('no')", "return 1 / 0", "return request.nothing.at.all", "while True:\n    pass"]


def flow_with(api, slug, **binding):
    flow = api.post("/flows/instances/", {"name": slug, "slug": slug, "title": slug, "designation": "authentication", "authentication": "none"})
    bindings = []
    for order, stage in enumerate(("default-authentication-identification", "default-authentication-password", "default-authentication-login")):
        pk = api.first("/stages/all/", name=stage)["pk"]
        bindings.append(api.post("/flows/bindings/", {"target": flow["pk"], "stage": pk, "order": order, **binding}))
    return flow, bindings


@pytest.mark.parametrize("expression", FAILING)
@pytest.mark.parametrize("when", [{"evaluate_on_plan": True, "re_evaluate_policies": False}, {"evaluate_on_plan": False, "re_evaluate_policies": True}], ids=["at planning", "at the step"])
def test_a_policy_that_fails_does_not_take_the_password_away(server, api, expression, when):
    slug = f"fail-{abs(hash((expression, str(when)))) % 10**8}"
    _, bindings = flow_with(api, slug, **when)
    policy = api.post("/policies/expression/", {"name": slug, "expression": expression})
    api.post("/policies/bindings/", {"target": bindings[1]["policybindingmodel_ptr_id"], "policy": policy["pk"], "order": 0})
    person = Person(server)
    shown = person.look(slug).json()
    if shown["component"] == "ak-stage-identification":
        shown = person.answer(IDENTIFY, slug=slug).json()
    assert shown["component"] in ("ak-stage-access-denied", "ak-stage-password"), shown
    person.look(slug)
    assert person.who() is None


@pytest.mark.parametrize("expression", [*FAILING, "return False"])
def test_a_policy_that_fails_at_a_flow_denies_it(server, api, expression):
    slug = f"shut-{abs(hash(expression)) % 10**8}"
    flow, _ = flow_with(api, slug)
    policy = api.post("/policies/expression/", {"name": slug, "expression": expression})
    api.post("/policies/bindings/", {"target": flow["policybindingmodel_ptr_id"], "policy": policy["pk"], "order": 0})
    shown = Person(server).look(slug).json()
    assert shown["component"] == "ak-stage-access-denied", shown


@pytest.mark.parametrize("value", ["a", "", "x" * 10_000, "fe80::1%eth0", "1.2.3.4, a", "127.0.0.1;", "\u00ff"])
def test_a_strange_address_does_not_take_the_password_away(server, value):
    person = Person(server)
    person.session.headers["X-Forwarded-For"] = value.encode()
    assert person.look().json()["component"] == "ak-stage-identification"
    assert person.answer(IDENTIFY).json()["component"] == "ak-stage-password"
    assert person.who() is None


@pytest.mark.parametrize("slug", ["nope", "..", "%2e%2e", "default-authentication-flow%00", "a" * 5000, "'--"])
def test_an_unknown_flow_is_not_found(server, slug):
    for path in (f"/api/v3/flows/executor/{slug}/", f"/if/flow/{slug}/"):
        assert Person(server).get(path).status_code in (400, 404)


def test_a_deactivated_user_cannot_log_in(server, api):
    user = api.user("sleeper", "sleeper-password")
    api.patch(f"/core/users/{user['pk']}/", {"is_active": False})
    person = Person(server)
    assert person.log_in("sleeper", "sleeper-password")["component"] != "xak-flow-redirect"
    assert person.who() is None


def test_a_cancelled_flow_starts_anew(server):
    person = Person(server)
    person.look()
    person.answer(IDENTIFY)
    person.get("/flows/-/cancel/")
    assert person.look(LOGIN).json()["component"] == "ak-stage-identification"
