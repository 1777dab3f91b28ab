#!/usr/bin/env python3
"""Builds Traefik from its published Go module, for the tests with real proxies: `build.py <where to put it>`.

Two things of it are left out. The hundred vendors' libraries of DNS providers for certificates, which the tests have no use
for and which take half an hour to compile: their list is replaced by an empty one (nodns.go.txt). And a nested module that
the published one asks for but does not hold (ext/). What is tested, the entry point, the router, the middleware and the proxy,
is Traefik's own.
"""

import json
import os
import pathlib
import shutil
import subprocess
import sys

HERE = pathlib.Path(__file__).parent
LEGO = "github.com/go-acme/lego/v5"


def run(*command, cwd):
    env = {**os.environ, "CGO_ENABLED": "0", "GOFLAGS": "-buildvcs=false"}
    done = subprocess.run(["nice", "-n", "10", *map(str, command)], cwd=cwd, env=env, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{' '.join(map(str, command))}:\n{done.stderr[-2000:]}")
    return done.stdout


def main(out):
    work = out.parent / "traefik-build"
    shutil.rmtree(work, ignore_errors=True)
    shutil.copytree(HERE, work)
    lego = next(line.split()[1] for line in (HERE / "go.mod").read_text().splitlines() if line.strip().startswith(f"{LEGO} "))
    found = json.loads(run("go", "mod", "download", "-json", f"{LEGO}@{lego}", cwd=out.parent))["Dir"]
    shutil.copytree(found, work / "lego", ignore=shutil.ignore_patterns("*_test.go", "testdata", "docs"))
    for path in [work / "lego", *(work / "lego").rglob("*")]:
        path.chmod(0o755 if path.is_dir() else 0o644)
    shutil.rmtree(work / "lego/providers/dns")
    (work / "lego/providers/dns").mkdir()
    shutil.copy(HERE / "nodns.go.txt", work / "lego/providers/dns/dns.go")
    new = out.with_suffix(".new")
    run("go", "build", "-trimpath", "-ldflags", "-s -w", "-o", new, "github.com/traefik/traefik/v3/cmd/traefik", cwd=work)
    new.rename(out)
    shutil.rmtree(work)


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]).resolve())
