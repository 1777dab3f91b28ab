"""The set-ups that people run today, as they wrote them down."""

import base64
import json
import re
import subprocess
import time
import urllib.parse

import jmespath
import requests
from browser import Browser
from server import TOKEN, free_port

ROLE = "contains(groups[*], 'root-admins') && 'Admin' || contains(groups[*], 'root-devops') && 'Editor' || 'Viewer'"

BOOKMARK = """
version: 1
metadata:
  name: bookmarks
entries:
  - model: authentik_core.application
    id: app-my-service
    state: present
    identifiers:
      slug: my-service
    attrs:
      name: My Service
      group: Development
      meta_launch_url: https://url-to-service
      meta_icon: https://url-to-icon.png
      meta_description: Short description of the service
      meta_publisher: Homelab
"""

# The recipe of the homelab, word for word but for the address, the service and where its secrets come from.
RECIPE = r"""
set -eu
AUTH_FLOW=$(curl -sk -H "Authorization: Bearer $BOOTSTRAP_TOKEN" \
  "$BASE/api/v3/flows/instances/?slug=default-provider-authorization-implicit-consent" \
  | python3 -c "import json,sys; print(json.load(sys.stdin)['results'][0]['pk'])")
INVAL_FLOW=$(curl -sk -H "Authorization: Bearer $BOOTSTRAP_TOKEN" \
  "$BASE/api/v3/flows/instances/?slug=default-provider-invalidation-flow" \
  | python3 -c "import json,sys; print(json.load(sys.stdin)['results'][0]['pk'])")
SIGNING_KEY=$(curl -sk -H "Authorization: Bearer $BOOTSTRAP_TOKEN" \
  "$BASE/api/v3/crypto/certificatekeypairs/?name=authentik+Self-signed+Certificate" \
  | python3 -c "import json,sys; print(json.load(sys.stdin)['results'][0]['pk'])")
SCOPE_OPENID=$(curl -sk -H "Authorization: Bearer $BOOTSTRAP_TOKEN" \
  "$BASE/api/v3/propertymappings/provider/scope/?scope_name=openid" \
  | python3 -c "import json,sys; print(json.load(sys.stdin)['results'][0]['pk'])")
SCOPE_EMAIL=$(curl -sk -H "Authorization: Bearer $BOOTSTRAP_TOKEN" \
  "$BASE/api/v3/propertymappings/provider/scope/?scope_name=email" \
  | python3 -c "import json,sys; print(json.load(sys.stdin)['results'][0]['pk'])")
SCOPE_PROFILE=$(curl -sk -H "Authorization: Bearer $BOOTSTRAP_TOKEN" \
  "$BASE/api/v3/propertymappings/provider/scope/?scope_name=profile" \
  | python3 -c "import json,sys; print(json.load(sys.stdin)['results'][0]['pk'])")
PROVIDER_PK=$(curl -sk -X POST \
  -H "Authorization: Bearer $BOOTSTRAP_TOKEN" \
  -H "Content-Type: application/json" \
  "$BASE/api/v3/providers/oauth2/" \
  -d "{
    \"name\": \"my-service\",
    \"authorization_flow\": \"$AUTH_FLOW\",
    \"invalidation_flow\": \"$INVAL_FLOW\",
    \"client_type\": \"confidential\",
    \"client_id\": \"my-service\",
    \"client_secret\": \"$OIDC_SECRET\",
    \"redirect_uris\": [{\"matching_mode\": \"strict\", \"url\": \"$CALLBACK\"}],
    \"signing_key\": \"$SIGNING_KEY\",
    \"property_mappings\": [\"$SCOPE_OPENID\", \"$SCOPE_EMAIL\", \"$SCOPE_PROFILE\"]
  }" | python3 -c "import json,sys; print(json.load(sys.stdin)['pk'])")
curl -sk -X PATCH \
  -H "Authorization: Bearer $BOOTSTRAP_TOKEN" \
  -H "Content-Type: application/json" \
  "$BASE/api/v3/core/applications/my-service/" \
  -d "{\"provider\": $PROVIDER_PK}"
"""


def claims(token):
    body = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))


def code_flow(server, slug, redirect, username, password, scope):
    """A person logs in with a browser; returns the browser, the last page and the code, if there is one."""
    browser = Browser()
    browser.session.max_redirects = 30
    query = {"response_type": "code", "client_id": slug, "redirect_uri": redirect, "scope": scope, "state": "s", "nonce": "n"}
    url = f"{server.base}/application/o/authorize/?{urllib.parse.urlencode(query)}"
    page, code = None, None
    try:
        page = browser.log_in(browser.get(url), username, password)
        page = browser.consent(page)
    except requests.ConnectionError as gone:
        # Nobody listens at the application's address; where the browser was sent is all we want to know.
        code = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(gone.request.url).query)).get("code")
    return browser, page, code


def redeem(server, slug, redirect, code, secret=None):
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": redirect, "client_id": slug, "client_secret": secret or f"{slug}-secret"}
    answer = requests.post(f"{server.base}/application/o/token/", data=form, timeout=30)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_a_bookmark_by_blueprint_then_a_provider_by_shell(server, api):
    (server.blueprints / "bookmarks.yaml").write_text(BOOKMARK)
    for _ in range(100):
        found = api.get("/core/applications/", slug="my-service", superuser_full_list="true")["results"]
        if found:
            break
        time.sleep(0.2)
    assert found and found[0]["meta_launch_url"] == "https://url-to-service", "the blueprint was not picked up within seconds"
    secret = "x7" * 32
    redirect = f"http://127.0.0.1:{free_port()}/auth/callback"
    env = {"PATH": "/usr/bin:/bin:/usr/local/bin", "BASE": server.base, "BOOTSTRAP_TOKEN": TOKEN, "OIDC_SECRET": secret, "CALLBACK": redirect}
    done = subprocess.run(["bash", "-c", RECIPE], env=env, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr + done.stdout
    assert json.loads(done.stdout)["slug"] == "my-service"
    document = requests.get(f"{server.base}/application/o/my-service/.well-known/openid-configuration", timeout=10).json()
    assert document["issuer"] == f"{server.base}/application/o/my-service/"
    assert "RS256" in document["id_token_signing_alg_values_supported"]
    api.user("homelab", "homelab-password")
    _, page, code = code_flow(server, "my-service", redirect, "homelab", "homelab-password", "openid email profile")
    assert code, page and page.text
    token = redeem(server, "my-service", redirect, code, secret)
    assert claims(token["id_token"])["preferred_username"] == "homelab"


def test_groups_of_a_cluster_become_a_role(server, api):
    redirect = f"http://127.0.0.1:{free_port()}/login/generic_oauth"
    api.oauth_app("grafana", redirect)
    for group, role in (("root-admins", "Admin"), ("root-devops", "Editor"), ("root-developers", "Viewer")):
        name = group.replace("-", "")
        api.user(name, "cluster-password", [api.group(group)])
        _, page, code = code_flow(server, "grafana", redirect, name, "cluster-password", "openid email profile")
        assert code, page and page.text
        token = redeem(server, "grafana", redirect, code)
        answer = requests.get(f"{server.base}/application/o/userinfo/", headers={"Authorization": f"Bearer {token['access_token']}"}, timeout=10)
        assert group in answer.json()["groups"]
        assert jmespath.search(ROLE, answer.json()) == role


def test_dockmesh_keeps_outsiders_out(server, api):
    redirect = f"http://127.0.0.1:{free_port()}/auth/oidc/callback"
    mapping = api.post(
        "/propertymappings/provider/scope/",
        {"name": "groups", "scope_name": "groups", "expression": "return [group.name for group in user.ak_groups.all()]"},
    )
    scopes = ("email", "profile", "openid", "offline_access")
    provider, application = api.oauth_app(
        "dockmesh", redirect, scopes=scopes, consent="explicit", sub_mode="hashed_user_id", include_claims_in_id_token=True
    )
    api.patch(f"/providers/oauth2/{provider['pk']}/", {"property_mappings": provider["property_mappings"] + [mapping["pk"]]})
    members, admins = api.group("dockmesh Users"), api.group("dockmesh-admins")
    api.post("/policies/bindings/", {"target": application["pk"], "group": members, "order": 0})
    api.user("docker", "dock-password", [members, admins])
    api.user("outsider", "dock-password")

    browser, page, code = code_flow(server, "dockmesh", redirect, "docker", "dock-password", "openid profile email groups offline_access")
    assert code, page and page.text
    token = redeem(server, "dockmesh", redirect, code)
    who = claims(token["id_token"])
    assert sorted(who["groups"]) == ["dockmesh Users", "dockmesh-admins"]
    assert re.fullmatch("[0-9a-f]{64}", who["sub"]) and token["refresh_token"]

    _, page, code = code_flow(server, "dockmesh", redirect, "outsider", "dock-password", "openid profile email groups")
    assert code is None and page is not None and "denied" in page.text.lower(), page and page.text


def test_explicit_consent_is_asked_for(server, api):
    query = {"response_type": "code", "client_id": "dockmesh", "redirect_uri": "x", "scope": "openid"}
    provider = api.first("/providers/oauth2/", name="dockmesh")
    query["redirect_uri"] = provider["redirect_uris"][0]["url"]
    api.user("careful", "careful-password", [api.first("/core/groups/", name="dockmesh Users")["pk"]])
    browser = Browser()
    page = browser.log_in(browser.get(f"{server.base}/application/o/authorize/?{urllib.parse.urlencode(query)}"), "careful", "careful-password")
    assert page.forms and page.forms[0]["fields"].get("component") == "ak-stage-consent", page.text
