"""Another site cannot act with somebody's session."""

import pytest
from browser import Browser
from person import Client, Person
from server import PASSWORD


@pytest.fixture
def admin(server):
    return Person(server).logged_in("akadmin", PASSWORD)


BODIES = {
    "JSON": {"json": {"name": "forged"}},
    "form": {"data": {"name": "forged"}},
    "text": {"data": '{"name": "forged"}', "headers": {"Content-Type": "text/plain"}},
}


@pytest.mark.parametrize("token", [None, "", "x" * 32, "x" * 64, "another session's"])
@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_a_session_alone_writes_nothing(server, api, admin, token, body):
    if token == "another session's":
        token = Person(server).logged_in("akadmin", PASSWORD).session.cookies["authentik_csrf"]
    headers = dict(body.get("headers", {})) | ({} if token is None else {"X-authentik-CSRF": token}) | {"Origin": "https://evil.example"}
    answer = admin.session.post(f"{server.base}/api/v3/core/groups/", timeout=30, headers=headers, **{k: v for k, v in body.items() if k != "headers"})
    assert answer.status_code == 403, answer.text
    assert "CSRF" in answer.json()["detail"]
    assert not api.get("/core/groups/", name="forged")["results"]


def test_with_the_token_it_works(admin):
    assert admin.call("post", "/core/groups/", json={"name": "meant"}).status_code == 201


@pytest.mark.parametrize("method", ["put", "patch", "delete", "post"])
@pytest.mark.parametrize("path", ["/core/users/1/", "/core/users/1/set_password/", "/core/users/1/impersonate/", "/core/applications/x/", "/managed/blueprints/"])
def test_no_writing_method_does_without(server, admin, method, path):
    answer = admin.session.request(method, f"{server.base}/api/v3{path}", json={}, timeout=30)
    assert answer.status_code in (403, 405), answer.status_code


@pytest.mark.parametrize("path", ["/core/users/1/impersonate/", "/core/users/1/recovery/", "/core/users/1/set_password/", "/core/tokens/x/set_key/", "/policies/all/cache_clear/"])
def test_reading_does_not_write(admin, path):
    assert admin.call("get", path).status_code in (404, 405)


@pytest.mark.parametrize("override", [{"X-HTTP-Method-Override": "DELETE"}, {"X-Method-Override": "DELETE"}])
def test_no_header_makes_another_method_of_it(api, admin, override):
    pk = api.post("/core/groups/", {"name": f"kept {next(iter(override))}"})["pk"]
    admin.session.get(f"{api.base}/core/groups/{pk}/", headers=override, timeout=30)
    admin.session.get(f"{api.base}/core/groups/{pk}/?_method=DELETE", timeout=30)
    assert api.get(f"/core/groups/{pk}/")


def test_nobody_is_logged_in_under_a_strangers_name(server, api):
    """Login forgery: a form on another site with the stranger's own name and password."""
    api.user("stranger", "stranger-password")
    browser = Browser()
    flow = server.base + "/if/flow/default-authentication-flow/"
    for fields in ({"uid_field": "stranger"}, {"password": "stranger-password"}):
        browser.session.post(flow, data=fields, timeout=30, headers={"Origin": "https://evil.example"})
    answer = browser.session.get(server.base + "/api/v3/core/users/me/", timeout=30)
    assert answer.status_code == 403


@pytest.mark.parametrize("origin", ["https://evil.example", "https://app.example.com.evil.example", "https://evilapp.example.com", "http://app.example.com", "null", "https://app.example.com:444"])
def test_other_origins_may_not_read(server, api, origin):
    if not api.get("/providers/oauth2/", name="shared-origin")["results"]:
        Client(server, api, "shared-origin")
    for path in ("/application/o/shared-origin/.well-known/openid-configuration", "/application/o/userinfo/", "/api/v3/core/users/me/", "/api/v3/root/config/"):
        answer = Person(server).get(path, headers={"Origin": origin})
        assert answer.headers.get("Access-Control-Allow-Origin") not in (origin, "*"), (path, origin)
        assert answer.headers.get("Access-Control-Allow-Credentials") != "true"
    own = Person(server).get("/application/o/shared-origin/.well-known/openid-configuration", headers={"Origin": "https://app.example.com"})
    assert own.headers.get("Access-Control-Allow-Origin") == "https://app.example.com"


def test_the_cookie_keeps_to_its_site(server):
    cookies = Person(server).look().raw.headers.getlist("Set-Cookie")
    session = next(c for c in cookies if c.startswith("authentik_session="))
    assert "httponly" in session.lower() and "samesite=lax" in session.lower() and "domain=" not in session.lower(), session
