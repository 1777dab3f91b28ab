"""Agents: programs of other clusters prove themselves without a stored secret, and act for people where both may."""

import base64
import http.server
import json
import threading
import time

import pytest
import requests
from authlib.jose import JsonWebKey, jwt
from person import Client, Person, claims

EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"
ACCESS = "urn:ietf:params:oauth:token-type:access_token"
JWT = "urn:ietf:params:oauth:token-type:jwt"
ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
ISSUER = "https://kubernetes.default.svc.cluster.local"
SUB = "system:serviceaccount:ci:builder"


class Cluster:
    """What a Kubernetes cluster has for its service accounts: an issuer with keys, and tokens."""

    def __init__(self, kid="one"):
        self.key = JsonWebKey.generate_key("RSA", 2048, {"kid": kid, "use": "sig", "alg": "RS256"}, is_private=True)
        self.issuer = ISSUER

    def jwks(self):
        return {"keys": [self.key.as_dict(is_private=False)]}

    def token(self, audience="cluster-b", **over):
        now = int(time.time())
        payload = {"iss": self.issuer, "sub": SUB, "aud": [audience], "iat": now, "nbf": now, "exp": now + 600, **over}
        return jwt.encode({"alg": "RS256", "kid": self.key.kid}, {k: v for k, v in payload.items() if v is not None}, self.key).decode()


def source(api, slug, **fields):
    body = {"name": slug, "slug": slug, "provider_type": "openidconnect", "consumer_key": f"{slug}-audience", "consumer_secret": "unused", **fields}
    return api.post("/sources/oauth/", body)


@pytest.fixture(scope="module")
def here(api):
    return Cluster()


@pytest.fixture(scope="module")
def trusted(api, here):
    return source(api, "cluster-a", oidc_jwks=here.jwks())


@pytest.fixture(scope="module")
def provider(api, trusted):
    return api.oauth_app("cluster-b", "https://unused.example/", jwt_federation_sources=[trusted["pk"]])[0]


def prove(server, token, client="cluster-b", **over):
    data = {"grant_type": "client_credentials", "client_id": client, "client_assertion_type": ASSERTION, "client_assertion": token, "scope": "openid profile", **over}
    return requests.post(f"{server.base}/application/o/token/", data=data, timeout=30)


def test_a_workload_of_another_cluster_needs_no_secret(server, api, here, provider):
    answer = prove(server, here.token())
    assert answer.status_code == 200, answer.text
    token = claims(answer.json()["access_token"])
    assert token["preferred_username"] == f"cluster-b-{SUB}" and token["aud"] == "cluster-b"
    user = api.first("/core/users/", username=f"cluster-b-{SUB}")
    assert user["type"] == "service_account" and user["path"] == "goauthentik.io/sources/cluster-a"
    # The same account the next time, so that it can be put into groups.
    group = api.group("builders")
    api.call("POST", f"/core/groups/{group}/add_user/", 204, json={"pk": user["pk"]})
    assert claims(prove(server, here.token()).json()["access_token"])["groups"] == ["builders"]
    event = api.get("/events/events/", action="login", ordering="-created")["results"][0]
    assert event["context"]["auth_method"] == "jwt" and event["context"]["auth_method_args"]["source"]["name"] == "cluster-a"


def test_the_token_may_be_for_any_of_our_names(server, here, provider):
    for audience in [f"{server.base}/application/o/cluster-b/", f"{server.base}/application/o/token/", "cluster-a-audience"]:
        assert prove(server, here.token(audience)).status_code == 200, audience
    # Programs that can only send a secret send the token there.
    assert prove(server, None, client_secret=here.token(), client_assertion=None).status_code == 200


@pytest.mark.parametrize(
    "over",
    [
        {"exp": int(time.time()) - 60},
        {"exp": None},
        {"nbf": int(time.time()) + 600},
        {"iat": int(time.time()) + 600},
        {"aud": ["https://kubernetes.default.svc"]},
        {"aud": None},
        {"sub": None},
        {"sub": ""},
    ],
    ids=lambda over: "-".join(f"{k}" for k in over) + ("" if list(over.values())[0] is not None else "-missing"),
)
def test_a_token_that_is_not_good_proves_nobody(server, here, provider, over):
    answer = prove(server, here.token(**over))
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant"), answer.text


def test_foreign_and_forged_tokens_prove_nobody(server, here, provider):
    foreign, same_kid = Cluster("foreign"), Cluster("one")
    good = here.token()
    head, body, signature = good.split(".")
    none = base64.urlsafe_b64encode(b'{"alg":"none","kid":"one"}').decode().rstrip("=")
    shared = jwt.encode({"alg": "HS256", "kid": "one"}, claims(good), json.dumps(here.jwks())).decode()
    for token in [foreign.token(), same_kid.token(), f"{none}.{body}.", f"{head}.{body}.{signature[:-8]}AAAAAAAA", shared, "", "x", good[:-1]]:
        assert prove(server, token).status_code == 400


def test_only_named_sources_are_trusted_while_they_are_on(server, api, here, trusted, provider):
    api.oauth_app("names-nobody", "https://unused.example/")
    assert prove(server, here.token("names-nobody"), client="names-nobody").status_code == 400
    api.patch("/sources/oauth/cluster-a/", {"enabled": False})
    assert prove(server, here.token()).status_code == 400
    api.patch("/sources/oauth/cluster-a/", {"enabled": True})
    assert prove(server, here.token()).status_code == 200


def test_a_key_that_was_taken_out_is_revoked(server, api):
    old, new = Cluster("old"), Cluster("new")
    made = source(api, "rotating", oidc_jwks={"keys": old.jwks()["keys"] + new.jwks()["keys"]})
    api.oauth_app("rotated", "https://unused.example/", jwt_federation_sources=[made["pk"]])
    assert prove(server, old.token("rotated"), client="rotated").status_code == 200
    api.patch("/sources/oauth/rotating/", {"oidc_jwks": new.jwks()})
    assert prove(server, old.token("rotated"), client="rotated").status_code == 400
    assert prove(server, new.token("rotated"), client="rotated").status_code == 200


def test_workloads_of_one_name_in_two_clusters_are_two(server, api, here, trusted):
    other = Cluster("other")
    second = source(api, "cluster-c", oidc_jwks=other.jwks())
    api.oauth_app("both", "https://unused.example/", jwt_federation_sources=[trusted["pk"], second["pk"]])
    names = {claims(prove(server, cluster.token("both"), client="both").json()["access_token"])["preferred_username"] for cluster in [here, other, here]}
    assert len(names) == 2


class Documents(http.server.BaseHTTPRequestHandler):
    served, asked = {}, []

    def do_GET(self):
        self.asked.append(self.path)
        body = json.dumps(self.served.get(self.path)).encode()
        self.send_response(200 if self.path in self.served else 404)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


def test_keys_are_fetched_from_the_issuer_and_kept(server, api):
    web = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Documents)
    threading.Thread(target=web.serve_forever, daemon=True).start()
    base = f"http://127.0.0.1:{web.server_port}"
    cluster = Cluster("fetched")
    cluster.issuer = base
    Documents.served |= {"/.well-known/openid-configuration": {"issuer": base, "jwks_uri": f"{base}/openid/v1/jwks"}, "/openid/v1/jwks": cluster.jwks()}
    made = source(api, "reachable", oidc_well_known_url=f"{base}/.well-known/openid-configuration")
    api.oauth_app("fetching", "https://unused.example/", jwt_federation_sources=[made["pk"]])
    for _ in range(5):
        answer = prove(server, cluster.token("fetching"), client="fetching")
        assert answer.status_code == 200, answer.text + server.log.read_text()[-2000:]
    assert Documents.asked.count("/openid/v1/jwks") == 1
    # The keys are the issuer's, its name must be, too.
    assert prove(server, cluster.token("fetching", iss="https://elsewhere.example"), client="fetching").status_code == 400
    # Made-up keys do not make us ask again and again.
    for kid in range(5):
        assert prove(server, Cluster(f"made-up-{kid}").token("fetching"), client="fetching").status_code == 400
    assert Documents.asked.count("/openid/v1/jwks") <= 2
    web.shutdown()


def test_addresses_of_the_machines_own_link_are_not_fetched(server, api):
    made = source(api, "inside", oidc_jwks_url="http://169.254.169.254/latest/meta-data/")
    api.oauth_app("inward", "https://unused.example/", jwt_federation_sources=[made["pk"]])
    assert prove(server, Cluster().token("inward"), client="inward").status_code == 400
    for field, value in [("oidc_jwks_url", "file:///etc/passwd"), ("oidc_well_known_url", "gopher://x"), ("oidc_jwks", Cluster().key.as_dict(is_private=True)), ("oidc_jwks", {"keys": [Cluster().key.as_dict(is_private=True)]})]:
        api.call("PATCH", "/sources/oauth/inside/", 400, json={field: value})


def test_logins_by_a_source_are_not_offered_half_done(server, trusted):
    for path in ["/source/oauth/login/cluster-a/", "/source/oauth/callback/cluster-a/?code=x"]:
        answer = requests.get(server.base + path, timeout=30)
        assert answer.status_code == 501 and "not part of this version" in answer.text
    assert requests.get(server.base + "/source/oauth/login/none/", timeout=30).status_code == 404


# Acting for a person.


@pytest.fixture(scope="module")
def team(server, api):
    """People log in at `chat`; agents have accounts at `agents`; what they do together is for `tools`."""
    chat = Client(server, api, "chat", include_claims_in_id_token=True)
    agents = api.oauth_app("agents", "https://unused.example/")[0]
    tools, application = api.oauth_app("tools", "https://unused.example/", jwt_federation_providers=[chat.provider["pk"], agents["pk"]])
    group = api.group("tool-users")
    api.post("/policies/bindings/", {"target": application["pk"], "group": group, "order": 0})
    person = api.user("ada", "a person's password", [group])
    account = api.post("/core/users/service_account/", {"name": "assistant", "create_group": False}, expect=200)
    return {"chat": chat, "group": group, "person": person, "account": account, "tools": tools}


def tokens(server, team):
    person = Person(server).logged_in("ada", "a person's password")
    code = person.code(team["chat"], scope="openid profile email")
    subject = team["chat"].redeem(code).json()["access_token"]
    data = {"grant_type": "client_credentials", "client_id": "agents", "username": "assistant", "password": team["account"]["token"], "scope": "openid"}
    actor = requests.post(f"{server.base}/application/o/token/", data=data, timeout=30).json()["access_token"]
    return subject, actor


def exchange(server, subject, actor, **over):
    data = {
        "grant_type": EXCHANGE,
        "client_id": "tools",
        "subject_token": subject,
        "subject_token_type": ACCESS,
        "actor_token": actor,
        "actor_token_type": ACCESS,
        **over,
    }
    return requests.post(f"{server.base}/application/o/token/", data=data, timeout=30)


def test_an_agent_acts_for_a_person_where_both_may(server, api, team):
    subject, actor = tokens(server, team)
    assert exchange(server, subject, actor).status_code == 400
    api.call("POST", f"/core/groups/{team['group']}/add_user/", 204, json={"pk": team["account"]["user_pk"]})
    answer = exchange(server, subject, actor)
    assert answer.status_code == 200, answer.text
    got = answer.json()
    assert got["issued_token_type"] == ACCESS and "refresh_token" not in got
    token = claims(got["access_token"])
    assert token["aud"] == "tools" and token["sub"] == claims(subject)["sub"] and token["preferred_username"] == "ada"
    assert token["act"] == {"sub": claims(actor)["sub"], "client_id": "tools"}
    event = api.get("/events/events/", action="authorize_application", ordering="-created")["results"][0]
    assert event["user"]["username"] == "ada" and event["context"]["actor"]["username"] == "assistant"
    info = requests.get(f"{server.base}/application/o/userinfo/", headers={"Authorization": f"Bearer {got['access_token']}"}, timeout=30)
    assert info.json()["act"] == token["act"]
    # It opens no administration, and out of the group the person is out at once.
    me = requests.get(f"{server.base}/api/v3/core/users/me/", headers={"Authorization": f"Bearer {got['access_token']}"}, timeout=30)
    assert me.status_code == 403
    api.call("POST", f"/core/groups/{team['group']}/remove_user/", 204, json={"pk": team["person"]["pk"]})
    assert exchange(server, subject, actor).status_code == 400
    api.call("POST", f"/core/groups/{team['group']}/add_user/", 204, json={"pk": team["person"]["pk"]})


def test_a_workload_acts_for_a_person_without_any_secret(server, api, team, here, trusted):
    api.patch(f"/providers/oauth2/{team['tools']['pk']}/", {"jwt_federation_sources": [trusted["pk"]]})
    subject, _ = tokens(server, team)
    proof = here.token("tools")
    assert exchange(server, subject, proof, actor_token_type=JWT).status_code == 400
    user = api.first("/core/users/", username=f"tools-{SUB}")
    api.call("POST", f"/core/groups/{team['group']}/add_user/", 204, json={"pk": user["pk"]})
    answer = exchange(server, subject, proof, actor_token_type=JWT)
    assert answer.status_code == 200, answer.text
    assert claims(answer.json()["access_token"])["act"]["client_id"] == "tools"


def test_logging_out_ends_what_agents_hold(server, api, team):
    person = Person(server).logged_in("ada", "a person's password")
    subject = team["chat"].redeem(person.code(team["chat"], scope="openid profile email")).json()["access_token"]
    _, actor = tokens(server, team)
    got = exchange(server, subject, actor).json()["access_token"]
    info = lambda: requests.get(f"{server.base}/application/o/userinfo/", headers={"Authorization": f"Bearer {got}"}, timeout=30).status_code
    assert info() == 200
    person.look("default-invalidation-flow")
    assert info() == 401
