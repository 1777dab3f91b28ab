"""The pages in a real browser: with and without JavaScript, light and dark, on a desk and on a telephone."""

import re
import urllib.parse

import pytest

pytest.importorskip("playwright")
pytest.importorskip("axe_playwright_python")

import eyes as browser_eyes  # noqa: E402
from server import PASSWORD, Server  # noqa: E402

pytestmark = pytest.mark.skipif(not browser_eyes.CHROMIUM, reason="Chromium is not installed")
REDIRECT = "https://app.example.com/callback"


@pytest.fixture(scope="module")
def eyes(server):
    with browser_eyes.eyes(server.base) as those:
        yield those


@pytest.fixture(scope="module")
def applications(api):
    """One application that asks for consent, one that hardly anybody may open."""
    api.patch(f"/core/users/{api.first('/core/users/', username='akadmin')['pk']}/", {"name": "Ada Lovelace"})
    api.oauth_app("photos", REDIRECT, scopes=("openid", "email", "profile"), consent="explicit")
    shown = {"name": "Family photos", "meta_description": "Pictures of everybody", "group": "Home"}
    api.patch("/core/applications/photos/", {"meta_launch_url": "https://app.example.com/", **shown})
    for n in range(3):
        launch = {"meta_launch_url": f"https://app.example.com/{n}", "group": "Work", "open_in_new_tab": True}
        api.post("/core/applications/", {"name": f"Tool number {n} with quite a long name", "slug": f"tool-{n}", **launch})
    api.oauth_app("native", "com.example.app:/callback", consent="explicit")
    _, closed = api.oauth_app("closed", REDIRECT)
    api.post("/policies/bindings/", {"target": closed["pk"], "group": api.group("nobody"), "order": 0})


def authorize(slug, scope="openid", redirect=REDIRECT):
    query = {"response_type": "code", "client_id": slug, "redirect_uri": redirect, "scope": scope, "state": "s"}
    return f"/application/o/authorize/?{urllib.parse.urlencode(query)}"


def log_in(page, password=PASSWORD, start="/"):
    page.goto(start)
    page.get_by_label("Email or username").fill("akadmin")
    page.get_by_role("button", name="Log in").click()
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Continue").click()


def test_the_first_visit():
    with Server(password=None) as fresh, browser_eyes.eyes(fresh.base) as eyes, eyes.window() as page:
        page.goto("/if/flow/initial-setup/")
        assert page.get_by_role("heading", level=1).inner_text() == "Welcome to Keywright!"
        eyes.look(page, "setup")
        page.get_by_label("Email").fill("admin@example.com")
        page.get_by_label("Password", exact=True).fill("first-password")
        page.get_by_label("Password (repeat)").fill("another-password")
        page.get_by_role("button", name="Continue").click()
        assert page.get_by_role("alert").inner_text() == "Passwords don't match."
        assert page.get_by_label("Email").input_value() == "admin@example.com", "what was typed is lost"
        assert page.get_by_label("Password", exact=True).input_value() == ""
        eyes.look(page, "setup-refused")
        page.get_by_label("Password", exact=True).fill("first-password")
        page.get_by_label("Password (repeat)").fill("first-password")
        page.get_by_role("button", name="Continue").click()
        page.wait_for_url("**/if/user/")
        page.goto("/if/flow/initial-setup/")
        page.context.clear_cookies()
        log_in(page, "first-password")
        page.wait_for_url("**/if/user/")


@pytest.mark.parametrize("script", [True, False], ids=["script", "no script"])
def test_login(eyes, script):
    with eyes.window(script=script) as page:
        page.goto("/")
        name = page.get_by_label("Email or username")
        assert name.get_attribute("autofocus") is not None
        assert re.search(" · Keywright$", page.title())
        if script:
            eyes.look(page, "login")
        name.fill("akadmin")
        page.get_by_role("button", name="Log in").click()
        field = page.get_by_label("Password")
        field.fill("wrong")
        assert page.get_by_role("button", name="Show password").count() == int(script)
        page.get_by_role("button", name="Continue").click()
        assert page.locator(f"#{field.get_attribute('aria-describedby').strip()}").inner_text().strip() == "Invalid password"
        assert field.get_attribute("aria-invalid") == "true" and field.input_value() == ""
        if script:
            assert field.evaluate("e => e === document.activeElement")
            eyes.look(page, "password-refused")
            field.fill("seen")
            page.get_by_role("button", name="Show password").click()
            assert page.get_by_role("button", name="Hide password").is_visible()
            assert field.get_attribute("type") == "text"
        field.fill(PASSWORD)
        page.get_by_role("button", name="Continue").click()
        page.wait_for_url("**/if/user/")


def test_portal(eyes, applications):
    with eyes.window() as page:
        log_in(page)
        page.wait_for_url("**/if/user/")
        eyes.look(page, "portal")
        tile = page.get_by_role("link", name="Family photos")
        assert "Pictures of everybody" in tile.inner_text()
        tile.click()
        page.wait_for_url("https://app.example.com/**")
        page.goto("/if/user/")
        page.get_by_role("link", name="Settings").click()
        assert page.get_by_label("Name", exact=True).input_value() == "Ada Lovelace"
        eyes.look(page, "settings")
        page.goto("/if/user/")
        page.get_by_role("link", name="Log out").click()
        page.goto("/if/user/")
        page.wait_for_url("**/if/flow/default-authentication-flow/**")


def test_consent(eyes, applications):
    with eyes.window() as page:
        log_in(page, start=authorize("photos", "openid email profile"))
        assert "about to sign into Family photos" in page.locator("main").inner_text()
        assert page.get_by_role("listitem").count() == 2
        eyes.look(page, "consent")
        page.get_by_role("link", name="Cancel").click()
        page.wait_for_url("**/if/user/")
        page.goto(authorize("photos"))
        assert "asks for nothing else" in page.locator("main").inner_text()
        page.get_by_role("button", name="Continue").click()
        page.wait_for_url(f"{REDIRECT}?code=*")


def test_long_names_stay_on_the_page(eyes, api):
    name = "Donaudampfschifffahrtselektrizitaetenhauptbetriebswerkbauunterbeamtengesellschaft"
    api.oauth_app("long", REDIRECT, scopes=("openid", "email"), consent="explicit")
    api.patch("/core/applications/long/", {"name": name, "meta_launch_url": "https://app.example.com/", "meta_description": "أرشيف الصور " * 9})
    with eyes.window() as page:
        page.goto(authorize("long"))
        eyes.look(page, "long-login")
        log_in(page, start=authorize("long", "openid email"))
        assert name in page.locator("main").inner_text()
        eyes.look(page, "long-consent")
        page.goto("/if/user/")
        eyes.look(page, "long-portal")
    api.call("DELETE", "/core/applications/long/", 204)


def test_the_password_belongs_to_a_name(eyes):
    """What a password manager reads beside the password."""
    with eyes.window() as page:
        page.goto("/")
        page.get_by_label("Email or username").fill("akadmin")
        page.get_by_role("button", name="Log in").click()
        page.get_by_label("Password").wait_for()
        name = page.locator("input[autocomplete=username]")
        assert (name.input_value(), name.get_attribute("type"), name.is_visible()) == ("akadmin", "text", False)


def test_an_application_on_the_device_gets_its_answer(eyes, applications):
    """The policy of the page must let the redirect after its form go to a scheme of the application's own."""
    with eyes.window() as page:
        log_in(page, start=authorize("native", "openid", "com.example.app:/callback"))
        # Nothing here opens such an address: that the browser complains of no policy is all there is to see.
        page.get_by_role("button", name="Continue").click(no_wait_after=True)
        page.wait_for_timeout(1000)


def test_denied_by_a_flow(eyes, api):
    with eyes.window() as page:
        assert page.goto("/if/flow/initial-setup/").status == 403
        assert page.get_by_role("heading", name="Access denied").is_visible()
        assert "Reference for the administrator" in page.locator("main").inner_text()
        eyes.look(page, "denied-flow")


def test_denied(eyes, applications):
    with eyes.window() as page:
        log_in(page, start=authorize("closed"))
        page.get_by_role("heading", name="Permission denied").wait_for()
        told = page.locator("main").inner_text()
        assert "Request has been denied." in told and "The application is called closed." in told
        assert "This was asked for as akadmin." in told
        assert page.get_by_role("link", name="Log in as somebody else").is_visible()
        assert re.search("Reference for the administrator: [0-9a-f]{32}", page.locator("main").inner_text())
        eyes.look(page, "denied")
        page.get_by_role("link", name="My applications").click()
        page.wait_for_url("**/if/user/")


def test_device(eyes, api, applications):
    flow = api.post("/flows/instances/", {"name": "Devices", "slug": "devices", "title": "Log in a device", "designation": "stage_configuration"})
    brand = api.first("/core/brands/", default="true")
    api.patch(f"/core/brands/{brand['brand_uuid']}/", {"flow_device_code": flow["pk"]})
    started = api.session.post(api.base.replace("/api/v3", "/application/o/device/"), data={"client_id": "photos", "scope": "openid email"})
    with eyes.window() as page:
        log_in(page, start="/device")
        page.get_by_label("Code").fill("000000000")
        page.get_by_role("button", name="Continue").click()
        page.get_by_text("Invalid code").wait_for()
        eyes.look(page, "device")
        page.get_by_label("Code").fill(started.json()["user_code"])
        page.get_by_role("button", name="Continue").click()
        page.get_by_role("button", name="Continue").click()
        page.get_by_role("heading", name="The device is logged in").wait_for()
        eyes.look(page, "device-done")


@pytest.mark.parametrize("name,path,status,text", [
    ("unknown", "/nowhere", 404, "nothing at this address"),
    ("unknown-flow", "/if/flow/nowhere/", 404, "no flow at this address"),
    ("unknown-client", "/application/o/authorize/?client_id=nobody", 400, "client"),
    ("console", "/if/admin/", 200, "API"),
])  # fmt: skip
def test_messages(eyes, name, path, status, text):
    with eyes.window() as page:
        answer = page.goto(path)
        assert answer.status == status and text in page.locator("main").inner_text(), page.content()
        eyes.look(page, name)


def test_programs_get_no_pages(server, api):
    for path in ("/nowhere", "/api/nowhere", "/api/v3/nowhere/"):
        answer = api.session.get(server.base + path, headers={"Accept": "text/html" if path.startswith("/api/n") else "*/*"})
        assert answer.status_code == 404 and answer.json() == {"detail": "Not found."}, answer.text
    assert api.session.get(f"{server.base}/if/user", allow_redirects=False).headers["location"] == "/if/user/"


def test_every_field_of_a_prompt(eyes, api):
    types = ("text", "text_area", "text_read_only", "text_area_read_only", "username", "email", "password", "number", "checkbox",
             "radio-button-group", "dropdown", "date", "date-time", "file", "separator", "hidden", "static", "ak-locale")  # fmt: skip
    fields = []
    for order, kind in enumerate(types):
        choices = kind in ("radio-button-group", "dropdown")
        body = {"name": f"every-{kind}", "field_key": f"f_{kind}", "label": f"A {kind}", "type": kind, "order": order, "sub_text": f"About {kind}"}
        body |= {"placeholder": "return ['One', 'Two']", "placeholder_expression": True} if choices else {"placeholder": "Hint"}
        fields.append(api.post("/stages/prompt/prompts/", body | {"required": False, "initial_value": "Fixed" if "read" in kind or kind == "static" else ""})["pk"])
    stage = api.post("/stages/prompt/stages/", {"name": "every", "fields": fields})
    flow = api.post("/flows/instances/", {"name": "Every field", "slug": "every", "title": "Every field", "designation": "enrollment"})
    api.post("/flows/bindings/", {"target": flow["pk"], "stage": stage["pk"], "order": 0})
    with eyes.window() as page:
        page.goto("/if/flow/every/")
        eyes.look(page, "fields")
        page.get_by_label("A text", exact=True).fill("Typed")
        page.get_by_label("A number").fill("7")
        page.get_by_label("A file").set_input_files({"name": "a.txt", "mimeType": "text/plain", "buffer": b"hello"})
        page.get_by_label("A dropdown").select_option("Two")
        page.get_by_label("Two", exact=True).check()
        page.get_by_label("A checkbox").check()
        page.get_by_label("A username").fill("akadmin")
        page.get_by_label("A date-time").fill("2026-01-02T03:04")
        page.get_by_role("button", name="Continue").click()
        assert page.locator(".error:visible").all_inner_texts() == ["Username is already taken."]
        assert page.get_by_label("A text", exact=True).input_value() == "Typed"
        assert page.get_by_label("A dropdown").input_value() == "Two" and page.get_by_label("A checkbox").is_checked()
        assert page.get_by_label("A date-time").input_value() == "2026-01-02T03:04"
        eyes.look(page, "fields-refused")
