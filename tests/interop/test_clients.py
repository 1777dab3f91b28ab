"""Clients that others wrote log people in through Keywright."""

import json
import os
import pathlib
import subprocess
import sys

import pytest
from browser import Browser
from server import TOKEN, free_port

HERE = pathlib.Path(__file__).parent
SCOPES = "openid email profile offline_access"


def run_relying_party(server, api, slug, command, cwd, expect_refresh):
    """Starts a client, goes where it says as a person without JavaScript, and returns what it learned."""
    listen = f"127.0.0.1:{free_port()}"
    api.oauth_app(slug, f"http://{listen}/callback", scopes=SCOPES.split(), include_claims_in_id_token=True)
    api.user(f"{slug}-person", "a person's password")
    env = {
        **os.environ,
        "ISSUER": f"{server.base}/application/o/{slug}/",
        "CLIENT_ID": slug,
        "CLIENT_SECRET": f"{slug}-secret",
        "SCOPES": SCOPES,
        "CALLBACK_LISTEN": listen,
    }
    client = subprocess.Popen(command, cwd=cwd, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        url = client.stdout.readline().strip()
        assert url.startswith(server.base), (url, client.stderr.read() if client.poll() is not None else "")
        browser = Browser()
        page = browser.log_in(browser.get(url), f"{slug}-person", "a person's password")
        assert page.text.strip() == "done", f"{page.status} {page.url}: {page.text[:500]}"
        out, err = client.communicate(timeout=60)
        assert client.returncode == 0, err
    finally:
        client.kill()
    learned = json.loads(out.strip().splitlines()[-1])
    assert learned["claims"]["iss"] == env["ISSUER"]
    assert learned["claims"]["preferred_username"] == f"{slug}-person"
    assert learned["userinfo"]["email"] == f"{slug}-person@example.com"
    assert learned["userinfo"]["sub"] == learned["claims"]["sub"]
    assert learned["refreshed"] is expect_refresh
    return learned


def go_program(name, tmp_path_factory):
    out = tmp_path_factory.getbasetemp() / name
    if not out.exists():
        subprocess.run(["go", "build", "-o", str(out), f"./{name}"], cwd=HERE / "go", check=True, timeout=900)
    return str(out)


def test_go_oidc_as_in_grafana_and_argocd(server, api, tmp_path_factory):
    run_relying_party(server, api, "go-client", [go_program("codeflow", tmp_path_factory)], HERE, True)


def test_node_openid_client(server, api):
    if not (HERE / "node/node_modules").exists():
        subprocess.run(["npm", "ci", "--silent"], cwd=HERE / "node", check=True, timeout=300)
    learned = run_relying_party(server, api, "node-client", ["node", "client.mjs"], HERE / "node", True)
    assert learned["active"] is True and learned["active_after_revocation"] is False


def test_python_authlib(server, api):
    run_relying_party(server, api, "python-client", [sys.executable, "relying_party.py"], HERE / "python", False)


def test_the_published_api_client(server):
    env = {**os.environ, "BASE": server.base, "TOKEN": TOKEN}
    done = subprocess.run([sys.executable, "api_client.py"], cwd=HERE / "python", env=env, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr[-3000:]


@pytest.fixture(scope="module")
def agent(api):
    """A cluster's agent: service account in root-agents, provider whose issuer the API server knows."""
    api.oauth_app("k8s-agent", "https://unused.example/")
    account = api.post("/core/users/service_account/", {"name": "ci-agent", "create_group": False}, expect=200)
    group = api.group("root-agents")
    api.call("POST", f"/core/groups/{group}/add_user/", 204, json={"pk": account["user_pk"]})
    return account


def agent_token(server, account):
    browser = Browser(server.certificate())
    answer = browser.session.post(
        f"https://localhost:{server.https}/application/o/token/",
        data={
            "grant_type": "client_credentials",
            "client_id": "k8s-agent",
            "username": "ci-agent",
            "password": account["token"],
            "scope": "openid profile",
        },
        timeout=30,
    )
    assert answer.status_code == 200, answer.text
    return answer.json()["access_token"]


def ask_kubernetes(server, token, program):
    env = {
        **os.environ,
        "ISSUER": f"https://localhost:{server.https}/application/o/k8s-agent/",
        "CLIENT_ID": "k8s-agent",
        "CA_FILE": str(server.certificate()),
        "TOKEN": token,
    }
    return subprocess.run([program], env=env, capture_output=True, text=True, timeout=90)


def test_a_kubernetes_api_server_accepts_the_agents_token(server, agent, tmp_path_factory):
    program = go_program("kubernetes", tmp_path_factory)
    token = agent_token(server, agent)
    done = ask_kubernetes(server, token, program)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {"username": "ci-agent", "groups": ["root-agents"]}
    head, body, signature = token.split(".")
    forged = ".".join([head, body, signature[:-4] + ("AAAA" if signature[-4:] != "AAAA" else "BBBB")])
    assert ask_kubernetes(server, forged, program).returncode != 0
