"""Every operation of our own description of the API, without a login and with one that has no rights."""

import re
import uuid

import pytest
import requests
from person import Person

METHODS = ("get", "post", "put", "patch", "delete")

# What answers to everybody. Each stands here because a page without a login needs it; whoever adds one says why.
OPEN_TO_EVERYBODY = {
    ("get", "/schema/"),  # the description itself
    ("get", "/root/config/"),  # what the login page has to know
    ("get", "/core/brands/current/"),  # how the login page looks
    ("get", "/flows/executor/{flow_slug}/"),  # logging in
    ("post", "/flows/executor/{flow_slug}/"),
    ("get", "/core/users/impersonate_end/"),  # without an impersonation it does nothing
}

# The inspector says that there is nothing instead of that one may not.
NOTHING_TO_SEE = {("get", "/flows/inspector/{flow_slug}/"): 404}

# What every person may do: about themselves only, which test_api_privileges looks at.
OF_EVERY_PERSON = {
    ("post", "/core/tokens/"),  # a token of their own
    ("post", "/core/applications/{slug}/check_access/"),
    ("post", "/flows/executor/{flow_slug}/"),
}


@pytest.fixture(scope="module")
def operations(server):
    document = requests.get(f"{server.base}/api/v3/schema/?format=json", timeout=60).json()
    return [(method, path, operation) for path, methods in document["paths"].items() for method, operation in methods.items() if method in METHODS]


@pytest.fixture(scope="module")
def nobody(server, api):
    api.user("ordinary", "ordinary-password")
    return Person(server).logged_in("ordinary", "ordinary-password")


def filled(path, operation):
    """The path with keys of the right kind that belong to nothing."""
    kinds = {p["name"]: p.get("schema", {}) for p in operation.get("parameters", []) if p["in"] == "path"}

    def value(match):
        kind = kinds.get(match[1], {})
        return "999999" if kind.get("type") == "integer" else str(uuid.UUID(int=1)) if kind.get("format") == "uuid" else "nothing"

    return re.sub(r"\{(\w+)\}", value, path)


def test_the_description_is_worth_testing(operations):
    assert len(operations) > 250, len(operations)
    paths = {path for _, path, _ in operations}
    for known in ("/core/users/", "/providers/oauth2/{id}/", "/crypto/certificatekeypairs/{kp_uuid}/view_private_key/", "/policies/all/{policy_uuid}/test/"):
        assert known in paths


@pytest.mark.parametrize("credentials", [{}, {"Authorization": "Bearer nope"}, {"Authorization": "Bearer "}, {"Cookie": "authentik_session=nope"}], ids=["none", "wrong token", "empty token", "wrong cookie"])
def test_nobody_may_do_anything_without_a_login(server, operations, credentials):
    wrong = []
    with requests.Session() as session:
        session.headers.update(credentials)
        for method, path, operation in operations:
            if (method, path) in OPEN_TO_EVERYBODY:
                continue
            answer = session.request(method, f"{server.base}/api/v3{filled(path, operation)}", json=None if method == "get" else {}, timeout=60)
            expected = NOTHING_TO_SEE.get((method, path))
            if answer.status_code not in ((expected,) if expected else (401, 403)):
                wrong.append(f"{method} {path}: {answer.status_code} {answer.text[:100]}")
    assert not wrong, f"{len(wrong)}:\n" + "\n".join(wrong)


def test_the_list_of_open_operations_has_nothing_superfluous(operations):
    known = {(method, path) for method, path, _ in operations}
    assert OPEN_TO_EVERYBODY <= known, OPEN_TO_EVERYBODY - known


def test_methods_that_are_not_described_do_nothing(server, operations):
    described = {}
    for method, path, _ in operations:
        described.setdefault(path, set()).add(method)
    example = {path: operation for _, path, operation in operations}
    wrong = []
    for path, known in described.items():
        for method in set(METHODS) - known:
            answer = requests.request(method, f"{server.base}/api/v3{filled(path, example[path])}", json={}, timeout=60)
            if answer.status_code not in (401, 403, 404, 405):
                wrong.append(f"{method} {path}: {answer.status_code}")
    assert not wrong, wrong


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_an_ordinary_person_writes_nothing(server, operations, nobody, method):
    wrong = []
    for each, path, operation in operations:
        if each != method or (method, path) in OPEN_TO_EVERYBODY | OF_EVERY_PERSON:
            continue
        answer = nobody.call(method, filled(path, operation), json={})
        # 404: rows that one may not see are not there. 400 would mean that the body was read before the right to write.
        if answer.status_code not in (403, 404):
            wrong.append(f"{method} {path}: {answer.status_code} {answer.text[:100]}")
    assert not wrong, f"{len(wrong)}:\n" + "\n".join(wrong)


def test_an_ordinary_person_writes_nothing_to_rows_that_are_there(server, api, nobody):
    rows = {
        "/core/users/{}/": api.first("/core/users/", username="akadmin")["pk"],
        "/core/groups/{}/": api.first("/core/groups/", name="authentik Admins")["pk"],
        "/flows/instances/{}/": "default-authentication-flow",
        "/stages/all/{}/": api.first("/stages/all/", name="default-authentication-password")["pk"],
        "/crypto/certificatekeypairs/{}/": api.signing_key(),
        "/propertymappings/provider/scope/{}/": api.scope("openid"),
        "/core/brands/{}/": api.first("/core/brands/")["brand_uuid"],
        "/managed/blueprints/{}/": api.first("/managed/blueprints/")["pk"],
        "/rbac/roles/{}/": api.first("/rbac/roles/")["pk"],
        "/events/events/{}/": api.first("/events/events/")["pk"],
        "/core/tokens/{}/": api.first("/core/tokens/")["identifier"],
    }
    for path, key in rows.items():
        for method in ("put", "patch", "delete"):
            answer = nobody.call(method, path.format(key), json={"name": "taken over"})
            assert answer.status_code in (403, 404, 405), f"{method} {path}: {answer.status_code} {answer.text[:200]}"
    for path in ("/crypto/certificatekeypairs/{}/view_private_key/", "/crypto/certificatekeypairs/{}/view_certificate/"):
        assert nobody.call("get", path.format(api.signing_key())).status_code in (403, 404)


# Lists in which everybody finds what is their own.
OWN = {"/core/users/me/", "/core/applications/", "/core/tokens/", "/core/authenticated_sessions/", "/core/user_consent/"}
# A catalogue that is the same for everybody.
PUBLIC = {"/rbac/permissions/"}


def test_lists_show_an_ordinary_person_only_what_is_theirs(server, operations, nobody):
    wrong = []
    for method, path, operation in operations:
        if method != "get" or "{" in path or (method, path) in OPEN_TO_EVERYBODY:
            continue
        answer = nobody.call("get", path)
        if answer.status_code != 200 or path in PUBLIC:
            if answer.status_code >= 500:
                wrong.append(f"{path}: {answer.status_code}")
            continue
        body = answer.json()
        if isinstance(body, dict) and "pagination" in body:
            if body["pagination"]["count"] != len(body["results"]):
                wrong.append(f"{path}: counts {body['pagination']['count']}, shows {len(body['results'])}")
            if body["results"] and path not in OWN and not path.startswith("/oauth2/"):
                wrong.append(f"{path}: shows {len(body['results'])} rows: {str(body['results'])[:200]}")
    assert not wrong, "\n".join(wrong)
