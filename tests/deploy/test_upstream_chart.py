"""The pods of authentik's own chart run our image: its environment, arguments, mounts and probes, and nothing else."""

import base64
import os
import pathlib
import subprocess
import time

import pytest
import yaml
from tools import IMAGE_ENV, LIBRARIES, Pod, Postgres, program, root_folder, root_only

FACTS = yaml.safe_load((pathlib.Path(__file__).parent / "upstream_chart.yaml").read_text())
BLUEPRINT = """
version: 1
metadata: {name: from a ConfigMap}
entries:
  - model: authentik_core.group
    identifiers: {name: made-by-the-worker}
"""


@pytest.fixture(scope="module")
def database():
    root_only()
    secret = FACTS["secret"]
    running = Postgres(*(secret[f"AUTHENTIK_POSTGRESQL__{key}"] for key in ("USER", "PASSWORD", "NAME")))
    yield running
    running.stop()


def pod(role, database, folder):
    """A pod as the kubelet would start it on this role's Deployment."""
    facts = FACTS[role]
    # As Kubernetes orders them: the image's, the services', the Secret's, the container's own.
    env = {**IMAGE_ENV, **FACTS["links"], **FACTS["secret"], **facts["env"]}
    volumes = {}
    for mounted in facts["mounts"]:
        source = folder / "configmap"
        # As a ConfigMap is mounted: a link to a link to the file of the present version.
        (source / "..2026_11_22").mkdir(parents=True)
        (source / "..2026_11_22/group.yaml").write_text(BLUEPRINT)
        (source / "..data").symlink_to("..2026_11_22")
        (source / "group.yaml").symlink_to("..data/group.yaml")
        source.chmod(0o755)
        volumes[mounted] = str(source)
    root = root_folder(folder / "root")
    host = env["AUTHENTIK_POSTGRESQL__HOST"]
    return Pod(root, ["/bin/keywright", *facts["args"]], env, host=LIBRARIES, volumes=volumes, postgresql=database.socket, hosts=[host], cwd="/data")


def test_server_and_worker_are_content_with_what_the_chart_gives(database, tmp_path):
    server, worker = FACTS["server"], FACTS["worker"]
    with pod("server", database, tmp_path / "server") as one, pod("worker", database, tmp_path / "worker") as two:
        for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
            one.until(server[probe], server["ports"])
            two.until(worker[probe], worker["ports"])
        assert one.http(server["ports"]["metrics"], "/metrics") == 200
        assert two.http(worker["ports"]["metrics"], "/metrics") == 200
        assert two.http(worker["ports"]["http"], "/-/health/ready/") == 200, "the worker answers there as well"
        assert two.http(worker["ports"]["http"], "/if/flow/default-authentication-flow/") == 404, "but has no pages"
        assert one.http(server["ports"]["http"], "/api/v3/root/config/") == 200
        applied = wait_for_group(database)
        assert applied == "made-by-the-worker", "the ConfigMap's blueprint is applied by the pod that has it"
        # Everything that has no effect here is said once, and nothing of it is a secret.
        assert FACTS["secret"]["AUTHENTIK_SECRET_KEY"] not in one.text() + two.text()
        assert one.stop() == 0 and two.stop() == 0, "both end by themselves when told to"


def wait_for_group(database, patience=30):
    query = "SELECT name FROM authentik_core_group WHERE name = 'made-by-the-worker'"
    for _ in range(patience * 5):
        found = database.as_postgres("psql", "-h", str(database.folder), "-d", FACTS["secret"]["AUTHENTIK_POSTGRESQL__NAME"], "-Atc", query).strip()
        if found:
            return found
        time.sleep(0.2)
    return None


def test_the_names_and_commands_of_the_upstream_image(database, tmp_path):
    """`ak` is in the PATH and at /lifecycle/ak; what people and charts run by it works."""
    with pod("server", database, tmp_path / "server") as one:
        one.until(FACTS["server"]["readinessProbe"], FACTS["server"]["ports"])
        for name in ("ak", "/lifecycle/ak"):
            assert one.run(name, "healthcheck") == {"code": 0, "output": ""}
        dumped = one.run("ak", "dump_config")
        assert dumped["code"] == 0
        shown = yaml.safe_load(dumped["output"])
        assert shown["postgresql"]["host"] == "authentik-postgresql"
        assert shown["secret_key"] == shown["postgresql"]["password"] == "***"
        (tmp_path / "server/root/tmp/one.yaml").write_text(BLUEPRINT.replace("made-by-the-worker", "made-by-hand"))
        applied = one.run("ak", "apply_blueprint", "/tmp/one.yaml")
        assert applied["code"] == 0, applied["output"]
        recovery = one.run("ak", "create_recovery_key", "10", "akadmin")
        assert recovery["code"] == 0 and "/recovery/use-token/" in recovery["output"], recovery["output"]


def test_the_facts_are_those_of_the_chart():
    """Beside a copy of the chart without its dependencies, named by AUTHENTIK_CHART, the noted facts are compared with it."""
    chart = os.environ.get("AUTHENTIK_CHART")
    if not chart:
        pytest.skip("AUTHENTIK_CHART names no folder with authentik's chart")
    given = {
        "authentik": {"secret_key": FACTS["secret"]["AUTHENTIK_SECRET_KEY"], "postgresql": {"password": FACTS["secret"]["AUTHENTIK_POSTGRESQL__PASSWORD"]}},
        "serviceAccount": {"create": False},
        "blueprints": {"configMaps": ["apps"]},
    }
    command = [program("helm"), "template", "authentik", chart, "--kube-version", "1.33.0", "--values", "-"]
    text = subprocess.run(command, input=yaml.safe_dump(given), capture_output=True, text=True, check=True, timeout=60).stdout
    rendered = [one for one in yaml.safe_load_all(text) if one]
    secret = next(one for one in rendered if one["kind"] == "Secret")
    assert {key: base64.b64decode(value).decode() for key, value in secret["data"].items()} == FACTS["secret"]
    for deployment in (one for one in rendered if one["kind"] == "Deployment"):
        pod = deployment["spec"]["template"]
        container = pod["spec"]["containers"][0]
        facts = FACTS[container["name"]]
        assert container["args"] == facts["args"] and "command" not in container
        assert {one["name"]: one["value"] for one in container["env"]} == facts["env"]
        assert {one["name"]: one["containerPort"] for one in container["ports"]} == facts["ports"]
        assert [one["mountPath"] for one in container.get("volumeMounts", [])] == facts["mounts"]
        for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
            assert facts[probe].items() <= container[probe].items()
        assert facts["labels"].items() <= pod["metadata"]["labels"].items()
        assert pod["spec"]["terminationGracePeriodSeconds"] == FACTS["terminationGracePeriodSeconds"]
