"""A PostgreSQL primary with a streaming standby, as processes of this test; both can be stopped, killed and promoted."""

import glob
import os
import pathlib
import pwd
import shutil
import signal
import subprocess
import tempfile
import time

import pytest
from server import free_port

OPTIONS = {
    "listen_addresses": "127.0.0.1",
    "max_connections": "120",
    "shared_buffers": "64MB",
    "wal_level": "replica",
    "max_wal_senders": "5",
    "hot_standby": "on",
    # What the tests look for are lost transactions, not lost disks.
    "fsync": "off",
    "full_page_writes": "off",
}


def programs():
    found = sorted(glob.glob("/usr/lib/postgresql/*/bin"), key=lambda p: int(p.split("/")[-2]))
    found = found or [str(pathlib.Path(p).parent) for p in [shutil.which("initdb")] if p]
    if not found:
        pytest.skip("no PostgreSQL on this machine; install the package postgresql", allow_module_level=True)
    return found[-1]


class Postgres:
    def __init__(self, folder, name):
        self.bin, self.data, self.port = programs(), folder / name, free_port()
        self.folder, self.process = folder, None
        self.user = {"user": "postgres", "group": "postgres"} if os.getuid() == 0 else {}

    def run(self, program, *args, **kw):
        done = subprocess.run([f"{self.bin}/{program}", *map(str, args)], capture_output=True, text=True, cwd="/", env={"LC_ALL": "C", "PATH": os.environ["PATH"]}, **self.user, **kw)
        assert done.returncode == 0, f"{program}: {done.stdout}{done.stderr}"
        return done.stdout

    def init(self):
        self.run("initdb", "--username=keywright", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync", "-D", self.data)
        with (self.data / "pg_hba.conf").open("a") as file:
            file.write("host replication keywright 127.0.0.1/32 trust\n")

    def copy_of(self, primary):
        self.run("pg_basebackup", "-h", "127.0.0.1", "-p", primary.port, "-U", "keywright", "-R", "-X", "stream", "-c", "fast", "-D", self.data)

    def start(self, **more):
        options = [x for name, value in (OPTIONS | more).items() for x in ("-c", f"{name}={value}")]
        log = (self.folder / f"{self.data.name}.log").open("ab")
        command = [f"{self.bin}/postgres", "-D", str(self.data), "-k", str(self.folder), "-p", str(self.port), *options]
        self.process = subprocess.Popen(command, stdout=log, stderr=log, cwd="/", start_new_session=True, **self.user)
        for _ in range(400):
            if subprocess.run([f"{self.bin}/pg_isready", "-q", "-h", "127.0.0.1", "-p", str(self.port)], check=False).returncode == 0:
                return self
            time.sleep(0.05)
        raise AssertionError((self.folder / f"{self.data.name}.log").read_text()[-3000:])

    def sql(self, text, database="postgres"):
        return self.run("psql", "-h", "127.0.0.1", "-p", self.port, "-U", "keywright", "-d", database, "-XAtqc", text).strip()

    def kill(self):
        """As a machine that loses its power: every process of it at once."""
        if self.process and self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()

    def promote(self):
        self.run("pg_ctl", "promote", "-D", self.data, "-w", "-t", "30")


class Pair:
    """`with Pair() as db:` — commits count once the standby has them, so that a failover loses nothing acknowledged."""

    def __init__(self, standby=True):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="keywright-cluster-"))
        if os.getuid() == 0:
            owner = pwd.getpwnam("postgres")
            os.chown(self.folder, owner.pw_uid, owner.pw_gid)
        self.folder.chmod(0o755)
        self.primary, self.standby = Postgres(self.folder, "primary"), Postgres(self.folder, "standby") if standby else None

    def __enter__(self):
        self.primary.init()
        self.primary.start()
        self.primary.sql("CREATE DATABASE keywright")
        if self.standby:
            self.standby.copy_of(self.primary)
            self.standby.start()
            self.primary.sql("ALTER SYSTEM SET synchronous_standby_names = '*'")
            self.primary.sql("SELECT pg_reload_conf()")
        return self

    def __exit__(self, *_):
        for server in filter(None, [self.primary, self.standby]):
            server.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    def env(self, **more):
        """What a node needs to know."""
        ports = [s.port for s in filter(None, [self.primary, self.standby])]
        return {
            "AUTHENTIK_POSTGRESQL__HOST": ",".join(f"127.0.0.1:{port}" for port in ports),
            "AUTHENTIK_POSTGRESQL__USER": "keywright",
            "AUTHENTIK_POSTGRESQL__NAME": "keywright",
            "AUTHENTIK_POSTGRESQL__SSLMODE": "disable",
            "AUTHENTIK_SECRET_KEY": "the secret key of the cluster in these tests",
            **more,
        }

    def fail_over(self):
        self.primary.kill()
        self.standby.promote()
