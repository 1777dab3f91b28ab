"""Outposts as they connect: by API and websocket, with the token of their account, and with what is not theirs."""

import contextlib
import hashlib
import json
import pathlib
import sys
import threading
import time
import uuid

import pytest
import requests
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from api import Api
from person import Person
from server import PASSWORD, TOKEN, Server

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "deploy"))
from tools import Postgres  # noqa: E402

EMBEDDED = "goauthentik.io/outposts/embedded"
ACK, HELLO, UPDATE, SPECIFIC, SESSION_END = range(5)


def embedded(api):
    return api.first("/outposts/instances/", managed__iexact=EMBEDDED)


def key_of(api, outpost):
    return api.get(f"/core/tokens/{outpost['token_identifier']}/view_key/")["key"]


def proxy_provider(api, name, **extra):
    return api.post(
        "/providers/proxy/",
        {
            "name": name,
            "authorization_flow": api.flow("default-provider-authorization-implicit-consent"),
            "invalidation_flow": api.flow("default-provider-invalidation-flow"),
            "mode": "forward_single",
            "external_host": f"https://{name}.example.com",
            **extra,
        },
    )


@pytest.fixture(scope="module")
def provider(api):
    if requests.get(api.base + "/providers/proxy/", headers=api.session.headers, timeout=10).status_code == 404:
        pytest.skip("this build has no proxy providers")
    made = proxy_provider(api, "guarded")
    # Outposts are shown providers that let people into something.
    api.post("/core/applications/", {"name": "guarded", "slug": "guarded", "provider": made["pk"]})
    return made


def change(api, provider, **fields):
    # As upstream, a change that does not name the mode counts as one for `proxy`.
    return api.patch(f"/providers/proxy/{provider['pk']}/", {"mode": "forward_single", **fields})


def elsewhere():
    return {"external_host": f"https://{uuid.uuid4()}.example.com"}


@pytest.fixture(scope="module")
def outpost(api, provider):
    return api.post("/outposts/instances/", {"name": "edge", "type": "proxy", "providers": [provider["pk"]], "config": {"authentik_host": "https://id.example.com"}})


@contextlib.contextmanager
def line(server, outpost, key, instance=None, slash="/"):
    """A connection as an outpost opens it."""
    url = f"ws://127.0.0.1:{server.http}/ws/outpost/{outpost['pk']}{slash}?instance_uuid={instance or uuid.uuid4()}"
    headers = {"Authorization": f"Bearer {key}"} if key is not None else {}
    with connect(url, additional_headers=headers, open_timeout=10, close_timeout=2) as socket:
        yield socket


def refused(server, outpost, key):
    with pytest.raises(InvalidStatus) as refusal:
        with line(server, outpost, key):
            pass
    return refusal.value.response.status_code


def say(socket, instruction, **args):
    socket.send(json.dumps({"instruction": instruction, "args": args}))


def hear(socket, instruction, patience=5.0):
    """The next message of that kind."""
    until = time.monotonic() + patience
    while (left := until - time.monotonic()) > 0:
        try:
            message = json.loads(socket.recv(timeout=left))
        except TimeoutError:
            break
        if message["instruction"] == instruction:
            return message
    raise AssertionError(f"no message {instruction} within {patience} s")


def is_silent(socket, instruction, patience=1.5):
    with pytest.raises(AssertionError):
        hear(socket, instruction, patience)


HELLO_ARGS = {"version": "2025.12.4", "buildHash": "", "uuid": "x", "golangVersion": "go1.25", "opensslEnabled": True, "opensslVersion": "3", "fipsEnabled": False, "hostname": "edge-1"}


class TestObjects:
    def test_the_embedded_outpost_is_there_and_stays(self, api):
        outpost = embedded(api)
        assert outpost["name"] == "authentik Embedded Outpost" and outpost["type"] == "proxy"
        assert outpost["refresh_interval_s"] == 300
        assert outpost["token_identifier"] == f"ak-outpost-{outpost['pk']}-api"
        path = f"/outposts/instances/{outpost['pk']}/"
        assert "Embedded outpost's name cannot be changed" in api.call("PATCH", path, 400, json={"name": "other"})["name"]
        api.call("DELETE", path, 400)
        assert embedded(api)["pk"] == outpost["pk"]

    def test_nobody_is_sent_to_an_address_that_leads_nowhere(self, api):
        path = f"/outposts/instances/{embedded(api)['pk']}/"
        answer = api.call("PATCH", path, 400, json={"config": {"authentik_host": "http://0.0.0.0:9000"}})
        assert "0.0.0.0" in answer["config"][0]
        answer = api.call("PATCH", path, 400, json={"config": {"authentik_host": 3}})
        assert answer["config"] == ['Failed to validate config: wrong value type for field "authentik_host" - should be "str" instead of value "3" of type "int"']

    def test_default_settings_name_the_address_of_the_request(self, api, server):
        config = api.get("/outposts/instances/default_settings/")["config"]
        assert config["authentik_host"] == server.base + "/" and config["refresh_interval"] == "minutes=5"

    def test_the_embedded_one_is_healthy(self, api):
        health = api.get(f"/outposts/instances/{embedded(api)['pk']}/health/")
        assert health[0]["version"] == health[0]["version_should"] and not health[0]["version_outdated"]

    def test_connections_are_kept_and_never_made(self, api):
        docker = api.post("/outposts/service_connections/docker/", {"name": "d", "url": "https://docker.example.com:2376"})
        assert api.get(f"/outposts/service_connections/all/{docker['pk']}/state/") == {"healthy": False, "version": ""}
        assert api.call("POST", "/outposts/service_connections/kubernetes/", 400, json={"name": "k", "kubeconfig": {"a": 1}}) == {"kubeconfig": ["Invalid kubeconfig"]}
        cluster = api.post("/outposts/service_connections/kubernetes/", {"name": "k", "local": True})
        assert cluster["kubeconfig"] == {} and cluster["verify_ssl"] is True
        assert {c["component"] for c in api.get("/outposts/service_connections/all/")["results"]} == {"ak-service-connection-docker-form", "ak-service-connection-kubernetes-form"}
        assert len(api.get("/outposts/service_connections/all/types/")) == 2

    def test_filters_search_and_order(self, api, outpost):
        names = lambda **q: [o["name"] for o in api.get("/outposts/instances/", **q)["results"]]  # noqa: E731
        assert names() == ["authentik Embedded Outpost", "edge"]
        assert names(ordering="-name") == ["edge", "authentik Embedded Outpost"]
        assert names(name__icontains="EDG") == ["edge"] and names(name__iexact="Edge") == ["edge"]
        assert names(providers__isnull="true") == ["authentik Embedded Outpost"]
        assert names(providers_by_pk=outpost["providers"][0]) == ["edge"]
        assert names(search="guarded") == ["edge"]
        assert names(managed__icontains="embedded") == ["authentik Embedded Outpost"]


class TestAccount:
    def test_it_sees_its_own_outpost_and_providers_only(self, server, api, outpost, provider):
        other = proxy_provider(api, "unserved")
        api.post("/core/applications/", {"name": "unserved", "slug": "unserved", "provider": other["pk"]})
        own = Api(server.base, key_of(api, outpost))
        assert [o["pk"] for o in own.get("/outposts/instances/")["results"]] == [outpost["pk"]]
        own.call("GET", f"/outposts/instances/{embedded(api)['pk']}/", 404)
        me = own.get("/core/users/me/")["user"]
        assert me["username"] == "ak-outpost-" + outpost["pk"].replace("-", "") and me["type"] == "internal_service_account"
        # What it may not see is an empty list for it, not an error.
        assert own.get("/crypto/certificatekeypairs/")["results"] == [] and own.get("/core/users/")["results"] == []
        seen = own.get("/outposts/proxy/")["results"]
        assert [p["pk"] for p in seen] == [provider["pk"]] and other["pk"] not in [p["pk"] for p in seen]
        for method, path in (("PATCH", f"/outposts/instances/{outpost['pk']}/"), ("DELETE", f"/outposts/instances/{outpost['pk']}/"), ("POST", "/core/users/"), ("PATCH", f"/providers/proxy/{provider['pk']}/")):
            assert own.session.request(method, own.base + path, json={"name": "x"}, timeout=10).status_code in (403, 404), path

    def test_it_sees_the_certificate_of_its_provider_with_the_key_while_it_is_that(self, server, api, outpost, provider):
        own = Api(server.base, key_of(api, outpost))
        pair = api.signing_key()
        own.call("GET", f"/crypto/certificatekeypairs/{pair}/view_private_key/", 404)
        change(api, provider, certificate=pair)
        assert "PRIVATE KEY" in own.get(f"/crypto/certificatekeypairs/{pair}/view_private_key/")["data"]
        change(api, provider, certificate=None)
        own.call("GET", f"/crypto/certificatekeypairs/{pair}/view_private_key/", 404)

    def test_what_it_reads_is_what_the_schema_promises(self, server, api, outpost, provider):
        """Upstream's outposts are made from the schema: an answer without a required field is no answer for them, and they never start."""
        schemas = requests.get(f"{server.base}/api/v3/schema/?format=json", timeout=60).json()["components"]["schemas"]

        def faults(schema, value, at):
            if "allOf" in schema:
                schema = {**schema["allOf"][0], **schema}
            nullable = schema.get("nullable")
            schema = schemas[schema["$ref"].rsplit("/", 1)[1]] if "$ref" in schema else schema
            if value is None:
                return [] if nullable or schema.get("nullable") else [f"{at} is null"]
            if isinstance(value, list):
                return [fault for i, item in enumerate(value) for fault in faults(schema["items"], item, f"{at}[{i}]")]
            if isinstance(value, dict):
                missing = [f"{at}.{name} is missing" for name in schema.get("required", []) if name not in value]
                known = schema.get("properties", {})
                return missing + [fault for name, item in value.items() if name in known for fault in faults(known[name], item, f"{at}.{name}")]
            kind = {str: "string", bool: "boolean", int: "integer", float: "number"}[type(value)]
            wanted = schema.get("type", kind)
            return [] if wanted == kind or {wanted, kind} == {"integer", "number"} else [f"{at} is {value!r}"]

        own = Api(server.base, key_of(api, outpost))
        pair = api.signing_key()
        change(api, provider, certificate=pair)
        keypair = f"/crypto/certificatekeypairs/{pair}/"
        reads = {
            "/outposts/instances/": "PaginatedOutpostList",
            "/outposts/proxy/": "PaginatedProxyOutpostConfigList",
            "/root/config/": "Config",
            keypair: "CertificateKeyPair",
            f"{keypair}view_certificate/": "CertificateData",
            f"{keypair}view_private_key/": "CertificateData",
        }
        wrong = [fault for path, name in reads.items() for fault in faults(schemas[name], own.get(path), name)]
        change(api, provider, certificate=None)
        assert not wrong, wrong

    def test_it_reports_what_is_wrong_with_a_configuration(self, server, api, outpost):
        own = Api(server.base, key_of(api, outpost))
        context = {"message": "Outpost edge (Provider guarded) failed to detect a forward URL from nginx", "headers": {"Accept": "*/*"}}
        own.post("/events/events/", {"action": "configuration_error", "app": "authentik.providers.proxy", "client_ip": "192.0.2.1", "context": context})
        event = api.first("/events/events/", action="configuration_error", ordering="-created")
        assert event["context"]["message"] == context["message"] and event["app"] == "authentik.providers.proxy"
        own.call("GET", f"/events/events/{event['pk']}/", 404)

    def test_it_goes_with_the_outpost(self, server, api, provider):
        made = api.post("/outposts/instances/", {"name": "short-lived", "type": "proxy", "providers": [provider["pk"]], "config": {}})
        key = key_of(api, made)
        with line(server, made, key) as socket:
            say(socket, HELLO, **HELLO_ARGS)
            hear(socket, ACK)
            api.call("DELETE", f"/outposts/instances/{made['pk']}/", 204)
            with pytest.raises(ConnectionClosed):
                while True:
                    socket.recv(timeout=5)
        assert refused(server, made, key) == 403
        assert api.get("/core/users/", username="ak-outpost-" + made["pk"].replace("-", ""))["results"] == []


class TestDenied:
    def test_no_token(self, server, outpost):
        assert refused(server, outpost, None) == 403

    @pytest.mark.parametrize("key", ["wrong", "", "a" * 2000, "../../x"])
    def test_a_wrong_token(self, server, outpost, key):
        assert refused(server, outpost, key) == 403

    def test_another_outposts_token(self, server, api, outpost):
        assert refused(server, outpost, key_of(api, embedded(api))) == 403
        assert refused(server, embedded(api), key_of(api, outpost)) == 403

    def test_a_plain_users_token(self, server, api, outpost):
        user = api.post("/core/users/", {"username": "plain", "name": "Plain"})
        api.post("/core/tokens/", {"identifier": "plain", "intent": "api", "user": user["pk"]})
        assert refused(server, outpost, api.get("/core/tokens/plain/view_key/")["key"]) == 403

    def test_an_app_password_of_the_account(self, server, api, outpost):
        account = api.first("/core/users/", username="ak-outpost-" + outpost["pk"].replace("-", ""))
        api.post("/core/tokens/", {"identifier": "app-password", "intent": "app_password", "user": account["pk"]})
        assert refused(server, outpost, api.get("/core/tokens/app-password/view_key/")["key"]) == 403

    def test_a_token_in_the_address_or_a_session_is_none(self, server, outpost):
        url = f"ws://127.0.0.1:{server.http}/ws/outpost/{outpost['pk']}/?token={TOKEN}"
        with pytest.raises(InvalidStatus) as refusal:
            connect(url, additional_headers={"Cookie": "authentik_session=x"}, open_timeout=5)
        assert refusal.value.response.status_code == 403

    def test_an_outpost_that_does_not_exist(self, server):
        assert refused(server, {"pk": uuid.uuid4()}, TOKEN) == 403
        assert refused(server, {"pk": "not-an-id"}, TOKEN) == 404

    def test_a_plain_request_is_no_connection(self, server, outpost, api):
        answer = requests.get(f"{server.base}/ws/outpost/{outpost['pk']}/", headers=api.session.headers, timeout=5)
        assert answer.status_code in (400, 426)


class TestLine:
    @pytest.mark.parametrize("slash", ["/", ""])
    def test_a_greeting_is_acknowledged_and_makes_it_healthy(self, server, api, outpost, slash):
        instance = str(uuid.uuid4())
        with line(server, outpost, key_of(api, outpost), instance, slash) as socket:
            say(socket, HELLO, **HELLO_ARGS)
            assert hear(socket, ACK) == {"instruction": ACK, "args": {}}
            health = {h["uid"]: h for h in api.get(f"/outposts/instances/{outpost['pk']}/health/")}
            assert health[instance]["hostname"] == "edge-1" and health[instance]["version"] == "2025.12.4"
            assert health[instance]["golang_version"] == "go1.25" and health[instance]["version_outdated"] is False
            socket.ping().wait(5)

    def test_a_change_of_what_it_serves_is_told_and_others_are_not(self, server, api, outpost, provider):
        with line(server, outpost, key_of(api, outpost)) as socket, line(server, embedded(api), key_of(api, embedded(api))) as other:
            change(api, provider, **elsewhere())
            hear(socket, UPDATE)
            api.patch("/core/applications/guarded/", {"name": "Guarded"})
            hear(socket, UPDATE)
            api.patch(f"/outposts/instances/{outpost['pk']}/", {"config": {"log_level": "debug"}})
            hear(socket, UPDATE)
            api.post("/core/groups/", {"name": str(uuid.uuid4())})
            is_silent(socket, UPDATE)
            is_silent(other, UPDATE, 0.2)

    def test_a_token_that_is_taken_away_closes_the_line(self, server, api, provider):
        made = api.post("/outposts/instances/", {"name": "revoked", "type": "proxy", "providers": [provider["pk"]], "config": {}})
        with line(server, made, key_of(api, made)) as socket:
            say(socket, HELLO, **HELLO_ARGS)
            hear(socket, ACK)
            api.call("DELETE", f"/core/tokens/{made['token_identifier']}/", 204)
            say(socket, HELLO, **HELLO_ARGS)
            with pytest.raises(ConnectionClosed):
                while True:
                    socket.recv(timeout=5)
        api.call("DELETE", f"/outposts/instances/{made['pk']}/", 204)

    @pytest.mark.parametrize("keep", ["pings", "acknowledgements"])
    def test_whoever_holds_a_token_that_was_taken_away_cannot_keep_the_line(self, server, api, provider, keep):
        made = api.post("/outposts/instances/", {"name": f"kept by {keep}", "type": "proxy", "providers": [provider["pk"]], "config": {}})
        with line(server, made, key_of(api, made)) as socket:
            api.call("DELETE", f"/core/tokens/{made['token_identifier']}/", 204)
            until = time.monotonic() + 20
            with pytest.raises(ConnectionClosed):
                while time.monotonic() < until:
                    socket.ping() if keep == "pings" else say(socket, ACK)
                    with contextlib.suppress(TimeoutError):
                        socket.recv(timeout=0.5)
        api.call("DELETE", f"/outposts/instances/{made['pk']}/", 204)

    @pytest.mark.parametrize("garbage", ["", "[]", "{}", '{"instruction":"x"}', '{"instruction":-1}', '{"instruction":1,"args":[]}', "x" * 70_000, b"\xff\xfe"])
    def test_garbage_closes_the_line_and_harms_nobody(self, server, api, outpost, garbage):
        with line(server, outpost, key_of(api, outpost)) as socket:
            socket.send(garbage)
            with pytest.raises(ConnectionClosed):
                while True:
                    socket.recv(timeout=5)
        api.get("/outposts/instances/")

    def test_strange_values_are_kept_as_nothing(self, server, api, outpost):
        instance = str(uuid.uuid4())
        with line(server, outpost, key_of(api, outpost), instance) as socket:
            say(socket, HELLO, version={"a": 1}, hostname="h" * 5000, opensslEnabled="yes", args=[1])
            hear(socket, ACK)
            state = {h["uid"]: h for h in api.get(f"/outposts/instances/{outpost['pk']}/health/")}[instance]
            assert state["version"] == "" and state["hostname"] == "h" * 255 and state["openssl_enabled"] is False

    def test_many_lines_hear_the_same(self, server, api, outpost, provider):
        key = key_of(api, outpost)
        heard = []
        with contextlib.ExitStack() as stack:
            sockets = [stack.enter_context(line(server, outpost, key)) for _ in range(20)]
            threads = [threading.Thread(target=lambda s=s: heard.append(hear(s, UPDATE))) for s in sockets]
            for thread in threads:
                thread.start()
            change(api, provider, **elsewhere())
            for thread in threads:
                thread.join()
        assert len(heard) == 20


def login_of(api, name):
    """The one login of a user, as outposts know it."""
    return api.first("/core/authenticated_sessions/", user__username=name)["uuid"]


def ended(socket, login, patience=5.0):
    """Waits until the outpost was told that the login ended, in both the ways that releases of outposts understand."""
    sid = login.replace("-", "")
    wanted = {sid, hashlib.sha256(sid.encode()).hexdigest()}
    while wanted:
        wanted.discard(hear(socket, SESSION_END, patience)["args"]["session_id"])


class TestSessionEnd:
    @pytest.fixture
    def user(self, api):
        name = f"user-{uuid.uuid4().hex[:8]}"
        made = api.post("/core/users/", {"username": name, "name": name})
        api.post(f"/core/users/{made['pk']}/set_password/", {"password": PASSWORD}, 204)
        return made

    @pytest.mark.parametrize("how", ["logout", "deleted", "deactivated", "new password", "removed"])
    def test_however_a_login_ends_outposts_are_told_which(self, server, api, outpost, user, how):
        person = Person(server).logged_in(user["username"], PASSWORD)
        other = Person(server).logged_in("akadmin", PASSWORD)
        login = login_of(api, user["username"])
        with line(server, outpost, key_of(api, outpost)) as socket:
            begun = time.monotonic()
            if how == "logout":
                person.go(f"{server.base}/flows/-/default/invalidation/")
            elif how == "deleted":
                api.call("DELETE", f"/core/authenticated_sessions/{login}/", 204)
            elif how == "deactivated":
                api.patch(f"/core/users/{user['pk']}/", {"is_active": False})
            elif how == "new password":
                api.post(f"/core/users/{user['pk']}/set_password/", {"password": PASSWORD + "2"}, 204)
            else:
                api.call("DELETE", f"/core/users/{user['pk']}/", 204)
            ended(socket, login)
            assert time.monotonic() - begun < 2
            is_silent(socket, SESSION_END, 0.5)
        assert person.who() is None and other.who() == "akadmin"


def test_what_happens_on_one_node_is_told_to_outposts_on_another():
    database = Postgres("keywright", "secret", "keywright")
    try:
        shared = {
            "AUTHENTIK_SECRET_KEY": "k" * 50,
            "AUTHENTIK_POSTGRESQL__HOST": str(database.folder),
            "AUTHENTIK_POSTGRESQL__USER": "keywright",
            "AUTHENTIK_POSTGRESQL__PASSWORD": "secret",
            "AUTHENTIK_POSTGRESQL__NAME": "keywright",
        }
        with Server(env=shared) as one, Server(env=shared) as two:
            here, there = Api(one.base, TOKEN), Api(two.base, TOKEN)
            outpost = embedded(here)
            assert embedded(there)["pk"] == outpost["pk"], "made once"
            Person(two).logged_in("akadmin", PASSWORD)
            login = login_of(there, "akadmin")
            instance = str(uuid.uuid4())
            with line(one, outpost, key_of(here, outpost), instance) as socket:
                say(socket, HELLO, **HELLO_ARGS)
                hear(socket, ACK)
                assert instance in [h["uid"] for h in there.get(f"/outposts/instances/{outpost['pk']}/health/")]
                there.patch(f"/outposts/instances/{outpost['pk']}/", {"config": {"log_level": "debug"}})
                hear(socket, UPDATE, 2)
                there.call("DELETE", f"/core/authenticated_sessions/{login}/", 204)
                ended(socket, login, 2)
                there.call("DELETE", f"/core/tokens/{outpost['token_identifier']}/", 204)
                say(socket, HELLO, **HELLO_ARGS)
                with pytest.raises(ConnectionClosed):
                    while True:
                        socket.recv(timeout=5)
    finally:
        database.stop()


def test_a_restart_keeps_the_outposts_and_their_tokens():
    with Server() as first:
        api = Api(first.base, TOKEN)
        outpost, key = embedded(api), key_of(api, embedded(api))
        first.stop()
        first.start()
        assert embedded(api)["pk"] == outpost["pk"] and key_of(api, outpost) == key
        with line(first, outpost, key) as socket:
            say(socket, HELLO, **HELLO_ARGS)
            hear(socket, ACK)


def test_the_settings_do_without_the_embedded_one():
    with Server(env={"AUTHENTIK_WEB__DISABLE_EMBEDDED_OUTPOST": "true"}) as server:
        assert Api(server.base, TOKEN).get("/outposts/instances/")["results"] == []


def test_the_log_names_the_remedy_when_no_address_is_known():
    with Server() as server:
        assert "AUTHENTIK_HOST" in server.log.read_text()
    with Server(env={"AUTHENTIK_HOST": "https://id.example.com"}) as server:
        assert "Nothing tells under which address" not in server.log.read_text()
