"""Blueprints as people meet them: on the command line, in a mounted folder, over the API."""

import os
import pathlib
import re
import subprocess

import pytest
import yaml
from server import ROOT, binary
from waiting import wait_for

SHARED = pathlib.Path(os.environ.get("SHARED", ROOT.parent / "shared"))
STOCK = SHARED / "contract/blueprints"

BAD = """\
version: 1
metadata:
  name: bad
entries:
  - model: authentik_core.group
    identifiers:
      name: half-applied
  - model: authentik_providers_oauth2.oauth2provider
    id: provider
    identifiers:
      name: grafana
    attrs:
      client_tipe: confidential
      authorization_flow: !Find [authentik_flows.flow, [slug, nope]]
  - model: authentik_core.application
    identifiers:
      slug: grafana
    attrs:
      name: Grafana
      provider: !KeyOf provider
"""

GROUP = """\
version: 1
metadata:
  name: {name}
entries:
  - model: authentik_core.group
    identifiers:
      name: {name}
    attrs:
      attributes:
        note: {note}
"""


def keywright(server, *arguments):
    return subprocess.run([binary(), *arguments], env=server.env, cwd=server.data, capture_output=True, text=True, timeout=60)


def groups(api, name):
    return api.get("/core/groups/", name=name)["results"]


def instances(api, path):
    return api.call("GET", f"/managed/blueprints/?path={path}", 200)["results"]


def test_an_error_names_file_line_column_field_cause_and_remedy_and_nothing_is_applied(server, api):
    file = server.data / "bad.yaml"
    file.write_text(BAD)
    done = keywright(server, "apply_blueprint", str(file))
    assert done.returncode == 1
    assert f"{file}:13:20" in done.stderr and "Did you mean “client_type”?" in done.stderr
    assert f"{file}:14:27" in done.stderr and "a !Find that finds nothing gives null" in done.stderr
    assert "entries[1].attrs.invalidation_flow" in done.stderr and "This field is required." in done.stderr
    assert "nothing was written" in done.stderr
    # What depends on the failed entry is not complained about a second time.
    assert "!KeyOf" not in done.stderr.replace(BAD, "") or "no entry above" not in done.stderr
    assert groups(api, "half-applied") == []


def test_a_rehearsal_shows_the_difference_and_writes_nothing(server, api):
    file = server.data / "group.yaml"
    file.write_text(GROUP.format(name="rehearsed", note="one"))
    done = keywright(server, "apply_blueprint", "--dry-run", str(file))
    assert done.returncode == 0 and "+ authentik_core.group rehearsed" in done.stdout, done.stderr
    assert groups(api, "rehearsed") == []
    assert keywright(server, "apply_blueprint", str(file)).returncode == 0
    file.write_text(GROUP.format(name="rehearsed", note="two"))
    done = keywright(server, "apply_blueprint", "--dry-run", str(file))
    assert '"one"' in done.stdout and '"two"' in done.stdout, done.stdout
    # The running server sees what the command line wrote beside it.
    found = wait_for("the group", lambda: groups(api, "rehearsed"))
    assert found[0]["attributes"] == {"note": "one"}


def test_a_configmap_is_applied_again_when_its_link_swings(server, api):
    mount = server.blueprints / "cm"
    mount.mkdir()
    for generation in ("..one", "..two"):
        (mount / generation).mkdir()
        (mount / generation / "group.yaml").write_text(GROUP.format(name="mounted", note=generation))
    (mount / "..data").symlink_to("..one")
    (mount / "group.yaml").symlink_to("..data/group.yaml")
    note = lambda: (groups(api, "mounted") or [{"attributes": {}}])[0]["attributes"].get("note")
    wait_for("the first generation", lambda: note() == "..one")
    (mount / "..new").symlink_to("..two")
    (mount / "..new").rename(mount / "..data")
    wait_for("the second generation", lambda: note() == "..two")
    instance = instances(api, "cm/group.yaml")[0]
    assert instance["status"] == "successful"


def test_a_bad_file_in_the_folder_says_so_and_is_taken_once_it_is_mended(server, api):
    file = server.blueprints / "mend.yaml"
    file.write_text(GROUP.format(name="mended", note="x").replace("attributes:", "atributes:"))
    status = lambda: [i["status"] for i in instances(api, "mend.yaml")]
    wait_for("the refusal", lambda: status() == ["error"])
    log = server.log.read_text()
    assert "mend.yaml:10:9" in log and "Did you mean “attributes”?" in log, log[-1500:]
    file.write_text(GROUP.format(name="mended", note="x"))
    wait_for("the mended file", lambda: status() == ["successful"])
    assert groups(api, "mended")


def test_content_over_the_api_is_rehearsed_before_it_is_kept(server, api):
    answer = api.call("POST", "/managed/blueprints/", 400, json={"name": "bad", "content": BAD})
    assert any(re.search(r"line 13, column 20: entries\[1\]\.attrs\.client_tipe", line) for line in answer["content"]), answer
    assert api.get("/managed/blueprints/", name="bad")["results"] == [] and groups(api, "half-applied") == []
    secret = GROUP.format(name="peek", note="!Env AUTHENTIK_SECRET_KEY")
    answer = api.call("POST", "/managed/blueprints/", 400, json={"name": "peek", "content": secret})
    assert any("may only be read by blueprints in files" in line for line in answer["content"]), answer


def stock_files():
    """The stock blueprints, with whether all their models exist here."""
    return sorted(p for folder in ("default", "system", "example") for p in (STOCK / folder).glob("*.yaml"))


class AnyTag(yaml.SafeLoader):
    pass


AnyTag.add_multi_constructor("!", lambda loader, suffix, node: None)


@pytest.mark.skipif(not STOCK.is_dir(), reason="the stock blueprints are not here")
def test_the_stock_blueprints_whose_models_exist_apply_unchanged(server):
    known = {"authentik_blueprints.metaapplyblueprint"} | models(server)
    assert len(known) > 20, known
    applied, failed = [], []
    for file in stock_files():
        entries = yaml.load(file.read_text(), AnyTag)["entries"]
        if not {e["model"].lower() for e in entries} <= known:
            continue
        done = keywright(server, "apply_blueprint", str(file))
        (applied if done.returncode == 0 else failed).append(f"{file.name}: {done.stderr[:400]}")
    assert not failed, "\n".join(failed)
    assert len(applied) >= 12, applied


def models(server):
    """Labels of all models, as the program tells them."""
    forms = yaml.safe_load(keywright(server, "schema", "forms").stdout)
    return {form["model"] for form in forms.values()}
