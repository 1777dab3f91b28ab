"""A Kubernetes API server of one's own: etcd and kube-apiserver as they are, without any node."""

import json
import os
import pathlib
import shutil
import signal
import subprocess
import time

import pytest
import requests
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from server import ROOT, free_port

ADMIN = "token-of-the-clusters-administrator"


def built(name):
    """A program that was built once and kept, as building it takes many minutes: `make interop-k8s`."""
    target = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
    folder = pathlib.Path(os.environ.get("KEYWRIGHT_INTEROP_BIN", target / "interop"))
    if not (folder / name).exists():
        pytest.skip(f"{name} is not built: `make interop-k8s` builds it into {folder}")
    return str(folder / name)


class Cluster:
    """`with Cluster(folder, issuer, ca) as c:` and c.kubectl(…) answers."""

    def __init__(self, folder, issuer, ca, client="k8s-agent"):
        self.folder, self.issuer, self.ca, self.client = pathlib.Path(folder), issuer, ca, client
        self.port, self.etcd_port, self.peer_port = free_port(), free_port(), free_port()
        self.base = f"https://127.0.0.1:{self.port}"
        self.processes = []

    def start(self):
        etcd, apiserver = built("etcd"), built("kube-apiserver")
        if not shutil.which("kubectl"):
            pytest.skip("there is no kubectl")
        self.folder.mkdir(parents=True, exist_ok=True)
        at = f"http://127.0.0.1:{self.etcd_port}"
        peer = f"http://127.0.0.1:{self.peer_port}"
        self.run([etcd, "--data-dir", str(self.folder / "etcd"), "--listen-client-urls", at, "--advertise-client-urls", at, "--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer, "--initial-cluster", f"default={peer}", "--unsafe-no-fsync"], "etcd")
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption())
        (self.folder / "sa.key").write_bytes(pem)
        (self.folder / "admin.csv").write_text(f"{ADMIN},admin,admin,system:masters\n")
        self.run(
            [
                apiserver,
                f"--etcd-servers={at}",
                f"--secure-port={self.port}",
                "--bind-address=127.0.0.1",
                "--advertise-address=127.0.0.1",
                f"--cert-dir={self.folder / 'certs'}",
                "--service-cluster-ip-range=10.96.0.0/16",
                "--service-account-issuer=https://kubernetes.default.svc.cluster.local",
                f"--service-account-key-file={self.folder / 'sa.key'}",
                f"--service-account-signing-key-file={self.folder / 'sa.key'}",
                "--authorization-mode=RBAC",
                f"--token-auth-file={self.folder / 'admin.csv'}",
                "--disable-admission-plugins=ServiceAccount",
                # As people set it up for authentik.
                f"--oidc-issuer-url={self.issuer}",
                f"--oidc-client-id={self.client}",
                f"--oidc-ca-file={self.ca}",
                "--oidc-username-claim=preferred_username",
                "--oidc-username-prefix=-",
                "--oidc-groups-claim=groups",
            ],
            "apiserver",
        )
        session = requests.Session()
        session.trust_env, session.verify = False, False
        deadline = time.monotonic() + 180
        while True:
            try:
                if session.get(self.base + "/readyz", headers={"Authorization": f"Bearer {ADMIN}"}, timeout=5).status_code == 200:
                    return self
            except requests.RequestException:
                pass
            ended = [p for p in self.processes if p.poll() is not None]
            if ended or time.monotonic() > deadline:
                raise AssertionError("the cluster did not start:\n" + (self.folder / "apiserver.log").read_text()[-3000:])
            time.sleep(0.5)

    def run(self, command, name):
        self.processes.append(subprocess.Popen(command, stdout=(self.folder / f"{name}.log").open("ab"), stderr=subprocess.STDOUT, cwd=self.folder))

    def kubectl(self, *args, token=ADMIN, check=True, stdin=None):
        command = ["kubectl", "--server", self.base, "--insecure-skip-tls-verify", "--token", token, "--kubeconfig", os.devnull, *args]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, input=stdin, env={"PATH": os.environ["PATH"], "HOME": str(self.folder)})
        if check:
            assert done.returncode == 0, f"{args}: {done.stderr}"
        return done

    def may(self, token, verb, resource, namespace="default"):
        done = self.kubectl("auth", "can-i", verb, resource, "-n", namespace, token=token, check=False)
        return done.stdout.strip().splitlines()[-1:] == ["yes"]

    def who(self, token):
        """Whom the API server takes the token for, or None."""
        done = self.kubectl("auth", "whoami", "-o", "json", token=token, check=False)
        return json.loads(done.stdout)["status"]["userInfo"] if done.returncode == 0 else None

    def stop(self):
        for process in reversed(self.processes):
            process.send_signal(signal.SIGTERM)
        for process in self.processes:
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()

    def __enter__(self):
        try:
            return self.start()
        except BaseException:
            self.stop()
            raise

    def __exit__(self, *failure):
        self.stop()
