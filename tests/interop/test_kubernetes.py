"""Kubernetes as the one who takes our tokens: who people and agents are there, and what they may.

The first tests run the code of the API server that authenticates and authorises; those with a real cluster and with kubelogin
need programs that take long to build (`make interop-k8s`).
"""

import json
import os
import pathlib
import re
import subprocess
import time

import pytest
import requests
from browser import Browser
from cluster import Cluster, built
from person import claims
from server import free_port
from waiting import wait_for

HERE = pathlib.Path(__file__).parent
ROLES = {"root-admins": "cluster-admin", "root-devops": "admin", "root-developers": "view", "root-agents": "cluster-admin"}
QUESTIONS = [
    {"verb": "delete", "resource": "nodes", "group": "", "namespace": ""},
    {"verb": "create", "resource": "deployments", "group": "apps", "namespace": "default"},
    {"verb": "get", "resource": "secrets", "group": "", "namespace": "default"},
    {"verb": "list", "resource": "pods", "group": "", "namespace": "default"},
]
ALLOWED = {
    "root-admins": [True, True, True, True],
    "root-devops": [False, True, True, True],
    "root-developers": [False, False, False, True],
    "root-agents": [True, True, True, True],
    "nobody": [False, False, False, False],
}
EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"
ACCESS = "urn:ietf:params:oauth:token-type:access_token"
ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


@pytest.fixture(scope="module")
def https(server):
    """Calls over TLS, trusting the certificate that the API server is given as its CA file."""
    # HTTPS is up a moment after HTTP.
    wait_for("the certificate", lambda: any(server.data.rglob("*.crt")), 60)
    session = requests.Session()
    session.trust_env, session.verify = False, str(server.certificate())
    session.base = f"https://localhost:{server.https}"
    return session


@pytest.fixture(scope="module")
def cluster_app(api):
    return api.oauth_app("k8s-agent", "https://unused.example/")


@pytest.fixture(scope="module")
def members(api, cluster_app):
    """One of each group, and one of none, with passwords for programs."""
    found = {}
    for group in [*ROLES, "nobody"]:
        groups = [] if group == "nobody" else [api.group(group)]
        user = api.user(f"member-of-{group}", "a person's password", groups)
        api.post("/core/tokens/", {"identifier": f"app-{group}", "intent": "app_password", "user": user["pk"]})
        found[group] = (user["username"], api.get(f"/core/tokens/app-{group}/view_key/")["key"])
    return found


def token_of(https, member, client="k8s-agent", **over):
    data = {"grant_type": "client_credentials", "client_id": client, "username": member[0], "password": member[1], "scope": "openid profile"} | over
    answer = https.post(f"{https.base}/application/o/token/", data=data, timeout=30)
    assert answer.status_code == 200, answer.text
    return answer.json()["access_token"]


@pytest.fixture(scope="module")
def rbac(tmp_path_factory):
    program = tmp_path_factory.mktemp("go") / "rbac"
    subprocess.run(["go", "build", "-o", str(program), "./rbac"], cwd=HERE / "go/cluster", check=True, timeout=1800)
    return program


@pytest.fixture
def ask(server, rbac):
    def ask(tokens, slug="k8s-agent"):
        question = {
            "issuer": f"https://localhost:{server.https}/application/o/{slug}/",
            "client_id": slug,
            "ca_file": str(server.certificate()),
            "bindings": ROLES,
            "tokens": tokens,
            "questions": QUESTIONS,
        }
        done = subprocess.run([str(rbac)], input=json.dumps(question), capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    return ask


def test_the_issuer_is_the_address_that_was_asked(server, https, cluster_app):
    for host in [f"localhost:{server.https}", "sso.example.com", "sso.example.com:8443"]:
        base = f"https://{host}"
        url = f"{https.base}/application/o/k8s-agent/.well-known/openid-configuration"
        document = https.get(url, headers={"Host": host}, timeout=30).json()
        assert document["issuer"] == f"{base}/application/o/k8s-agent/"
        assert document["jwks_uri"].startswith(base) and document["token_endpoint"].startswith(base)


def test_groups_become_cluster_roles(https, ask, members):
    answers = ask({group: token_of(https, member) for group, member in members.items()})
    for group, allowed in ALLOWED.items():
        assert answers[group]["username"] == f"member-of-{group}", answers[group]
        assert answers[group].get("groups") or [] == ([] if group == "nobody" else [group])
        assert answers[group]["allowed"] == allowed, group


def test_expired_foreign_and_forged_tokens_are_refused(server, api, https, ask, members):
    api.oauth_app("k8s-other", "https://unused.example/")
    api.oauth_app("k8s-short", "https://unused.example/", access_token_validity="seconds=1")
    member = members["root-admins"]
    good, foreign, short = token_of(https, member), token_of(https, member, "k8s-other"), token_of(https, member, "k8s-short")
    head, body, signature = good.split(".")
    time.sleep(2)
    answers = ask({"good": good, "foreign": foreign, "forged": f"{head}.{body}.{signature[:-8]}AAAAAAAA"})
    assert answers["good"]["allowed"][0]
    assert "error" in answers["foreign"] and "error" in answers["forged"], answers
    assert "expired" in ask({"short": short}, "k8s-short")["short"]["error"]


def generate(api, name, alg="rsa"):
    return api.post("/crypto/certificatekeypairs/generate/", {"common_name": name, "validity_days": 30, "alg": alg}, expect=200)


def test_an_earlier_key_is_good_until_it_is_revoked(server, api, https, ask, members):
    first, second, third = generate(api, "k8s-first"), generate(api, "k8s-second"), generate(api, "k8s-third", "ecdsa")
    provider, _ = api.oauth_app("k8s-rotated", "https://unused.example/", signing_key=first["pk"])
    old = token_of(https, members["root-admins"], "k8s-rotated")
    api.patch(f"/providers/oauth2/{provider['pk']}/", {"signing_key": second["pk"]})
    new = token_of(https, members["root-admins"], "k8s-rotated")
    answers = ask({"old": old, "new": new}, "k8s-rotated")
    assert answers["old"]["allowed"][0] and answers["new"]["allowed"][0]
    # The same pair with a new key, as when a certificate is renewed.
    renewed = generate(api, "k8s-renewed")
    data = {name: api.get(f"/crypto/certificatekeypairs/{renewed['pk']}/view_{name}/")["data"] for name in ["certificate", "private_key"]}
    api.patch(f"/crypto/certificatekeypairs/{second['pk']}/", {"certificate_data": data["certificate"], "key_data": data["private_key"]})
    newest = token_of(https, members["root-admins"], "k8s-rotated")
    answers = ask({"old": old, "new": new, "newest": newest}, "k8s-rotated")
    assert all(one["allowed"][0] for one in answers.values()), answers
    jwks = https.get(f"{https.base}/application/o/k8s-rotated/jwks/", timeout=30).json()["keys"]
    assert len(jwks) == 3 == len({key["kid"] for key in jwks})
    # Deleting a pair revokes what it signed.
    api.call("DELETE", f"/crypto/certificatekeypairs/{first['pk']}/", 204)
    answers = ask({"old": old, "new": new}, "k8s-rotated")
    assert "error" in answers["old"] and answers["new"]["allowed"][0]
    api.patch(f"/providers/oauth2/{provider['pk']}/", {"signing_key": third["pk"]})
    api.call("DELETE", f"/crypto/certificatekeypairs/{second['pk']}/", 204)
    answers = ask({"new": new, "newest": newest, "last": token_of(https, members["root-admins"], "k8s-rotated")}, "k8s-rotated")
    assert "error" in answers["new"] and "error" in answers["newest"] and answers["last"]["allowed"][0]


def test_an_agent_gets_the_persons_roles_and_no_more(api, https, ask, members):
    """The person is in root-developers; the agent in root-agents, which may all. What it does for the person, only the person may."""
    login, _ = api.oauth_app("k8s-login", "https://unused.example/", include_claims_in_id_token=True)
    api.oauth_app("k8s-tools", "https://unused.example/", jwt_federation_providers=[login["pk"]])
    account = api.post("/core/users/service_account/", {"name": "operator", "create_group": False}, expect=200)
    agents = api.first("/core/groups/", name="root-agents")["pk"]
    api.call("POST", f"/core/groups/{agents}/add_user/", 204, json={"pk": account["user_pk"]})
    subject = token_of(https, members["root-developers"], "k8s-login")
    actor = token_of(https, ("operator", account["token"]), "k8s-login")
    data = {"grant_type": EXCHANGE, "client_id": "k8s-tools", "subject_token": subject, "subject_token_type": ACCESS, "actor_token": actor, "actor_token_type": ACCESS}
    answer = https.post(f"{https.base}/application/o/token/", data=data, timeout=30)
    assert answer.status_code == 200, answer.text
    token = answer.json()["access_token"]
    assert claims(token)["act"]["client_id"] == "k8s-tools"
    got = ask({"token": token}, "k8s-tools")["token"]
    assert got["username"] == "member-of-root-developers" and got["allowed"] == ALLOWED["root-developers"]


# A real cluster.


@pytest.fixture(scope="module")
def cluster(server, cluster_app, tmp_path_factory):
    with Cluster(tmp_path_factory.mktemp("cluster"), f"https://localhost:{server.https}/application/o/k8s-agent/", server.certificate()) as running:
        for group, role in ROLES.items():
            running.kubectl("create", "clusterrolebinding", f"oidc-{group}", f"--clusterrole={role}", f"--group={group}")
        yield running


def known(cluster, token):
    """Who the API server says a token is of, once it has our keys."""
    return wait_for("the API server's consent", lambda: cluster.who(token), 60, every=0.5)


def test_a_real_api_server_lets_in_who_we_say(api, https, cluster, members):
    tokens = {group: token_of(https, member) for group, member in members.items()}
    # The API server fetches discovery in the background; roles made of others are put together by a controller that does not run.
    who = known(cluster, tokens["root-admins"])
    assert who["username"] == "member-of-root-admins" and "root-admins" in who["groups"]
    for group in ["root-admins", "root-agents"]:
        assert cluster.may(tokens[group], "delete", "nodes"), group
        assert cluster.kubectl("get", "namespaces", token=tokens[group]).stdout
    assert not cluster.may(tokens["root-developers"], "delete", "nodes")
    assert cluster.kubectl("get", "namespaces", token=tokens["nobody"], check=False).returncode != 0
    api.oauth_app("k8s-foreign", "https://unused.example/")
    assert cluster.who(token_of(https, members["root-admins"], "k8s-foreign")) is None
    head, body, signature = tokens["root-admins"].split(".")
    assert cluster.who(f"{head}.{body}.{signature[:-8]}AAAAAAAA") is None


def test_a_real_service_account_becomes_an_agent(server, api, https, cluster, cluster_app):
    """The cluster's own token, a token of ours for it, and back into the cluster: no secret is stored anywhere."""
    cluster.kubectl("create", "serviceaccount", "builder")
    jwks = json.loads(cluster.kubectl("get", "--raw", "/openid/v1/jwks").stdout)
    source = api.post("/sources/oauth/", {"name": "cluster", "slug": "cluster", "provider_type": "openidconnect", "consumer_key": "keywright", "consumer_secret": "unused", "oidc_jwks": jwks})
    api.patch(f"/providers/oauth2/{cluster_app[0]['pk']}/", {"jwt_federation_sources": [source["pk"]]})
    prove = lambda token: https.post(
        f"{https.base}/application/o/token/",
        data={"grant_type": "client_credentials", "client_id": "k8s-agent", "client_assertion_type": ASSERTION, "client_assertion": token, "scope": "openid profile"},
        timeout=30,
    )
    proof = cluster.kubectl("create", "token", "builder", "--audience=keywright").stdout.strip()
    answer = prove(proof)
    assert answer.status_code == 200, answer.text + json.dumps([claims(proof), jwks]) + server.log.read_text()[-1500:]
    token = answer.json()["access_token"]
    assert known(cluster, token)["username"] == "k8s-agent-system:serviceaccount:default:builder"
    assert not cluster.may(token, "list", "pods")
    user = api.first("/core/users/", username="k8s-agent-system:serviceaccount:default:builder")
    api.call("POST", f"/core/groups/{api.first('/core/groups/', name='root-agents')['pk']}/add_user/", 204, json={"pk": user["pk"]})
    assert cluster.may(prove(proof).json()["access_token"], "delete", "nodes")
    # A token for the API server itself is not for us.
    assert prove(cluster.kubectl("create", "token", "builder").stdout.strip()).status_code == 400


def test_a_real_api_server_follows_a_new_key(api, https, cluster, cluster_app, members):
    old = token_of(https, members["root-admins"])
    known(cluster, old)
    provider = cluster_app[0]["pk"]
    before = api.get(f"/providers/oauth2/{provider}/")["signing_key"]
    pair = generate(api, "real-cluster")
    api.patch(f"/providers/oauth2/{provider}/", {"signing_key": pair["pk"]})
    new = token_of(https, members["root-admins"])
    # The unknown key makes the API server fetch the set anew; the earlier one is still in it.
    known(cluster, new)
    assert cluster.who(old)
    # Once its pair is gone the next look at the set takes it away.
    api.patch(f"/providers/oauth2/{provider}/", {"signing_key": before})
    api.call("DELETE", f"/crypto/certificatekeypairs/{pair['pk']}/", 204)
    third = generate(api, "real-cluster-again")
    api.patch(f"/providers/oauth2/{provider}/", {"signing_key": third["pk"]})
    wait_for("the third key", lambda: cluster.who(token_of(https, members["root-admins"])), 60, every=0.5)
    # It also keeps for ten seconds whom it has let in.
    wait_for("the refusal", lambda: cluster.who(new) is None, 60, every=0.5)


# kubectl's login.


@pytest.fixture(scope="module")
def login_app(api):
    callback = free_port()
    api.post("/flows/instances/", {"name": "Device", "title": "Device", "slug": "device-code", "designation": "stage_configuration"})
    brand = api.first("/core/brands/", default=True)
    api.patch(f"/core/brands/{brand['brand_uuid']}/", {"flow_device_code": api.flow("device-code")})
    api.oauth_app("kubectl", f"http://localhost:{callback}", client_type="public", scopes=("openid", "email", "profile", "offline_access"))
    return callback


def kubelogin(server, folder, *more):
    command = [
        built("kubelogin"),
        "get-token",
        f"--oidc-issuer-url=https://localhost:{server.https}/application/o/kubectl/",
        "--oidc-client-id=kubectl",
        "--oidc-extra-scope=profile",
        "--oidc-extra-scope=offline_access",
        f"--certificate-authority={server.certificate()}",
        f"--token-cache-dir={folder}",
        "--skip-open-browser",
        *more,
    ]
    env = {"PATH": os.environ["PATH"], "HOME": str(folder)}
    return subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def said(process, pattern):
    """Reads what a program says until it says this."""
    seen = ""
    for line in process.stderr:
        seen += line
        if found := re.search(pattern, line):
            return found[1]
    raise AssertionError(f"it never said {pattern}: {seen}")


def credential(process):
    out, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    return json.loads(out)["status"]["token"]


def test_kubelogin_with_a_browser(server, login_app, members, ask, tmp_path):
    login = kubelogin(server, tmp_path, f"--listen-address=127.0.0.1:{login_app}", "--oidc-pkce-method=S256")
    try:
        url = said(login, r"(http://localhost:\S+)")
        browser = Browser(server.certificate())
        browser.log_in(browser.get(url), "member-of-root-devops", "a person's password")
        token = credential(login)
    finally:
        login.kill()
    got = ask({"token": token}, "kubectl")["token"]
    assert got["username"] == "member-of-root-devops" and got["allowed"] == ALLOWED["root-devops"]
    # The next time nobody is asked.
    again = kubelogin(server, tmp_path, f"--listen-address=127.0.0.1:{login_app}", "--oidc-pkce-method=S256", "--force-refresh")
    assert claims(credential(again))["sub"] == claims(token)["sub"]


def test_kubelogin_with_a_device_code(server, login_app, members, ask, tmp_path):
    login = kubelogin(server, tmp_path, "--grant-type=device-code")
    try:
        url = said(login, r"(https://localhost:\S+)")
        browser = Browser(server.certificate())
        page = browser.log_in(browser.get(url), "member-of-root-developers", "a person's password")
        assert page.status == 200, page.text
        token = credential(login)
    finally:
        login.kill()
    got = ask({"token": token}, "kubectl")["token"]
    assert got["username"] == "member-of-root-developers" and got["allowed"] == ALLOWED["root-developers"]
