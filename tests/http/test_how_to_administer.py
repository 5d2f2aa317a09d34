"""Both examples of docs/how-to/administer-by-script.md do what the page says."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

from alliance.auth.administration_scopes import AdministrationScope
from alliance.services.clients import do_register_client
from tests.factories import alliance
from tests.factories.administrator_clients import make_administrator, register_standing

PAGE = (Path(__file__).resolve().parents[2] / "docs/how-to/administer-by-script.md").read_text()


def test_the_examples_run(server: str) -> None:
    who = make_administrator()
    made, _ = do_register_client(who.hospital, name="HIS", acting=alliance.get_staff_principal(who))
    counts, _ = do_register_client(who.hospital, name="LIS", acting=alliance.OPERATOR)
    client, secret = register_standing(who, AdministrationScope.CLIENTS_READ)
    told = {"XINGLIN": server, "CLIENT_ID": client.client_id, "CLIENT_SECRET": secret}
    [shell] = re.findall(r"```sh\n(.*?)```", PAGE, re.S)
    [python] = re.findall(r"```python\n(.*?)```", PAGE, re.S)
    for command in (["bash", "-euc", shell], [sys.executable, "-c", python]):
        done = subprocess.run(
            command,
            env={"PATH": os.environ["PATH"], **told},
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert done.returncode == 0, done.stderr
        if command[0] == "bash":
            listed = {c["client_id"] for c in json.loads(done.stdout)["results"]}
            assert listed == {made.client_id, counts.client_id}
        else:
            assert done.stdout == f"{made.client_id} HIS\n", "the one that counts is left out"
        wrong = subprocess.run(
            command,
            env={"PATH": os.environ["PATH"], **told, "CLIENT_SECRET": "wrong"},
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert wrong.returncode != 0 and not wrong.stdout, "the control"


def test_each_scope_stands_on_the_page() -> None:
    rows = set(re.findall(r"^\| `(administration/\S+)` \|", PAGE, re.M))
    assert rows == set(AdministrationScope)
