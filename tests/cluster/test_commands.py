"""Moving an installation from SQLite to PostgreSQL, and backups: as commands, and as the nodes make them."""

import os
import shutil
import subprocess
import time

import pytest
import requests
from api import Api
from database import Pair
from nodes import Node, end
from person import Client, Person
from server import PASSWORD, TOKEN, Server, binary

PASSPHRASE = {"KEYWRIGHT_BACKUP__PASSPHRASE": "a passphrase of the tests"}


def run(node, *args, ok=True, **env):
    done = subprocess.run([binary(), *map(str, args)], env=node.env | PASSPHRASE | env, cwd=node.data, capture_output=True, text=True, timeout=120)
    assert (done.returncode == 0) == ok, f"{args}: {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done.stdout + done.stderr


@pytest.fixture
def database():
    with Pair(standby=False) as running:
        yield running


def test_an_installation_moves_to_postgresql_and_its_people_notice_nothing(database):
    with Server() as old:
        api = Api(old.base, TOKEN)
        client = Client(old, api, "app", "https://app.example.com/cb")
        api.user("mover", "password of the mover")
        person = Person(old).logged_in("mover", "password of the mover")
        token = client.token(grant_type="client_credentials").json()["access_token"]
        old.stop()
        key = (old.data / "secret.key").read_text().strip()
        target = Node(database)
        try:
            target.env |= {"AUTHENTIK_SECRET_KEY": "another key than that of the source"}
            source = f"sqlite:{old.data}/keywright.db"
            said = run(target, "migrate-store", "--from", source, ok=False)
            assert "secret key" in said and "secret.key" in said, said
            target.env |= {"AUTHENTIK_SECRET_KEY": key}
            said = run(target, "migrate-store", "--from", source)
            assert "authentik_core_user" in said and "Every row was read back and compared" in said, said
            assert "already holds data" in run(target, "migrate-store", "--from", source, ok=False)
            target.http = old.http
            target.base = old.base
            target.env |= {"AUTHENTIK_LISTEN__HTTP": f"127.0.0.1:{old.http}"}
            target.start()
            assert person.who() == "mover"
            assert client.is_active(token)
            assert Person(target).logged_in("akadmin", PASSWORD).who() == "akadmin"
            made = [u["pk"] for u in api.get("/core/users/", username="mover")["results"]]
            assert api.user("later", "password of later")["pk"] > made[0]
        finally:
            end([target])


def test_a_backup_of_one_database_is_restored_into_the_other(database, tmp_path):
    with Server() as old:
        api = Api(old.base, TOKEN)
        api.user("kept", "password of the kept")
        said = run(old, "backup", "--to", tmp_path)
        (backup,) = tmp_path.glob("*.backup")
        assert str(backup) in said
        api.user("lost", "password of the lost")
        key = (old.data / "secret.key").read_text().strip()
        assert run(old, "restore", "--secret-key", backup).strip() == key
        old.stop()
        said = run(old, "restore", backup, ok=False)
        assert "--yes" in said and "nothing was changed" in said, said
        run(old, "restore", backup, "--yes")
        old.start()
        assert api.get("/core/users/", username="kept")["pagination"]["count"] == 1
        assert api.get("/core/users/", username="lost")["pagination"]["count"] == 0
        target = Node(database)
        try:
            said = run(target, "restore", backup, ok=False)
            assert "secret key" in said and "--secret-key" in said, said
            target.env |= {"AUTHENTIK_SECRET_KEY": key}
            run(target, "restore", backup)
            target.start()
            assert Person(target).logged_in("kept", "password of the kept").who() == "kept"
        finally:
            end([target])
        # A fresh machine without anything: the secret key comes with the backup.
        fresh = Server()
        try:
            run(fresh, "restore", backup)
            assert (fresh.data / "secret.key").read_text() == key
            assert (os.stat(fresh.data / "secret.key").st_mode & 0o777) == 0o600
            fresh.start()
            assert Person(fresh).logged_in("kept", "password of the kept").who() == "kept"
        finally:
            fresh.stop()
            shutil.rmtree(fresh.data)


def test_what_is_no_whole_backup_is_refused(tmp_path):
    with Server() as node:
        api = Api(node.base, TOKEN)
        said = run(node, "backup", ok=False, KEYWRIGHT_BACKUP__PASSPHRASE="")
        assert "backup.passphrase" in said, said
        run(node, "backup")
        (backup,) = (node.data / "backups").glob("*.backup")
        said = run(node, "restore", "latest", "--yes", ok=False, KEYWRIGHT_BACKUP__PASSPHRASE="not the right passphrase")
        assert "passphrase or key is not the one" in said, said
        bytes_ = backup.read_bytes()
        for name, content in {"cut": bytes_[:-1], "changed": bytes_[: len(bytes_) // 2] + b"x" + bytes_[len(bytes_) // 2 + 1 :], "other": b"PK" + bytes_}.items():
            broken = tmp_path / name
            broken.write_bytes(content)
            said = run(node, "restore", broken, "--yes", ok=False)
            assert "nothing was changed" in said, said
        assert "is whole" in run(node, "restore", "latest", "--check")
        assert api.get("/core/users/", username="akadmin")["pagination"]["count"] == 1


def test_backups_are_made_by_themselves_and_old_ones_removed(tmp_path):
    kept = tmp_path / "kept"
    env = PASSPHRASE | {"KEYWRIGHT_BACKUP__SCHEDULE": "minutes=1", "KEYWRIGHT_BACKUP__KEEP": "2", "KEYWRIGHT_BACKUP__TO": str(kept)}
    kept.mkdir()
    for day in (1, 2, 3):
        (kept / f"keywright-2020010{day}T000000Z.backup").write_text("old")
    (kept / "notes.txt").write_text("mine")
    with Server(env=env) as node:
        for _ in range(200):
            names = sorted(p.name for p in kept.iterdir() if not p.name.startswith("."))
            if len(names) == 3 and "keywright-20200102T000000Z.backup" not in names:
                break
            time.sleep(0.1)
        assert names[0] == "keywright-20200103T000000Z.backup" and names[2] == "notes.txt", names
        assert "is whole" in run(node, "restore", kept / names[1], "--check")
        assert requests.get(node.base + "/-/health/ready/", timeout=5).status_code == 200
    short = Server(env={"KEYWRIGHT_BACKUP__SCHEDULE": "minutes=1"})
    with pytest.raises(SystemExit, match=r"backup\.schedule \(environment variable KEYWRIGHT_BACKUP__SCHEDULE\): set `backup.passphrase`"):
        short.start()
    shutil.rmtree(short.data)
