"""A container without an engine: namespaces, a root folder, user 1000. Started by tools.Pod, which speaks with it in lines.

It is a program of its own because namespaces belong to a process. It runs as root, and the program under test does not.
"""

import ctypes
import fcntl
import http.client
import json
import os
import pathlib
import select
import shutil
import signal
import socket
import struct
import subprocess
import sys
import threading

LIBC = ctypes.CDLL(None, use_errno=True)
MS_RDONLY, MS_REMOUNT, MS_BIND, MS_REC, MS_PRIVATE = 1, 32, 4096, 16384, 1 << 18


def mount(source, target, kind=None, flags=0, data=None):
    given = [s.encode() if s else None for s in (str(source), str(target), kind)]
    if LIBC.mount(*given, flags, data.encode() if data else None):
        error = ctypes.get_errno()
        raise OSError(error, f"mount {source} on {target}: {os.strerror(error)}")


def loopback_up():
    with socket.socket() as s:
        fcntl.ioctl(s, 0x8914, struct.pack("16sH14x", b"lo", 0x1 | 0x40))


def forward(port, path):
    """Connections to the port go to a unix socket: PostgreSQL outside of the network namespace."""
    listener = socket.create_server(("127.0.0.1", port))

    def copy(one, other):
        with one, other:
            while True:
                for ready in select.select([one, other], [], [])[0]:
                    data = ready.recv(1 << 16)
                    if not data:
                        return
                    (other if ready is one else one).sendall(data)

    def serve():
        while True:
            client = listener.accept()[0]
            server = socket.socket(socket.AF_UNIX)
            server.connect(path)
            threading.Thread(target=copy, args=(client, server), daemon=True).start()

    threading.Thread(target=serve, daemon=True).start()


def prepare(spec):
    """Mounts what a container runtime would, and gives the root folder."""
    root = pathlib.Path(spec["root"])
    mount("none", "/", None, MS_REC | MS_PRIVATE)
    mount(root, root, None, MS_BIND)
    volumes = {"/proc": None, **{path: path for path in spec.get("host", []) if os.path.isdir(path)}, **spec.get("volumes", {})}
    for path in volumes:
        (root / path.lstrip("/")).mkdir(parents=True, exist_ok=True)
    (root / "etc").mkdir(exist_ok=True)
    (root / "etc/hosts").write_text("127.0.0.1 localhost " + " ".join(spec.get("hosts", [])) + "\n")
    if spec.get("read_only"):
        mount(root, root, None, MS_BIND | MS_REMOUNT | MS_RDONLY)
    mount("proc", root / "proc", "proc")
    for path, source in volumes.items():
        if source == "tmpfs":
            mount("tmpfs", root / path.lstrip("/"), "tmpfs", 0, "uid=1000,gid=1000,mode=0750")
        elif source:
            mount(source, root / path.lstrip("/"), None, MS_BIND)
    return root


def main():
    spec = json.loads(sys.stdin.readline())
    root = prepare(spec)
    loopback_up()
    if spec.get("postgresql"):
        forward(5432, spec["postgresql"])

    def enter():
        os.chroot(root)
        os.chdir(spec.get("cwd", "/"))
        os.setgroups([])
        os.setgid(1000)
        os.setuid(1000)
        LIBC.prctl(38, 1, 0, 0, 0)  # no new privileges

    def start(arguments, **how):
        # The runtime looks the name up in the container's PATH, not in ours.
        name = arguments[0]
        if "/" not in name:
            found = [p for p in spec["env"]["PATH"].split(":") if os.path.lexists(root / p.lstrip("/") / name)]
            name = f"{found[0]}/{name}" if found else name
        return subprocess.Popen([name, *arguments[1:]], env=spec["env"], preexec_fn=enter, stdin=subprocess.DEVNULL, **how)

    with open(spec["log"], "ab") as log:
        process = start(spec["command"], stdout=log, stderr=log)
    answer({"started": process.pid})
    for line in sys.stdin:
        request = json.loads(line)
        if "http" in request:
            answer({"status": ask(**request["http"])})
        elif "exec" in request:
            done = start(request["exec"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
            output = done.communicate(timeout=60)[0]
            answer({"code": done.returncode, "output": output})
        elif "stop" in request:
            process.send_signal(signal.SIGTERM)
            answer({"code": process.wait(40)})
        else:
            answer({"code": process.poll()})
    process.kill()


def ask(port, path, host="127.0.0.1"):
    try:
        connection = http.client.HTTPConnection(host, port, timeout=3)
        connection.request("GET", path, headers={"User-Agent": "kube-probe/1.33"})
        return connection.getresponse().status
    except OSError as error:
        return str(error)


def answer(value):
    print(json.dumps(value), flush=True)


if __name__ == "__main__":
    assert shutil.which("unshare")
    main()
