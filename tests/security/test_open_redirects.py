"""Nobody is sent to an address that only the link they followed knows."""

import urllib.parse

import pytest
from person import Client, Person

ELSEWHERE = [
    "//evil.example",
    "///evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "\t//evil.example",
    "/\t/evil.example",
    "/%09/evil.example",
    "/%2fevil.example",
    "/%5cevil.example",
    "%2f%2fevil.example",
    "https:evil.example",
    "https:/evil.example",
    "https://evil.example",
    "http://127.0.0.1@evil.example/",
    "javascript:alert(1)",
    "data:text/html,x",
    "/ok\r\nLocation: https://evil.example",
]


@pytest.fixture(scope="module")
def people(api):
    api.user("traveller", "traveller-password")


def is_at_home(server, url):
    """As a browser reads it: backslashes are slashes, tabs and newlines are not there."""
    url = "".join(c for c in url if c not in "\t\r\n").strip().replace("\\", "/")
    parts = urllib.parse.urlsplit(urllib.parse.urljoin(server.base + "/if/flow/x/", url))
    return f"{parts.scheme}://{parts.netloc}" == server.base


def walk(server, person, url):
    """Follows redirects as long as they stay at home; false when one leads away."""
    for _ in range(12):
        answer = person.get(url)
        if not answer.is_redirect:
            return True, answer
        url = answer.headers["Location"]
        if not is_at_home(server, url):
            return False, answer
        url = urllib.parse.urljoin(answer.url, url)
    raise AssertionError("a circle")


@pytest.mark.parametrize("target", ELSEWHERE)
def test_next_behind_a_login_stays_at_home(server, people, target):
    person = Person(server)
    shown = person.log_in("traveller", "traveller-password", query=urllib.parse.urlencode({"next": target}))
    if shown["component"] == "xak-flow-redirect":
        assert is_at_home(server, shown["to"]), shown
    else:
        assert shown["component"] == "ak-stage-access-denied" and shown["error_message"] == "Invalid next URL", shown


@pytest.mark.parametrize("target", ELSEWHERE)
@pytest.mark.parametrize("path", ["/flows/-/default/authentication/", "/flows/-/default/invalidation/", "/flows/-/cancel/", "/if/flow/default-authentication-flow/", "/"])
@pytest.mark.parametrize("name", ["next", "rd", "to"])
def test_addresses_that_lead_on_stay_at_home(server, people, path, name, target):
    stays, answer = walk(server, Person(server), f"{path}?{urllib.parse.urlencode({name: target})}")
    assert stays, answer.headers["Location"]


def test_a_path_of_our_own_is_where_the_login_leads(server, people):
    shown = Person(server).log_in("traveller", "traveller-password", query=urllib.parse.urlencode({"next": "/if/user/?a=b"}))
    assert shown["component"] == "xak-flow-redirect" and shown["to"] == "/if/user/?a=b"


def test_another_next_halfway_does_not_leave_home(server, people):
    person = Person(server)
    person.look(query="next=%2Fif%2Fuser%2F")
    person.answer({"component": "ak-stage-identification", "uid_field": "traveller"}, query="next=%2Fif%2Fuser%2F")
    shown = person.log_in("traveller", "traveller-password", query="next=https%3A%2F%2Fevil.example")
    assert shown.get("to") is None or is_at_home(server, shown["to"]), shown


@pytest.fixture(scope="module")
def client(server, api):
    return Client(server, api, "leaving")


@pytest.mark.parametrize("target", [*ELSEWHERE, "https://app.example.com/cb/other", "https://app.example.com.evil.example/cb"])
@pytest.mark.parametrize("hint", [True, False], ids=["with id_token_hint", "without"])
def test_only_registered_addresses_follow_a_logout(server, client, people, target, hint):
    person = Person(server).logged_in("traveller", "traveller-password")
    query = {"post_logout_redirect_uri": target, "client_id": "leaving"}
    if hint:
        query["id_token_hint"] = client.log_in(person)["id_token"]
    to, answer = person.go(f"/application/o/leaving/end-session/?{urllib.parse.urlencode(query)}")
    assert to is None or is_at_home(server, to), to
    assert "evil.example" not in answer.headers.get("Location", "")
    if answer.headers.get("content-type", "").startswith("application/json"):
        assert is_at_home(server, answer.json().get("to") or "/"), answer.json()


@pytest.mark.parametrize("error", [{"prompt": "none"}, {"response_type": "banana"}, {"request": "x"}, {"code_challenge": "x", "code_challenge_method": "S512"}])
def test_errors_go_to_the_registered_address_only(server, client, error):
    answer = Person(server).get(client.authorize_url(**error))
    if answer.is_redirect:
        assert answer.headers["Location"].startswith((client.redirect, server.base, "/if/flow/", "/flows/-/"))
    stranger = Person(server).get(client.authorize_url(redirect_uri="https://evil.example/", **error))
    assert stranger.status_code == 400 and "Location" not in stranger.headers
