"""Bad input gets an answer that says what is wrong and where, and leaves no trace."""

import json

import pytest
import requests


@pytest.fixture(autouse=True)
def alive(server):
    yield
    assert server.process.poll() is None
    assert requests.get(server.base + "/-/health/ready/", timeout=10).status_code == 200
    log = server.log.read_text()
    assert "panicked" not in log


def send(api, method, path, data, kind="application/json"):
    return requests.request(method, api.base + path, data=data, headers={**api.session.headers, "Content-Type": kind}, timeout=60)


MALFORMED = {
    "cut off": b'{"name": "x"',
    "single quotes": b"{'name': 'x'}",
    "trailing comma": b'{"name": "x",}',
    "two values": b'{"name": "x"} {"name": "y"}',
    "a comment": b'{"name": "x"} // y',
    "NaN": b'{"name": NaN}',
    "no value": b'{"name": }',
    "not UTF-8": b'{"name": "\xff\xfe"}',
    "half a surrogate": b'{"name": "\\ud800"}',
    "a control character": b'{"name": "a\x01b"}',
    "a byte order mark": b'\xef\xbb\xbf{"name": ',
    "only a quote": b'"',
    "rubbish": b"\x00\x01\x02",
}
TARGETS = ["/core/users/", "/core/groups/", "/flows/instances/", "/providers/oauth2/", "/policies/expression/", "/managed/blueprints/", "/stages/prompt/prompts/"]


@pytest.mark.parametrize("body", MALFORMED.values(), ids=MALFORMED)
@pytest.mark.parametrize("path", TARGETS)
def test_malformed_json_says_where(api, path, body):
    before = api.get(path)["pagination"]["count"]
    answer = send(api, "POST", path, body)
    assert answer.status_code == 400, answer.text
    assert answer.json()["detail"].startswith("JSON parse error - ") and "line " in answer.json()["detail"], answer.text
    assert api.get(path)["pagination"]["count"] == before


@pytest.mark.parametrize("body, kind", [("[]", "list"), ("[{}]", "list"), ('"x"', "str"), ("7", "int"), ("1.5", "float"), ("true", "bool")])
@pytest.mark.parametrize("path", TARGETS)
def test_json_that_is_no_object_says_so(api, path, body, kind):
    answer = send(api, "POST", path, body)
    assert answer.status_code == 400 and f"Expected a dictionary, but got {kind}." in answer.text, answer.text


@pytest.mark.parametrize("path", TARGETS)
def test_what_is_missing_is_named(api, path):
    answer = send(api, "POST", path, "{}")
    assert answer.status_code == 400
    body = answer.json()
    assert body and all(messages == ["This field is required."] for messages in body.values()), body


@pytest.mark.parametrize("kind", ["text/plain", "application/xml", "application/yaml", "", "application/json; charset=utf-16", "nonsense"])
def test_another_type_of_body_is_named(api, kind):
    answer = send(api, "POST", "/core/groups/", b'{"name": "typed"}', kind)
    if answer.status_code == 201:
        api.call("DELETE", f"/core/groups/{answer.json()['pk']}/", 204)
        assert kind.startswith("application/json")
    else:
        assert answer.status_code == 415 and kind in answer.json()["detail"], answer.text


WRONG = [
    ("/core/users/", {"username": "w", "name": "w"}, "username", [None, "", [], {}, "x" * 200, True]),
    ("/core/users/", {"username": "w", "name": "w"}, "is_active", ["maybe", 7, [], {}, None, ""]),
    ("/core/users/", {"username": "w", "name": "w"}, "groups", ["x", 7, ["x"], [7], [None], ["00000000-0000-0000-0000-000000000000"]]),
    ("/core/users/", {"username": "w", "name": "w"}, "attributes", ["x", 7, [], None, [[]]]),
    ("/core/users/", {"username": "w", "name": "w"}, "email", ["x", 7, [], {}, "a b"]),
    ("/core/users/", {"username": "w", "name": "w"}, "type", ["x", 7, [], {}, None, ""]),
    ("/core/users/", {"username": "w", "name": "w"}, "path", [[], {}, "", "/x", "x/"]),
    ("/core/groups/", {"name": "w"}, "is_superuser", ["maybe", [], {}]),
    ("/core/groups/", {"name": "w"}, "parents", ["x", ["x"], [7], {"x": 1}]),
    ("/core/tokens/", {"identifier": "w"}, "identifier", ["a b", "", "é", "x" * 300, None, "a/b"]),
    ("/core/tokens/", {"identifier": "w"}, "intent", ["x", 7, ""]),
    ("/core/tokens/", {"identifier": "w"}, "expires", ["yesterday", 7, "2024-13-01T00:00:00Z", []]),
    ("/core/applications/", {"name": "w", "slug": "w"}, "slug", ["a b", "", "é", "a/b", None]),
    ("/core/applications/", {"name": "w", "slug": "w"}, "provider", ["x", [], 999999, {}]),
    ("/flows/instances/", {"name": "w", "slug": "w", "title": "w", "designation": "enrollment"}, "designation", ["x", 7, None, ""]),
    ("/flows/instances/", {"name": "w", "slug": "w", "title": "w", "designation": "enrollment"}, "authentication", ["x", 7, ""]),
    ("/flows/instances/", {"name": "w", "slug": "w", "title": "w", "designation": "enrollment"}, "slug", ["a b", "", None]),
    ("/flows/bindings/", {"order": 0}, "order", ["x", None, 1.5, 99999999999, [], {}]),
    ("/policies/bindings/", {"order": 0}, "timeout", ["x", -1, 99999999999]),
    ("/policies/expression/", {"name": "w", "expression": "return True"}, "expression", ["", "return (", None, "def", [], {}]),
    ("/stages/prompt/prompts/", {"name": "w", "field_key": "w", "label": "w", "type": "text"}, "type", ["x", 7, None]),
    ("/stages/user_login/", {"name": "w"}, "session_duration", ["x", "hours", "hours=x", "7"]),
    ("/crypto/certificatekeypairs/", {"name": "w", "certificate_data": "x"}, "certificate_data", ["x", "", None, "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", [], 7]),
    ("/rbac/roles/", {"name": "w"}, "name", ["", None, [], {}, "x" * 300]),
    ("/core/brands/", {"domain": "w"}, "domain", ["", None, [], {}]),
]
CASES = [(path, body, field, value) for path, body, field, values in WRONG for value in values]


@pytest.mark.parametrize("path, body, field, value", CASES, ids=[f"{p}{f}={str(v)[:15]!r}" for p, _, f, v in CASES])
def test_a_value_of_the_wrong_kind_names_its_field(api, path, body, field, value):
    before = api.get(path)["pagination"]["count"]
    answer = send(api, "POST", path, json.dumps({**body, field: value}))
    assert answer.status_code == 400, f"{answer.status_code} {answer.text[:300]}"
    errors = answer.json()
    assert field in errors, errors
    messages = json.dumps(errors[field])
    assert len(messages) > 10 and "panick" not in messages and "sql" not in messages.lower(), messages
    assert api.get(path)["pagination"]["count"] == before


@pytest.mark.parametrize(
    "field, value",
    [("name", ""), ("issuer_mode", "x"), ("sub_mode", "x"), ("client_type", "x"), ("access_token_validity", "soon"), ("refresh_token_validity", "x=1"), ("redirect_uris", "x"), ("signing_key", "x"), ("authorization_flow", "x"), ("authorization_flow", None), ("authorization_flow", "00000000-0000-0000-0000-000000000000"), ("property_mappings", ["x"]), ("property_mappings", "x"), ("client_id", ""), ("client_id", "x" * 300), ("logout_uri", "x"), ("jwt_federation_providers", ["x"])],
)
def test_a_provider_changes_wholly_or_not_at_all(api, field, value):
    found = api.get("/providers/oauth2/", name="whole")["results"]
    provider = found[0] if found else api.oauth_app("whole", "https://app.example.com/cb")[0]
    path = f"/providers/oauth2/{provider['pk']}/"
    before = api.get(path)
    answer = send(api, "PATCH", path, json.dumps({"include_claims_in_id_token": not before["include_claims_in_id_token"], field: value}))
    assert answer.status_code == 400 and field in answer.json(), f"{answer.status_code} {answer.text[:300]}"
    assert api.get(path) == before


def test_unknown_fields_are_named(api):
    refused = api.call("POST", "/core/groups/", 400, json={"name": "with extras", "nonsense": 1, "": 1})
    assert set(refused) == {"nonsense", ""} and "nonsense" in refused["nonsense"][0], refused
    # Fields that are only read come back with what was read; they are passed over.
    made = api.post("/core/groups/", {"name": "with extras", "pk": "00000000-0000-0000-0000-000000000001", "num_pk": 1})
    assert made["pk"] != "00000000-0000-0000-0000-000000000001" and made["num_pk"] != 1, made


def test_a_key_twice_is_one_of_them(api):
    answer = send(api, "POST", "/core/groups/", b'{"name": "one", "name": "two"}')
    assert answer.status_code in (201, 400)
    if answer.status_code == 201:
        assert answer.json()["name"] == "two"


@pytest.mark.parametrize("text", ["a\0b", "\0", "a" * 100_000, "\u202e", "\ufeff", "𝕏" * 50, "\ud7ff", "\uffff"], ids=lambda t: repr(t)[:12])
def test_strange_text_is_kept_or_refused(api, text):
    answer = send(api, "POST", "/core/groups/", json.dumps({"name": text, "attributes": {"x": text}}))
    if answer.status_code == 201:
        assert answer.json()["name"] in (text, text.strip()) and answer.json()["attributes"] == {"x": text}
        assert api.get(f"/core/groups/{answer.json()['pk']}/")["attributes"] == {"x": text}
    else:
        assert answer.status_code == 400 and set(answer.json()) <= {"name", "attributes"}, answer.text[:300]


NUMBERS = ["1e400", "-1e400", "9" * 400, "1.7976931348623157e308", "-0", "0.1", "9007199254740993", "18446744073709551616"]


@pytest.mark.parametrize("number", NUMBERS, ids=lambda n: n[:20])
def test_strange_numbers_do_no_harm(api, number):
    answer = send(api, "POST", "/core/groups/", f'{{"name": "number {number[:20]}", "attributes": {{"n": {number}}}}}')
    assert answer.status_code in (201, 400), answer.text[:200]
    if answer.status_code == 201:
        api.get(f"/core/groups/{answer.json()['pk']}/")


def test_groups_cannot_go_in_circles(api):
    a = api.post("/core/groups/", {"name": "circle a"})
    b = api.post("/core/groups/", {"name": "circle b", "parents": [a["pk"]]})
    refused = send(api, "PATCH", f"/core/groups/{a['pk']}/", json.dumps({"parents": [b["pk"]]}))
    assert refused.status_code == 400 and "parents" in refused.json(), refused.text
    refused = send(api, "PATCH", f"/core/groups/{a['pk']}/", json.dumps({"parents": [a["pk"]]}))
    assert refused.status_code == 400 and "parents" in refused.json(), refused.text


BLUEPRINTS = {
    "no YAML": ("version: 1\nentries: [", "line"),
    "tabs": ("version: 1\nentries:\n\t- model: x\n", "line"),
    "another version": ("version: 7\nentries: []\n", "version"),
    "entries are text": ("version: 1\nentries: x\n", "entries"),
    "an unknown model": ("version: 1\nentries:\n  - model: authentik_core.nonsense\n    identifiers: {name: x}\n", "authentik_core.nonsense"),
    "no model": ("version: 1\nentries:\n  - identifiers: {name: x}\n", "model"),
    "an unknown state": ("version: 1\nentries:\n  - model: authentik_core.group\n    state: nonsense\n    identifiers: {name: x}\n", "nonsense"),
    "no identifiers": ("version: 1\nentries:\n  - model: authentik_core.group\n    attrs: {name: x}\n", "identifiers"),
    "an unknown tag": ("version: 1\nentries:\n  - model: authentik_core.group\n    identifiers: {name: !Nonsense x}\n", "Nonsense"),
    "KeyOf nothing": ("version: 1\nentries:\n  - model: authentik_core.group\n    identifiers: {name: x}\n    attrs: {parents: [!KeyOf nothing]}\n", "nothing"),
    "a wrong type": ("version: 1\nentries:\n  - model: authentik_core.group\n    identifiers: {name: half}\n  - model: authentik_core.group\n    identifiers: {name: x}\n    attrs: {is_superuser: perhaps}\n", "is_superuser"),
    "a wrong field in the second entry": ("version: 1\nentries:\n  - model: authentik_core.group\n    identifiers: {name: half}\n  - model: authentik_flows.flow\n    identifiers: {slug: x}\n    attrs: {designation: nonsense}\n", "designation"),
    "python objects": ("version: 1\nentries: !!python/object/apply:os.system ['id']\n", "python"),
    "NUL": ("version: 1\nentries: []\nx: \0", "Null characters"),
}


@pytest.mark.parametrize("content, word", BLUEPRINTS.values(), ids=BLUEPRINTS)
def test_a_blueprint_is_applied_wholly_or_not_at_all(api, content, word):
    answer = send(api, "POST", "/managed/blueprints/", json.dumps({"name": f"bad {abs(hash(content))}", "content": content}))
    assert answer.status_code == 400 and "content" in answer.json(), f"{answer.status_code} {answer.text[:400]}"
    assert word in json.dumps(answer.json(), ensure_ascii=False), answer.text[:600]
    assert not api.get("/core/groups/", name="half")["results"]
    assert not [b for b in api.get("/managed/blueprints/", page_size=100)["results"] if b["name"].startswith("bad ")]


FORMS = {
    "broken percent": b"grant_type=%zz&client_id=%",
    "not UTF-8": b"grant_type=client_credentials&client_id=\xff\xfe",
    "encoded not UTF-8": b"grant_type=client_credentials&client_id=%ff%fe",
    "NUL": b"grant_type=client_credentials&client_id=a%00b",
    "JSON": b'{"grant_type": "client_credentials"}',
    "only ampersands": b"&" * 10_000,
    "many fields": b"&".join(b"a%d=1" % n for n in range(20_000)),
    "multipart without a boundary": b"--x\r\n",
    "empty": b"",
}


@pytest.mark.parametrize("body", FORMS.values(), ids=FORMS)
@pytest.mark.parametrize("path", ["token", "introspect", "revoke", "device", "authorize", "userinfo"])
def test_a_broken_form_is_an_error_of_the_client(server, path, body):
    kind = "multipart/form-data" if body.startswith(b"--") else "application/x-www-form-urlencoded"
    answer = requests.post(f"{server.base}/application/o/{path}/", data=body, headers={"Content-Type": kind}, timeout=60)
    if path == "introspect":
        assert answer.status_code == 200 and answer.json() == {"active": False}
    else:
        assert 400 <= answer.status_code < 500, answer.text[:200]
        told = ("error", "invalid request", "no such application")
        assert any(t in answer.text.lower() for t in told) or answer.headers.get("WWW-Authenticate"), answer.text[:200]


@pytest.mark.parametrize(
    "query",
    ["client_id=%00", "client_id=a&client_id=b", "client_id=%ff", "scope=" + "x" * 5000, "max_age=-1", "max_age=1e9", "claims=%7B", "claims=[]", "ui_locales=%00", "login_hint=%00", "acr_values=" + "x" * 5000, "nonce=" + "x" * 9000, "state=" + "x" * 9000, "=&=&=", "%"],
)
def test_a_broken_authorization_request_is_an_error_of_the_client(server, api, query):
    if not api.get("/providers/oauth2/", name="broken-requests")["results"]:
        api.oauth_app("broken-requests", "https://app.example.com/cb")
    own = "" if query.startswith("client_id") else "client_id=broken-requests&response_type=code&redirect_uri=https%3A%2F%2Fapp.example.com%2Fcb&scope=openid&"
    answer = requests.get(f"{server.base}/application/o/authorize/?{own}{query}", timeout=60, allow_redirects=False)
    assert answer.status_code in (200, 302, 303, 400), f"{answer.status_code} {answer.text[:200]}"
