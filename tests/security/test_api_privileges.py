"""Nobody makes more of their rights than they were given, and no answer tells a secret."""

import json

import pytest
import requests
from api import Api
from person import Client, Person
from server import PASSWORD, TOKEN


@pytest.fixture(scope="module")
def admins(api):
    return api.first("/core/groups/", name="authentik Admins")["pk"]


@pytest.fixture(scope="module")
def admin_pk(api):
    return api.first("/core/users/", username="akadmin")["pk"]


def delegate(server, api, name, permissions):
    """A person with these rights by a role, and no more."""
    user = api.user(name, f"{name}-password")
    role = api.post("/rbac/roles/", {"name": f"role of {name}"})
    api.call("POST", f"/rbac/permissions/assigned_by_roles/{role['pk']}/assign/", 200, json={"permissions": permissions})
    api.call("POST", f"/rbac/roles/{role['pk']}/add_user/", 204, json={"pk": user["pk"]})
    person = Person(server).logged_in(name, f"{name}-password")
    person.pk, person.role = user["pk"], role["pk"]
    return person


@pytest.fixture(scope="module")
def delegated(server, api):
    """May manage users, groups, roles and tokens, and is no superuser."""
    models = ("user", "group", "token", "applicationentitlement")
    rights = [f"authentik_core.{verb}_{model}" for model in models for verb in ("view", "add", "change")]
    rights += ["authentik_rbac.view_role", "authentik_rbac.add_role", "authentik_rbac.change_role", "authentik_core.add_user_to_group"]
    return delegate(server, api, "delegated", rights)


@pytest.fixture(scope="module")
def viewer(server, api):
    """May look at everything and change nothing."""
    rights = [p for p in permissions(api) if p.split(".")[1].startswith("view_")]
    return delegate(server, api, "viewer", [p for p in rights if not p.endswith(("view_certificatekeypair_key", "view_token_key", "view_certificatekeypair_certificate"))])


def permissions(api):
    found, page = [], 1
    while page:
        answer = api.get("/rbac/permissions/", page=page, page_size=100)
        found += [f"{p['app_label']}.{p['codename']}" for p in answer["results"]]
        page = answer["pagination"]["next"]
    return found


@pytest.fixture(scope="module")
def ordinary(server, api):
    user = api.user("climber", "climber-password")
    person = Person(server).logged_in("climber", "climber-password")
    person.pk = user["pk"]
    return person


def is_super(api, pk):
    return api.get(f"/core/users/{pk}/")["is_superuser"]


# Superuser status through groups and roles.


def test_a_delegate_cannot_make_themselves_a_superuser(api, delegated, admins, admin_pk):
    own = api.post("/core/groups/", {"name": "own group", "users": [delegated.pk]})
    refused = {
        "by the user": ("patch", f"/core/users/{delegated.pk}/", {"groups": [admins]}),
        "by the group": ("patch", f"/core/groups/{admins}/", {"users": [delegated.pk, admin_pk]}),
        "by joining": ("post", f"/core/groups/{admins}/add_user/", {"pk": delegated.pk}),
        "by the flag": ("patch", f"/core/groups/{own['pk']}/", {"is_superuser": True}),
        "by a new group": ("post", "/core/groups/", {"name": "mighty", "is_superuser": True, "users": [delegated.pk]}),
        "by a new group below": ("post", "/core/groups/", {"name": "below", "parents": [admins], "users": [delegated.pk]}),
        "by a parent": ("patch", f"/core/groups/{own['pk']}/", {"parents": [admins]}),
        "by a child": ("patch", f"/core/groups/{admins}/", {"children": [own["pk"]]}),
        "by a new user": ("post", "/core/users/", {"username": "puppet", "name": "x", "groups": [admins]}),
    }
    for how, (method, path, body) in refused.items():
        answer = delegated.call(method, path, json=body)
        # There is no field for the groups below one; that it is passed over must not be mistaken for a yes.
        expected = (200,) if how == "by a child" else (400, 403, 404)
        assert answer.status_code in expected, f"{how}: {answer.status_code} {answer.text[:300]}"
        assert not is_super(api, delegated.pk), how
        assert api.get(f"/core/groups/{own['pk']}/")["parents"] == [], how
    assert not api.get("/core/users/", username="puppet")["results"]


def test_a_delegate_cannot_give_rights_that_they_do_not_have(api, delegated, ordinary):
    strong = api.post("/rbac/roles/", {"name": "strong"})
    api.call("POST", f"/rbac/permissions/assigned_by_roles/{strong['pk']}/assign/", 200, json={"permissions": ["authentik_flows.change_flow"]})
    own = api.post("/core/groups/", {"name": "rising", "users": [delegated.pk]})
    refused = {
        "a role to oneself": ("post", f"/rbac/roles/{strong['pk']}/add_user/", {"pk": delegated.pk}),
        "a role to the group": ("patch", f"/core/groups/{own['pk']}/", {"roles": [strong["pk"]]}),
        "a role to the user": ("patch", f"/core/users/{delegated.pk}/", {"roles": [strong["pk"]]}),
        "a right to one's role": ("post", f"/rbac/permissions/assigned_by_roles/{delegated.role}/assign/", {"permissions": ["authentik_flows.change_flow"]}),
    }
    for how, (method, path, body) in refused.items():
        answer = delegated.call(method, path, json=body)
        assert answer.status_code in (403, 404), f"{how}: {answer.status_code} {answer.text[:300]}"
    assert delegated.call("patch", "/flows/instances/default-authentication-flow/", json={"title": "mine"}).status_code in (403, 404)


@pytest.mark.parametrize("action, body", [("set_password", {"password": "taken-over"}), ("recovery", {}), ("impersonate", {"reason": "x"})])
def test_a_delegate_cannot_take_over_a_superuser(server, api, delegated, admin_pk, action, body):
    answer = delegated.call("post", f"/core/users/{admin_pk}/{action}/", json=body)
    assert answer.status_code in (403, 404), f"{answer.status_code} {answer.text[:300]}"
    assert Person(server).log_in("akadmin", PASSWORD)["component"] == "xak-flow-redirect"
    assert delegated.who() == "delegated"


def test_a_delegate_cannot_act_by_a_superusers_token(server, api, delegated, admin_pk):
    """Whoever knows or chooses its secret is a superuser."""
    identifier = "the-superusers-own"
    api.post("/core/tokens/", {"identifier": identifier, "user": admin_pk, "intent": "api"})
    keeper = delegate(server, api, "keeper-of-tokens", ["authentik_core.view_token", "authentik_core.view_token_key", "authentik_core.set_token_key"])
    answer = keeper.call("get", f"/core/tokens/{identifier}/view_key/")
    assert answer.status_code == 403, answer.text[:300]
    answer = keeper.call("post", f"/core/tokens/{identifier}/set_key/", json={"key": "known-to-the-keeper-of-tokens"})
    assert answer.status_code == 403, answer.text[:300]
    assert requests.get(f"{api.base}/core/users/me/", headers={"Authorization": "Bearer known-to-the-keeper-of-tokens"}, timeout=30).status_code == 403
    # What the rights are for: other people's.
    api.post("/core/tokens/", {"identifier": "the-delegates", "user": delegated.pk, "intent": "api"})
    assert keeper.call("get", "/core/tokens/the-delegates/view_key/").json()["key"]
    assert keeper.call("post", "/core/tokens/the-delegates/set_key/", json={"key": "another-secret-of-the-delegate"}).status_code == 204


@pytest.fixture(scope="module")
def registrar(server, api):
    """May change and delete users."""
    return delegate(server, api, "registrar", [f"authentik_core.{verb}_user" for verb in ("view", "change", "delete")])


@pytest.mark.parametrize("change", [{"email": "registrar@example.com"}, {"username": "superseded"}, {"is_active": False}, {"type": "external"}, {"attributes": {"upn": "x"}}, None])
def test_a_delegate_does_not_rename_or_shut_out_a_superuser(api, registrar, ordinary, admin_pk, change):
    """Links to get back into an account go to its address, and applications know people by their names."""
    path = f"/core/users/{admin_pk}/"
    before = api.get(path)
    answer = registrar.call("patch", path, json=change) if change else registrar.call("delete", path)
    assert answer.status_code == 403, f"{answer.status_code} {answer.text[:300]}"
    after = api.get(path)
    assert all(after[name] == before[name] for name in ("username", "email", "is_active", "type", "attributes"))
    # What the right is for: other people.
    assert registrar.call("patch", f"/core/users/{ordinary.pk}/", json={"email": "climber@example.org"}).status_code == 200


def test_a_delegate_cannot_make_a_token_for_a_superuser(api, delegated, admin_pk):
    answer = delegated.call("post", "/core/tokens/", json={"identifier": "stolen", "user": admin_pk, "intent": "api"})
    if answer.status_code == 201:
        assert answer.json()["user"] == delegated.pk
    else:
        assert answer.status_code in (400, 403)


# Fields that are not the sender's to set.


def test_the_owner_of_a_token_stays(api, ordinary, admin_pk):
    made = ordinary.call("post", "/core/tokens/", json={"identifier": "own-token", "intent": "api", "user": admin_pk, "key": "chosen-key-of-the-person", "managed": "x"})
    assert made.status_code == 201, made.text
    assert made.json()["user"] == ordinary.pk
    for method in ("patch", "put"):
        ordinary.call(method, "/core/tokens/own-token/", json={"identifier": "own-token", "user": admin_pk, "intent": "api", "key": "chosen-key-of-the-person"})
        assert api.get("/core/tokens/own-token/")["user"] == ordinary.pk
    answer = requests.get(f"{api.base}/core/users/me/", headers={"Authorization": "Bearer chosen-key-of-the-person"}, timeout=30)
    assert answer.status_code == 403


def test_an_ordinary_person_does_not_see_others_tokens(ordinary):
    found = ordinary.call("get", "/core/tokens/").json()["results"]
    assert all(t["user"] == ordinary.pk for t in found)
    assert ordinary.call("get", "/core/tokens/authentik-bootstrap-token/").status_code == 404
    assert ordinary.call("get", "/core/tokens/authentik-bootstrap-token/view_key/").status_code in (403, 404)
    assert ordinary.call("post", "/core/tokens/authentik-bootstrap-token/set_key/", json={"key": "x" * 30}).status_code in (403, 404)


@pytest.mark.parametrize(
    "field, value",
    [("pk", 1), ("uid", "x"), ("is_superuser", True), ("uuid", "00000000-0000-0000-0000-000000000001"), ("password", "plain"), ("date_joined", "2001-01-01T00:00:00Z"), ("password_change_date", "2001-01-01T00:00:00Z")],
)
def test_read_only_fields_stay_as_they_are(server, api, field, value):
    user = api.user(f"fixed{field.replace('_', '')}", "fixed-password")
    path = f"/core/users/{user['pk']}/"
    before = {k: v for k, v in api.get(path).items() if k != "last_updated"}
    api.call("PATCH", path, json={field: value})
    assert {k: v for k, v in api.get(path).items() if k != "last_updated"} == before
    assert Person(server).log_in(user["username"], "fixed-password")["component"] == "xak-flow-redirect"


# Secrets.


def texts_of_lists(person, api):
    document = requests.get(f"{api.base}/schema/?format=json", timeout=60).json()
    for path, methods in document["paths"].items():
        if "get" in methods and "{" not in path:
            answer = person.call("get", path)
            yield path, answer.text


@pytest.fixture(scope="module")
def secrets(server, api):
    """Everything secret that the tests know of, by name."""
    client = Client(server, api, "confidant", scopes=("openid", "offline_access"), client_secret="a-secret-of-the-confidant")
    user = api.user("keeper", "password-of-the-keeper")
    person = Person(server).logged_in("keeper", "password-of-the-keeper")
    tokens = client.log_in(person, scope="openid offline_access")
    account = api.post("/core/users/service_account/", {"name": "confidential-agent", "create_group": False}, expect=200)
    key = api.get(f"/crypto/certificatekeypairs/{api.signing_key()}/view_private_key/")["data"]
    link = api.call("POST", f"/core/users/{user['pk']}/recovery/", json={})
    known = {
        "the client's secret": "a-secret-of-the-confidant",
        "a password": "password-of-the-keeper",
        "the bootstrap token": TOKEN,
        "the bootstrap password": PASSWORD,
        "an app password": account["token"],
        "an access token": tokens["access_token"],
        "a refresh token": tokens["refresh_token"],
        "a session": person.cookie(),
        "a private key": key.strip().splitlines()[1],
        "a password hash": "argon2",
    }
    if "link" in (link or {}):
        known["a recovery link"] = link["link"].rsplit("=", 1)[-1]
    return person, known


def test_a_viewer_reads_no_secret(server, api, viewer, secrets):
    found = []
    for path, text in texts_of_lists(viewer, api):
        found += [f"{path}: {name}" for name, secret in secrets[1].items() if secret in text]
    assert not found, "\n".join(found)


def test_a_viewer_reads_no_secret_in_a_single_object(api, viewer, secrets):
    provider = api.first("/providers/oauth2/", name="confidant")
    text = viewer.call("get", f"/providers/oauth2/{provider['pk']}/").text
    assert "a-secret-of-the-confidant" not in text, text
    assert viewer.call("get", f"/crypto/certificatekeypairs/{api.signing_key()}/view_private_key/").status_code in (403, 404)
    assert viewer.call("get", "/core/tokens/authentik-bootstrap-token/view_key/").status_code in (403, 404)


def test_a_person_reads_no_secret_of_their_application(secrets):
    person, known = secrets
    for path in ("/oauth2/access_tokens/", "/oauth2/refresh_tokens/", "/oauth2/authorization_codes/", "/core/user_consent/", "/core/applications/", "/core/authenticated_sessions/"):
        text = person.call("get", path).text
        found = [name for name, secret in known.items() if name != "an access token" and secret in text]
        assert not found, f"{path}: {found}"


def test_no_event_keeps_a_secret(server, api, secrets):
    text = json.dumps([api.get("/events/events/", page=page, page_size=100) for page in (1, 2, 3) if page == 1 or api.get("/events/events/", page_size=100)["pagination"]["total_pages"] >= page])
    found = [name for name, secret in secrets[1].items() if secret in text]
    assert not found, found


def test_no_log_keeps_a_secret(server, secrets):
    log = server.log.read_text()
    found = [name for name, secret in secrets[1].items() if name != "a password hash" and secret in log]
    assert not found, found


# Code that people run.


@pytest.mark.parametrize("path", ["/policies/all/{}/test/", "/propertymappings/all/{}/test/"])
def test_a_viewer_does_not_run_code(api, viewer, path):
    if "policies" in path:
        pk = api.post("/policies/expression/", {"name": "viewed", "expression": "return True"})["pk"]
    else:
        pk = api.scope("openid")
    answer = viewer.call("post", path.format(pk), json={"user": viewer.pk, "context": {}, "expression": "return 1"})
    assert answer.status_code in (403, 404), f"{answer.status_code} {answer.text[:200]}"


def test_a_test_runs_what_is_stored(api):
    pk = api.post("/policies/expression/", {"name": "stored", "expression": "return False"})["pk"]
    admin = api.first("/core/users/", username="akadmin")["pk"]
    answer = api.post(f"/policies/all/{pk}/test/", {"user": admin, "context": {}, "expression": "return True"}, expect=200)
    assert answer["passing"] is False


@pytest.fixture(scope="module")
def guarded(api):
    """A provider whose secrets an outpost would read."""
    flows = {kind: api.flow(slug) for kind, slug in (("authorization_flow", "default-provider-authorization-implicit-consent"), ("invalidation_flow", "default-provider-invalidation-flow"))}
    provider = api.post("/providers/proxy/", {"name": "guarded", "mode": "forward_single", "external_host": "https://guarded.example.com", **flows})
    api.post("/core/applications/", {"name": "guarded", "slug": "guarded", "provider": provider["pk"]})
    return {**provider, **flows}


def test_a_delegate_hands_no_provider_to_an_outpost_that_they_cannot_see(server, api, guarded):
    rights = [f"authentik_outposts.{verb}_outpost" for verb in ("view", "add", "change")]
    person = delegate(server, api, "ferryman", rights)
    body = {"name": "ferry", "type": "proxy", "providers": [guarded["pk"]], "config": {}}
    answer = person.call("post", "/outposts/instances/", json=body)
    assert answer.status_code == 400 and "does not exist" in answer.text, answer.text
    made = api.post("/outposts/instances/", body)
    # What is there already may stay.
    assert person.call("patch", f"/outposts/instances/{made['pk']}/", json={"name": "ferry 2"}).status_code == 200
    right = {"permissions": ["authentik_providers_proxy.view_proxyprovider"], "model": "authentik_providers_proxy.proxyprovider", "object_pk": str(guarded["pk"])}
    api.call("POST", f"/rbac/permissions/assigned_by_roles/{person.role}/assign/", 200, json=right)
    answer = person.call("post", "/outposts/instances/", json={**body, "name": "ferry 3"})
    assert answer.status_code == 201, answer.text


def test_a_delegate_gives_no_key_away_that_they_cannot_read(server, api, guarded):
    rights = [f"authentik_providers_proxy.{verb}_proxyprovider" for verb in ("view", "add", "change")]
    person = delegate(server, api, "locksmith", [*rights, "authentik_crypto.view_certificatekeypair"])
    body = {"mode": "forward_single", "certificate": api.signing_key()}
    answer = person.call("patch", f"/providers/proxy/{guarded['pk']}/", json=body)
    assert answer.status_code == 400 and "certificate" in answer.json(), answer.text
    api.call("POST", f"/rbac/permissions/assigned_by_roles/{person.role}/assign/", 200, json={"permissions": ["authentik_crypto.view_certificatekeypair_key"]})
    answer = person.call("patch", f"/providers/proxy/{guarded['pk']}/", json=body)
    assert answer.status_code == 200, answer.text


def test_no_provider_takes_the_address_of_the_server(server, api, guarded):
    body = {"mode": "proxy", "internal_host": "http://127.0.0.1:1", "external_host": "https://id.example.com:443/"}
    # Known once it is set.
    outpost = api.first("/outposts/instances/", managed__iexact="goauthentik.io/outposts/embedded")
    api.patch(f"/outposts/instances/{outpost['pk']}/", {"config": {**outpost["config"], "authentik_host": "https://id.example.com"}})
    answer = api.session.patch(f"{api.base}/providers/proxy/{guarded['pk']}/", json=body, timeout=30)
    assert answer.status_code == 400 and "address of the server" in answer.json()["external_host"][0], answer.text
    # For others it is asked about, and stays reachable.
    assert api.patch(f"/providers/proxy/{guarded['pk']}/", {**body, "mode": "forward_single"})["mode"] == "forward_single"
    assert api.patch(f"/providers/proxy/{guarded['pk']}/", {**body, "external_host": "https://app.example.com"})["mode"] == "proxy"


def test_a_delegate_applies_no_blueprints(api, delegated):
    content = "version: 1\nentries:\n  - model: authentik_core.group\n    identifiers: {name: by blueprint}\n    attrs: {is_superuser: true}\n"
    answer = delegated.call("post", "/managed/blueprints/", json={"name": "x", "content": content})
    assert answer.status_code == 403
    maker = "blueprint-maker"
    assert not api.get("/core/groups/", name="by blueprint")["results"], maker


def test_a_blueprint_of_somebody_without_rights_does_not_make_superusers(server, api):
    rights = [f"authentik_blueprints.{verb}_blueprintinstance" for verb in ("view", "add", "change")]
    person = delegate(server, api, "blueprinter", rights)
    content = f"version: 1\nentries:\n  - model: authentik_core.group\n    identifiers: {{name: seized}}\n    attrs: {{is_superuser: true, users: [{person.pk}]}}\n"
    made = person.call("post", "/managed/blueprints/", json={"name": "seize", "content": content, "enabled": True})
    if made.status_code == 201:
        person.call("post", f"/managed/blueprints/{made.json()['pk']}/apply/", json={})
    assert not is_super(api, person.pk)
    assert not api.get("/core/groups/", name="seized")["results"]


def test_an_app_password_is_no_key_to_the_api(api):
    account = api.post("/core/users/service_account/", {"name": "no-key", "create_group": False}, expect=200)
    answer = requests.get(f"{api.base}/core/users/me/", headers={"Authorization": f"Bearer {account['token']}"}, timeout=30)
    assert answer.status_code == 403


@pytest.mark.parametrize("change", [{"is_active": False}, None], ids=["deactivated", "deleted"])
def test_a_token_ends_with_its_user(server, api, change):
    name = f"ended{change is None}".lower()
    user = api.user(name, "ended-password")
    api.post("/core/tokens/", {"identifier": name, "user": user["pk"], "intent": "api", "expiring": False})
    key = api.get(f"/core/tokens/{name}/view_key/")["key"]
    person = Api(server.base, key)
    person.get("/core/users/me/")
    if change:
        api.patch(f"/core/users/{user['pk']}/", change)
    else:
        api.call("DELETE", f"/core/users/{user['pk']}/", 204)
    person.call("GET", "/core/users/me/", 403)


def test_an_expired_token_is_no_token(server, api):
    user = api.user("expired", "expired-password")
    api.post("/core/tokens/", {"identifier": "expired", "user": user["pk"], "intent": "api"})
    person = Api(server.base, api.get("/core/tokens/expired/view_key/")["key"])
    person.get("/core/users/me/")
    # No job has run since.
    api.patch("/core/tokens/expired/", {"expiring": True, "expires": "2001-01-01T00:00:00Z"})
    person.call("GET", "/core/users/me/", 403)
