"""Only proxies that are trusted are believed about who asks and under which name."""

import socket

import pytest
import requests
from api import Api
from person import Client, Person
from server import TOKEN, Server


@pytest.fixture(scope="module")
def wary():
    """Trusts proxies elsewhere, not the one that the tests come from."""
    with Server(env={"AUTHENTIK_LISTEN__TRUSTED_PROXY_CIDRS": "10.0.0.0/8"}) as running:
        yield running


def address_of_failure(server, name, **headers):
    """The address that a failed login of this name was recorded with."""
    person = Person(server)
    person.session.headers.update(headers)
    person.log_in(name, "wrong-password")
    api = Api(server.base, TOKEN)
    events = api.get("/events/events/", action="login_failed", ordering="-created")["results"]
    return next(e for e in events if name in str(e))["client_ip"]


SPOOFS = [
    {"X-Forwarded-For": "203.0.113.9"},
    {"X-Real-IP": "203.0.113.9"},
    {"Forwarded": "for=203.0.113.9"},
    {"X-Client-IP": "203.0.113.9", "True-Client-IP": "203.0.113.9", "CF-Connecting-IP": "203.0.113.9"},
    {"X-authentik-remote-ip": "203.0.113.9", "X-Authentik-Outpost-Token": "x"},
]


@pytest.mark.parametrize("headers", SPOOFS, ids=lambda h: next(iter(h)))
def test_a_stranger_is_not_believed(wary, headers):
    Api(wary.base, TOKEN).user(name := f"spoofed{abs(hash(str(headers))) % 10**8}", "a-password")
    assert address_of_failure(wary, name, **headers) == "127.0.0.1"


CHAINS = {
    "203.0.113.9": "203.0.113.9",
    "203.0.113.9, 198.51.100.7": "198.51.100.7",
    "203.0.113.9, 198.51.100.7, 10.0.0.3": "198.51.100.7",
    "127.0.0.1, 198.51.100.7": "198.51.100.7",
    "garbage, 198.51.100.7": "198.51.100.7",
    "198.51.100.7, garbage": "127.0.0.1",
    "a": "127.0.0.1",
    "": "127.0.0.1",
    "1.2.3.4.5": "127.0.0.1",
    "2001:db8::7": "2001:db8::7",
    "::ffff:198.51.100.7": "198.51.100.7",
    "fe80::1%eth0": "127.0.0.1",
}


@pytest.mark.parametrize("chain", CHAINS, ids=repr)
def test_of_a_trusted_chain_the_last_stranger_counts(server, api, chain):
    api.user(name := f"chained{abs(hash(chain)) % 10**8}", "a-password")
    assert address_of_failure(server, name, **{"X-Forwarded-For": chain}) == CHAINS[chain]


def test_a_stranger_does_not_choose_our_name(wary):
    api = Api(wary.base, TOKEN)
    Client(wary, api, "named")
    headers = {"X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "https", "X-Forwarded-Port": "1"}
    document = requests.get(f"{wary.base}/application/o/named/.well-known/openid-configuration", headers=headers, timeout=30)
    assert "evil.example" not in document.text and "https://" not in document.json()["issuer"]


def test_a_stranger_does_not_make_cookies_insecure_or_secure(wary):
    answer = requests.get(f"{wary.base}/if/flow/default-authentication-flow/", headers={"X-Forwarded-Proto": "https"}, timeout=30)
    assert "secure" not in answer.headers.get("Set-Cookie", "").lower()


def test_a_trusted_proxy_chooses_our_name(server, api):
    Client(server, api, "proxied")
    headers = {"X-Forwarded-Host": "id.example.com", "X-Forwarded-Proto": "https"}
    document = requests.get(f"{server.base}/application/o/proxied/.well-known/openid-configuration", headers=headers, timeout=30).json()
    assert document["issuer"] == "https://id.example.com/application/o/proxied/"


def raw(server, head):
    with socket.create_connection(("127.0.0.1", server.http), timeout=10) as s:
        s.sendall(head)
        return s.recv(4096).decode("latin1")


@pytest.mark.parametrize(
    "hosts",
    [b"", b"Host: a\r\nHost: b\r\n", b"Host: a@evil.example\r\n", b"Host: a b\r\n", b"Host: \r\n", b"Host: a/../b\r\n", b"Host: a\xff\r\n"],
    ids=["none", "two", "user name", "space", "empty", "path", "not ASCII"],
)
def test_a_host_that_is_none_is_refused(server, hosts):
    answer = raw(server, b"GET /if/flow/default-authentication-flow/ HTTP/1.1\r\n" + hosts + b"Connection: close\r\n\r\n")
    assert answer.startswith("HTTP/1.1 400"), answer[:200]


def test_a_stranger_names_nobody_by_the_proxy_protocol(wary):
    answer = raw(wary, b"PROXY TCP4 203.0.113.9 127.0.0.1 1 2\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n")
    assert answer.startswith("HTTP/1.1 400"), answer[:200]
