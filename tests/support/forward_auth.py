"""What must hold behind every reverse proxy: the cases, and the installation they run in.

An installation is our server with its embedded outpost, four sites made by a blueprint, a small application behind each, and one
real proxy before them, configured with what the server itself prints for each site. `tests/proxies/test_<proxy>.py` names the
proxy; the cases are here, once.
"""

import base64
import json
import re
import shutil
import tempfile
import time
import urllib.parse

import pytest
import raw
import yaml
from api import Api
from applications import Application
from browser import Browser
from proxies import ports_for
from server import TOKEN, Server, free_port
from waiting import wait_for

PASSWORD = "a person's password"
PREFIX = "/outpost.goauthentik.io"
# wiki: anybody. vault: the group `keepers` only. one, two: below a domain, with one provider.
SITES = {"wiki": "wiki", "vault": "vault", "one": "team", "two": "team"}
DOMAIN = f"team.{raw.DOMAIN}"
HOSTS = {"wiki": f"wiki.{raw.DOMAIN}", "vault": f"vault.{raw.DOMAIN}", "one": f"one.{DOMAIN}", "two": f"two.{DOMAIN}"}
IDENTITY = ["username", "groups", "entitlements", "email", "name", "uid", "jwt"]
META = ["meta-jwks", "meta-outpost", "meta-provider", "meta-app", "meta-version"]
# Ways in which a client may write a header that an application takes for X-authentik-username.
SPELLINGS = ["X-authentik-username", "x-AUTHENTIK-Username", "X_authentik_username", "X-authentik_username", "X_Authentik-Username"]


class Find(yaml.YAMLObject):
    """A blueprint's `!Find [model, [field, value]]`."""

    def __init__(self, model, **by):
        self.model, self.by = model, by


class KeyOf(yaml.YAMLObject):
    def __init__(self, name):
        self.name = name


class Dumper(yaml.SafeDumper):
    pass


Dumper.add_representer(Find, lambda d, f: d.represent_sequence("!Find", [f.model, *([k, v] for k, v in f.by.items())]))
Dumper.add_representer(KeyOf, lambda d, k: d.represent_scalar("!KeyOf", k.name))


def blueprint(addresses, auth):
    """All objects of an installation."""

    def entry(model, attrs, id=None, **identifiers):
        return {"model": model, "identifiers": identifiers, "attrs": attrs} | ({"id": id} if id else {})

    entries = [
        entry("authentik_core.group", {}, id="readers", name="readers"),
        entry("authentik_core.group", {}, id="keepers", name="keepers"),
    ]
    people = {"alice": ["readers"], "bob": ["readers", "keepers"]}
    for name, groups in people.items():
        person = {"name": name.title(), "email": f"{name}@example.com", "password": PASSWORD, "groups": [KeyOf(g) for g in groups]}
        person["attributes"] = {"additionalHeaders": {"X-Desk": f"{name}'s desk"}}
        entries.append(entry("authentik_core.user", person, id=name, username=name))
    for name in sorted(set(SITES.values())):
        domain = name == "team"
        provider = {
            "mode": "forward_domain" if domain else "forward_single",
            "external_host": auth if domain else addresses[name],
            "cookie_domain": DOMAIN if domain else "",
            "skip_path_regex": "^/public/" if name == "wiki" else "",
            "authorization_flow": Find("authentik_flows.flow", slug="default-provider-authorization-implicit-consent"),
            "invalidation_flow": Find("authentik_flows.flow", slug="default-provider-invalidation-flow"),
        }
        entries.append(entry("authentik_providers_proxy.proxyprovider", provider, id=f"{name}-provider", name=f"{name} provider"))
        shown = {"name": name.title(), "provider": KeyOf(f"{name}-provider")}
        entries.append(entry("authentik_core.application", shown, id=name, slug=name))
    binding = {"group": KeyOf("keepers"), "target": KeyOf("vault"), "order": 0}
    entries.append(entry("authentik_policies.policybinding", {"enabled": True}, **binding))
    outpost = {"providers": [KeyOf(f"{n}-provider") for n in sorted(set(SITES.values()))]}
    entries.append(entry("authentik_outposts.outpost", outpost, managed="goauthentik.io/outposts/embedded"))
    whole = {"version": 1, "metadata": {"name": "Forward authentication"}, "entries": entries}
    return yaml.dump(whole, Dumper=Dumper, sort_keys=False)


class Installation:
    """Everything of one test file, started; ended by `close`."""

    # Further settings of the server.
    environment = {}

    def __init__(self, kind, tls=False):
        raw.resolve_here()
        self.folder = tempfile.mkdtemp(prefix="keywright-proxy-")
        self.proxy = kind(self.folder, tls)
        scheme = "https" if tls else "http"
        self.applications = {site: Application(site).__enter__() for site in SITES}
        self.ports = ports_for(kind, SITES)
        self.addresses = {site: f"{scheme}://{HOSTS[site]}:{self.ports[site]}" for site in SITES}
        self.server = Server(port=free_port())
        if tls:
            raw.TLS.update(self.ports.values())
        # Where a domain's logins come back to must lie in the domain.
        self.auth = f"{scheme}://auth.{DOMAIN}:{self.server.https if tls else self.server.http}"
        self.server.env |= {"AUTHENTIK_HOST": self.auth, **self.environment}
        (self.server.blueprints / "sites.yaml").write_text(blueprint(self.addresses, self.auth))
        try:
            self.server.start()
            self.api = Api(self.server.base, TOKEN)
            wait_for("the blueprint", lambda: self.api.get("/core/applications/", slug="wiki")["results"], 30)
            wait_for("the sites", lambda: self.provider("wiki") and self.provider("vault") and self.provider("team"), 30)
            self.proxy.start({site: self.printed(site) for site in SITES}, sorted(set(self.ports.values())))
            wait_for("the proxy", lambda: not self.proxy.process or self.answers(), 30)
        except BaseException:
            print(self.server.log.read_text()[-3000:])
            self.close()
            raise

    def close(self):
        self.proxy.stop()
        raw.TLS.difference_update(self.ports.values())
        self.server.__exit__(None)
        for application in self.applications.values():
            application.__exit__()
        shutil.rmtree(self.folder, ignore_errors=True)

    def answers(self):
        """Whether the proxy has read its configuration; before, it may break a handshake off."""
        try:
            return all(self.anonymous(site).status in (302, 307) for site in SITES)
        except OSError:
            return False

    def provider(self, name):
        found = self.api.get("/providers/proxy/", name__iexact=f"{name} provider")["results"]
        return found[0] if found else None

    def printed(self, site):
        """The configuration that the server prints for a site."""
        query = {"proxy": self.proxy.name, "app": self.addresses[site], "name": site}
        query |= {"server": f"http://127.0.0.1:{self.server.http}", "upstream": self.applications[site].base}
        return self.api.get(f"/providers/proxy/{self.provider(SITES[site])['pk']}/setup/", **query)["files"]

    # What the cases need.

    def host(self, site):
        return urllib.parse.urlsplit(self.addresses[site]).netloc

    def anonymous(self, site, path="/", **kw):
        return raw.send(self.ports[site], path, self.host(site), **kw)

    def reached(self, site):
        """Takes what reached an application since this was last asked."""
        asked = list(self.applications[site].asked)
        self.applications[site].asked.clear()
        return asked

    def refused(self, answer, site):
        """Nobody was let through: no 2xx, and nothing at the application."""
        reached = self.reached(site)
        return not 200 <= answer.status <= 299 and not reached

    def log_in(self, name, site, path="/"):
        """A browser in which a person has just logged in at a site, and the page they see."""
        browser = Browser()
        # Certificates here are nobody's.
        browser.session.verify = False
        page = browser.log_in(browser.get(self.addresses[site] + path), name, PASSWORD)
        return browser, page

    def cookies(self, browser, site):
        """The cookie header that this browser sends to a site."""
        import requests

        request = requests.Request("GET", self.addresses[site] + "/")
        return [("Cookie", browser.session.prepare_request(request).headers.get("Cookie", ""))]


def application(page):
    """What the application behind answered with."""
    assert page.status == 200, f"{page.status} {page.url}: {page.text[:500]}"
    assert page.response.headers.get("Content-Type", "").startswith("application/json"), f"{page.url}: {page.text[:500]}"
    return page.response.json()


def identity(asked):
    """All headers of a request that an application could take for ours, by their name with hyphens."""
    found = {}
    for name, value in asked["headers"]:
        plain = re.sub("[^a-z0-9]", "-", name.lower())
        if plain.startswith("x-authentik-"):
            found.setdefault(plain.removeprefix("x-authentik-"), []).append(value)
    return found


class Common:
    """What people do all day; run over TLS as well."""

    proxy, tls = None, False

    @pytest.fixture(scope="class")
    def it(self, request):
        installation = Installation(request.cls.proxy, request.cls.tls)
        yield installation
        installation.close()

    def test_login_leads_back_to_the_page_and_the_application_learns_who_it_is(self, it):
        it.reached("wiki")
        _, page = it.log_in("alice", "wiki", "/deep/page?x=1&y=%2Ftwo&z=a%20b")
        asked = application(page)
        assert asked["application"] == "wiki"
        assert asked["path"] == "/deep/page?x=1&y=%2Ftwo&z=a%20b"
        told = identity(asked)
        # The number of the check, for the logs: no identity, and not every proxy passes it on.
        told.pop("id", None)
        assert set(told) <= {*IDENTITY, *META} and all(len(values) == 1 for values in told.values()), told
        # nginx leaves an empty header out.
        one = {name: told.get(name, [""])[0] for name in [*IDENTITY, *META]}
        assert (one["username"], one["email"], one["name"]) == ("alice", "alice@example.com", "Alice")
        assert "readers" in one["groups"].split("|") and "keepers" not in one["groups"]
        assert one["uid"] and one["entitlements"] == ""
        assert (one["meta-app"], one["meta-provider"]) == ("wiki", "wiki provider")
        assert one["meta-outpost"] == "authentik Embedded Outpost" and one["meta-version"]
        assert one["meta-jwks"] == f"{it.auth}/application/o/wiki/jwks/"
        claims = one["jwt"].split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))
        assert claims["preferred_username"] == "alice" and claims["sub"] == one["uid"]
        # Before the login nothing reached the application.
        assert len(it.reached("wiki")) == 1

    def test_identity_headers_of_the_client_do_not_arrive(self, it):
        browser, _ = it.log_in("alice", "wiki")
        it.reached("wiki")
        for spelling in SPELLINGS:
            forged = [(spelling, "akadmin"), (spelling, "akadmin"), ("X_authentik_groups", "authentik Admins"), ("X-Authentik-Meta-Provider", "akadmin")]
            answer = it.anonymous("wiki", "/", headers=[*it.cookies(browser, "wiki"), *forged])
            assert answer.status == 200, f"{spelling}: {answer.status}"
            told = identity(json.loads(answer.body))
            assert told["username"] == ["alice"], spelling
            assert "akadmin" not in str(told) and "authentik Admins" not in str(told), spelling
        it.reached("wiki")
        for spelling in SPELLINGS:
            assert it.refused(it.anonymous("wiki", "/", headers=[(spelling, "akadmin")]), "wiki"), spelling

    def test_who_is_not_in_the_group_sees_a_refusal(self, it):
        it.reached("vault")
        _, page = it.log_in("alice", "vault")
        assert page.url.startswith(it.auth) and "denied" in page.text, f"{page.status} {page.url}: {page.text[:300]}"
        assert not it.reached("vault")
        _, page = it.log_in("bob", "vault")
        assert identity(application(page))["username"] == ["bob"]

    def test_logout_at_the_application(self, it):
        browser, _ = it.log_in("alice", "wiki")
        kept = it.cookies(browser, "wiki")
        page = browser.get(it.addresses["wiki"] + PREFIX + "/sign_out")
        assert page.url.startswith(it.auth) and page.status == 200, f"{page.status} {page.url}"
        it.reached("wiki")
        # What was in use is worth nothing any more; whether the login itself ends too is for the provider's flow to say.
        assert it.refused(it.anonymous("wiki", "/", headers=kept), "wiki")
        assert it.refused(it.anonymous("wiki", "/", headers=it.cookies(browser, "wiki")), "wiki")

    def test_websocket(self, it):
        browser, _ = it.log_in("alice", "wiki")
        it.reached("wiki")
        port, host = it.ports["wiki"], it.host("wiki")
        assert raw.talk(port, host, "hello", it.cookies(browser, "wiki")) == (101, "wiki heard hello")
        (asked,) = it.reached("wiki")
        assert identity(asked)["username"] == ["alice"]
        status, said = raw.talk(port, host, "hello", [("X-authentik-username", "akadmin")])
        assert status != 101 and said is None and not it.reached("wiki")

    def test_one_login_is_good_for_all_applications_below_the_domain_and_for_no_other(self, it):
        browser, page = it.log_in("alice", "one", "/first?a=1&b=2")
        asked = application(page)
        assert (asked["application"], asked["path"]) == ("one", "/first?a=1&b=2")
        answer = it.anonymous("two", "/second", headers=it.cookies(browser, "two"))
        assert answer.status == 200, f"the cookie of one does not open two: {answer.status}"
        asked = json.loads(answer.body)
        assert asked["application"] == "two" and identity(asked)["username"] == ["alice"]
        it.reached("wiki")
        assert it.refused(it.anonymous("wiki", "/", headers=it.cookies(browser, "one")), "wiki")

    def test_post(self, it):
        it.reached("wiki")
        answer = it.anonymous("wiki", "/form", method="POST", body=b"name=value", headers=[("Content-Type", "application/x-www-form-urlencoded")])
        assert it.refused(answer, "wiki"), answer.status
        browser, page = it.log_in("alice", "wiki", "/form")
        assert application(page)["path"] == "/form"
        body = b"x" * 100_000
        answer = browser.session.post(it.addresses["wiki"] + "/form?step=2", data=body, timeout=30)
        asked = answer.json()
        assert (asked["method"], asked["path"], asked["body"]) == ("POST", "/form?step=2", body.decode())
        assert identity(asked)["username"] == ["alice"]


class Cases(Common):
    """All cases; a class of a test file inherits them and names its proxy."""

    def test_an_open_path_tells_nobody(self, it):
        forged = [(spelling, "akadmin") for spelling in SPELLINGS]
        answer = it.anonymous("wiki", "/public/logo.svg", headers=forged)
        assert answer.status == 200
        assert not "".join(sum(map(list, (v for k, v in identity(json.loads(answer.body)).items() if k in IDENTITY)), []))
        it.reached("wiki")

    def test_who_leaves_the_group_is_kept_out_at_once(self, it):
        browser, page = it.log_in("bob", "vault")
        application(page)
        bob = it.api.first("/core/users/", username="bob")["pk"]
        group = it.api.first("/core/groups/", name="keepers")["pk"]
        it.api.call("POST", f"/core/groups/{group}/remove_user/", 204, json={"pk": bob})
        try:
            time.sleep(1)
            it.reached("vault")
            answer = it.anonymous("vault", "/", headers=it.cookies(browser, "vault"))
            assert it.refused(answer, "vault"), answer.status
        finally:
            it.api.call("POST", f"/core/groups/{group}/add_user/", 204, json={"pk": bob})

    def test_logout_at_the_server_ends_the_sessions_at_the_applications(self, it):
        browser, _ = it.log_in("alice", "wiki")
        application(browser.get(it.addresses["one"] + "/"))
        browser.get(it.auth + "/flows/-/default/invalidation/")
        time.sleep(1)
        it.reached("wiki"), it.reached("one")
        assert it.refused(it.anonymous("wiki", "/", headers=it.cookies(browser, "wiki")), "wiki")
        assert it.refused(it.anonymous("one", "/", headers=it.cookies(browser, "one")), "one")

    @pytest.mark.parametrize("path", ["/private", "/", "/?x=/public/", "/private?next=/public/logo.svg"])
    def test_what_the_client_says_of_the_request_decides_nothing(self, it, path):
        it.reached("wiki")
        here = it.addresses["wiki"]
        for value in ("/public/logo.svg", f"{PREFIX}/ping", f"{PREFIX}/start", f"{here}/public/logo.svg", f"{here}{PREFIX}/callback"):
            for name in ("X-Original-URI", "X-Original-URL", "X-Original-Uri", "X_Original_URL", "X-Forwarded-Uri", "X-Forwarded-URL", "X-Rewrite-URL"):
                for times in (1, 2):
                    answer = it.anonymous("wiki", path, headers=[(name, value)] * times)
                    assert it.refused(answer, "wiki"), f"{name}: {value} x {times}: {answer.status}"
        host = it.host("one")
        for name in ("X-Forwarded-Host", "X-Original-Host", "Forwarded", "X-Forwarded-Server"):
            value = f"host={host};proto=https" if name == "Forwarded" else host
            answer = it.anonymous("wiki", path, headers=[(name, value), ("X-Forwarded-Proto", "https"), ("X-Forwarded-Method", "OPTIONS")])
            assert it.refused(answer, "wiki"), f"{name}: {value}: {answer.status}"

    PATHS = [
        "/public/../private",
        "/public/%2e%2e/private",
        "/public/..%2fprivate",
        "/public%2f..%2fprivate",
        "/public/..;/private",
        "/public/.%2e/private",
        "//public/../private",
        "/public\\..\\private",
        "/public/%2e%2e%2fprivate",
        "/private%23/public/",
        "/private#/public/",
        "/private;/public/",
        "/PUBLIC/../private",
        "/public/%5c..%5cprivate",
        "/public/%252e%252e/private",
        "/x/../public/../private",
        "/%70ublic/../private",
    ]

    @pytest.mark.parametrize("path", PATHS)
    def test_no_spelling_of_a_path_passes_for_an_open_one(self, it, path):
        it.reached("wiki")
        answer = it.anonymous("wiki", path)
        for asked in it.reached("wiki"):
            # If anything at all got through, then a path that everybody reads as an open one.
            seen = urllib.parse.unquote(urllib.parse.unquote(asked["path"]))
            assert seen.startswith("/public/") and ".." not in seen, f"{path} reached the application as {asked['path']} ({answer.status})"

    def test_garbage_for_a_cookie_opens_nothing(self, it):
        browser, _ = it.log_in("alice", "wiki")
        mine = it.cookies(browser, "wiki")[0][1]
        name = next(c.split("=")[0].strip() for c in mine.split(";") if c.strip().startswith("authentik_proxy_"))
        it.reached("wiki")
        for value in ("", "x", "A" * 43, "A" * 6000, "\xff\xfe", '"', "%00", "..", "null", "{}", "e30.e30.e30", f"x; {name}=y"):
            answer = it.anonymous("wiki", "/", headers=[("Cookie", f"{name}={value}")])
            assert it.refused(answer, "wiki"), f"{value!r}: {answer.status}"

    @pytest.mark.parametrize("method", ["HEAD", "OPTIONS", "PUT", "DELETE", "PATCH", "PROPFIND", "TRACE", "QUERY"])
    def test_no_method_is_let_through(self, it, method):
        it.reached("wiki")
        answer = it.anonymous("wiki", "/private", method=method, headers=[("X-HTTP-Method-Override", "GET"), ("Origin", "https://evil.example")])
        assert it.refused(answer, "wiki"), f"{method}: {answer.status}"

    def test_another_host_in_the_request_opens_nothing(self, it):
        """Somebody with a login at one application names it while asking another's server block."""
        browser, _ = it.log_in("alice", "one")
        for named in (it.host("one"), "unknown.example.test", "", "wiki.example.test.", f"auth.{DOMAIN}"):
            if it.proxy.shares_port and named == it.host("one"):
                continue
            it.reached("wiki"), it.reached("vault")
            raw.send(it.ports["vault"], "/", named, headers=it.cookies(browser, "one"))
            assert not it.reached("vault") and not it.reached("wiki"), named

    def test_programs_get_no_login_page_in_place_of_an_answer(self, it):
        """A check without a session is answered with a redirect or 401, never with a page of 200."""
        answer = it.anonymous("wiki", "/api/data", headers=[("Accept", "application/json"), ("X-Requested-With", "XMLHttpRequest")])
        assert answer.status in (302, 401), answer.status

    def test_without_keywright_nobody_passes(self, it):
        """Last, for it stops the server."""
        browser, _ = it.log_in("alice", "wiki")
        cookies = it.cookies(browser, "wiki")
        assert it.anonymous("wiki", "/", headers=cookies).status == 200
        it.server.stop()
        it.reached("wiki")
        answer = it.anonymous("wiki", "/", headers=cookies)
        assert 500 <= answer.status <= 599 and not it.reached("wiki"), answer.status
        answer = it.anonymous("wiki", "/public/logo.svg")
        assert 500 <= answer.status <= 599 and not it.reached("wiki"), answer.status
