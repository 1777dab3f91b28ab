"""Plays the recorded scenarios against a server of our own and counts how many exchanges are alike.

    run.py PARITY_DIR [--all] [--show N] [scenario...]

Scenarios a to j and k_executor must be at least 95 % alike, differences by decision (differences.json) counted apart.
"""

import argparse
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "support"))

from server import Server  # noqa: E402

PROMISED = """a_discovery b_authcode_happy c_authorize_errors d_token_errors e_client_credentials f_refresh
h_introspect_revoke i_device j_end_session k_executor""".split()
REST = "k_mfa k_stages l_actions l_crud_core l_crud_stages l_details l_lists l_lists_anon_user l_post_empty m_blueprints n_outposts o_system p_expressions".split()


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("parity", type=pathlib.Path)
    p.add_argument("--all", action="store_true", help="the other scenarios too; their figure is shown, not asked for")
    p.add_argument("--show", type=int, default=0)
    p.add_argument("scenario", nargs="*")
    o = p.parse_args()
    chosen = o.scenario or PROMISED + (REST if o.all else [])
    work = pathlib.Path(tempfile.mkdtemp(prefix="keywright-parity-"))
    # The players write beside themselves when imported; a copy keeps the original as it is.
    shutil.copytree(o.parity / "scenarios", work / "scenarios")
    (work / "openapi-recorded.json").write_bytes((o.parity / "openapi-recorded.json").read_bytes())
    out = work / "actual"
    # As the recorded server was set up, down to its port, which stands in encoded addresses that are compared.
    email = {"AUTHENTIK_BOOTSTRAP_EMAIL": "admin@example.com"}
    with Server(password="oracle-password", token="oracle-token", env=email, port=59000) as server:
        env = {**os.environ, "AK_BASE": server.base, "AK_TOKEN": "oracle-token", "AK_ADMIN_PASSWORD": "oracle-password", "AK_OUT": str(out)}
        subprocess.run([sys.executable, "scenarios.py", *chosen], cwd=work / "scenarios", env=env, check=False, timeout=2400)
        if os.environ.get("KEEP_LOG"):
            shutil.copy(server.log, os.environ["KEEP_LOG"])
    compare = [sys.executable, str(o.parity / "compare.py"), str(o.parity / "expected"), str(out), "--accept", str(HERE / "differences.json")]
    compare += ["--show", str(o.show)]
    for name in chosen:
        compare += ["--scenario", name]
    if chosen == PROMISED:
        compare += ["--min-ratio", "0.95"]
    done = subprocess.run(compare, check=False)
    if os.environ.get("KEEP_ACTUAL"):
        shutil.copytree(out, os.environ["KEEP_ACTUAL"], dirs_exist_ok=True)
    shutil.rmtree(work, ignore_errors=True)
    sys.exit(done.returncode)


if __name__ == "__main__":
    main()
