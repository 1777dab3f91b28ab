"""The image: what is in it, that it is the same twice, and that its program runs alone, locked down, as nobody special."""

import hashlib
import io
import json
import os
import pathlib
import platform
import stat
import subprocess
import sys
import tarfile
import time

import pytest
from server import binary
from tools import ROOT, Pod

SCRIPT = ROOT / "scripts/image"


def make(out, program, date="1700000000"):
    command = [sys.executable, str(SCRIPT), "--binary", str(program), "--out", str(out), "--revision", "0" * 40]
    done = subprocess.run(command, env={**os.environ, "SOURCE_DATE_EPOCH": date}, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    return next(out.glob("*.oci.tar")), next(out.glob("*.spdx.json"))


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return make(tmp_path_factory.mktemp("image"), binary())


@pytest.fixture(scope="module")
def layout(made):
    """The files of the archive by name."""
    with tarfile.open(made[0]) as archive:
        return {m.name: archive.extractfile(m).read() for m in archive if m.isfile()}


def blob(layout, descriptor):
    content = layout["blobs/sha256/" + descriptor["digest"].removeprefix("sha256:")]
    assert len(content) == descriptor["size"]
    assert "sha256:" + hashlib.sha256(content).hexdigest() == descriptor["digest"]
    return content


def manifest(layout):
    return json.loads(blob(layout, json.loads(layout["index.json"])["manifests"][0]))


def unpacked(path, folder):
    """The layers of an archive, one over the other, as a runtime lays them."""
    with tarfile.open(path) as archive:
        layout = {m.name: archive.extractfile(m).read() for m in archive if m.isfile()}
    for layer in manifest(layout)["layers"]:
        with tarfile.open(fileobj=io.BytesIO(blob(layout, layer))) as archive:
            archive.extractall(folder, filter="tar" if os.geteuid() else "fully_trusted")
    return json.loads(blob(layout, manifest(layout)["config"]))


def test_every_digest_is_right_and_docker_finds_the_same(layout):
    config = json.loads(blob(layout, manifest(layout)["config"]))
    plain = [hashlib.sha256(__import__("gzip").decompress(blob(layout, one))).hexdigest() for one in manifest(layout)["layers"]]
    assert config["rootfs"]["diff_ids"] == ["sha256:" + one for one in plain]
    older = json.loads(layout["manifest.json"])[0]
    assert older["Config"].endswith(manifest(layout)["config"]["digest"].removeprefix("sha256:"))
    assert older["RepoTags"] == ["keywright:0.1.0"]
    assert json.loads(layout["oci-layout"]) == {"imageLayoutVersion": "1.0.0"}
    named = json.loads(layout["index.json"])["manifests"][0]["annotations"]
    assert named["io.containerd.image.name"] == "docker.io/library/keywright:0.1.0"


def test_how_it_is_run(layout):
    config = json.loads(blob(layout, manifest(layout)["config"]))["config"]
    assert config["User"] == "1000:1000" and config["Entrypoint"] == ["/bin/keywright"] and config["Cmd"] == ["server"]
    assert config["Volumes"] == {"/data": {}} and set(config["ExposedPorts"]) == {"9000/tcp", "9443/tcp", "9300/tcp"}
    assert config["Healthcheck"]["Test"] == ["CMD", "ak", "healthcheck"]
    assert config["Labels"]["org.opencontainers.image.version"] == "0.1.0"


def test_what_is_in_it(made, tmp_path):
    unpacked(made[0], tmp_path)
    names = sorted(str(p.relative_to(tmp_path)) for p in tmp_path.rglob("*") if not p.is_dir() or p.is_symlink())
    assert names == [
        "bin/ak", "bin/keywright", "etc/group", "etc/nsswitch.conf", "etc/passwd", "etc/ssl/certs/ca-certificates.crt", "lifecycle/ak",
        "usr/share/doc/keywright/LICENSE", "usr/share/doc/keywright/keywright.spdx.json",
    ]
    assert (tmp_path / "lifecycle/ak").resolve() == tmp_path / "bin/keywright"
    assert (tmp_path / "bin/keywright").read_bytes() == pathlib.Path(binary()).read_bytes()
    assert "BEGIN CERTIFICATE" in (tmp_path / "etc/ssl/certs/ca-certificates.crt").read_text()
    special = stat.S_ISUID | stat.S_ISGID | stat.S_IWOTH
    loose = [p for p in tmp_path.rglob("*") if not p.is_symlink() and p.name != "tmp" and p.stat().st_mode & special]
    assert loose == [], "nothing is set-uid or writable for everybody"


def test_the_same_bytes_twice(made, tmp_path):
    again = make(tmp_path / "again", binary())
    assert [p.read_bytes() for p in again] == [p.read_bytes() for p in made]
    later = make(tmp_path / "later", binary(), "1700000001")
    assert later[0].read_bytes() != made[0].read_bytes(), "the date is in it"


def test_the_bill_of_materials(made):
    bill = json.loads(made[1].read_text())
    names = {p["name"]: p for p in bill["packages"]}
    assert bill["spdxVersion"] == "SPDX-2.3" and {"keywright", "rustls", "aws-lc-rs", "axum"} <= set(names)
    assert "proptest" not in names and "criterion" not in names, "what only tests use is not in the program"
    assert names["rustls"]["externalRefs"][0]["referenceLocator"].startswith("pkg:cargo/rustls@")
    assert all(len(p["checksums"][0]["checksumValue"]) == 64 for p in bill["packages"] if "externalRefs" in p)
    known = {p["SPDXID"] for p in bill["packages"]}
    assert len(known) == len(bill["packages"])
    assert all(r["relatedSpdxElement"] in known for r in bill["relationships"])


def finished_image():
    """The real image, if `make image` was run: a static build takes longer than all other tests together."""
    target = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
    static = os.environ.get("KEYWRIGHT_STATIC") or target / f"{platform.machine()}-unknown-linux-musl/release/keywright"
    if not pathlib.Path(static).exists():
        pytest.skip("there is no static program: run `make image`, or set KEYWRIGHT_STATIC")
    return pathlib.Path(static)


@pytest.fixture(scope="module")
def static_image(tmp_path_factory):
    folder = tmp_path_factory.mktemp("static")
    path, _ = make(folder, finished_image())
    root = folder / "root"
    root.mkdir()
    root.chmod(0o755)
    return root, unpacked(path, root), path


def test_the_program_needs_nothing_else(static_image):
    content = (static_image[0] / "bin/keywright").read_bytes()
    assert content[:4] == b"\x7fELF" and b"/lib64/ld-linux" not in content and b"/lib/ld-musl" not in content
    assert static_image[2].stat().st_size < 40 << 20


def test_it_runs_alone_on_a_read_only_root_as_user_1000(static_image, tmp_path):
    root, config, _ = static_image
    env = dict(one.split("=", 1) for one in config["config"]["Env"])
    command = config["config"]["Entrypoint"] + config["config"]["Cmd"]
    data = tmp_path / "data"
    data.mkdir()
    os.chown(data, 1000, 1000)
    started = time.monotonic()
    with Pod(root, command, env, read_only=True, volumes={"/data": str(data)}, cwd="/data") as pod:
        pod.until({"exec": {"command": config["config"]["Healthcheck"]["Test"][1:]}}, {})
        took = time.monotonic() - started
        assert pod.http(9000, "/-/health/ready/") == 200 and pod.http(9300, "/metrics") == 200
        assert (data / "keywright.db").exists() and (data / "keywright.db").stat().st_uid == 1000
        assert pod.stop() == 0
    assert took < 30


def test_an_unwritable_data_folder_is_an_error_with_its_name(static_image, tmp_path):
    root, config, _ = static_image
    env = {**dict(one.split("=", 1) for one in config["config"]["Env"]), "KEYWRIGHT_DATA_DIR": "/elsewhere"}
    with Pod(root, ["/bin/keywright", "server"], env, read_only=True) as pod:
        for _ in range(50):
            if (code := pod.tell({"poll": 1})["code"]) is not None:
                break
            time.sleep(0.1)
        assert code == 1 and "/elsewhere" in pod.text()
