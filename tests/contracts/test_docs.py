"""Docs are true: named paths exist, the table of variables is that of the code, the image is built from what is here."""

import re
from pathlib import Path

from alliance.auth.guesses import TOKEN_ADDRESS, TOKEN_PROOF, TOKENS
from alliance.auth.tokens import MOST_LIVE
from alliance.config import environment
from alliance.config.front.link import HEAD
from alliance.config.front.pace import GRACE, RATE
from alliance.config.front.turns import MOST_WAITING
from records.fhir import limits

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", ROOT / "README.zh-CN.md", *(ROOT / "docs").rglob("*.md")]
CODE = [p for d in ("alliance", "consent", "records") for p in (ROOT / d).rglob("*.py")]


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


def test_the_table_of_variables_is_that_of_the_code() -> None:
    page = (ROOT / "docs/how-to/configure.md").read_text()
    assert "\n".join(environment.table()) in page, "print it anew: python -c 'from alliance.config import environment; print(*environment.table(), sep=chr(10))'"


def test_every_variable_is_known_and_read() -> None:
    """A name that is written anywhere in the code or the tests is one of the table, and each of the table is read."""
    written = {m for p in CODE for m in re.findall(r"\b((?:XINGLIN|DATABASE)_[A-Z_]*[A-Z])\b", p.read_text()) if p.name != "environment.py"}
    tests = {m for p in (ROOT / "tests").rglob("*.py") for m in re.findall(r"environ[^\n]*?[\"'](XINGLIN_[A-Z_]*[A-Z])", p.read_text())}
    keys = {f"XINGLIN_{n.upper()}" for n in (*environment.KEYS, "body_key_next")}
    assert written <= environment.TABLE.keys(), written - environment.TABLE.keys()
    assert tests <= environment.TABLE.keys() | environment.OF_TESTS, tests - environment.TABLE.keys()
    assert environment.TABLE.keys() - written - keys <= {"PORT"}, "nothing reads it"


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


def test_limits_are_told_as_they_are() -> None:
    page = (ROOT / "docs/how-to/limits.md").read_text()
    numbers = {n: v for n, v in vars(limits).items() if n.isupper()}
    assert len(numbers) > 8
    for name, value in numbers.items():
        said = f"{value >> 20} MiB" if name.endswith("BYTES") else f"{value:,}"
        assert re.search(rf"\b{said}\b", page), (name, said)
    for rule, said in ((TOKEN_PROOF, "10 of one client"), (TOKEN_ADDRESS, "200 of all"), (TOKENS, "100 at once")):
        assert said.split()[0] == str(rule.free) and said in page
    assert f"| {MOST_WAITING} |" in page and f"| {MOST_LIVE} |" in page and f"{GRACE:.0f} seconds" in page and f"{HEAD:.0f} seconds" in page and f"{RATE:,.0f} bytes" in page
