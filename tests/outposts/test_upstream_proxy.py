"""authentik's own proxy outpost, the program itself, beside our server: what it reads, what it is told, and whom it lets through.

It runs where $AUTHENTIK_PROXY names it, and is left out elsewhere. What it needs of the server is asked over HTTP and WebSocket in
test_outposts.py, which always runs.
"""

import base64
import json
import socket
import ssl
import time
from types import SimpleNamespace

import pytest
import raw
import waiting
from person import Person, claims
from upstream import PASSWORD, PREFIX, PROGRAM, World

pytestmark = pytest.mark.skipif(not PROGRAM, reason="$AUTHENTIK_PROXY names no proxy outpost of authentik's")


def wait_for(what, ask, seconds=20):
    """It waits for up to nine seconds, by chance, before it reads what changed."""
    return waiting.wait_for(what, ask, seconds)


@pytest.fixture(scope="module")
def world():
    world = World()
    try:
        yield world
    finally:
        world.close()


def identity(headers):
    pairs = headers.items() if isinstance(headers, dict) else headers
    return {name.lower().removeprefix("x-authentik-"): value for name, value in pairs if name.lower().startswith("x-authentik-")}


def is_alice(world, who, site):
    assert (who["username"], who["email"], who["name"]) == ("alice", "alice@example.com", "Alice")
    assert "readers" in who["groups"].split("|") and who["entitlements"] == ""
    assert (who["meta-app"], who["meta-provider"], who["meta-outpost"]) == (site, site, "theirs")
    assert who["meta-jwks"] == f"{world.server.base}/application/o/{site}/jwks/"
    said = claims(who["jwt"])
    assert said["sub"] == who["uid"] and said["aud"] == world.providers[site]["client_id"] and said["sid"]


def test_it_connects_and_reports(world):
    (health,) = wait_for("its report", lambda: world.api.get(f"/outposts/instances/{world.object['pk']}/health/"))
    assert health["version"].startswith("20") and health["golang_version"].startswith("go") and health["hostname"]
    assert health["version"] != health["version_should"] or not health["version_outdated"]
    said = [line["event"] for line in world.outpost.said()]
    assert "Successfully connected websocket" in said and said.count("Loaded application") >= 3


def test_its_own_report_of_its_state_is_kept_anew(world):
    path = f"/outposts/instances/{world.object['pk']}/health/"
    (before,) = wait_for("its report", lambda: world.api.get(path))
    # It reports every ten seconds.
    wait_for("another report", lambda: world.api.get(path)[0]["last_seen"] > before["last_seen"], 30)


@pytest.mark.parametrize("kind", ["traefik", "caddy", "nginx", "envoy"])
def test_forward_auth(world, kind):
    host = world.host["notes"]
    refused = world.check(kind, host, "/some/page")
    assert refused.status == (401 if kind == "nginx" else 302) and not identity(refused.headers)
    if kind != "nginx":
        assert refused.headers["location"].startswith(f"{world.server.base}/application/o/authorize/?")
    cookies = world.log_in(world.person("alice"), "notes", f"http://{host}/some/page")
    answer = world.check(kind, host, "/some/page", cookies)
    assert answer.status == 200, answer
    is_alice(world, identity(answer.headers), "notes")
    assert answer.headers["x-desk"] == "alice's desk"
    answer = world.check(kind, host, "/public/logo.svg")
    assert answer.status == 200 and not identity(answer.headers)


def test_forward_auth_of_a_domain(world):
    one = f"one.team.{raw.DOMAIN}"
    cookies = world.log_in(world.person("alice"), "team", f"http://{one}/first")
    for host in (one, f"two.team.{raw.DOMAIN}"):
        assert world.check("traefik", host).status == 302
        answer = world.check("traefik", host, cookies=cookies)
        assert answer.status == 200, answer
        is_alice(world, identity(answer.headers), "team")


@pytest.mark.filterwarnings("ignore:Unverified HTTPS")
@pytest.mark.parametrize("inside", ["http", "https"])
def test_browsers_know_the_server_by_another_address(world, inside):
    outside = SimpleNamespace(base=f"https://id.{raw.DOMAIN}:{world.server.https}")
    here = {"http": world.server.base, "https": f"https://127.0.0.1:{world.server.https}"}[inside]
    person = Person(outside)
    person.session.verify = False
    person.logged_in("alice", PASSWORD)
    host = world.host["notes"]
    with world.another(AUTHENTIK_HOST=here, AUTHENTIK_INSECURE="true", AUTHENTIK_HOST_BROWSER=outside.base) as outpost:
        cookies = world.log_in(person, "notes", f"http://{host}/page", outpost)
        who = identity(world.check("traefik", host, "/page", cookies, outpost).headers)
        assert who["username"] == "alice" and claims(who["jwt"])["iss"] == f"{outside.base}/application/o/notes/"
        person.go(f"{outside.base}/flows/-/default/invalidation/")
        wait_for("the end", lambda: world.check("traefik", host, "/page", cookies, outpost).status == 302)


def test_proxy_mode(world):
    assert world.get("wiki", "/page").status == 302
    cookies = world.log_in(world.person("alice"), "wiki", f"http://{world.host['wiki']}/page")
    answer = world.get("wiki", "/page?x=1", cookies)
    assert answer.status == 200, answer
    asked = json.loads(answer.body)
    assert (asked["application"], asked["path"]) == ("wiki", "/page?x=1")
    is_alice(world, identity(asked["headers"]), "wiki")
    sent = {name.lower(): value for name, value in asked["headers"]}
    assert base64.b64decode(sent["authorization"].removeprefix("Basic ")) == b"alice-there:open sesame"
    assert sent["x-desk"] == "alice's desk"
    answer = world.get("wiki", "/public/page")
    assert answer.status == 200 and "username" not in identity(json.loads(answer.body)["headers"])


def test_websocket_through_proxy_mode(world):
    cookies = world.log_in(world.person("alice"), "wiki", f"http://{world.host['wiki']}/page")
    assert raw.talk(world.outpost.http, world.host["wiki"], "hello", cookies) == (101, "wiki heard hello")


def test_programs_send_their_credentials_along(world):
    alice = world.api.first("/core/users/", username="alice")["pk"]
    world.api.post("/core/tokens/", {"identifier": "alice-app", "intent": "app_password", "user": alice})
    word = world.api.get("/core/tokens/alice-app/view_key/")["key"]

    def basic(name, word):
        return [("Authorization", "Basic " + base64.b64encode(f"{name}:{word}".encode()).decode())]

    answer = world.get("wiki", "/page", basic("alice", word))
    assert answer.status == 200, answer
    assert identity(json.loads(answer.body)["headers"])["username"] == "alice"
    assert world.get("wiki", "/page", basic("alice", word + "x")).status == 401
    form = {"grant_type": "client_credentials", "client_id": world.providers["wiki"]["client_id"], "username": "alice", "password": word, "scope": "openid profile"}
    answer = world.api.session.post(f"{world.server.base}/application/o/token/", data=form, headers={"Authorization": None}, timeout=30)
    token = answer.json()["access_token"]
    for headers in ([("Authorization", f"Bearer {token}")], basic("goauthentik.io/token", token)):
        answer = world.get("wiki", "/page", headers)
        assert answer.status == 200, answer
        assert identity(json.loads(answer.body)["headers"])["username"] == "alice"


def test_logging_out_at_the_application(world):
    person = world.person("bob")
    cookies = world.log_in(person, "wiki", f"http://{world.host['wiki']}/page")
    answer = world.get("wiki", f"{PREFIX}/sign_out", cookies)
    assert answer.status == 302 and answer.headers["location"].startswith(f"{world.server.base}/application/o/wiki/end-session/?id_token_hint=")
    outside, page = person.go(answer.headers["location"])
    assert page.status_code == 200, f"{outside} {page.status_code} {page.text[:500]}"
    assert world.get("wiki", "/page", cookies).status == 302


@pytest.mark.parametrize("how", ["logout", "deactivated"])
def test_a_login_that_ends_at_the_server_ends_there(world, how):
    alice, bob = world.person("alice"), world.person("bob")
    page = f"http://{world.host['notes']}/page"
    kept, mine = world.log_in(alice, "notes", page), world.log_in(bob, "notes", page)
    theirs = world.log_in(bob, "wiki", f"http://{world.host['wiki']}/page")
    assert world.check("traefik", world.host["notes"], "/page", mine).status == 200 and world.get("wiki", "/page", theirs).status == 200
    pk = world.api.first("/core/users/", username="bob")["pk"]
    if how == "logout":
        bob.go(f"{world.server.base}/flows/-/default/invalidation/")
    else:
        world.api.patch(f"/core/users/{pk}/", {"is_active": False})
    # It asks for each application in turn, on this line; in between it may be reading a change.
    wait_for("the end at the one", lambda: world.check("traefik", world.host["notes"], "/page", mine).status == 302)
    wait_for("the end at the other", lambda: world.get("wiki", "/page", theirs).status == 302)
    assert world.check("traefik", world.host["notes"], "/page", kept).status == 200
    world.api.patch(f"/core/users/{pk}/", {"is_active": True})


def test_a_changed_provider_reaches_it(world):
    pk = world.providers["notes"]["pk"]
    for pattern, path in (("^/open/", "/open/page"), ("^/public/", "/public/page")):
        assert world.check("traefik", world.host["notes"], path).status == 302
        world.api.patch(f"/providers/proxy/{pk}/", {"mode": "forward_single", "skip_path_regex": pattern})
        wait_for("the change", lambda at=path: world.check("traefik", world.host["notes"], at).status == 200)


def test_it_shows_the_certificate_of_a_provider(world):
    own = world.api.signing_key()
    world.api.patch(f"/providers/proxy/{world.providers['notes']['pk']}/", {"mode": "forward_single", "certificate": own})
    pem = world.api.get(f"/crypto/certificatekeypairs/{own}/view_certificate/")["data"]
    wanted = ssl.PEM_cert_to_DER_cert(pem)
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE

    def shown():
        with socket.create_connection(("127.0.0.1", world.outpost.https), timeout=10) as plain, context.wrap_socket(plain, server_hostname=world.host["notes"]) as tls:
            return tls.getpeercert(binary_form=True) == wanted

    wait_for("the certificate", shown)


def test_a_restart_of_the_server_is_survived(world):
    cookies = world.log_in(world.person("alice"), "notes", f"http://{world.host['notes']}/page")
    lines = len(world.outpost.said())
    world.server.stop()
    assert world.check("traefik", world.host["notes"], "/page", cookies).status == 200, "its sessions are its own"
    world.server.start()
    wait_for("the line", lambda: "Successfully connected websocket" in [line["event"] for line in world.outpost.said()[lines:]], 60)
    person = world.person("bob")
    mine = world.log_in(person, "notes", f"http://{world.host['notes']}/page")
    person.go(f"{world.server.base}/flows/-/default/invalidation/")
    wait_for("the end", lambda: world.check("traefik", world.host["notes"], "/page", mine).status == 302)


def test_without_its_token_it_is_told_nothing_more(world):
    """Last, for the program gets no other token while it runs: it keeps asking, and is refused."""
    lines = len(world.outpost.said())
    world.api.call("DELETE", f"/core/tokens/{world.object['token_identifier']}/", 204)

    def refused():
        return [line for line in world.outpost.said()[lines:] if line["event"] == "failed to connect websocket" and "bad handshake" in line.get("error", "")]

    wait_for("the refusal", refused, 40)
    assert world.outpost.process.poll() is None
    world.api.patch(f"/providers/proxy/{world.providers['notes']['pk']}/", {"mode": "forward_single", "skip_path_regex": "^/new/"})
    time.sleep(12)
    assert world.check("traefik", world.host["notes"], "/new/page").status == 302
