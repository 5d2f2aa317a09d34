"""The README's commands, as a reader would type them, in both languages."""

import json
import os
import re
import subprocess

import pytest

from tests.conftest import ROOT
from tests.process.installation import Installation
from tests.support.commands import commands


def run(made: Installation, line: str, **more: str) -> str:
    line = re.sub(r"localhost:8000", made.url.removeprefix("http://"), line)
    environment = made.environment | {"XINGLIN_DEMO": "1"} | more
    done = subprocess.run(
        ["bash", "-ec", line],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{line}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.mark.parametrize("page", ["README.md", "README.zh-CN.md"])
def test_the_clerks_first_five_minutes(
    made: Installation, credentials: tuple[str, str], page: str
) -> None:
    register, token, send, search, feed = commands(
        page, ".venv/bin/python manage.py register_client"
    )
    client = json.loads(run(made, register).splitlines()[-1])
    filled = token.replace("client_id=…", f"client_id={client['client_id']}").replace(
        "client_secret=…", f"client_secret={client['client_secret']}"
    )
    key = json.loads(run(made, filled))["access_token"]
    sent = json.loads(run(made, send, TOKEN=key))
    assert [e["response"]["status"][:2] for e in sent["entry"]] == ["20", "20"], sent
    assert (
        json.loads(run(made, search, TOKEN=key))["entry"][0]["resource"]["resourceType"]
        == "Observation"
    )
    assert json.loads(run(made, feed, TOKEN=key))["entry"]


@pytest.mark.parametrize("page", ["README.md", "README.zh-CN.md"])
def test_the_auditors_commands(made: Installation, credentials: tuple[str, str], page: str) -> None:
    out = made.home / "log.ndjson"
    for line in commands(page, ".venv/bin/python manage.py audit_verify"):
        said = run(
            made,
            line.replace("log.ndjson", str(out)).replace(
                "auditor.pem", str(made.home / "auditor.pem")
            ),
        )
    assert "intact" in said and out.stat().st_size > 10_000
    out.unlink()


def test_the_code_that_the_demo_asks_for(made: Installation, credentials: tuple[str, str]) -> None:
    assert re.search(
        r"^\d{6}$", run(made, "make --no-print-directory code", PATH=os.environ["PATH"]), re.M
    )
