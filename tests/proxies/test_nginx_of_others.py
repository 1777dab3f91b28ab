"""A real nginx configured as it is for other programs of this kind: with variables that hold what the client wrote.

What Keywright prints names the application itself. Who comes from authentik has `$http_host` in X-Original-URL and `$host` in
Host, and between these two a client can put something.
"""

import json
import re

import pytest
import raw
from forward_auth import Installation, application, identity
from proxies import Nginx


class OfOthers(Nginx):
    def at_home(self, text):
        text = re.sub(r"(proxy_set_header +X-Original-URL +\$scheme://)[^$]+(\$request_uri;)", r"\1$http_host\2", text)
        question, rest = text.split("# Login, the way back from it", 1)
        question = re.sub(r"(proxy_set_header +Host +)[a-z0-9.:-]+;", r"\1$host;", question)
        question = re.sub(r"proxy_set_header +X-Forwarded-(Host|Uri) .*;", "", question)
        assert "$scheme://$http_host$request_uri" in question and "$host;" in question
        return super().at_home(f"{question}# Login, the way back from it{rest}")


@pytest.fixture(scope="module")
def it():
    installation = Installation(OfOthers)
    yield installation
    installation.close()


def ask(it, site, target, host, cookies):
    """A request with a target and a Host of the client's choice."""
    lines = [f"GET {target} HTTP/1.1", f"Host: {host}", "Connection: close", *(f"{name}: {value}" for name, value in cookies), "", ""]
    with raw.connect(it.ports[site]) as connection, connection.makefile("rb") as stream:
        connection.sendall("\r\n".join(lines).encode())
        return raw.read(stream)


def test_people_get_in(it):
    browser, page = it.log_in("alice", "wiki", "/page?x=1")
    assert application(page)["path"] == "/page?x=1"
    answer = ask(it, "wiki", "/page", it.host("wiki"), it.cookies(browser, "wiki"))
    assert answer.status == 200 and identity(json.loads(answer.body))["username"] == ["alice"]


def test_one_application_is_not_entered_with_the_login_of_another(it):
    """RFC 9112 §3.2.2: nginx goes by the address in the first line, its variable $http_host by the header."""
    browser, _ = it.log_in("alice", "wiki")
    cookies = it.cookies(browser, "wiki")
    for target in (f"http://{it.host('vault')}/", "http://vault.example.test/", "http://VAULT.example.test:1/"):
        it.reached("vault")
        answer = ask(it, "vault", target, it.host("wiki"), cookies)
        assert not 200 <= answer.status <= 299 and not it.reached("vault"), (target, answer)


def test_what_stands_behind_the_host_is_no_path(it):
    name = it.host("wiki").split(":")[0]
    browser, _ = it.log_in("alice", "wiki")
    for behind in ("?/public/", ":1?", ":1#", ":443?", f":{it.ports['wiki']}?", f":{it.ports['wiki']}#"):
        for cookies in ([], it.cookies(browser, "wiki")):
            it.reached("wiki")
            answer = ask(it, "wiki", "/private", name + behind, cookies)
            assert not 200 <= answer.status <= 299 and not it.reached("wiki"), (behind, answer)
