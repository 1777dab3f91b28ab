"""Pages run no script that somebody typed, and their headers leave nothing open."""

import pytest
import requests
from browser import Browser, Forms
from person import Client, Person
from server import PASSWORD

SCRIPT = "\"'><script>alert(1)</script><img src=x onerror=alert(2)>"


def policy(answer):
    directives = (d.strip().split(None, 1) for d in answer.headers["Content-Security-Policy"].split(";") if d.strip())
    return {d[0]: (d[1] if len(d) > 1 else "") for d in directives}


PAGES = ["/if/flow/default-authentication-flow/", "/if/flow/nothing/", "/application/o/authorize/?client_id=nope", "/if/user/", "/if/flow/initial-setup/"]


@pytest.mark.parametrize("path", PAGES)
def test_headers_of_pages(server, path):
    answer = requests.get(server.base + path, timeout=30)
    assert answer.headers["content-type"].startswith("text/html"), answer.headers
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["X-Frame-Options"] in ("DENY", "SAMEORIGIN")
    assert answer.headers["Referrer-Policy"] in ("same-origin", "no-referrer", "strict-origin")
    csp = policy(answer)
    assert csp["default-src"] in ("'none'", "'self'")
    for directive in ("script-src", "object-src", "base-uri", "frame-ancestors", "style-src"):
        value = csp.get(directive, csp["default-src"] if directive.endswith("-src") else None)
        assert value is not None, f"{directive} is missing: {csp}"
        assert "'unsafe-inline'" not in value and "'unsafe-eval'" not in value and "*" not in value, (directive, value)


@pytest.mark.parametrize("path", ["/api/v3/core/users/me/", "/api/v3/root/config/", "/application/o/token/", "/-/health/live/", "/nothing", "/static/nothing", "/robots.txt"])
def test_headers_of_everything_else(server, path):
    answer = requests.get(server.base + path, timeout=30)
    assert answer.headers["X-Content-Type-Options"] == "nosniff" and answer.headers["X-Frame-Options"] == "DENY"
    assert "server" not in {k.lower() for k in answer.headers} or "keywright/" not in answer.headers["server"].lower()


def test_answers_with_secrets_are_not_cached(server, api):
    client = Client(server, api, "uncached")
    answer = client.token(grant_type="client_credentials", scope="openid")
    assert "no-store" in answer.headers["Cache-Control"]
    page = requests.get(server.base + "/if/flow/default-authentication-flow/", timeout=30)
    assert "no-store" in page.headers["Cache-Control"]


def test_cookies_over_tls_are_secure(server):
    session = requests.Session()
    session.trust_env, session.verify = False, str(server.certificate())
    answer = session.get(f"https://localhost:{server.https}/if/flow/default-authentication-flow/", timeout=30)
    cookies = answer.raw.headers.getlist("Set-Cookie")
    assert cookies
    for cookie in cookies:
        assert "; secure" in cookie.lower() and "samesite=" in cookie.lower() and "; path=/" in cookie.lower(), cookie
        if cookie.startswith("authentik_session"):
            assert "; httponly" in cookie.lower()


def test_the_login_form_sends_nothing_in_the_address(server):
    page = Browser().get(server.base + "/if/flow/default-authentication-flow/")
    assert page.forms and all(form["method"] == "post" for form in page.forms)
    assert page.forms[0]["types"]["uid_field"] != "hidden"


def is_harmless(text):
    assert "<script>alert" not in text and "<img src=x" not in text, text[text.find("alert") - 200 :][:400]
    assert "javascript:alert" not in text.replace("&#", "")


def test_names_are_text(server, api):
    api.call("PATCH", "/flows/instances/default-authentication-flow/", 200, json={"title": SCRIPT})
    client = Client(server, api, "scripted", consent="explicit")
    api.patch("/core/applications/scripted/", {"name": SCRIPT, "meta_description": SCRIPT, "meta_publisher": SCRIPT, "group": SCRIPT, "meta_launch_url": "javascript:alert(1)"} | {"meta_launch_url": ""})
    user = api.user("scripter", "scripter-password")
    api.patch(f"/core/users/{user['pk']}/", {"name": SCRIPT})
    browser = Browser()
    page = browser.get(client.authorize_url(state=SCRIPT))
    is_harmless(page.response.text)
    page = browser.log_in(page, "scripter", "scripter-password")
    assert page.forms, page.text
    is_harmless(page.response.text)
    is_harmless(browser.get(server.base + "/if/user/").response.text)
    # What was typed and refused is shown again.
    stranger = Browser()
    page = stranger.get(server.base + "/if/flow/default-authentication-flow/")
    is_harmless(stranger.submit(page, uid_field=SCRIPT).response.text)


def test_the_address_is_text(server):
    for path in (f"/if/flow/{SCRIPT}/", f"/if/flow/default-authentication-flow/?next={SCRIPT}", f"/application/o/authorize/?client_id={SCRIPT}&redirect_uri={SCRIPT}", f"/application/o/{SCRIPT}/", f"/flows/-/default/{SCRIPT}/"):
        answer = requests.get(server.base + path, timeout=30)
        is_harmless(answer.text)


def test_prompts_are_text(server, api):
    field = api.post(
        "/stages/prompt/prompts/",
        {"name": "scripted", "field_key": "x", "label": SCRIPT, "type": "text", "required": True, "placeholder": SCRIPT, "initial_value": SCRIPT, "sub_text": SCRIPT},
    )
    stage = api.post("/stages/prompt/stages/", {"name": "scripted", "fields": [field["pk"]]})
    flow = api.post("/flows/instances/", {"name": SCRIPT, "slug": "scripted", "title": SCRIPT, "designation": "enrollment", "authentication": "none"})
    api.post("/flows/bindings/", {"target": flow["pk"], "stage": stage["pk"], "order": 0})
    page = Browser().get(server.base + "/if/flow/scripted/")
    assert "x" in page.forms[0]["fields"]
    is_harmless(page.response.text)


@pytest.mark.parametrize("response_type", ["code", "id_token token"])
def test_a_form_that_posts_itself_escapes_what_it_carries(server, api, response_type):
    client = Client(server, api, f"posting-{len(response_type)}")
    api.user(f"poster{len(response_type)}", "poster-password")
    browser = Browser()
    page = browser.log_in(browser.get(client.authorize_url(response_type=response_type, response_mode="form_post", state=SCRIPT)), f"poster{len(response_type)}", "poster-password")
    assert page.forms and page.forms[0]["action"] == client.redirect, page.text
    assert page.forms[0]["fields"]["state"] == SCRIPT
    is_harmless(page.response.text)
    csp = policy(page.response)
    assert "'unsafe-inline'" not in csp.get("script-src", "")
    # Where the form goes is somebody else's origin; a scheme that runs code is none that it may go to.
    assert set(csp["form-action"].split()) <= {"'self'", "https:", "http:", "https://app.example.com"}, csp


@pytest.mark.parametrize("url", ["javascript:alert(1)", "JaVaScRiPt:alert(1)", "data:text/html,x", "vbscript:x", " javascript:alert(1)"])
def test_links_that_run_code_are_not_shown(server, api, url):
    slug = f"linked{abs(hash(url)) % 10**6}"
    made = api.call("POST", "/core/applications/", json={"name": slug, "slug": slug, "meta_launch_url": url})
    if "pk" not in made:
        assert list(made) == ["meta_launch_url"], made
        return
    admin = Browser()
    admin.log_in(admin.get(server.base + "/if/flow/default-authentication-flow/"), "akadmin", PASSWORD)
    text = admin.get(server.base + "/if/user/").response.text.lower()
    assert f'href="{url.strip().lower()}' not in text


@pytest.mark.parametrize("stage_url", ["javascript:alert(1)", "data:text/html,x"])
def test_a_redirect_stage_does_not_run_code(api, stage_url):
    made = api.call("POST", "/stages/redirect/", json={"name": f"r{abs(hash(stage_url))}", "mode": "static", "target_static": stage_url})
    if "pk" in made:
        flow = api.post("/flows/instances/", {"name": "r", "slug": f"r{abs(hash(stage_url)) % 10**6}", "title": "r", "designation": "enrollment", "authentication": "none"})
        api.post("/flows/bindings/", {"target": flow["pk"], "stage": made["pk"], "order": 0})
        answer = requests.get(api.base.replace("/api/v3", "") + f"/if/flow/{flow['slug']}/", timeout=30, allow_redirects=False)
        assert not answer.headers.get("Location", "").lower().startswith(("javascript", "data"))
        assert 'href="javascript' not in answer.text and 'action="javascript' not in answer.text
    else:
        assert "target_static" in made, made


def test_what_is_served_as_html_is_html_on_purpose(server, api):
    for path in ("/api/v3/core/users/me/", "/application/o/userinfo/", "/api/v3/core/nothing/"):
        answer = requests.get(f"{server.base}{path}?x={SCRIPT}", headers={"Accept": "text/html,*/*"}, timeout=30)
        assert not answer.headers["content-type"].startswith("text/html") or "<script>alert" not in answer.text


def test_forms_of_another_page_are_not_parsed_as_ours():
    assert Forms("<form action='/x'></form>").forms[0]["action"] == "/x"
