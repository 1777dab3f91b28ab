"""The ready-made configuration itself: who gets it, that the command line prints the same, and that it is well-formed."""

import subprocess

import pytest
import yaml
from api import Api
from server import TOKEN, Server, binary

PROXIES = ["traefik", "traefik-labels", "traefik-kubernetes", "nginx", "ingress-nginx", "caddy", "haproxy", "envoy", "istio"]


def provider(api, name, mode, external, **extra):
    flows = {
        "authorization_flow": api.flow("default-provider-authorization-implicit-consent"),
        "invalidation_flow": api.flow("default-provider-invalidation-flow"),
    }
    made = api.post("/providers/proxy/", {"name": name, "mode": mode, "external_host": external, **flows, **extra})
    api.post("/core/applications/", {"name": name, "slug": name, "provider": made["pk"]})
    return made["pk"]


@pytest.fixture(scope="module")
def wiki(api):
    return provider(api, "wiki", "forward_single", "https://wiki.example.com")


@pytest.fixture(scope="module")
def team(api):
    return provider(api, "team", "forward_domain", "https://auth.example.com", cookie_domain="example.com")


def setup(api, pk, expect=200, **query):
    return api.call("GET", f"/providers/proxy/{pk}/setup/", expect, params=query)


@pytest.mark.parametrize("proxy", PROXIES)
def test_every_configuration_names_the_application_and_is_well_formed(api, wiki, proxy):
    answer = setup(api, wiki, proxy=proxy, server="http://keywright.auth.svc:9000", upstream="http://wiki:8080")
    assert answer["proxy"] == proxy
    text = "".join(file["content"] for file in answer["files"])
    assert "wiki" in text and "keywright.auth.svc" in text
    for file in answer["files"]:
        if file["name"].endswith(".yaml"):
            documents = list(yaml.safe_load_all(file["content"]))
            assert documents and all(isinstance(d, dict) for d in documents)


@pytest.mark.parametrize("proxy", PROXIES)
def test_the_command_line_prints_the_same(server, api, wiki, proxy):
    options = ["--for", proxy, "--server", "http://10.0.0.1:9000", "--upstream", "http://10.0.0.2:80"]
    done = subprocess.run([binary(), "setup", "wiki", *options], env=server.env, cwd=server.data, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    for file in setup(api, wiki, proxy=proxy, server="http://10.0.0.1:9000", upstream="http://10.0.0.2:80")["files"]:
        assert file["content"] in done.stdout


def test_a_mistake_is_answered_with_the_field_and_what_would_be_right(server, api, wiki, team):
    assert "nginx" in setup(api, wiki, 400, proxy="apache")["proxy"][0]
    assert "path" in setup(api, wiki, 400, proxy="nginx", server="http://keywright/path")["server"][0]
    assert setup(api, wiki, 400, proxy="nginx", upstream="http://a; return 200;")["upstream"]
    assert "https://wiki.example.com" in setup(api, wiki, 400, proxy="nginx", app="https://other.example.com")["app"][0]
    assert "example.com" in setup(api, team, 400, proxy="nginx", app="https://evil-example.com")["app"][0]
    whole = provider(api, "whole", "proxy", "https://whole.example.com", internal_host="http://whole:80")
    assert "mode" in setup(api, whole, 400, proxy="nginx")
    done = subprocess.run([binary(), "setup", "nothing", "--for", "nginx"], env=server.env, cwd=server.data, capture_output=True, text=True, timeout=60)
    assert done.returncode == 1 and "nothing" in done.stderr and not done.stdout


def test_a_domains_login_is_at_its_external_host(api, team):
    (file,) = setup(api, team, proxy="nginx", app="https://one.example.com")["files"]
    assert "server_name one.example.com;" in file["content"]
    assert "return 302 https://auth.example.com/outpost.goauthentik.io/start?rd=" in file["content"]


def test_only_who_may_see_the_provider_gets_it(server, api, wiki):
    person = api.user("nobody-special", "a person's password")
    key = api.post("/core/tokens/", {"identifier": "theirs", "intent": "api", "user": person["pk"], "expiring": False})
    own = Api(server.base, api.get(f"/core/tokens/{key['identifier']}/view_key/")["key"])
    setup(own, wiki, 403, proxy="nginx")
    setup(Api(server.base, "no token"), wiki, 403, proxy="nginx")


def test_names_cannot_break_out_of_their_place(api):
    pk = provider(api, "odd", "forward_single", "https://odd.example.com")
    for name in ("a\nb: c", "x; return 200", "{{", "`id`", "../../etc"):
        for proxy in PROXIES:
            for file in setup(api, pk, proxy=proxy, name=name)["files"]:
                assert "/" not in file["name"] and name not in file["content"], (proxy, name)


def test_without_an_external_address_of_its_own_the_default_server_is_named():
    with Server() as server:
        api = Api(server.base, TOKEN)
        pk = provider(api, "plain", "forward_single", "http://plain.example.com:8000")
        (file,) = setup(api, pk, proxy="nginx")["files"]
        assert "server keywright:9000;" in file["content"] and "listen 8000;" in file["content"]
