"""Pages speak the person's language, else the browser's; the API stays English."""

import pytest
import requests
from person import LOGIN, Person

PAGE = f"/if/flow/{LOGIN}/"


@pytest.mark.parametrize(("asked", "language", "text"), [("de-DE,en;q=0.5", "de", "E-Mail-Adresse oder Benutzername"), ("en,de;q=0.5", "en", "Email or username"), ("fr", "en", "Email or username"), (None, "en", "Email or username")])
def test_the_browser_is_asked(server, asked, language, text):
    page = requests.get(server.base + PAGE, headers={"Accept-Language": asked} if asked else {}, timeout=30)
    assert page.headers["Content-Language"] == language and f'<html lang="{language}">' in page.text
    assert text in page.text


def test_what_a_person_chose_counts_more(server, api):
    user = api.user("greta", "some-password")
    person = Person(server, **{"Accept-Language": "en"}).logged_in("greta", "some-password")
    assert "My applications" in person.get("/if/user/").text
    api.patch(f"/core/users/{user['pk']}/", {"attributes": {"settings": {"locale": "de-DE"}}})
    page = person.get("/if/user/")
    assert "Meine Anwendungen" in page.text and page.headers["Content-Language"] == "de"


def test_the_api_stays_english(server):
    person = Person(server, **{"Accept-Language": "de"})
    shown = person.log_in("nobody-here", "wrong")
    (error,) = [e["string"] for errors in shown["response_errors"].values() for e in errors]
    assert error in ("Failed to authenticate.", "Invalid password")


def test_unknown_addresses_in_german(server):
    page = requests.get(server.base + "/if/flow/no-such-flow/", headers={"Accept-Language": "de", "Accept": "text/html"}, timeout=30)
    assert page.status_code == 404 and "Nicht gefunden" in page.text
