"""Docs are true: named paths exist, the table of variables is that of the code, the image is built from what is here."""

import re
from pathlib import Path

from records.store import keys

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", ROOT / "README.zh-CN.md", *(ROOT / "docs").rglob("*.md")]
CODE = [p for d in ("alliance", "consent", "records") for p in (ROOT / d).rglob("*.py")]
INSIDE = {"XINGLIN_PROCESS", "XINGLIN_PG_OPTIONS"}  # set by the supervisor and by tests, not by people


def test_paths_named_in_docs_exist() -> None:
    missing, seen = [], 0
    for page in PAGES:
        text = page.read_text()
        for name in re.findall(r"`((?:alliance|consent|records|tests|docs)/[\w./*-]*)`", text):
            seen += 1
            if not list(ROOT.glob(name.rstrip("/"))):
                missing.append(f"{page.name}: {name}")
        for link in re.findall(r"\]\(([^)#:]+)\)", text):
            seen += 1
            if not (page.parent / link).exists():
                missing.append(f"{page.name}: {link}")
    assert seen > 40 and not missing, missing


def test_every_variable_is_documented_and_read() -> None:
    documented = set(re.findall(r"\b(?:XINGLIN|DATABASE)_[A-Z_]+", (ROOT / "docs/how-to/configure.md").read_text()))
    read = {m for p in CODE for m in re.findall(r'"((?:XINGLIN|DATABASE)_[A-Z_]+)"', p.read_text())}
    made = {f"XINGLIN_{n.upper()}" for p in CODE for n in re.findall(r'secret\("(\w+)"\)', p.read_text())}
    made |= {f"XINGLIN_{n.upper()}" for n in (keys.MASTER, keys.NEXT)}
    assert (read | made) - INSIDE == documented


def test_the_image_runs_unprivileged_from_files_that_exist() -> None:
    lines = (ROOT / "Dockerfile").read_text().splitlines()
    users = [line.split()[1] for line in lines if line.startswith("USER")]
    assert users and users[-1].isdecimal() and int(users[-1]) > 0
    assert any(line.startswith("HEALTHCHECK") for line in lines) and not any(line.startswith("ADD") for line in lines)
    for line in lines:
        if line.startswith("FROM"):
            assert ":" in line and not line.endswith("latest")
        if line.startswith("COPY"):
            assert all((ROOT / source).exists() for source in line.split()[1:-1]), line
    assert "--require-hashes" in "".join(lines)
