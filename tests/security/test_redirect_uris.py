"""Redirect URIs that only look like the registered one lead nowhere (RFC 6749 §3.1.2.4, RFC 9700 §2.1)."""

import pytest
from browser import Forms
from person import CALLBACK, Client, Person, is_refused

PATTERN = r"https://re\.example\.com/[a-z]+"

HOSTILE = {
    "another host": "https://evil.example/cb",
    "a dot is a dot": "https://appXexample.com/cb",
    "more in front": "https://evil.example/?https://app.example.com/cb",
    "more behind": "https://app.example.com/cb/more",
    "a longer name": "https://app.example.com/cbx",
    "another case in the path": "https://app.example.com/CB",
    "another case in the host": "https://APP.example.com/cb",
    "another scheme": "http://app.example.com/cb",
    "user name": "https://app.example.com@evil.example/cb",
    "user name and port": "https://app.example.com:443@evil.example/cb",
    "a longer host": "https://app.example.com.evil.example/cb",
    "a port": "https://app.example.com:8443/cb",
    "the default port": "https://app.example.com:443/cb",
    "trailing dot": "https://app.example.com./cb",
    "trailing slash": "https://app.example.com/cb/",
    "trailing newline": "https://app.example.com/cb\n",
    "trailing space": "https://app.example.com/cb ",
    "added query": "https://app.example.com/cb?x=1",
    "empty query": "https://app.example.com/cb?",
    "fragment": "https://app.example.com/cb#x",
    "empty fragment": "https://app.example.com/cb#",
    "encoded slash": "https://app.example.com%2fcb",
    "encoded letter": "https://app.example.com/c%62",
    "dot segments": "https://app.example.com/x/../cb",
    "backslash": "https://app.example.com\\cb",
    "backslash before another host": "https://evil.example\\.app.example.com/cb",
    "no scheme": "//app.example.com/cb",
    "only a path": "/cb",
    "empty": "",
    "javascript": "javascript:alert(1)//https://app.example.com/cb",
    "javascript in capitals": "JaVaScRiPt:alert(1)",
    "javascript behind a tab": "\tjavascript:alert(1)",
    "javascript with a tab": "java\tscript:alert(1)",
    "data": "data:text/html,<script>alert(1)</script>",
    "vbscript": "vbscript:msgbox(1)",
    "blob": "blob:https://app.example.com/cb",
    "IPv6": "https://[::1]/cb",
    "IDN": "https://аpp.example.com/cb",
    "an ideographic full stop": "https://app。example.com/cb",
    "too long": "https://app.example.com/cb?" + "x" * 9000,
    "NUL": "https://app.example.com/cb\0",
    "pattern: a dot is a dot": "https://reXexample.com/abc",
    "pattern: not the whole": "https://re.example.com/abc/more",
    "pattern: another line": "https://re.example.com/abc\n.evil.example",
    "pattern: in front": "https://evil.example/https://re.example.com/abc",
    "pattern: user name": "https://re.example.com@evil.example/abc",
}


@pytest.fixture(scope="module")
def client(server, api):
    return Client(
        server,
        api,
        "redirects",
        redirect_uris=[{"matching_mode": "strict", "url": CALLBACK}, {"matching_mode": "regex", "url": PATTERN}],
    )


@pytest.fixture(scope="module")
def person(server, api):
    api.user("visitor", "visitor-password")
    return Person(server).logged_in("visitor", "visitor-password")


def is_a_page_of_our_own(answer):
    assert answer.status_code == 400, f"{answer.status_code} {answer.headers.get('Location')}"
    assert "Location" not in answer.headers and "refresh" not in {h.lower() for h in answer.headers}
    assert answer.headers["content-type"].startswith("text/html")
    page = Forms(answer.text)
    assert not any(form["action"].startswith(("http", "javascript", "data", "//")) for form in page.forms)
    assert "Redirect URI Error" in answer.text and "redirect_uri" in answer.text


@pytest.mark.parametrize("uri", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_hostile_redirect_uri_ends_on_an_error_page(client, person, uri):
    is_a_page_of_our_own(person.get(client.authorize_url(redirect_uri=uri)))
    is_a_page_of_our_own(person.get(client.authorize_url(redirect_uri=uri, response_mode="form_post")))
    is_a_page_of_our_own(person.get(client.authorize_url(redirect_uri=uri, prompt="none")))
    # An error in the rest of the request must not be told to that address either.
    is_a_page_of_our_own(person.get(client.authorize_url(redirect_uri=uri, response_type="banana")))


def test_a_missing_redirect_uri_ends_on_an_error_page(client, person):
    is_a_page_of_our_own(person.get(client.authorize_url(redirect_uri=None)))


def test_two_redirect_uris_are_none(client, person):
    is_a_page_of_our_own(person.get(client.authorize_url() + "&redirect_uri=https%3A%2F%2Fevil.example%2F"))


@pytest.mark.parametrize("uri", [CALLBACK, "https://re.example.com/abc"])
def test_a_registered_redirect_uri_gets_the_code(client, person, uri):
    to, _ = person.authorize(client, redirect_uri=uri)
    assert to.startswith(uri + "?code=")


def test_a_program_on_the_machine_may_listen_on_any_port(server, api, person):
    """RFC 8252 §7.3, through to the tokens."""
    client = Client(server, api, "on-the-machine", redirect="http://127.0.0.1/cb", client_type="public")
    for port in ("", ":51004"):
        uri = f"http://127.0.0.1{port}/cb"
        answer = client.redeem(person.code(client, redirect_uri=uri), redirect_uri=uri)
        assert answer.status_code == 200, answer.text
    for uri in ("http://127.0.0.1:51004/other", "http://localhost:51004/cb", "https://127.0.0.1:51004/cb", "http://127.0.0.1:51004/cb?x=1"):
        is_a_page_of_our_own(person.get(client.authorize_url(redirect_uri=uri)))


@pytest.mark.parametrize("uri", ["javascript:alert(1)", "data:text/html,x", "vbscript:x", "https://a@evil.example/", "//evil.example", "https://x.example/\n"])
def test_a_pattern_that_takes_everything_still_does_not_run_code(server, api, person, uri):
    slug = f"all-{abs(hash(uri)) % 10**9}"
    client = Client(server, api, slug, redirect_uris=[{"matching_mode": "regex", "url": "(?s).*"}])
    is_a_page_of_our_own(person.get(client.authorize_url(redirect_uri=uri, response_mode="form_post")))


def test_a_pattern_that_takes_for_ever_is_refused_in_time(server, api, person):
    client = Client(server, api, "slow-pattern", redirect_uris=[{"matching_mode": "regex", "url": "https://(a+)+b"}])
    answer = person.get(client.authorize_url(redirect_uri="https://" + "a" * 4000 + "c"))
    is_a_page_of_our_own(answer)
    assert answer.elapsed.total_seconds() < 3


@pytest.mark.parametrize(
    "uri, error",
    [(None, "invalid_client"), ("", "invalid_client"), ("https://evil.example/", "invalid_client"), ("https://re.example.com/abc", "invalid_grant")],
    ids=["missing", "empty", "not registered", "registered but not the one asked with"],
)
def test_the_token_endpoint_wants_the_same_redirect_uri_again(client, person, uri, error):
    code = person.code(client)
    is_refused(client.redeem(code, redirect_uri=uri), error)
    # The mistake did not cost the client its code.
    assert client.redeem(code).status_code == 200


@pytest.mark.parametrize(
    "uris",
    [
        "https://x.example/",
        [{"url": "https://x.example/"}],
        [{"matching_mode": "fuzzy", "url": "https://x.example/"}],
        [{"matching_mode": "strict", "url": 7}],
        [{"matching_mode": "regex", "url": "https://(x"}],
    ],
    ids=["text", "no mode", "unknown mode", "a number", "a broken pattern"],
)
def test_what_cannot_be_compared_cannot_be_registered(api, client, uris):
    path = f"/providers/oauth2/{client.provider['pk']}/"
    refused = api.call("PATCH", path, 400, json={"redirect_uris": uris})
    assert "redirect_uris" in refused, refused
    assert api.get(path)["redirect_uris"] == client.provider["redirect_uris"]
