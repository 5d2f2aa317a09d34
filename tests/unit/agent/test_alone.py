"""The agent stands alone: standard library of 3.8 to 3.13, `cryptography` late, relative imports;
one file by `make agent`, the same bytes each time.
"""

import ast
import hashlib
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from records.agent import __version__
from tests.support.pythons import PROMISED, find_python
from tests.support.sources import ROOT

AGENT = sorted((ROOT / "records/agent").rglob("*.py"))
LATE = {"cryptography"}
EXTRAS = {"oracledb", "pymssql", "pyodbc", "pymysql", "psycopg"}  # drivers that a clinic may add
NEWER_THAN_3_8 = {"zoneinfo", "tomllib", "graphlib"}
# Runs the outbox as an agent does, and says what it sends.
WHOLE_WAY = """
import sys, tempfile, pathlib
sys.path.insert(0, sys.argv[1])
from xinglin_agent.context import open_context
from xinglin_agent.item import Item, encode_resource
import xinglin_agent.sender, xinglin_agent.supervisor, xinglin_agent.status_page
import xinglin_agent.heartbeat, xinglin_agent.body_keeping
from xinglin_agent.commands import COMMANDS
from xinglin_agent.cli import load_command
[load_command(name) for name in COMMANDS]
home = pathlib.Path(tempfile.mkdtemp())
context = open_context(home)
body = encode_resource({"resourceType": "Patient"})
print(context.outbox.add_items([Item("his", "Patient", "1", body, version=1, at="病人.csv")]).added)
context.outbox.batches.set_next_number(0, 1)
for stream in range(8):
    context.outbox.batches.rewind(stream, None, 1)
    batch = context.outbox.batches.form_batch(stream)
    if batch:
        print(batch.root)
context.close()
"""


def imports_of(path: Path) -> list[tuple[str, int, bool]]:
    """(module, dots before it, whether it is at the top of the file)."""
    tree = ast.parse(path.read_text())
    found = []
    for node in ast.walk(tree):
        top = node in tree.body
        if isinstance(node, ast.Import):
            found += [(name.name, 0, top) for name in node.names]
        elif isinstance(node, ast.ImportFrom):
            found.append((node.module or "", node.level, top))
    return found


@pytest.mark.parametrize("path", AGENT, ids=lambda path: path.stem)
def test_imports_are_relative_or_of_the_standard_library(path: Path) -> None:
    for module, dots, top in imports_of(path):
        if dots:
            assert dots <= len(path.relative_to(ROOT / "records/agent").parts), "leaves the agent"
            continue
        room = module.partition(".")[0]
        if room in LATE | EXTRAS:
            assert not top, f"{room} is imported late, so that `check` works without it"
        else:
            assert room in sys.stdlib_module_names, module
            assert room not in NEWER_THAN_3_8, module


@pytest.fixture(scope="module")
def pyz(tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("dist") / "xinglin-agent.pyz"
    make(target)
    return target


def make(target: Path) -> None:
    script = ROOT / "distribution/agent/make_agent.py"
    subprocess.run([sys.executable, script, target], check=True, capture_output=True)


def test_the_same_source_gives_the_same_bytes(pyz: Path, tmp_path: Path) -> None:
    make(tmp_path / "again.pyz")
    assert (tmp_path / "again.pyz").read_bytes() == pyz.read_bytes()
    with zipfile.ZipFile(pyz) as archive:
        names = archive.namelist()
    assert "xinglin_agent/outbox.py" in names
    assert not [name for name in names if "pycache" in name]


@pytest.mark.parametrize("version", PROMISED)
def test_the_file_runs_under_each_python(pyz: Path, tmp_path: Path, version: str) -> None:
    python = find_python(version)
    if not python:
        pytest.skip(f"no python{version} on PATH")
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1", "LANG": "C.UTF-8"}
    said = subprocess.run(
        [python, "-W", "error", pyz, "--version"], capture_output=True, text=True, env=environment
    )
    assert said.stdout == f"xinglin-agent {__version__}\n", said.stderr
    script = tmp_path / "whole_way.py"
    script.write_text(WHOLE_WAY, encoding="utf-8")
    done = subprocess.run(
        [python, script, pyz], capture_output=True, text=True, env=environment, cwd=tmp_path
    )
    added, root = done.stdout.split() or ["", done.stderr]
    assert added == "1"
    body = b'{"resourceType":"Patient"}'
    line = (
        '{"source":"his","type":"Patient","record":"1","version":1,"hash":"'
        + hashlib.sha256(body).hexdigest()
        + '","at":"病人.csv"}'
    ).encode()
    assert root == hashlib.sha256(hashlib.sha256(line + b"\n" + body).digest()).hexdigest()
