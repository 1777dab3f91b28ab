"""The first administrator's password is set once, by one."""

import pytest
import requests
from api import Api
from browser import Browser
from person import Person, at_once
from server import PASSWORD, TOKEN, Server

SETUP = "/if/flow/initial-setup/"


def fill(server, password):
    """Opens the set-up and fills it in; the browser and the last page."""
    browser = Browser()
    page = browser.get(server.base + SETUP)
    for _ in range(3):
        fields = page.forms[0]["fields"] if page.forms else {}
        if "password" not in fields:
            break
        values = {"password": password, "password_repeat": password, "email": "admin@example.com"}
        page = browser.submit(page, **{k: v for k, v in values.items() if k in fields})
    return browser, page


def works(server, password):
    return Person(server).log_in("akadmin", password)["component"] == "xak-flow-redirect"


@pytest.fixture
def fresh():
    with Server(password=None) as running:
        yield running


def test_it_is_open_on_a_fresh_installation_and_then_never_again(fresh):
    assert Browser().get(fresh.base + SETUP).forms
    fill(fresh, "first-password-of-akadmin")
    assert works(fresh, "first-password-of-akadmin")
    again = Browser().get(fresh.base + SETUP)
    assert not again.forms or "password" not in again.forms[0]["fields"], again.text
    fill(fresh, "second-password")
    assert works(fresh, "first-password-of-akadmin") and not works(fresh, "second-password")


def test_of_two_at_once_one_wins(fresh):
    at_once(6, lambda n: fill(fresh, f"racing-password-{n}"))
    assert sum(works(fresh, f"racing-password-{n}") for n in range(6)) == 1


def test_it_stays_shut_when_the_administrator_is_gone(fresh):
    browser, _ = fill(fresh, "first-password-of-akadmin")
    admin = Person(fresh).logged_in("akadmin", "first-password-of-akadmin")
    me = admin.call("get", "/core/users/me/").json()["user"]["pk"]
    admin.call("post", "/core/users/", json={"username": "other-admin", "name": "x", "groups": [admin.call("get", "/core/groups/?name=authentik+Admins").json()["results"][0]["pk"]]})
    assert admin.call("delete", f"/core/users/{me}/").status_code == 204
    page = Browser().get(fresh.base + SETUP)
    assert not page.forms or "password" not in page.forms[0]["fields"], page.text
    fresh.stop()
    fresh.start()
    fill(fresh, "usurper-password")
    assert not works(fresh, "usurper-password")


def test_nobody_logs_in_without_a_password(fresh):
    for password in ("", "akadmin", "password", "!"):
        assert not works(fresh, password)
    assert requests.get(fresh.base + "/api/v3/core/users/me/", timeout=30).status_code == 403


def test_it_is_shut_where_the_password_came_with_the_settings(server):
    page = Browser().get(server.base + SETUP)
    assert not page.forms or "password" not in page.forms[0]["fields"], page.text
    assert works(server, PASSWORD)


def test_what_came_with_the_settings_is_in_no_log(server):
    Api(server.base, TOKEN).get("/core/users/me/")
    log = server.log.read_text()
    assert TOKEN not in log and PASSWORD not in log


def test_the_settings_do_not_bring_back_an_old_password(server, api):
    pk = api.first("/core/users/", username="akadmin")["pk"]
    api.call("POST", f"/core/users/{pk}/set_password/", 204, json={"password": "changed-password"})
    server.stop()
    server.start()
    assert works(server, "changed-password") and not works(server, PASSWORD)
    api.call("POST", f"/core/users/{pk}/set_password/", 204, json={"password": PASSWORD})


def test_the_data_folder_is_private(server):
    for path in server.data.rglob("*"):
        if path.is_file() and any(word in path.name for word in ("key", "secret")) and path.suffix not in (".crt",):
            assert path.stat().st_mode & 0o077 == 0, path
