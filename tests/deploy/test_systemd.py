"""systemd's side: sockets handed over, readiness told, the watchdog fed, and units that it takes."""

import os
import pathlib
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import urllib.request

import pytest
from server import binary, free_port
from tools import ROOT

UNITS = ROOT / "deploy/systemd"


class Manager:
    """What systemd does for a service with sockets and Type=notify."""

    def __init__(self, sockets, settings, names=None, watchdog=None, command="server"):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="keywright-systemd-"))
        self.heard = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.heard.bind(str(self.folder / "notify"))
        self.heard.settimeout(60)
        self.log = self.folder / "log"
        env = {
            "PATH": "/bin",
            "KEYWRIGHT_DATA_DIR": str(self.folder / "data"),
            "KEYWRIGHT_BLUEPRINTS_DIR": str(self.folder / "none"),
            "NOTIFY_SOCKET": str(self.folder / "notify"),
            "LISTEN_FDS": str(len(sockets)),
            **({"LISTEN_FDNAMES": ":".join(names)} if names else {}),
            **({"WATCHDOG_USEC": str(watchdog)} if watchdog else {}),
            **settings,
        }

        def hand_over():
            # Out of the way first: a descriptor may stand where another one is to be put.
            copies = [os.dup2(s.fileno(), 100 + i) for i, s in enumerate(sockets)]
            for number, copy in enumerate(copies):
                os.dup2(copy, 3 + number, inheritable=True)
                os.close(copy)
            os.environ["LISTEN_PID"] = str(os.getpid())

        # The environment is fixed before the fork; only a shell knows the process's own number by then.
        line = ["/bin/sh", "-c", 'export LISTEN_PID=$$; exec "$0" "$@"', binary(), command]
        self.process = subprocess.Popen(
            line, env=env, preexec_fn=hand_over, close_fds=False, stdout=self.log.open("wb"), stderr=subprocess.STDOUT, cwd=self.folder
        )

    def hear(self):
        try:
            return self.heard.recv(4096).decode().split("\n")
        except TimeoutError:
            pytest.fail(f"nothing was told:\n{self.log.read_text()[-3000:]}")

    def __enter__(self):
        return self

    def __exit__(self, *failure):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.heard.close()
        shutil.rmtree(self.folder)


def bound():
    s = socket.create_server(("127.0.0.1", 0))
    return s, s.getsockname()[1]


def status(port, path="/-/health/ready/"):
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as answer:
        return answer.status


def addresses(http, https, metrics):
    return {"KEYWRIGHT_LISTEN__HTTP": f":{http}", "KEYWRIGHT_LISTEN__HTTPS": f":{https}", "KEYWRIGHT_LISTEN__METRICS": f":{metrics}"}


def test_sockets_stand_in_for_addresses_and_the_state_is_told():
    (http, http_port), (https, https_port), (metrics, metrics_port) = bound(), bound(), bound()
    # In another order than the settings, as a unit may list them.
    with Manager([metrics, https, http], addresses(http_port, https_port, metrics_port), watchdog=400_000) as manager:
        # Whoever comes before the service is ready waits for it instead of being refused.
        early = socket.create_connection(("127.0.0.1", http_port))
        early.sendall(b"GET /-/health/live/ HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        assert manager.hear() == ["READY=1", ""] or manager.hear() == ["READY=1"]
        early.settimeout(20)
        assert early.recv(15).startswith(b"HTTP/1.1 200")
        early.close()
        assert status(http_port) == 200 and status(metrics_port) == 200
        beats = [manager.hear()[0] for _ in range(3)]
        assert beats == ["WATCHDOG=1"] * 3
        manager.process.send_signal(signal.SIGTERM)
        told = manager.hear()[0]
        while told == "WATCHDOG=1":
            told = manager.hear()[0]
        assert told == "STOPPING=1"
        assert manager.process.wait(30) == 0
    for one in (http, https, metrics):
        one.close()


def test_sockets_by_name():
    (http, http_port), (metrics, metrics_port) = bound(), bound()
    settings = addresses(1, "0", 2)
    with Manager([http, metrics], settings, names=["http", "metrics"]) as manager:
        assert manager.hear()[0] == "READY=1"
        assert status(http_port) == 200 and status(metrics_port) == 200


def test_a_socket_that_nothing_is_set_to_stops_the_start():
    spare, port = bound()
    with Manager([spare], addresses(free_port(), free_port(), free_port())) as manager:
        assert manager.process.wait(60) == 1
        assert f"the socket 127.0.0.1:{port} was handed over, but no listener is set to it" in manager.log.read_text()


def test_systemd_socket_activate():
    """systemd's own tool hands the socket over at the first connection."""
    tool = shutil.which("systemd-socket-activate")
    if not tool:
        pytest.skip("systemd-socket-activate is not there")
    port = free_port()
    folder = pathlib.Path(tempfile.mkdtemp(prefix="keywright-activate-"))
    settings = {**addresses(port, free_port(), free_port()), "KEYWRIGHT_DATA_DIR": str(folder), "KEYWRIGHT_BLUEPRINTS_DIR": str(folder / "none")}
    command = [tool, "-l", f"127.0.0.1:{port}", *[f"--setenv={k}={v}" for k, v in settings.items()], binary(), "server"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=folder)
    try:
        for _ in range(100):
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            except OSError:
                time.sleep(0.05)
        deadline = time.monotonic() + 60
        while True:
            try:
                assert status(port) == 200
                break
            except OSError:
                assert time.monotonic() < deadline
                time.sleep(0.2)
    finally:
        process.kill()
        process.wait()
        shutil.rmtree(folder)


def test_the_units(tmp_path):
    if not shutil.which("systemd-analyze"):
        pytest.skip("systemd-analyze is not there")
    # The unit names a program that is installed elsewhere.
    unit = tmp_path / "keywright.service"
    unit.write_text((UNITS / "keywright.service").read_text().replace("/usr/bin/keywright", "/bin/true"))
    shutil.copy(UNITS / "keywright.socket", tmp_path)
    done = subprocess.run(["systemd-analyze", "verify", str(unit), str(tmp_path / "keywright.socket")], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0 and done.stderr == "", done.stderr
    done = subprocess.run(["systemd-analyze", "security", "--offline=true", str(unit)], capture_output=True, text=True, timeout=60)
    exposure = float(next(line for line in done.stdout.splitlines() if "Overall exposure" in line).split(":")[1].split()[0])
    assert exposure <= 1.5, done.stdout
