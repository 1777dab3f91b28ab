"""A secret that is missing, misspelt or empty stops the start, with the name that was looked for and those that were found."""

import subprocess

import pytest
from server import binary

POSTGRESQL = {"AUTHENTIK_POSTGRESQL__HOST": "db.example"}


def start(env, tmp_path):
    """The complaint of a start that must fail before anything is opened."""
    env = {"PATH": "/bin", "KEYWRIGHT_DATA_DIR": str(tmp_path / "data"), **env}
    done = subprocess.run([binary(), "server"], env=env, capture_output=True, text=True, timeout=30, cwd=tmp_path)
    assert done.returncode == 1, done.stdout
    assert not (tmp_path / "data").exists(), "no empty installation is made"
    return done.stderr


@pytest.mark.parametrize(("name", "meant"), [
    ("AUTHENTIK_SECRETKEY", "AUTHENTIK_SECRET_KEY"),
    ("AUTHENTIK_SECRET__KEY", "AUTHENTIK_SECRET_KEY"),
    ("KEYWRIGHT_SECRET_KEYS", "KEYWRIGHT_SECRET_KEY"),
    ("AUTHENTIK_POSTGRESQL__PASSWORT", "AUTHENTIK_POSTGRESQL__PASSWORD"),
    ("AUTHENTIK_POSTGRESQL_HOST", "AUTHENTIK_POSTGRESQL__HOST"),
])
def test_a_misspelt_variable(name, meant, tmp_path):
    complaint = start({name: "value-that-is-not-shown"}, tmp_path)
    assert f"{name}): unknown setting; did you mean `{meant}`?" in complaint
    assert "value-that-is-not-shown" not in complaint


def test_a_missing_secret_key_names_what_was_looked_for_and_found(tmp_path):
    complaint = start({**POSTGRESQL, "SECRET_KEY": "without a prefix", "secret-key": "as the Secret spells it"}, tmp_path)
    assert "Looked for the variables KEYWRIGHT_SECRET_KEY and AUTHENTIK_SECRET_KEY" in complaint
    assert "found SECRET_KEY, secret-key, AUTHENTIK_POSTGRESQL__HOST, KEYWRIGHT_DATA_DIR" in complaint


def test_a_mounted_secret_with_another_key(tmp_path):
    mounted = tmp_path / "secrets"
    mounted.mkdir()
    (mounted / "secretKey").write_text("k")
    (mounted / "..data").mkdir()
    complaint = start({**POSTGRESQL, "AUTHENTIK_SECRET_KEY": f"file://{mounted}/secret_key"}, tmp_path)
    assert f"cannot read the file {mounted}/secret_key it refers to" in complaint and "its folder holds secretKey" in complaint
    complaint = start({**POSTGRESQL, "KEYWRIGHT_SECRETS_DIR": str(mounted)}, tmp_path)
    assert f"secretKey (file {mounted}/secretKey): unknown setting; did you mean `secret_key`?" in complaint
    assert f"the folder {mounted}; found" in complaint and f"{mounted}/secretKey" in complaint


def test_a_secret_without_the_databases_name_does_not_start_an_empty_installation(tmp_path):
    complaint = start({"KEYWRIGHT_DATABASE": "postgresql", "AUTHENTIK_SECRET_KEY": "k", "AUTHENTIK_POSTGRES__HOST": "db"}, tmp_path)
    assert "postgresql.host: required when `database` is postgresql" in complaint
    assert "found AUTHENTIK_POSTGRES__HOST" in complaint


def test_an_empty_file_is_not_no_secret(tmp_path):
    (tmp_path / "empty").write_text("\n")
    assert "the file it refers to is empty" in start({"AUTHENTIK_SECRET_KEY": f"file://{tmp_path}/empty"}, tmp_path)


def test_a_folder_of_secrets(tmp_path):
    mounted = tmp_path / "secrets"
    mounted.mkdir()
    for name, value in {"secret_key": "k", "AUTHENTIK_POSTGRESQL__HOST": "db", "postgresql__password": "hunter2"}.items():
        (mounted / name).write_text(value + "\n")
    env = {"PATH": "/bin", "KEYWRIGHT_SECRETS_DIR": str(mounted), "KEYWRIGHT_DATABASE": "postgresql"}
    done = subprocess.run([binary(), "config", "check"], env=env, capture_output=True, text=True, timeout=30, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    rows = {line.split()[0]: line for line in done.stdout.splitlines()}
    assert "***" in rows["secret_key"] and f"file {mounted}/secret_key" in rows["secret_key"]
    assert "db" in rows["postgresql.host"].split()
    assert "hunter2" not in done.stdout
