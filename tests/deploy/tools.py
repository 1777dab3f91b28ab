"""What the tests of deployments share: foreign programs built once, pods without a cluster, a PostgreSQL of one's own."""

import functools
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

import pytest
from server import binary

HERE = pathlib.Path(__file__).parent
ROOT = HERE.parents[1]
BUILT = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "clients/bin"
PROGRAMS = {
    # The version on the Kubernetes libraries that manifests/ and tests/interop are on: they are compiled once.
    "helm": "helm.sh/helm/v3/cmd/helm@v3.20.0",
    "kustomize": "sigs.k8s.io/kustomize/kustomize/v5@v5.7.1",
}
# What the image's configuration says; see scripts/image.
IMAGE_ENV = {"PATH": "/lifecycle:/bin", "SSL_CERT_FILE": "/etc/ssl/certs/ca-certificates.crt", "KEYWRIGHT_DATA_DIR": "/data"}


@functools.cache
def program(name):
    """A foreign program, built from its Go module once and kept beside cargo's output."""
    version = PROGRAMS[name].rpartition("@")[2]
    path = BUILT / f"{name}-{version}" / name
    if not path.exists():
        if not shutil.which("go"):
            pytest.skip(f"{name} is built with Go, which is not there")
        env = {**os.environ, "GOBIN": str(path.parent), "GOFLAGS": "-p=1 -trimpath"}
        done = subprocess.run(["go", "install", PROGRAMS[name]], env=env, capture_output=True, text=True, timeout=1800)
        if done.returncode:
            pytest.skip(f"{name} could not be built: {done.stderr[-300:]}")
    return str(path)


@functools.cache
def checker():
    """The judge of manifests; see manifests/main.go."""
    path = BUILT / "manifests"
    if not shutil.which("go"):
        pytest.skip("the judge of manifests is built with Go, which is not there")
    env = {**os.environ, "GOFLAGS": "-p=1"}
    done = subprocess.run(["go", "build", "-o", str(path), "."], cwd=HERE / "manifests", env=env, capture_output=True, text=True, timeout=1800)
    assert done.returncode == 0, done.stderr
    return str(path)


def judge(manifests):
    """What the judge complains of; nothing if all is well."""
    done = subprocess.run([checker()], input=manifests, capture_output=True, text=True, timeout=120)
    return done.stderr.strip()


def root_only():
    if os.geteuid() != 0 or not shutil.which("unshare"):
        pytest.skip("a pod without an engine needs root and unshare")


class Pod:
    """The program under test as a container would run it."""

    def __init__(self, root, command, env, **spec):
        root_only()
        self.log = pathlib.Path(tempfile.mkstemp(prefix="keywright-pod-", suffix=".log")[1])
        unshare = ["unshare", "--net", "--mount", "--pid", "--fork", "--kill-child", sys.executable, str(HERE / "pod.py")]
        self.process = subprocess.Popen(unshare, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.tell({"root": str(root), "command": command, "env": env, "log": str(self.log), **spec})

    def tell(self, request):
        self.process.stdin.write(json.dumps(request) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        assert line, f"the pod ended:\n{self.log.read_text()[-3000:]}"
        return json.loads(line)

    def http(self, port, path):
        return self.tell({"http": {"port": port, "path": path}})["status"]

    def run(self, *command):
        return self.tell({"exec": list(command)})

    def probe(self, probe, ports):
        """One probe as the kubelet would make it, and whether it is content."""
        if "exec" in probe:
            return self.run(*probe["exec"]["command"])["code"] == 0
        port = probe["httpGet"]["port"]
        status = self.http(ports.get(port, port), probe["httpGet"]["path"])
        return isinstance(status, int) and 200 <= status < 400

    def until(self, probe, ports, patience=60):
        started = time.monotonic()
        while not self.probe(probe, ports):
            code = self.tell({"poll": 1})["code"]
            assert code is None, f"ended with {code}:\n{self.text()}"
            assert time.monotonic() - started < patience, f"{probe} never was content:\n{self.text()}"
            time.sleep(0.2)

    def text(self):
        return self.log.read_text()[-4000:]

    def stop(self):
        return self.tell({"stop": 1})["code"]

    def __enter__(self):
        return self

    def __exit__(self, *failure):
        if failure[0] is not None:
            print(f"--- the pod's log ---\n{self.text()}")
        self.process.stdin.close()
        self.process.wait(10)
        self.log.unlink()


def root_folder(folder, program=None):
    """A root as in the image, around whatever program is under test."""
    for name in ("bin", "lifecycle", "tmp", "data"):
        (folder / name).mkdir(parents=True)
    os.chown(folder / "data", 1000, 1000)
    os.chmod(folder, 0o755)
    shutil.copy(program or binary(), folder / "bin/keywright")
    (folder / "bin/ak").symlink_to("keywright")
    (folder / "lifecycle/ak").symlink_to("../bin/keywright")
    return folder


# A program that is not linked statically finds its libraries there.
LIBRARIES = ["/lib", "/lib64", "/usr/lib"]


class Postgres:
    """A private PostgreSQL that listens on a unix socket."""

    def __init__(self, user, password, database):
        found = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin/initdb"))
        if not found or os.geteuid() != 0:
            pytest.skip("a PostgreSQL of one's own needs its server programs, and root to become another user")
        # Not in pytest's folders, which it closes to other users.
        folder = pathlib.Path(tempfile.mkdtemp(prefix="keywright-postgresql-"))
        self.bin, self.folder = found[-1].parent, folder
        shutil.chown(folder, "postgres", "postgres")
        os.chmod(folder, 0o755)
        self.as_postgres("initdb", "-D", f"{folder}/data", "-A", "trust", "-N")
        (folder / "data/pg_hba.conf").write_text("local all postgres trust\nlocal all all scram-sha-256\n")
        options = f"-c listen_addresses='' -c unix_socket_directories={folder} -c unix_socket_permissions=0777 -c fsync=off"
        self.as_postgres("pg_ctl", "-D", f"{folder}/data", "-o", options, "-l", f"{folder}/data/log", "-w", "start")
        self.as_postgres("psql", "-h", str(folder), "-qc", f"CREATE ROLE {user} LOGIN PASSWORD '{password}'")
        self.as_postgres("createdb", "-h", str(folder), "-O", user, database)
        self.socket = str(folder / ".s.PGSQL.5432")

    def as_postgres(self, name, *arguments):
        command = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups", str(self.bin / name), *arguments]
        done = subprocess.run(command, cwd="/", capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stderr + done.stdout
        return done.stdout

    def stop(self):
        self.as_postgres("pg_ctl", "-D", f"{self.folder}/data", "-m", "immediate", "stop")
        shutil.rmtree(self.folder)
