"""A real browser before nginx, over TLS: what a client library would not notice."""

import json

import pytest
import raw
from forward_auth import PASSWORD, PREFIX, Installation, identity
from proxies import Nginx

pytest.importorskip("playwright")
eyes = pytest.importorskip("eyes", reason="tests/browser is not there")

pytestmark = pytest.mark.skipif(not eyes.CHROMIUM, reason="Chromium is not installed")

TALK = """() => new Promise((good, bad) => {
  const socket = new WebSocket(`wss://${location.host}/socket`);
  socket.onopen = () => socket.send("hello");
  socket.onmessage = (message) => good(message.data);
  socket.onerror = () => bad("refused");
})"""
SEND = """() => {
  document.body.innerHTML = '<form method="post" action="/form?step=2"><input name="text" value="a&b"><button>Send</button></form>';
}"""


@pytest.fixture(scope="module")
def it():
    installation = Installation(Nginx, tls=True)
    yield installation
    installation.close()


@pytest.fixture
def page(it):
    from playwright.sync_api import sync_playwright

    flags = [*eyes.FLAGS, f"--host-resolver-rules=MAP *.{raw.DOMAIN} 127.0.0.1", "--ignore-certificate-errors"]
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=eyes.CHROMIUM, args=flags)
        page = chromium.new_context(ignore_https_errors=True).new_page()
        page.set_default_timeout(15_000)
        yield page
        chromium.close()


def shown(page):
    return json.loads(page.locator("pre, body").first.inner_text())


def log_in(page, name):
    page.get_by_label("Email or username").fill(name)
    page.get_by_role("button", name="Log in").click()
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Continue").click()


def test_a_day_of_a_person(it, page):
    page.goto(it.addresses["wiki"] + "/page?a=1&b=2")
    log_in(page, "alice")
    page.wait_for_url(it.addresses["wiki"] + "/page?a=1&b=2")
    assert identity(shown(page))["username"] == ["alice"]
    cookies = {c["name"]: c for c in page.context.cookies(it.addresses["wiki"])}
    session = next(c for name, c in cookies.items() if name.startswith("authentik_proxy_") and not name.endswith("_login"))
    assert session["httpOnly"] and session["secure"] and session["sameSite"] == "Lax"
    assert page.evaluate("document.cookie") == ""
    # WebSocket and form, with the session.
    assert page.evaluate(TALK) == "wiki heard hello"
    page.evaluate(SEND)
    page.get_by_role("button", name="Send").click()
    page.wait_for_url("**/form?step=2")
    asked = shown(page)
    assert (asked["method"], asked["body"]) == ("POST", "text=a%26b")
    # A domain's applications: one login for both, and the person is known already.
    page.goto(it.addresses["one"] + "/first")
    assert page.url == it.addresses["one"] + "/first" and identity(shown(page))["username"] == ["alice"]
    page.goto(it.addresses["two"] + "/second")
    assert page.url == it.addresses["two"] + "/second" and shown(page)["application"] == "two"
    # Not in the group.
    page.goto(it.addresses["vault"] + "/")
    assert page.url.startswith(it.auth) and "denied" in page.locator("body").inner_text()
    # Out at the application, and everywhere.
    it.reached("wiki")
    page.goto(it.addresses["wiki"] + PREFIX + "/sign_out")
    assert page.url.startswith(it.auth)
    page.goto(it.auth + "/flows/-/default/invalidation/")
    page.goto(it.addresses["wiki"] + "/page")
    assert page.url.startswith(it.auth) and page.get_by_label("Email or username").is_visible()
    assert not it.reached("wiki")


def test_two_tabs_log_in_at_the_same_time(it, page):
    other = page.context.new_page()
    page.goto(it.addresses["wiki"] + "/first")
    other.goto(it.addresses["wiki"] + "/second")
    log_in(other, "bob")
    other.wait_for_url(it.addresses["wiki"] + "/second")
    assert identity(shown(other))["username"] == ["bob"]
    # The first tab needs no login of its own any more.
    page.goto(it.addresses["wiki"] + "/first")
    assert page.url == it.addresses["wiki"] + "/first"
    assert identity(shown(page))["username"] == ["bob"]
