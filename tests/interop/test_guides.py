"""The blueprints in the guides are applied as they stand there, and do what the guides say."""

import pathlib
import re

import pytest
import requests
from person import claims

GUIDES = pathlib.Path(__file__).parents[2] / "docs/guides"


def blueprints(guide):
    blocks = re.findall(r"^```yaml\n(.*?)^```", (GUIDES / guide).read_text(), re.S | re.M)
    return [block for block in blocks if block.startswith("version: 1")]


@pytest.mark.parametrize("guide", ["kubernetes.md", "agents.md"])
def test_the_blueprints_are_applied(api, guide):
    found = blueprints(guide)
    assert found, "the guide shows no blueprint any more"
    for number, content in enumerate(found):
        made = api.post("/managed/blueprints/", {"name": f"{guide} {number}", "content": content, "enabled": True})
        api.post(f"/managed/blueprints/{made['pk']}/apply/", {}, expect=200)
        status = api.get(f"/managed/blueprints/{made['pk']}/")["status"]
        assert status == "successful", f"blueprint {number}: {status}"


def test_the_agents_of_the_guide_get_their_groups(server, api):
    account = api.post("/core/users/service_account/", {"name": "ci-agent", "create_group": False}, expect=200)
    group = api.first("/core/groups/", name="root-agents")["pk"]
    api.call("POST", f"/core/groups/{group}/add_user/", 204, json={"pk": account["user_pk"]})
    data = {"grant_type": "client_credentials", "client_id": "k8s-agent", "username": "ci-agent", "password": account["token"], "scope": "openid profile"}
    answer = requests.post(f"{server.base}/application/o/token/", data=data, timeout=30)
    assert answer.status_code == 200, answer.text
    token = claims(answer.json()["access_token"])
    assert token["groups"] == ["root-agents"] and token["preferred_username"] == "ci-agent"
    assert token["exp"] - token["iat"] == 600
