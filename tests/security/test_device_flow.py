"""The device flow (RFC 8628) lets in who the application is for, once, and nobody by guessing."""

import time

import pytest
from browser import Browser
from person import Client, Person, at_once, is_refused

from server import Server

GRANT = "urn:ietf:params:oauth:grant-type:device_code"


@pytest.fixture(scope="module")
def server():
    # More devices than one address would begin with.
    with Server(env={"KEYWRIGHT_THROTTLE__PROVIDERS__OAUTH2__DEVICE": "1000/hour"}) as running:
        yield running


@pytest.fixture(scope="module")
def client(server, api):
    flow = api.post("/flows/instances/", {"name": "devices", "slug": "devices", "title": "Devices", "designation": "stage_configuration", "authentication": "require_authenticated"})
    brand = api.first("/core/brands/")
    api.patch(f"/core/brands/{brand['brand_uuid']}/", {"flow_device_code": flow["pk"]})
    client = Client(server, api, "television", scopes=("openid", "profile", "offline_access"))
    client.members = api.group("viewers")
    api.post("/policies/bindings/", {"target": client.application["pk"], "group": client.members, "order": 0})
    api.user("device-insider", "device-password", [client.members])
    api.user("device-outsider", "device-password")
    return client


def start(client, scope="openid"):
    answer = client.post("device", {"client_id": client.slug, "scope": scope})
    assert answer.status_code == 200, answer.text
    return answer.json()


def allow(started, name):
    """Goes to the address that the device shows, logs in and says yes to everything."""
    browser = Browser()
    page = browser.log_in(browser.get(started["verification_uri_complete"]), name, "device-password")
    for _ in range(4):
        if not page.forms:
            break
        page = browser.submit(page)
    return page


def poll(client, started, **form):
    return client.token(**({"grant_type": GRANT, "device_code": started["device_code"]} | form))


def test_a_member_gets_tokens_once(client):
    started = start(client)
    is_refused(poll(client, started), "authorization_pending")
    allow(started, "device-insider")
    answers = at_once(20, lambda _: poll(client, started))
    assert sorted(a.status_code for a in answers) == [200] + [400] * 19, [a.text for a in answers if a.status_code not in (200, 400)]
    is_refused(poll(client, started), "invalid_grant")


def test_somebody_else_gets_nothing(client):
    started = start(client)
    page = allow(started, "device-outsider")
    assert "denied" in page.text.lower(), page.text
    answer = poll(client, started)
    assert answer.status_code == 400 and answer.json()["error"] in ("access_denied", "authorization_pending"), answer.text


def test_it_ends_when_the_member_leaves(api, client):
    user = api.user("device-leaver", "device-password", [client.members])
    started = start(client)
    allow(started, "device-leaver")
    api.call("POST", f"/core/groups/{client.members}/remove_user/", 204, json={"pk": user["pk"]})
    is_refused(poll(client, started), "invalid_grant")


def test_it_ends_when_the_user_is_deactivated(api, client):
    user = api.user("device-sleeper", "device-password", [client.members])
    started = start(client)
    allow(started, "device-sleeper")
    api.patch(f"/core/users/{user['pk']}/", {"is_active": False})
    is_refused(poll(client, started), "invalid_grant")


def test_another_client_gets_nothing(server, api, client):
    other = Client(server, api, "radio")
    started = start(client)
    allow(started, "device-insider")
    is_refused(poll(other, started), "invalid_grant")
    assert poll(client, started).status_code == 200


@pytest.mark.parametrize("secret", ["wrong", "television-secre"])
def test_a_wrong_secret_gets_nothing(client, secret):
    started = start(client)
    allow(started, "device-insider")
    is_refused(poll(client, started, client_secret=secret), "invalid_client")


def test_it_ends_in_time(server, api, client):
    hasty = Client(server, api, "hasty-television", access_code_validity="seconds=1")
    started = start(hasty)
    assert started["expires_in"] == 1
    time.sleep(1.2)
    answer = poll(hasty, started)
    assert answer.status_code == 400 and answer.json()["error"] in ("expired_token", "invalid_grant"), answer.text


@pytest.mark.parametrize("code", ["nope", "", "0" * 5000, "\0", "%", "' OR 1=1--"])
def test_a_guess_is_nothing(client, code):
    is_refused(poll(client, {"device_code": code}), "invalid_grant")


@pytest.mark.parametrize("code", ["000000000", "abc", "", "0" * 3000, "<script>alert(1)</script>", "1 OR 1=1"])
def test_a_guessed_user_code_leads_nowhere(server, client, code):
    browser = Browser()
    page = browser.log_in(browser.get(f"{server.base}/device"), "device-insider", "device-password")
    page = browser.get(f"{server.base}/device", params={"code": code})
    assert page.status < 500 and "<script>alert" not in page.response.text
    for _ in range(2):
        if page.forms:
            page = browser.submit(page, **({"code": code} if "code" in page.forms[0]["fields"] else {}))
    assert page.status < 500 and "<script>alert" not in page.response.text


@pytest.mark.parametrize("consent", ["implicit", "permanent", "explicit"])
def test_a_link_alone_lets_no_device_in(server, api, client, consent):
    """Somebody is made to follow the link that a stranger's device shows (RFC 8628 §5.4)."""
    slug = f"projector-{consent}"
    extra = {} if consent != "permanent" else {"authorization_flow": permanent(api)}
    device = Client(server, api, slug, consent=consent if consent != "permanent" else "explicit", **extra)
    api.user(slug, "device-password")
    person = Person(server).logged_in(slug, "device-password")
    # Agreed to before, as people have who use the application.
    device.log_in(person)
    started = start(device)
    shown = person.get(started["verification_uri_complete"])
    for _ in range(4):
        if not shown.is_redirect:
            break
        flow, _, query = shown.headers["Location"].removeprefix("/if/flow/").partition("/?")
        shown = person.look(flow.strip("/"), query)
    assert shown.json()["component"] == "ak-stage-consent", shown.text
    is_refused(poll(device, started), "authorization_pending")
    body = {"component": "ak-stage-consent", "token": shown.json()["token"]}
    assert person.session.post(shown.url, json=body, timeout=30).json()["component"] == "ak-provider-oauth2-device-code-finish"
    assert poll(device, started).status_code == 200


def permanent(api):
    """A flow that asks for consent once and for all."""
    flow = api.post("/flows/instances/", {"name": "once", "slug": "once-and-for-all", "title": "Once", "designation": "authorization"})
    stage = api.post("/stages/consent/", {"name": "once", "mode": "permanent"})
    api.post("/flows/bindings/", {"target": flow["pk"], "stage": stage["pk"], "order": 0})
    return flow["pk"]


def test_codes_are_long_and_different(client):
    codes = [start(client) for _ in range(20)]
    assert len({c["user_code"] for c in codes}) == 20 and len({c["device_code"] for c in codes}) == 20
    assert all(len(c["device_code"]) >= 43 and len(c["user_code"]) >= 8 for c in codes)
