"""A refusal tells the person what was refused to whom; the reference leads the administrator to the reason in the log."""

import re
import urllib.parse

import pytest
from server import PASSWORD
from waiting import wait_for

REDIRECT = "https://app.example.com/callback"


def authorize(server, slug):
    query = {"response_type": "code", "client_id": slug, "redirect_uri": REDIRECT, "scope": "openid", "state": "s"}
    return f"{server.base}/application/o/authorize/?{urllib.parse.urlencode(query)}"


@pytest.mark.parametrize("path", ["authorize", "launch"])
def test_a_refusal_leads_to_its_reason(server, api, browser, path):
    _, application = api.oauth_app(f"by-{path}", REDIRECT)
    api.patch(f"/core/applications/by-{path}/", {"meta_launch_url": "https://app.example.com/"})
    api.post("/policies/bindings/", {"target": application["pk"], "group": api.group(f"chosen for {path}"), "order": 3})
    browser.session.headers["Accept"] = "text/html"
    address = authorize(server, f"by-{path}") if path == "authorize" else f"{server.base}/application/launch/by-{path}/"
    page = browser.log_in(browser.get(address), "akadmin", PASSWORD)
    assert "Permission denied" in page.text and "This was asked for as akadmin." in page.text, page.text
    assert "chosen for" not in page.text, "who is refused learns no names of groups"
    reference = re.search("administrator: ([0-9a-f]{32})", page.text)[1]
    told = lambda: [line for line in server.log.read_text().splitlines() if reference in line and "Not let in: " in line]
    line = wait_for("the line in the log", told)[0]
    assert f'group \\"chosen for {path}\\" (order 3) has them not as a member' in line and "akadmin" in line, line


def test_a_provider_without_an_application_is_told(server, api):
    flow = lambda slug: api.first("/flows/instances/", slug=slug)["pk"]
    flows = {"authorization_flow": flow("default-provider-authorization-implicit-consent"), "invalidation_flow": flow("default-provider-invalidation-flow")}
    provider = api.post("/providers/oauth2/", {"name": "alone", "redirect_uris": [], **flows})
    form = {"grant_type": "client_credentials", "client_id": provider["client_id"], "client_secret": provider["client_secret"]}
    answer = api.session.post(f"{server.base}/application/o/token/", data=form, headers={"Authorization": ""}, timeout=30)
    assert answer.status_code == 400, answer.text
    wait_for("the line in the log", lambda: "the provider has no application, so nobody may use it" in server.log.read_text())
