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
    assert f"{file}:14:27" in done.stderr and "no authentik_flows.flow fits: check the conditions" in done.stderr
    assert "entries[1].attrs.invalidation_flow" in done.stderr and "This field is required." in done.stderr
    assert "nothing was written" in done.stderr
    # What depends on the failed entry is not complained about a second time.
    assert "!KeyOf" not in done.stderr.replace(BAD, "") or "no entry above" not in done.stderr
    assert groups(api, "half-applied") == []


HEAD = "version: 1\nmetadata:\n  name: mistakes\nentries:\n"
GROUPS = HEAD + "  - model: authentik_core.group\n    identifiers: {name: mistaken}\n    attrs: %s\n"
APP = HEAD + "  - model: authentik_core.application\n    identifiers: {slug: mistaken}\n    attrs: {name: x, provider: %s}\n"
MISTAKES = {
    "a tab": (HEAD + "  - model: authentik_core.group\n\tidentifiers: {name: a}\n", "6:1", "indent with spaces"),
    "indentation": (HEAD + "  - model: authentik_core.group\n    identifiers:\n      name: a\n   attrs: {}\n", "8:4", "check the indentation"),
    "an open quote": (HEAD + "  - model: authentik_core.group\n    identifiers: {name: \"a}\n", "6:25", "that is not closed"),
    "a tag": (APP % "!Finde [a.b, [c, d]]", "7:32", "did you mean !Find?"),
    "the form of !Find": (APP % "!Find [authentik_core.provider, name, x]", "7:64", "write it like `!Find ["),
    "a field to find by": (APP % "!Find [authentik_core.provider, [nmae, x]]", "7:32", "did you mean name?"),
    "no model": (HEAD + "  - identifiers: {name: a}\n", "5:5", "write it like `model:"),
    "a model": (HEAD + "  - model: authentik_core.groups\n    identifiers: {name: a}\n", "5:12", "did you mean authentik_core.group?"),
    "a key of the entry": (HEAD + "  - model: authentik_core.group\n    identifers: {name: a}\n", "6:5", "did you mean identifiers?"),
    "a state": (HEAD + "  - model: authentik_core.group\n    state: presnt\n    identifiers: {name: a}\n", "6:12", "did you mean present?"),
    "a field": (GROUPS % "{is_superusr: true}", "7:26", "Did you mean “is_superuser”?"),
    "a boolean": (GROUPS % "{is_superuser: perhaps}", "7:27", "write true or false, without quotes"),
    "a name for a reference": (APP % "grafana", "7:32", "`!Find [authentik_core.provider, [name, grafana]]`"),
    "names for references": (GROUPS % "{parents: [admins]}", "7:22", "`!Find [authentik_core.group, [name, admins]]`"),
    "a choice": (HEAD + "  - model: authentik_stages_deny.denystage\n    identifiers: {name: a}\n  - model: authentik_flows.flow\n"
                 "    identifiers: {slug: mistaken}\n    attrs: {name: x, title: x, designation: login}\n", "9:45", "write one of authentication, "),
    "a variable": (GROUPS.replace("mistaken", "!Env NOT_SET") % "{}", "6:25", "the environment variable NOT_SET is not set"),
    "the context": (GROUPS.replace("mistaken", "!Context nobody") % "{}", "6:25", "put it under `context`"),
    "a file": (GROUPS.replace("mistaken", "!File FOLDER/nothing") % "{}", "6:25", "/nothing cannot be read"),
    "a circle": (HEAD + "".join(f"  - model: authentik_core.group\n    id: {a}\n    identifiers: {{name: {a}}}\n    attrs: {{parents: [!KeyOf {b}]}}\n" for a, b in (("one", "two"), ("two", "one"))),
                 "8:23", "comes later, in line 9: put it above this one"),
    "an id": (HEAD + "  - model: authentik_core.group\n    id: ops\n    identifiers: {name: ops}\n  - model: authentik_core.group\n"
              "    identifiers: {name: b}\n    attrs: {parents: [!KeyOf opps]}\n", "10:23", "did you mean ops?"),
    "no identifiers": (HEAD + "  - model: authentik_core.group\n    attrs: {name: a}\n", "5:12", "name a field that tells this object"),
    "a text for a list": ("version: 1\nentries: none\n", "2:10", ""),
}  # fmt: skip


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_told_with_its_place_and_what_to_do(server, api, mistake):
    text, place, remedy = MISTAKES[mistake]
    text = text.replace("FOLDER", str(server.blueprints))
    file = server.data / "mistake.yaml"
    file.write_text(text)
    done = keywright(server, "apply_blueprint", str(file))
    assert done.returncode == 1 and f"{file}:{place}\n" in done.stderr and remedy in done.stderr, done.stderr
    line, column = place.split(":")
    answer = api.call("POST", "/managed/blueprints/", 400, json={"name": "mistake", "content": text})
    told = [it for it in answer["content"] if f"line {line}, column {column}: " in it]
    assert told and remedy in told[0], answer


def test_what_is_probably_not_meant_is_told_though_it_is_applied(server, api):
    file = server.data / "hints.yaml"
    file.write_text(APP % "!Find [authentik_providers_oauth2.oauth2provider, [name, missing]]")
    done = keywright(server, "apply_blueprint", "--dry-run", str(file))
    assert done.returncode == 0 and f"warning: the value is null\n --> {file}:7:32" in done.stdout, done.stdout + done.stderr
    assert "no authentik_providers_oauth2.oauth2provider fits: check the conditions" in done.stdout
    file.write_text(HEAD + "  - model: authentik_core.group\n    identifiers: {is_superuser: false}\n    attrs: {attributes: {}}\n")
    for name in ("first", "second"):
        api.group(name)
    done = keywright(server, "apply_blueprint", "--dry-run", str(file))
    assert "warning: more than one authentik_core.group fits the identifiers; " in done.stdout, done.stdout
    # A default says that nothing is meant.
    file.write_text(GROUPS % "{attributes: {a: !Env [NOT_SET, null], b: !Context [nobody, null]}}")
    assert "warning" not in keywright(server, "apply_blueprint", "--dry-run", str(file)).stdout


def test_of_two_entries_with_one_id_the_first_is_meant(server, api):
    file = server.data / "twice.yaml"
    entry = "  - model: authentik_core.group\n    id: twin\n    identifiers: {name: %s}\n"
    child = "  - model: authentik_core.group\n    identifiers: {name: child-of-twins}\n    attrs: {parents: [!KeyOf twin]}\n"
    file.write_text(HEAD + entry % "elder" + entry % "younger" + child)
    done = keywright(server, "apply_blueprint", str(file))
    assert done.returncode == 0 and "!KeyOf takes the first of them" in done.stdout, done.stderr
    # The server knows as soon as the command is over.
    elder = groups(api, "elder")[0]
    assert groups(api, "child-of-twins")[0]["parents"] == [elder["pk"]]


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
    told = lambda: [e for e in api.get("/events/events/", action="configuration_error")["results"] if e["context"].get("blueprint") == "mend.yaml"]
    event = wait_for("the event", told)[0]
    assert "line 10, column 9: entries[0].attrs.atributes: " in event["context"]["errors"][0], event
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
