"""What somebody sees who starts the program wrongly: the setting, what was found, and what to do; never a half start."""

import os
import shutil
import socket
import sqlite3
import subprocess

import pytest
from server import Server, binary

PATIENCE = 60


def run(env, *arguments, **kw):
    return subprocess.run([binary(), *arguments], env=env, capture_output=True, text=True, timeout=PATIENCE, **kw)


def refused(server, *arguments, env=(), **kw):
    """The message of a command that has to fail."""
    done = run(server.env | dict(env), *(arguments or ("server",)), cwd=server.data, **kw)
    assert done.returncode == 1, done.stdout + done.stderr
    assert done.stderr.startswith("keywright: "), done.stderr
    return done.stderr


@pytest.fixture(scope="module")
def installed():
    """The data of an installation that was started once and has ended well."""
    with Server() as server:
        server.stop()
        with sqlite3.connect(server.data / "keywright.db") as database:
            database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        database.close()
        yield server


@pytest.fixture
def copy(installed, tmp_path):
    data = tmp_path / "data"
    shutil.copytree(installed.data, data)
    return Server(data=data)


def test_a_port_that_is_taken(copy):
    with socket.create_server(("127.0.0.1", copy.http)):
        text = refused(copy)
    assert f"cannot listen on 127.0.0.1:{copy.http}: Address already in use" in text and text.count("in use") == 1
    assert "another Keywright, has it: stop that one, or set `listen.http` (KEYWRIGHT_LISTEN__HTTP) to another one" in text


def test_a_data_folder_that_cannot_be(copy):
    file = copy.data / "file"
    file.write_text("")
    assert "data_dir: " in (text := refused(copy, env={"KEYWRIGHT_DATA_DIR": str(file)})) and "is a file; set KEYWRIGHT_DATA_DIR" in text
    text = refused(copy, env={"KEYWRIGHT_DATA_DIR": "/proc/keywright"})
    assert "data_dir: the folder /proc/keywright cannot be made" in text and "set KEYWRIGHT_DATA_DIR" in text


@pytest.mark.skipif(os.geteuid() != 0 or not shutil.which("setpriv"), reason="only root can become somebody who may not write")
def test_data_of_somebody_else(copy):
    for path in (copy.data, *copy.data.parents):
        if path.owner() == "root" and path.is_relative_to("/tmp") and path != path.parent and str(path) != "/tmp":
            path.chmod(0o755)
    for path in copy.data.iterdir():
        path.chmod(0o755 if path.is_dir() else 0o644)
    nobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", binary(), "server"]
    done = subprocess.run(nobody, env=copy.env, cwd="/", capture_output=True, text=True, timeout=PATIENCE)
    if "setpriv: failed to execute" in done.stderr:
        pytest.skip("the program lies where nobody else may look")
    assert done.returncode == 1 and f"the database {copy.data}/keywright.db does not open" in done.stderr, done.stderr
    assert "This user must be able to write the file and its folder" in done.stderr


@pytest.mark.parametrize("damage", ["noise", "half"])
def test_a_damaged_database(copy, damage):
    path = copy.data / "keywright.db"
    if damage == "half":
        os.truncate(path, path.stat().st_size // 2)
    else:
        path.write_bytes(b"something else entirely " * 1000)
    text = refused(copy)
    assert f"the database {path} does not open" in text and "`keywright restore latest`" in text and "put back a copy" in text


def test_another_secret_key_is_not_taken_silently(copy):
    other = {"KEYWRIGHT_SECRET_KEY": "another secret key than before"}
    for command in (["server"], ["worker"], ["backup"], ["export_blueprint"]):
        text = refused(copy, *command, env=other)
        assert "secret_key: found in the setting KEYWRIGHT_SECRET_KEY, but this installation was made with another one" in text
        assert "keywright migrate --accept-secret-key" in text and "another secret key than before" not in text
    key = copy.data / "secret.key"
    kept = key.read_text()
    key.unlink()
    text = refused(copy)
    assert f"secret_key: found in {key}, but" in text
    key.write_text("")
    assert f"the secret key's file {key} is empty: put its content back" in refused(copy)
    key.write_text(kept)
    assert run(copy.env, "export_blueprint").returncode == 0
    assert run(copy.env | other, "migrate", "--accept-secret-key").returncode == 0
    assert run(copy.env | other, "export_blueprint").returncode == 0
    assert "made with another one" in refused(copy, "export_blueprint")


def test_a_database_that_cannot_be_reached(copy):
    settings = {"AUTHENTIK_POSTGRESQL__HOST": "127.0.0.1", "AUTHENTIK_POSTGRESQL__PORT": "1", "AUTHENTIK_POSTGRESQL__PASSWORD": "x", "AUTHENTIK_SECRET_KEY": "k" * 50}
    text = refused(copy, env=settings)
    assert "the database authentik of PostgreSQL at 127.0.0.1 (port 1, user authentik) does not open" in text
    assert "Check `postgresql.host` and `postgresql.port`" in text


def test_mistakes_in_what_the_first_start_is_given(copy):
    fresh = {"KEYWRIGHT_DATA_DIR": str(copy.data / "fresh"), "AUTHENTIK_BOOTSTRAP_PASSWORD": ""}
    text = refused(copy, env=fresh | {"AUTHENTIK_BOOTSTRAP_PASSWORD_HASH": "md5$x"})
    assert "preparing the installation: bootstrap_password_hash: " in text and "{" not in text
    text = refused(copy, env=fresh | {"AUTHENTIK_BOOTSTRAP_EMAIL": "admin"})
    assert "bootstrap_email (environment variable AUTHENTIK_BOOTSTRAP_EMAIL): found `admin`, expected a mail address" in text


def test_a_recovery_link_has_the_address_that_is_known(copy):
    link = run(copy.env | {"AUTHENTIK_HOST": "https://id.example.com"}, "create_recovery_key").stdout.splitlines()[-1]
    assert link.startswith("https://id.example.com/recovery/use-token/")
    shown = run(copy.env, "create_recovery_key").stdout
    assert "Put the address of your installation before it:\n/recovery/" in shown
    assert run(copy.env, "create_recovery_key", "0").returncode == 2
    assert "there is no user nobody" in refused(copy, "create_recovery_key", "10", "nobody")


def test_a_folder_of_blueprints_that_is_not_there_is_told(copy):
    copy.env |= {"AUTHENTIK_BLUEPRINTS_DIR": "/nowhere/at/all"}
    with copy:
        assert "No blueprints are read: the folder /nowhere/at/all (blueprints_dir) does not exist" in copy.log.read_text()


def test_settings_are_told_once(copy):
    shown = run(copy.env | {"AUTHENTIK_REDIS__HOST": "redis"}, "config", "check")
    assert shown.returncode == 0 and (shown.stdout + shown.stderr).count("redis.host") == 1


@pytest.mark.parametrize("command", ["config reference", "completions bash", "schema openapi", "export_blueprint"])
def test_who_reads_no_further_breaks_nothing(copy, command):
    """As `| head` does it: the pipe is closed before the text is over."""
    program = subprocess.Popen([binary(), *command.split()], env=copy.env, cwd=copy.data, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    program.stdout.close()
    error = program.stderr.read()
    assert (program.wait(PATIENCE), error) == (0, "")


def test_a_password_is_typed_or_piped(copy):
    piped = run(copy.env, "changepassword", "akadmin", input="from a pipe")
    assert piped.returncode == 0 and "The password of akadmin was changed" in piped.stdout
    ours, theirs = os.openpty()
    typed = subprocess.Popen([binary(), "changepassword", "akadmin"], env=copy.env, stdin=theirs, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    os.write(ours, b"typed at a terminal\n")
    out, told = typed.communicate(timeout=PATIENCE)
    assert typed.returncode == 0 and "New password for akadmin (it is shown as you type" in told and "was changed" in out, told
    assert "there is no user nobody" in refused(copy, "changepassword", "nobody", input="")
    assert "the password is empty; nothing was changed" in refused(copy, "changepassword", "akadmin", input="")
