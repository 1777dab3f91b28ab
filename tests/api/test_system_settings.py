"""What administrators set for the installation as a whole is heeded where it says."""

import datetime
import time

import pytest
import requests
from person import Person

SETTINGS = "/admin/settings/"


@pytest.fixture
def settings(api):
    """Changes settings for one test."""
    before = api.get(SETTINGS)
    yield lambda **values: api.patch(SETTINGS, values)
    api.patch(SETTINGS, before)


def ends_in(seconds, moment):
    at = datetime.datetime.fromisoformat(moment).timestamp()
    return abs(at - time.time() - seconds) < 60


def token(api, name):
    api.post("/core/tokens/", {"identifier": name, "intent": "api"})
    return api.get(f"/core/tokens/{name}/"), api.get(f"/core/tokens/{name}/view_key/")["key"]


def test_new_tokens_live_and_are_as_long_as_set(api, settings):
    shown, key = token(api, "usual")
    assert ends_in(30 * 60, shown["expires"]) and len(key) == 60
    settings(default_token_duration="hours=3", default_token_length=99)
    shown, key = token(api, "set")
    assert ends_in(3 * 3600, shown["expires"]) and len(key) == 99
    answer = requests.get(api.base + "/core/users/me/", headers={"Authorization": f"Bearer {key}"}, timeout=30)
    assert answer.json()["user"]["username"] == "akadmin"


def test_events_are_kept_as_long_as_set(api, settings):
    settings(event_retention="days=2")
    api.post("/core/groups/", {"name": "for an event"})
    event = api.get("/events/events/?action=model_created&ordering=-created")["results"][0]
    assert event["context"]["model"]["name"] == "for an event"
    assert ends_in(2 * 86400, event["expires"])


def test_pages_of_lists_are_as_long_as_set(api, settings):
    for n in range(6):
        api.post("/core/groups/", {"name": f"page {n}"})
    settings(pagination_default_page_size=2, pagination_max_page_size=4)
    assert len(api.get("/core/groups/")["results"]) == 2
    assert len(api.get("/core/groups/?page_size=100")["results"]) == 4


def test_acting_as_somebody_else_asks_for_a_reason_or_is_switched_off(server, api, settings):
    user = api.user("acted-as", "some-password")
    admin = Person(server).logged_in("akadmin", "bootstrap-password")
    act = lambda **body: admin.call("POST", f"/core/users/{user['pk']}/impersonate/", json=body).status_code  # noqa: E731
    assert (act(), act(reason=""), admin.who()) == (401, 401, "akadmin")
    settings(impersonation=False)
    assert (act(reason="a test"), admin.who()) == (401, "akadmin")
    assert "can_impersonate" not in api.get("/root/config/")["capabilities"]
    settings(impersonation=True, impersonation_require_reason=False)
    assert (act(), admin.who()) == (204, "acted-as")


@pytest.mark.parametrize("removed", [True, False])
def test_events_go_with_their_user_if_set(server, api, settings, removed):
    settings(gdpr_compliance=removed)
    name = f"forgotten-{removed}".lower()
    user = api.user(name, "some-password")
    Person(server).logged_in(name, "some-password")
    count = lambda: api.get(f"/events/events/?username={name}")["pagination"]["count"]  # noqa: E731
    before = count()
    assert before > 0
    api.call("DELETE", f"/core/users/{user['pk']}/", 204)
    assert count() == (0 if removed else before)


PICTURES = {
    "initials": "data:image/svg+xml;base64,",
    "gravatar,initials": "data:image/svg+xml;base64,",
    "gravatar": "https://www.gravatar.com/avatar/",
    "none": "/static/dist/assets/images/user_default.png",
    "attributes.picture.url,initials": "https://pictures.example.com/1.png",
    "attributes.nothing,initials": "data:image/svg+xml;base64,",
    "attributes.evil,initials": "data:image/svg+xml;base64,",
    "https://example.com/%(username)s.png": "https://example.com/pictured.png",
}


@pytest.mark.parametrize("source", PICTURES)
def test_pictures_come_from_where_set(api, settings, source):
    found = api.first("/core/users/", username="pictured") if api.get("/core/users/?username=pictured")["results"] else None
    attributes = {"picture": {"url": "https://pictures.example.com/1.png"}, "evil": "javascript:alert(1)"}
    user = found or api.post("/core/users/", {"username": "pictured", "name": "Pic Tured", "attributes": attributes})
    settings(avatars=source)
    assert api.get(f"/core/users/{user['pk']}/")["avatar"].startswith(PICTURES[source])


def test_links_stand_at_the_foot_of_pages(server, settings):
    settings(footer_links=[{"name": "Imprint & more", "href": "https://example.com/imprint"}, {"name": "Only words"}])
    page = requests.get(server.base + "/if/flow/default-authentication-flow/", timeout=30).text
    assert '<a href="https://example.com/imprint">Imprint &#38; more</a>' in page and "Only words" in page


OWN = {"default_user_change_name": "name", "default_user_change_email": "email", "default_user_change_username": "username"}


@pytest.mark.parametrize("setting", OWN)
def test_people_change_of_themselves_what_is_set(server, api, settings, setting):
    field = OWN[setting]
    api.user(f"changer-{field}", "some-password")
    slug = "default-user-settings-flow"
    for allowed in (False, True):
        settings(**{setting: allowed})
        person = Person(server).logged_in(f"changer-{field}", "some-password")
        shown = person.look(slug).json()
        assert shown["component"] == "ak-stage-prompt", shown
        given = {f["field_key"]: f["initial_value"] for f in shown["fields"]}
        new = "new@example.com" if field == "email" else f"new-{field}"
        answer = person.answer(given | {"attributes.settings.locale": "en", field: new, "component": "ak-stage-prompt"}, slug).json()
        assert bool(answer.get("response_errors")) != allowed, answer
