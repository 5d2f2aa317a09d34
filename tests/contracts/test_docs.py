"""Docs are true: named paths exist, the table of variables is that of the code; and what the
Dockerfile says can be so.
"""

import re
from pathlib import Path

from alliance.auth.guess_limits import TOKEN_ADDRESS_LIMIT, TOKEN_ISSUE_LIMIT, TOKEN_PROOF_LIMIT
from alliance.auth.scopes import AUDIT_LOG
from alliance.auth.tokens import MAX_LIVE_TOKENS
from alliance.platform import environment
from alliance.server.http_server.admission import MACHINES, MOST_OF_MEMBER, MOST_WAITING, PATIENCE
from alliance.server.http_server.client_connection import HEAD_SECONDS
from alliance.server.http_server.transfer_pace import GRACE, RATE
from records.fhir import limits
from records.pushes import push

ROOT = Path(__file__).resolve().parents[2]
PAGES = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
AGENT = ROOT / "records/agent"  # has settings of its own: docs/how-to/agent.md
CODE = [
    p
    for d in ("alliance", "consent", "records")
    for p in (ROOT / d).rglob("*.py")
    if AGENT not in p.parents
]


def test_paths_named_in_docs_exist() -> None:
    missing, seen = [], 0
    for page in PAGES:
        text = page.read_text()
        for name in re.findall(r"`((?:alliance|consent|records|tests|docs)/[\w./*-]*)`", text):
            seen += 1
            if name.startswith(f"{AUDIT_LOG}."):  # a scope, which is written like a path
                continue
            if not list(ROOT.glob(name.rstrip("/"))):
                missing.append(f"{page.name}: {name}")
        for link in re.findall(r"\]\(([^)#:]+)\)", text):
            seen += 1
            if not (page.parent / link).exists():
                missing.append(f"{page.name}: {link}")
    assert seen > 40 and not missing, missing


def test_the_table_of_variables_is_that_of_the_code() -> None:
    page = (ROOT / "docs/how-to/configure.md").read_text()
    assert "\n".join(environment.settings_table()) in page, (
        "print it anew: python -c 'from alliance.platform import environment;"
        " print(*environment.settings_table(), sep=chr(10))'"
    )


def test_every_variable_is_known_and_read() -> None:
    """A name that is written anywhere in the code or the tests is one of the table, and each of
    the table is read.
    """
    written = {
        m
        for p in CODE
        for m in re.findall(r"\b((?:XINGLIN|DATABASE)_[A-Z_]*[A-Z])\b", p.read_text())
        if p.name not in ("environment.py", "setting_rows.py")
    }
    tests = {
        m
        for p in (ROOT / "tests").rglob("*.py")
        for m in re.findall(r"environ[^\n]*?[\"'](XINGLIN_[A-Z_]*[A-Z])", p.read_text())
        if not m.startswith(environment.AGENT)  # read by an agent, not by a part of the site
    }
    keys = {f"XINGLIN_{n.upper()}" for n in (*environment.KEY_NAMES, "body_key_next")}
    assert written <= environment.SETTINGS_BY_NAME.keys(), (
        written - environment.SETTINGS_BY_NAME.keys()
    )
    assert tests <= environment.SETTINGS_BY_NAME.keys() | environment.OF_TESTS, (
        tests - environment.SETTINGS_BY_NAME.keys()
    )
    assert environment.SETTINGS_BY_NAME.keys() - written - keys <= {"PORT"}, "nothing reads it"


def test_every_variable_of_the_agent_is_in_its_guide() -> None:
    read = {
        m
        for p in AGENT.rglob("*.py")
        for m in re.findall(r"\bXINGLIN_[A-Z_]*[A-Z]\b", p.read_text())
    }
    page = (ROOT / "docs/how-to/agent.md").read_text()
    assert "XINGLIN_AGENT_HOME" in read, "the control"
    assert not {name for name in read if f"`${name}`" not in page}
    assert all(name.startswith(environment.AGENT) for name in read)


def test_the_dockerfile_names_files_that_exist_and_a_user_without_privileges() -> None:
    """Read, not built: that the image starts is seen where there is a container engine."""
    lines = (ROOT / "Dockerfile").read_text().splitlines()
    users = [line.split()[1] for line in lines if line.startswith("USER")]
    assert users and users[-1].isdecimal() and int(users[-1]) > 0
    [health] = [line for line in lines if line.startswith("HEALTHCHECK")]
    assert "/healthz" in health and "readyz" not in health, (
        "a database that moves is no cause to end the container"
    )
    assert not any(line.startswith("ADD") for line in lines)
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
    for rule, said in (
        (TOKEN_PROOF_LIMIT, "10 of one client"),
        (TOKEN_ADDRESS_LIMIT, "200 of all"),
        (TOKEN_ISSUE_LIMIT, "100 at once"),
    ):
        assert said.split()[0] == str(rule.free) and said in page
    assert (
        f"| {MAX_LIVE_TOKENS} |" in page
        and f"{GRACE:.0f} seconds" in page
        and f"{HEAD_SECONDS:.0f} seconds" in page
        and f"{RATE:,.0f} bytes" in page
    )
    assert (
        f"| {MOST_WAITING}, of all systems of a hospital {MOST_OF_MEMBER} |" in page
        and f"{PATIENCE[MACHINES]:.0f} s;" in page
        and f"{push.MOST_WAITING:,}, and {push.MOST_WAITING_BYTES >> 20} MiB" in page
    )
    assert f"{push.MOST_LYING:,}, and {push.MOST_LYING_BYTES >> 20:,} MiB" in page


def test_every_page_stands_in_a_list_of_the_site() -> None:
    """`make docs` refuses a page that nobody finds; it needs Sphinx, which the tests do without."""
    listed = {"index"}
    for page in (ROOT / "docs").rglob("*.md"):
        for block in re.findall(r"```{toctree}\n(.*?)```", page.read_text(), re.S):
            for line in block.splitlines():
                if line and not line.startswith(":"):
                    listed |= {
                        found.relative_to(ROOT / "docs").with_suffix("").as_posix()
                        for found in page.parent.glob(f"{line}.md")
                    }
    pages = {
        p.relative_to(ROOT / "docs").with_suffix("").as_posix()
        for p in (ROOT / "docs").rglob("*.md")
    }
    assert len(listed) > 80 and pages == listed, pages ^ listed
