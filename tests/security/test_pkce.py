"""PKCE binds the code to whoever asked for it (RFC 7636), also where somebody took the challenge out of the request."""

import pytest
from person import Client, Person, is_refused, s256

VERIFIER = "v" * 64


@pytest.fixture(scope="module")
def person(server, api):
    api.user("prover", "prover-password")
    return Person(server).logged_in("prover", "prover-password")


@pytest.fixture(scope="module")
def client(server, api):
    return Client(server, api, "pkce")


@pytest.fixture(scope="module")
def public(server, api):
    return Client(server, api, "pkce-public", client_type="public")


CHALLENGES = {"S256": {"code_challenge": s256(VERIFIER), "code_challenge_method": "S256"}, "plain": {"code_challenge": VERIFIER, "code_challenge_method": "plain"}}


@pytest.mark.parametrize("method", CHALLENGES)
def test_the_right_verifier_gets_tokens(client, public, person, method):
    for each in (client, public):
        code = person.code(each, **CHALLENGES[method])
        assert each.redeem(code, code_verifier=VERIFIER).status_code == 200


@pytest.mark.parametrize("method", CHALLENGES)
@pytest.mark.parametrize(
    "verifier",
    [None, "", "w" * 64, VERIFIER.upper(), VERIFIER[:-1], VERIFIER + "v", " " + VERIFIER, s256(VERIFIER), "v" * 42, "v" * 129, "v" * 63 + "\0"],
    ids=["none", "empty", "another", "another case", "one short", "one long", "a space", "the challenge", "42", "129", "NUL"],
)
def test_any_other_verifier_gets_nothing(client, public, person, method, verifier):
    for each in (client, public):
        code = person.code(each, **CHALLENGES[method])
        is_refused(each.redeem(code, code_verifier=verifier), "invalid_grant")


def test_the_challenge_is_no_verifier_for_plain_of_another_request(client, person):
    code = person.code(client, **CHALLENGES["S256"])
    is_refused(client.redeem(code, code_verifier=s256(VERIFIER), code_challenge_method="plain"), "invalid_grant")


def test_a_verifier_without_a_challenge_is_a_downgrade(client, person):
    is_refused(client.redeem(person.code(client), code_verifier=VERIFIER), "invalid_grant")


@pytest.mark.parametrize("method", ["S512", "s256", "none", "PLAIN", "S256 plain"])
def test_an_unknown_method_is_told_to_the_client(client, person, method):
    to, answer = person.authorize(client, code_challenge=s256(VERIFIER), code_challenge_method=method)
    assert to and "error=invalid_request" in to and "code=" not in to, (to, answer.text[:300])
