"""What the OpenID Foundation's tests of a provider look at, module by module, over HTTP.

Basic, Implicit and Hybrid with each way an answer travels (so the Form Post profiles too), Config, and the three logouts. The
names of the modules stand at the tests, to find them again.
"""

import base64
import hashlib
import html
import json
import re
import time
import urllib.parse
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest
import requests
from authlib.jose import JsonWebKey, jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from person import CALLBACK, Client, Person, claims, is_refused

ALL = ("openid", "email", "profile", "offline_access")
TYPES = ["code", "id_token", "id_token token", "code id_token", "code token", "code id_token token"]
MODES = ["query", "fragment", "form_post"]
LOGOUT = "http://schemas.openid.net/event/backchannel-logout"


def pem(key):
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()).decode()


@pytest.fixture(scope="module")
def client(server, api):
    return Client(server, api, "conform", scopes=ALL)


@pytest.fixture(scope="module")
def second(server, api):
    return Client(server, api, "conform-2", scopes=ALL)


@pytest.fixture(scope="module")
def people(api):
    return api.user("walker", "walker-password")


@pytest.fixture
def person(server, people):
    return Person(server).logged_in("walker", "walker-password")


def form_of(page):
    """The first form of a page that is posted without further ado: its address and fields."""
    form = re.search(r"<form[^>]*action=\"([^\"]*)\"[^>]*>(.*?)</form>", page, re.S)
    if not form:
        return None, {}
    fields = re.findall(r"<input[^>]*name=\"([^\"]*)\"[^>]*value=\"([^\"]*)\"", form[2])
    return html.unescape(form[1]), {html.unescape(k): html.unescape(v) for k, v in fields}


def answered(person, client, **over):
    """How the client is answered (`query`, `fragment`, `form_post`) and with what; nothing when it is not."""
    to, answer = person.authorize(client, **over)
    if to is None:
        kind = answer.headers.get("content-type", "")
        if kind.startswith("application/json") and answer.json().get("component") == "ak-stage-autosubmit":
            shown = answer.json()
            assert shown["url"] == client.redirect
            return "form_post", shown["attrs"]
        url, fields = form_of(answer.text)
        return ("form_post", fields) if url == client.redirect else (None, {})
    assert to.split("?")[0].split("#")[0] == client.redirect, to
    parts = urllib.parse.urlsplit(to)
    assert not (parts.query and parts.fragment), to
    mode, text = ("fragment", parts.fragment) if parts.fragment else ("query", parts.query)
    pairs = urllib.parse.parse_qsl(text, keep_blank_values=True)
    assert len(dict(pairs)) == len(pairs), to
    return mode, dict(pairs)


def discovery(client):
    answer = requests.get(f"{client.server.base}/application/o/{client.slug}/.well-known/openid-configuration", timeout=30)
    assert answer.status_code == 200 and answer.headers["content-type"].startswith("application/json")
    return answer.json()


def half(value, algorithm):
    digest = {"256": hashlib.sha256, "384": hashlib.sha384, "512": hashlib.sha512, "DSA": hashlib.sha512}[algorithm[-3:]](value.encode()).digest()
    return base64.urlsafe_b64encode(digest[: len(digest) // 2]).decode().rstrip("=")


def checked(client, token, nonce="n", access_token=None, code=None):
    """The claims of an ID token, its signature and all that every module looks at verified."""
    about = discovery(client)
    head = json.loads(base64.urlsafe_b64decode(token.split(".")[0] + "=="))
    assert head["alg"] in about["id_token_signing_alg_values_supported"]
    if head["alg"] == "HS256":
        key = client.provider["client_secret"].encode()
    else:
        keys = requests.get(about["jwks_uri"], timeout=30).json()["keys"]
        assert len({k["kid"] for k in keys}) == len(keys) and not any({"d", "p", "q", "k"} & set(k) for k in keys)
        key = JsonWebKey.import_key(next(k for k in keys if k["kid"] == head["kid"]))
    said = jwt.decode(token, key)
    now = time.time()
    assert said["iss"] == about["issuer"] and said["aud"] == client.slug
    assert said["exp"] > now and now - 60 < said["iat"] <= now + 1
    assert 0 < len(said["sub"]) <= 255 and said["sub"].isascii()
    assert said.get("nonce") == nonce
    for name, value in (("at_hash", access_token), ("c_hash", code)):
        if value:
            assert said[name] == half(value, head["alg"]), name
    return said


# oidcc-server, -idtoken-signature, and all test-wide checks, for each response type and mode


@pytest.mark.parametrize("mode", [None, *MODES])
@pytest.mark.parametrize("response_type", TYPES)
def test_server(client, person, response_type, mode):
    words = response_type.split()
    came, got = answered(person, client, response_type=response_type, response_mode=mode, state="s t/ä&=", nonce="n", scope="openid email")
    assert got["state"] == "s t/ä&=" and got["iss"] == discovery(client)["issuer"]
    if mode == "query" and "code" not in words:
        assert (came, got["error"]) == ("fragment", "invalid_request")
        return
    assert came == (mode or ("query" if response_type == "code" else "fragment"))
    wanted = {"code"} & set(words)
    if came != "query":
        wanted |= {"access_token"} if "token" in words else set()
        wanted |= {"id_token"} & set(words)
    assert wanted == {"code", "access_token", "id_token"} & set(got), got
    for name in wanted:
        assert re.fullmatch(r"[A-Za-z0-9._~+/=-]{20,}", got[name]), name
    if "id_token" in wanted:
        front = checked(client, got["id_token"], access_token=got.get("access_token"), code=got.get("code"))
        assert ("at_hash" in front) == ("access_token" in wanted)
    if "access_token" in wanted:
        assert got["token_type"].lower() == "bearer" and int(got["expires_in"]) > 0
        assert client.userinfo(got["access_token"]).json()["email"] == "walker@example.com"
    if "code" in wanted:
        answer = client.redeem(got["code"])
        assert answer.status_code == 200 and "no-store" in answer.headers["cache-control"]
        tokens = answer.json()
        assert tokens["token_type"].lower() == "bearer" and isinstance(tokens["expires_in"], int)
        back = checked(client, tokens["id_token"], access_token=tokens["access_token"])
        if "id_token" in wanted:
            assert (back["iss"], back["sub"]) == (front["iss"], front["sub"])
        assert client.userinfo(tokens["access_token"]).json()["sub"] == back["sub"]


@pytest.mark.parametrize("kind", ["rsa", "ecdsa", "P-384", "P-521", "Ed25519", "none"])
def test_idtoken_signature(server, api, person, kind):
    """The hashes of tokens go with the algorithm of the signature (OpenID Connect Core §3.3.2.11)."""
    name, key = f"conform-{kind.lower()}", None
    if kind in ("rsa", "ecdsa"):
        key = api.post("/crypto/certificatekeypairs/generate/", {"common_name": name, "validity_days": 30, "alg": kind}, 200)["pk"]
    elif kind != "none":
        private = {"P-384": lambda: ec.generate_private_key(ec.SECP384R1()), "P-521": lambda: ec.generate_private_key(ec.SECP521R1()), "Ed25519": ed25519.Ed25519PrivateKey.generate}[kind]()
        key = api.post("/crypto/certificatekeypairs/", {"name": name, "certificate_data": certificate(private, name), "key_data": pem(private)})["pk"]
    one = Client(server, api, name, signing_key=key)
    _, got = answered(person, one, response_type="code id_token token")
    checked(one, got["id_token"], access_token=got["access_token"], code=got["code"])
    assert discovery(one)["id_token_signing_alg_values_supported"] == [{"rsa": "RS256", "ecdsa": "ES256", "P-384": "ES384", "P-521": "ES512", "Ed25519": "EdDSA", "none": "HS256"}[kind]]


def certificate(key, name):
    import datetime

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes

    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.UTC)
    made = x509.CertificateBuilder().subject_name(subject).issuer_name(subject).public_key(key.public_key()).serial_number(x509.random_serial_number())
    made = made.not_valid_before(now).not_valid_after(now + datetime.timedelta(30))
    return made.sign(key, None if isinstance(key, ed25519.Ed25519PrivateKey) else hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode()


# Errors reach the client the way it asked to be answered (OAuth 2.0 Form Post Response Mode §2, Multiple Response Types §2.1).


@pytest.mark.parametrize("mode", [None, *MODES])
@pytest.mark.parametrize("response_type", TYPES)
def test_prompt_none_not_logged_in(server, client, response_type, mode):
    came, got = answered(Person(server), client, response_type=response_type, response_mode=mode, prompt="none", state="<s>'\"&")
    if mode == "query" and "code" not in response_type.split():
        assert (came, got["error"]) == ("fragment", "invalid_request")
    else:
        assert got["error"] == "login_required"
        assert came == (mode or ("query" if response_type == "code" else "fragment"))
    assert got["state"] == "<s>'\"&" and got["iss"] == discovery(client)["issuer"]
    assert re.fullmatch(r"[\x20-\x21\x23-\x5b\x5d-\x7e]*", got["error_description"])
    assert not {"code", "access_token", "id_token"} & set(got)


@pytest.mark.parametrize("response_type", [None, "", "banana", "code code", "token"])
def test_response_type_missing(client, person, response_type):
    _, got = answered(person, client, response_type=response_type)
    assert got["error"] in ("unsupported_response_type", "invalid_request") and got["state"] == "s"


@pytest.mark.parametrize(("parameter", "error"), [("request", "request_not_supported"), ("request_uri", "request_uri_not_supported")])
def test_request_objects_are_rejected_as_unsupported(client, person, parameter, error):
    """-unsigned-request-object-…, -request-uri-unsigned-…-or-rejected-as-unsupported: passing over them would be wrong."""
    value = "eyJhbGciOiJub25lIn0.e30." if parameter == "request" else "https://app.example.com/request.jwt"
    _, got = answered(person, client, **{parameter: value})
    assert got["error"] == error and "code" not in got
    assert discovery(client)[f"{parameter}_parameter_supported"] is False


@pytest.mark.parametrize("response_type", TYPES)
def test_ensure_request_without_nonce(client, person, response_type):
    _, got = answered(person, client, response_type=response_type, nonce=None)
    if "id_token" in response_type.split():
        assert got["error"] == "invalid_request"
    else:
        assert "error" not in got


@pytest.mark.parametrize(
    "extra",
    [
        {"display": "page"},
        {"display": "popup"},
        {"extra": "foobar"},
        {"login_hint": "walker"},
        {"ui_locales": "se"},
        {"claims_locales": "se"},
        {"acr_values": "1 2"},
        {"claims": json.dumps({"userinfo": {"name": {"essential": True}}})},
        {"scope": "email profile openid"},
        {"prompt": "select_account"},
        {"code_challenge": "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM", "code_challenge_method": "S256"},
    ],
    ids=lambda e: next(iter(e)),
)
def test_requests_that_succeed(client, person, extra):
    _, got = answered(person, client, **extra)
    verifier = {"code_verifier": "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"} if "code_challenge" in extra else {}
    tokens = client.redeem(got["code"], **verifier).json()
    assert checked(client, tokens["id_token"])["acr"]
    if "claims" in extra:
        assert client.userinfo(client.log_in(person, scope="openid profile")["access_token"]).json()["name"] == "Walker"


def test_ensure_post_request_succeeds(client, person):
    query = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(client.authorize_url()).query))
    answer = person.session.post(person.url("/application/o/authorize/"), data=query, allow_redirects=False, timeout=30)
    assert answer.is_redirect
    to, _ = person.go(answer.headers["Location"])
    assert to.startswith(CALLBACK) and "code=" in to


@pytest.mark.parametrize("again", ["redirect_uri", "client_id", "scope", "state"])
def test_a_parameter_twice_is_an_error_by_post_too(client, person, again):
    """RFC 6749 §3.1, whichever way the request came."""
    pairs = urllib.parse.parse_qsl(urllib.parse.urlsplit(client.authorize_url()).query)
    pairs.append((again, {"redirect_uri": "https://evil.example/"}.get(again, "openid")))
    answers = [
        person.get("/application/o/authorize/?" + urllib.parse.urlencode(pairs)),
        person.session.post(person.url("/application/o/authorize/"), data=pairs, allow_redirects=False, timeout=30),
    ]
    for answer in answers:
        if answer.status_code == 303:
            answer = person.get(answer.headers["Location"])
        assert answer.status_code == 400 or "error=invalid_request" in answer.headers["Location"], (answer.status_code, answer.headers.get("Location"))


@pytest.mark.parametrize("way", ["get", "header", "body"])
def test_userinfo(client, person, way):
    tokens = client.log_in(person, scope="openid email profile")
    url, header = f"{client.server.base}/application/o/userinfo/", {"Authorization": f"Bearer {tokens['access_token']}"}
    answer = {
        "get": lambda: requests.get(url, headers=header, timeout=30),
        "header": lambda: requests.post(url, headers=header, timeout=30),
        "body": lambda: requests.post(url, data={"access_token": tokens["access_token"]}, timeout=30),
    }[way]()
    said = answer.json()
    assert answer.headers["content-type"].startswith("application/json")
    assert said["sub"] == claims(tokens["id_token"])["sub"]
    assert isinstance(said["email_verified"], bool) and said["name"] == "Walker" and said["preferred_username"] == "walker"


def again(person, client, name="walker", **over):
    """Asks for a code; the browser logs in again where that is demanded. Whether it was, and the claims."""
    to, answer = person.authorize(client, **over)
    demanded = False
    if to is None:
        # The flow's page has its own address as query.
        url = answer.url
        query = urllib.parse.parse_qs(urllib.parse.urlsplit(url).query)["query"][0]
        slug = url.split("/executor/")[1].split("/")[0]
        shown = person.log_in(name, f"{name}-password", slug=slug, query=query)
        assert shown["component"] == "xak-flow-redirect", shown
        demanded = True
        to, _ = person.go(shown["to"])
    got = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(to).query))
    return demanded, claims(client.redeem(got["code"]).json()["id_token"])


def test_prompt_login(client, person):
    _, before = again(person, client)
    time.sleep(1.1)
    demanded, after = again(person, client, prompt="login")
    assert demanded and after["auth_time"] > before["auth_time"] and after["sub"] == before["sub"]


def test_prompt_login_of_somebody_who_just_came(server, client, people):
    demanded, _ = again(Person(server), client, prompt="login")
    assert demanded


def test_prompt_none_logged_in(client, person):
    _, before = again(person, client)
    time.sleep(1.1)
    demanded, after = again(person, client, prompt="none")
    assert not demanded and (after["sub"], after["auth_time"]) == (before["sub"], before["auth_time"])


def test_max_age_1(client, person):
    _, before = again(person, client)
    time.sleep(2.5)
    demanded, after = again(person, client, max_age="1")
    assert demanded and after["auth_time"] > before["auth_time"]


def test_max_age_10000(client, person):
    _, before = again(person, client)
    time.sleep(1.1)
    demanded, after = again(person, client, max_age="10000")
    assert not demanded and after["auth_time"] == before["auth_time"]


def test_max_age_is_too_old_for_prompt_none(client, person):
    time.sleep(2.5)
    _, got = answered(person, client, max_age="1", prompt="none")
    assert got["error"] == "login_required"


def test_id_token_hint(server, api, client, person):
    hint = client.log_in(person)["id_token"]
    _, got = answered(person, client, prompt="none", id_token_hint=hint)
    assert "code" in got
    api.user("walker-2", "walker-2-password")
    other = Person(server).logged_in("walker-2", "walker-2-password")
    _, got = answered(other, client, prompt="none", id_token_hint=hint)
    assert got["error"] == "login_required"


def test_codereuse_ends_the_first_tokens(client, person):
    code = person.code(client)
    first = client.redeem(code).json()
    is_refused(client.redeem(code), "invalid_grant")
    assert client.userinfo(first["access_token"]).status_code == 401


@pytest.mark.parametrize("way", ["post", "basic"])
def test_server_client_authentication(client, person, way):
    code = person.code(client)
    if way == "post":
        answer = client.redeem(code)
    else:
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": client.redirect}
        answer = client.post("token", form, auth=(client.slug, client.provider["client_secret"]))
    assert answer.status_code == 200, answer.text


def test_refresh_token(client, second, person):
    before = client.log_in(person, scope="openid email offline_access")
    is_refused(second.refresh(before["refresh_token"]), "invalid_grant")
    after = client.refresh(before["refresh_token"]).json()
    old, new = claims(before["id_token"]), checked(client, after["id_token"], nonce=None, access_token=after["access_token"])
    for name in ("iss", "sub", "aud", "auth_time"):
        assert old[name] == new[name], name
    assert client.userinfo(after["access_token"]).status_code == 200


def test_discovery_endpoint_verification(client):
    about = discovery(client)
    base = client.server.base
    assert about["issuer"] == f"{base}/application/o/{client.slug}/"
    for name in ("authorization", "token", "userinfo", "end_session", "introspection", "revocation", "device_authorization"):
        assert about[f"{name}_endpoint"].startswith(base), name
    assert set(about["response_types_supported"]) == set(TYPES) and set(about["response_modes_supported"]) == set(MODES)
    assert "RS256" in about["id_token_signing_alg_values_supported"] and about["subject_types_supported"] == ["public"]
    assert {"authorization_code", "implicit", "refresh_token"} <= set(about["grant_types_supported"])
    assert {"client_secret_basic", "client_secret_post"} <= set(about["token_endpoint_auth_methods_supported"])
    assert {"sub", "iss", "aud", "exp", "iat", "auth_time", "acr", "nonce"} <= set(about["claims_supported"])
    for name in ("backchannel_logout", "backchannel_logout_session", "frontchannel_logout", "frontchannel_logout_session"):
        assert about[f"{name}_supported"] is True, name
    for name in ("request", "request_uri"):
        assert about[f"{name}_parameter_supported"] is False, name
    for kept in (about, requests.get(f"{base}/.well-known/oauth-authorization-server/application/o/{client.slug}/", timeout=30).json()):
        assert kept["issuer"] == about["issuer"] and kept["jwks_uri"] == about["jwks_uri"]


# Logout. A client whose invalidation flow ends the whole session, as the certification's configuration has it.


@pytest.fixture(scope="module")
def leaver(server, api):
    return Client(server, api, "conform-out", scopes=ALL, invalidation_flow=api.flow("default-invalidation-flow"))


def leave(person, client, **query):
    return person.go(f"/application/o/{client.slug}/end-session/?{urllib.parse.urlencode({k: v for k, v in query.items() if v is not None})}")


def is_out(person, client):
    _, got = answered(person, client, prompt="none")
    return got.get("error") == "login_required"


@pytest.mark.parametrize("state", [None, "a b&c"], ids=["no-state", "state"])
def test_rp_initiated_logout(leaver, person, state):
    hint = leaver.log_in(person)["id_token"]
    to, answer = leave(person, leaver, id_token_hint=hint, post_logout_redirect_uri=CALLBACK, state=state)
    assert to is not None, answer.text[:300]
    parts = urllib.parse.urlsplit(to)
    assert f"{parts.scheme}://{parts.netloc}{parts.path}" == CALLBACK
    assert urllib.parse.parse_qs(parts.query) == ({"state": [state]} if state else {})
    assert is_out(person, leaver)


def test_rp_initiated_logout_with_a_hint_that_has_ended(server, api, person):
    """RP-Initiated Logout §4: ID tokens that have expired are taken."""
    brief = Client(server, api, "conform-brief", access_token_validity="seconds=1", invalidation_flow=api.flow("default-invalidation-flow"))
    hint = brief.log_in(person)["id_token"]
    time.sleep(2)
    to, _ = leave(person, brief, id_token_hint=hint, post_logout_redirect_uri=CALLBACK)
    assert to == CALLBACK and is_out(person, brief)


@pytest.mark.parametrize("uri", ["https://app.example.com/other", CALLBACK + "?foo=bar", CALLBACK + "/", "https://evil.example/"])
def test_rp_initiated_logout_bad_post_logout_redirect_uri(leaver, person, uri):
    to, _ = leave(person, leaver, id_token_hint=leaver.log_in(person)["id_token"], post_logout_redirect_uri=uri)
    assert to is None


def unsigned(token):
    head = base64.urlsafe_b64encode(b'{"alg":"none"}').decode().rstrip("=")
    return f"{head}.{token.split('.')[1]}."


def foreign(token):
    key = JsonWebKey.generate_key("RSA", 2048, is_private=True)
    return jwt.encode({"alg": "RS256"}, claims(token), key).decode()


@pytest.mark.parametrize("change", [None, unsigned, foreign, lambda t: t[:-4], lambda _: "x"], ids=["no-id-token-hint", "modified-id-token-hint", "bad-id-token-hint", "cut", "nonsense"])
@pytest.mark.parametrize("is_in", [True, False], ids=["logged-in", "logged-out"])
def test_rp_initiated_logout_without_a_good_hint(server, leaver, person, change, is_in):
    """Without proof of whose wish it is, nobody is sent on to the client."""
    token = leaver.log_in(person)["id_token"]
    to, answer = leave(person if is_in else Person(server), leaver, id_token_hint=change and change(token), post_logout_redirect_uri=CALLBACK, state="s")
    assert to is None, to
    assert answer.status_code in (200, 400)


def test_rp_initiated_logout_with_the_hint_of_another_client(leaver, client, person):
    to, _ = leave(person, leaver, id_token_hint=client.log_in(person)["id_token"], post_logout_redirect_uri=CALLBACK)
    assert to is None


@pytest.mark.parametrize("query", [{}, {"state": "s"}, {"id_token_hint": True}], ids=["no-params", "only-state", "no-post-logout-redirect-uri"])
def test_rp_initiated_logout_without_a_way_back(leaver, person, query):
    token = leaver.log_in(person)["id_token"]
    to, answer = leave(person, leaver, **({"id_token_hint": token} if "id_token_hint" in query else query))
    assert to is None and answer.status_code == 200
    assert is_out(person, leaver)


class Ear(BaseHTTPRequestHandler):
    """A client that is told of logouts."""

    heard = []

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        type(self).heard.append((self.headers["Content-Type"], urllib.parse.parse_qs(body)))
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def ear():
    httpd = HTTPServer(("127.0.0.1", 0), Ear)
    Thread(target=httpd.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{httpd.server_port}/bye"
    httpd.shutdown()


def test_backchannel_rp_initiated_logout(server, api, person, ear):
    told = Client(server, api, "conform-back", logout_method="backchannel", logout_uri=ear, invalidation_flow=api.flow("default-invalidation-flow"))
    token = told.log_in(person)["id_token"]
    said = claims(token)
    to, _ = leave(person, told, id_token_hint=token, post_logout_redirect_uri=CALLBACK)
    assert to == CALLBACK
    for _ in range(300):
        if Ear.heard:
            break
        time.sleep(0.1)
    kind, form = Ear.heard[0]
    assert kind.startswith("application/x-www-form-urlencoded") and list(form) == ["logout_token"]
    keys = requests.get(discovery(told)["jwks_uri"], timeout=30).json()
    logout = jwt.decode(form["logout_token"][0], JsonWebKey.import_key_set(keys))
    assert logout.header["typ"] == "logout+jwt"
    assert logout["events"] == {LOGOUT: {}} and "nonce" not in logout and logout["jti"]
    assert (logout["iss"], logout["aud"], logout["sub"], logout["sid"]) == (said["iss"], said["aud"], said["sub"], said["sid"])
    assert abs(logout["iat"] - time.time()) < 60 and logout["exp"] > logout["iat"]
    assert is_out(person, told)


def test_frontchannel_rp_initiated_logout(server, api, person):
    address = "https://app.example.com/bye?a=b"
    told = Client(server, api, "conform-front", logout_method="frontchannel", logout_uri=address, invalidation_flow=api.flow("default-invalidation-flow"))
    token = told.log_in(person)["id_token"]
    said = claims(token)
    to, answer = leave(person, told, id_token_hint=token, post_logout_redirect_uri=CALLBACK, state="s")
    shown = answer.json()
    assert to is None and shown["component"] == "ak-provider-iframe-logout"
    parts = urllib.parse.urlsplit(shown["logout_urls"][0]["url"])
    assert urllib.parse.parse_qs(parts.query) == {"a": ["b"], "iss": [said["iss"]], "sid": [said["sid"]]}
    after = person.session.post(answer.url, json={"component": shown["component"]}, timeout=30).json()
    assert after["component"] == "xak-flow-redirect" and after["to"] == f"{CALLBACK}?state=s", after
    assert is_out(person, told)
