"""Every page, unit, script and message names the same places: those of the table in
docs/operations/README.md.
"""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TABLE = ROOT / "docs/operations/README.md"
FOLDERS = (
    "/srv",
    "/etc/xinglin",
    "/var/lib/xinglin",
    "/var/backups",
    "/opt/xinglin",
    "/home/xinglin",
    "/usr/local/xinglin",
    "/var/xinglin",
    "/data/xinglin",
)
PLACE = re.compile(rf"(?<![\w./-])(?:{'|'.join(map(re.escape, FOLDERS))})[\w.<>*/…-]*")
ALLOWED = (  # what may follow, so that a release is never named past the link
    r"/srv/xinglin",
    r"/srv/xinglin/current(/.*)?",
    r"/srv/xinglin/(<version>(-<commit>)?|20\d\d-\d\d|new)/?",
    r"/etc/xinglin",
    r"/etc/xinglin/(xinglin\.env|owner\.env|recovery\.pem|ca\.pem)",
    r"/var/lib/xinglin(/.*)?",
    r"/var/backups/xinglin(/.*)?",
    r"/var/backups/pgbackrest",
    # a member's machine
    r"/opt/xinglin-agent(/(xinglin-agent\.pyz|venv/bin/(python|pip)|venv))?/?",
    r"/var/lib/xinglin-agent",
    r"/srv/exports",
)
# How an earlier layout was, where a page says how one leaves it.
EARLIER = {"docs/how-to/upgrade.md": {"/srv/xinglin/releases/…", "/etc/xinglin.env"}}
FILES = sorted(
    p
    for folder in ("docs", "distribution", "alliance", "consent", "records")
    for p in (ROOT / folder).rglob("*")
    if p.suffix
    in {
        ".md",
        ".py",
        ".sh",
        ".conf",
        ".yml",
        ".service",
        ".timer",
        ".socket",
        ".target",
        ".html",
        ".po",
        "",
    }
    and p.is_file()
    and "__pycache__" not in p.parts
)
FILES += [ROOT / name for name in ("README.md", "README.zh-CN.md", "Dockerfile", "Makefile")]


def places(text: str) -> set[str]:
    return {found.rstrip(".") for found in PLACE.findall(text)}


def wrong(text: str) -> set[str]:
    return {p for p in places(text) if not any(re.fullmatch(pattern, p) for pattern in ALLOWED)}


def test_no_document_names_another_place() -> None:
    found, seen = {}, 0
    for path in FILES:
        name, text = str(path.relative_to(ROOT)), path.read_text(errors="replace")
        seen += len(places(text))
        if others := wrong(text) - EARLIER.get(name, set()):
            found[name] = others
    assert seen > 60 and not found, (
        f"docs/operations/README.md, Where things lie, names the places: {found}"
    )


@pytest.mark.parametrize(
    "text",
    [
        "/etc/xinglin.env",
        "/srv/xinglin/.venv/bin/python",
        "/srv/xinglin/releases/2026-12",
        "/srv/xinglin-1.0-abc",
        "WorkingDirectory=/srv/records",
        "/opt/xinglin/manage.py",
        "/var/backups/records",
        "XINGLIN_HOME=/var/xinglin",
        "/etc/xinglin/site.env",
    ],
)
def test_another_place_is_found(text: str) -> None:
    assert wrong(text), "the control"


def test_the_table_names_each() -> None:
    table = TABLE.read_text().partition("## Where things lie")[2].partition("\n## ")[0]
    assert places(table) >= {
        "/srv/xinglin/<version>",
        "/srv/xinglin/current",
        "/etc/xinglin/xinglin.env",
        "/etc/xinglin/owner.env",
        "/var/lib/xinglin",
        "/var/backups/xinglin",
    }


def test_the_units_work_by_the_link() -> None:
    units = [p.read_text() for p in (ROOT / "docs/operations/systemd").rglob("*") if p.is_file()]
    starts = [
        line
        for text in units
        for line in text.splitlines()
        if line.startswith(("ExecStart=", "WorkingDirectory="))
    ]
    assert len(starts) > 8 and all("=/srv/xinglin/current" in line for line in starts)


def test_the_bundle_is_laid_so() -> None:
    text = (ROOT / "distribution/install.sh").read_text()
    assert (
        "folder=${1:-/srv/xinglin}" in text
        and "place=$folder/$version-$commit link=$folder/current" in text
    )
