"""The chart and the kustomizations render to what a strict API server takes, and say what is wrong where something is."""

import json
import subprocess

import pytest
import yaml
from tools import ROOT, judge, program

CHART = ROOT / "deploy/helm/keywright"
POSTGRESQL = {"authentik": {"secret_key": "k", "postgresql": {"host": "{{ .Release.Name }}-db", "password": "p"}}}


def helm(*arguments, values=None, release="id", expect=0):
    command = [program("helm"), *arguments[:1], *([release] if arguments[0] == "template" else []), str(CHART), "--kube-version", "1.33.0", *arguments[1:]]
    if values is not None:
        command += ["--values", "-"]
    done = subprocess.run(command, input=json.dumps(values or {}), capture_output=True, text=True, timeout=120)
    assert (done.returncode == 0) == (expect == 0), done.stdout + done.stderr
    return done.stdout if expect == 0 else done.stdout + done.stderr


def rendered(values=None, **how):
    text = helm("template", values=values or {}, **how)
    assert judge(text) == ""
    return [one for one in yaml.safe_load_all(text) if one]


def one(objects, kind, name=None):
    found = [o for o in objects if o["kind"] == kind and (name is None or o["metadata"]["name"] == name)]
    assert len(found) == 1, [(o["kind"], o["metadata"]["name"]) for o in objects]
    return found[0]


def container(workload):
    return workload["spec"]["template"]["spec"]["containers"][0]


def settings(objects):
    import base64

    return {key: base64.b64decode(value).decode() for key, value in one(objects, "Secret")["data"].items()}


def test_lint():
    assert "0 chart(s) failed" in helm("lint", "--strict")


def test_by_default_one_pod_with_its_database_on_a_volume():
    objects = rendered()
    assert sorted(o["kind"] for o in objects) == ["PersistentVolumeClaim", "Secret", "Service", "ServiceAccount", "StatefulSet"]
    workload = one(objects, "StatefulSet")
    assert workload["spec"]["replicas"] == 1 and container(workload)["args"] == ["server"]
    assert {"name": "KEYWRIGHT_DATABASE", "value": "embedded"} in container(workload)["env"]
    assert workload["spec"]["template"]["spec"]["volumes"] == [{"name": "data", "persistentVolumeClaim": {"claimName": "id-keywright-data"}}]
    assert one(objects, "PersistentVolumeClaim")["metadata"]["annotations"]["helm.sh/resource-policy"] == "keep"
    assert settings(objects) == {"AUTHENTIK_LOG_LEVEL": "info", "AUTHENTIK_WEB__PATH": "/"}


def test_with_postgresql_servers_and_workers():
    values = {**POSTGRESQL, "server": {"replicas": 3}, "blueprints": {"configMaps": ["apps"], "secrets": ["more"]}}
    objects = rendered(values)
    server, worker = one(objects, "Deployment", "id-keywright-server"), one(objects, "Deployment", "id-keywright-worker")
    assert server["spec"]["replicas"] == 3 and container(server)["args"] == ["server"] and container(worker)["args"] == ["worker"]
    assert settings(objects)["AUTHENTIK_POSTGRESQL__HOST"] == "id-db", "texts are templates"
    assert settings(objects)["AUTHENTIK_POSTGRESQL__PORT"] == "5432", "and numbers stay whole"
    for workload in (server, worker):
        assert container(workload)["envFrom"] == [{"secretRef": {"name": "id-keywright"}}]
        mounts = {m["mountPath"] for m in container(workload)["volumeMounts"]}
        assert mounts == {"/data", "/blueprints/mounted/cm-apps", "/blueprints/mounted/secret-more"}


def test_a_database_is_changed_only_with_leave():
    spec = one(rendered(POSTGRESQL), "Deployment", "id-keywright-server")["spec"]["template"]["spec"]
    assert "initContainers" not in spec
    objects = rendered({**POSTGRESQL, "migrate": {"allowed": True}})
    spec = one(objects, "Deployment", "id-keywright-server")["spec"]["template"]["spec"]
    assert spec["initContainers"][0]["args"] == ["migrate", "--yes"]
    assert spec["initContainers"][0]["envFrom"] == spec["containers"][0]["envFrom"]
    assert "initContainers" not in one(objects, "Deployment", "id-keywright-worker")["spec"]["template"]["spec"]


def test_everything_at_once():
    both = {"metrics": {"enabled": True, "serviceMonitor": {"enabled": True}}, "pdb": {"enabled": True, "minAvailable": 1}}
    values = {
        **POSTGRESQL,
        "global": {
            "addPrometheusAnnotations": True,
            "additionalLabels": {"team": "id"},
            "affinity": {"podAntiAffinity": "hard", "nodeAffinity": {"type": "hard", "matchExpressions": [{"key": "zone", "operator": "Exists"}]}},
            "topologySpreadConstraints": [{"maxSkew": 1, "topologyKey": "zone", "whenUnsatisfiable": "DoNotSchedule"}],
            "env": [{"name": "AUTHENTIK_HOST", "value": "https://id.example.com"}],
            "deploymentStrategy": {"type": "Recreate"},
            "volumes": [{"name": "own", "emptyDir": {}}],
            "volumeMounts": [{"name": "own", "mountPath": "/own"}],
            "imagePullSecrets": [{"name": "registry"}],
        },
        "server": {
            **both,
            "autoscaling": {"enabled": True, "targetMemoryUtilizationPercentage": 80},
            "ingress": {"enabled": True, "ingressClassName": "nginx", "hosts": ["id.example.com"], "tls": [{"hosts": ["id.example.com"], "secretName": "id-tls"}]},
            "route": {"main": {"enabled": True, "hostnames": ["id.example.com"], "parentRefs": [{"name": "gateway"}]}},
            "service": {"type": "LoadBalancer", "loadBalancerSourceRanges": ["10.0.0.0/8"]},
        },
        "worker": both,
        "additionalObjects": [{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "{{ .Release.Name }}-own"}}],
    }
    objects = rendered(values)
    ingress = one(objects, "Ingress")["spec"]
    assert ingress["rules"][0]["host"] == "id.example.com"
    assert ingress["rules"][0]["http"]["paths"][0]["backend"]["service"] == {"name": "id-keywright-server", "port": {"name": "http"}}
    assert one(objects, "HTTPRoute")["spec"]["rules"][0]["backendRefs"][0]["port"] == 80
    assert one(objects, "ConfigMap")["metadata"]["name"] == "id-own"
    assert len(one(objects, "HorizontalPodAutoscaler")["spec"]["metrics"]) == 2
    assert "replicas" not in one(objects, "Deployment", "id-keywright-server")["spec"], "the autoscaler has the say"
    assert one(objects, "Deployment", "id-keywright-server")["spec"]["strategy"] == {"type": "Recreate"}
    assert [o["metadata"]["name"] for o in objects if o["kind"] == "ServiceMonitor"] == ["id-keywright-server", "id-keywright-worker"]


def test_an_existing_secret_as_variables_or_as_files():
    by_name = {"authentik": {"existingSecret": {"secretName": "mine"}}}
    objects = rendered(by_name)
    assert not [o for o in objects if o["kind"] == "Secret"]
    server = one(objects, "Deployment", "id-keywright-server")
    assert container(server)["envFrom"] == [{"secretRef": {"name": "mine"}}]
    assert {"name": "KEYWRIGHT_DATABASE", "value": "postgresql"} in container(server)["env"]
    by_name["authentik"]["existingSecret"]["as"] = "files"
    server = one(rendered(by_name), "Deployment", "id-keywright-server")
    assert "envFrom" not in container(server)
    assert {"name": "KEYWRIGHT_SECRETS_DIR", "value": "/run/secrets/keywright"} in container(server)["env"]
    by_name["database"] = "embedded"
    assert {"name": "KEYWRIGHT_DATABASE", "value": "embedded"} in container(one(rendered(by_name), "StatefulSet"))["env"]


@pytest.mark.parametrize(("values", "complaint"), [
    ({"sever": {"replicas": 2}}, "'sever' not allowed"),
    ({"server": {"replica": 2}}, "'replica' not allowed"),
    ({"server": {"replicas": 2}}, "the embedded database belongs to one pod"),
    ({"server": {"service": {"type": "Nodeport"}}}, "/server/service/type"),
    ({"global": {"image": {"digest": "sha256:abc"}}}, "/global/image/digest"),
    ({"database": "postgresql", "authentik": {"secret_key": "k"}}, "authentik.postgresql.host: required"),
    ({"authentik": {"postgresql": {"host": "db"}}}, "authentik.secret_key: required with PostgreSQL"),
    ({"authentik": {"web": {"path": "/auth/"}}}, "only / is served"),
    ({"postgresql": {"enabled": True}}, "this chart brings no PostgreSQL"),
])
def test_a_mistake_is_named(values, complaint):
    assert complaint in helm("template", values=values, expect=1)


def test_values_written_for_authentiks_chart_render():
    """Keys that mean nothing here are taken all the same."""
    values = {
        "authentik": {
            "secret_key": "k",
            "error_reporting": {"enabled": False},
            "email": {"port": 587},
            "postgresql": {"host": "{{ .Release.Name }}-postgresql", "password": "p"},
        },
        "global": {"security": {"allowInsecureImages": True}},
        "geoip": {"enabled": False},
        "prometheus": {"rules": {"enabled": False}},
        "postgresql": {"enabled": False, "auth": {"password": "p"}},
        "serviceAccount": {"create": True, "serviceAccountSecret": {"enabled": False}, "fullnameOverride": "authentik"},
        "worker": {"livenessProbe": {"httpGet": None, "exec": {"command": ["ak", "healthcheck"]}}},
    }
    found = settings(rendered(values))
    assert found["AUTHENTIK_EMAIL__PORT"] == "587" and found["AUTHENTIK_ERROR_REPORTING__ENABLED"] == "false"


def test_the_judge_sees_what_is_wrong():
    text = helm("template", values={})
    assert "unknown field" in judge(text.replace("containerPort:", "containerPrt:", 1))
    assert "runAsNonRoot" in judge(text.replace("runAsNonRoot: true", "runAsNonRoot: false"))
    assert "allowPrivilegeEscalation" in judge(text.replace("allowPrivilegeEscalation: false", "allowPrivilegeEscalation: true"))
    assert "no volume" in judge(text.replace("{name: data, mountPath: /data}", "{name: dat, mountPath: /data}"))


@pytest.mark.parametrize("overlay", ["sqlite", "postgresql"])
def test_kustomize(overlay):
    command = [program("kustomize"), "build", str(ROOT / "deploy/kustomize/overlays" / overlay)]
    text = subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout
    assert judge(text) == ""
    database = "embedded" if overlay == "sqlite" else "postgresql"
    for workload in (o for o in yaml.safe_load_all(text) if o["kind"] in ("Deployment", "StatefulSet")):
        assert {"name": "KEYWRIGHT_DATABASE", "value": database} in container(workload)["env"]
        assert container(workload)["image"] == "keywright:0.1.0"


def test_version_everywhere():
    """The program's version stands in four places that no build checks."""
    version = next(line.split('"')[1] for line in (ROOT / "Cargo.toml").read_text().splitlines() if line.startswith("version = "))
    chart = yaml.safe_load((CHART / "Chart.yaml").read_text())
    assert chart["version"] == chart["appVersion"] == version
    for overlay in ("sqlite", "postgresql"):
        kustomization = yaml.safe_load((ROOT / f"deploy/kustomize/overlays/{overlay}/kustomization.yaml").read_text())
        assert kustomization["images"][0]["newTag"] == version
    for file in ("compose", "postgresql", "traefik", "outpost"):
        assert f"keywright:{version}" in (ROOT / f"deploy/compose/{file}.yaml").read_text()


@pytest.mark.parametrize("file", ["compose", "postgresql", "traefik", "outpost"])
def test_compose_files_lock_the_container(file):
    services = yaml.safe_load((ROOT / f"deploy/compose/{file}.yaml").read_text())["services"]
    ours = [s for s in services.values() if "keywright" in s["image"]]
    assert ours
    for service in ours:
        assert service["read_only"] is True and service["cap_drop"] == ["ALL"] and service["user"] == "1000:1000"
        assert service["healthcheck"]["test"] == ["CMD", "ak", "healthcheck"]
        if "outpost" not in service["command"]:
            assert service["environment"]["KEYWRIGHT_DATABASE"] == ("postgresql" if file == "postgresql" else "embedded")
