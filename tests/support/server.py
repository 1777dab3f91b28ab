"""A Keywright of one's own for a test: started on free ports with its data in a temporary folder, ended afterwards."""

import os
import pathlib
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request

PASSWORD = "bootstrap-password"
TOKEN = "bootstrap-token-of-the-tests"
ROOT = pathlib.Path(__file__).resolve().parents[2]


def binary():
    """The program under test: $KEYWRIGHT, or what cargo built."""
    target = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
    found = os.environ.get("KEYWRIGHT") or next((str(p) for p in (target / "debug/keywright", target / "release/keywright") if p.exists()), None)
    if not found:
        raise SystemExit("There is no keywright to test: run `cargo build -p keywright` first, or set KEYWRIGHT.")
    return found


def free_port(wanted=0):
    """A port that nobody listens on, the wanted one if it is free."""
    with socket.socket() as s:
        try:
            s.bind(("127.0.0.1", wanted))
        except OSError:
            return free_port()
        return s.getsockname()[1]


class Server:
    """`with Server() as s:` and s.base answers."""

    def __init__(self, data=None, env=None, password=PASSWORD, token=TOKEN, port=None):
        self.data = pathlib.Path(data or tempfile.mkdtemp(prefix="keywright-test-"))
        self.own = data is None
        self.http, self.https, self.metrics = free_port(port or 0), free_port(), free_port()
        self.base = f"http://127.0.0.1:{self.http}"
        self.blueprints = self.data / "blueprints"
        self.blueprints.mkdir(parents=True, exist_ok=True)
        self.log = self.data / "server.log"
        self.env = {
            "PATH": os.environ["PATH"],
            "KEYWRIGHT_DATA_DIR": str(self.data),
            "AUTHENTIK_LISTEN__HTTP": f"127.0.0.1:{self.http}",
            "AUTHENTIK_LISTEN__HTTPS": f"127.0.0.1:{self.https}",
            "AUTHENTIK_LISTEN__METRICS": f"127.0.0.1:{self.metrics}",
            "AUTHENTIK_BLUEPRINTS_DIR": str(self.blueprints),
            **({"AUTHENTIK_BOOTSTRAP_PASSWORD": password, "AUTHENTIK_BOOTSTRAP_TOKEN": token} if password else {}),
            **(env or {}),
        }
        self.process = None

    def start(self, patience=60):
        self.process = subprocess.Popen([binary(), "server"], env=self.env, stdout=self.log.open("ab"), stderr=subprocess.STDOUT, cwd=self.data)
        started = time.monotonic()
        while time.monotonic() - started < patience:
            if self.process.poll() is not None:
                raise SystemExit(f"the server ended with {self.process.returncode}:\n{self.log.read_text()[-4000:]}")
            try:
                with urllib.request.urlopen(self.base + "/-/health/ready/", timeout=1):
                    return time.monotonic() - started
            except (urllib.error.URLError, ConnectionError, TimeoutError):
                time.sleep(0.02)
        raise SystemExit(f"the server was not ready after {patience} s:\n{self.log.read_text()[-4000:]}")

    def stop(self, how=signal.SIGTERM):
        if self.process and self.process.poll() is None:
            self.process.send_signal(how)
            try:
                self.process.wait(15)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()

    def certificate(self):
        """The PEM file of the certificate that HTTPS was started with."""
        return next(p for p in self.data.rglob("*") if p.suffix in (".pem", ".crt") and "BEGIN CERTIFICATE" in p.read_text())

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *failure):
        self.stop()
        if failure[0] is not None:
            print("--- last lines of the server's log ---")
            print(self.log.read_text()[-3000:])
        if self.own:
            shutil.rmtree(self.data, ignore_errors=True)
