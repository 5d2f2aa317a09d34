"""Each app names its own tables in SQL, and no other app's: what it asks of them, their owner
says in its sql/ (docs/how-to/schema.md). Of models this is said by the import rules.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from alliance.database import schema_comments
from tests.conftest import ROOT
from tests.schema import owner

APPS = ("alliance", "consent", "records")
WORD = re.compile(r"[a-z_][a-z0-9_]*")
# Written once, for rows that no longer are so: when they ran, each app's tables were as the
# migrations before them had left them.
ONCE = {
    "alliance/migrations/0009_factor_trace.py": {
        "consent_audit_event"
    },  # a second factor goes only with a line in the log
    "alliance/migrations/0011_demo_accounts.py": {
        "consent_audit_event"
    },  # whom the demo's loader had enrolled
    "alliance/migrations/0015_epoch.py": {
        "consent_audit_event"
    },  # the same trigger, by the numbers that go on
    "consent/migrations/0007_hospital_of_the_act.py": {
        "alliance_staff"
    },  # at which hospital somebody acted follows from where they worked then
    "consent/migrations/0010_patients_factor.py": {"alliance_staff"},
    "records/migrations/0025_opinion_hospital.py": {"alliance_staff"},
    # triggers: a hospital that comes or goes is told to all feeds
    "consent/migrations/0022_moments.py": {"alliance_hospital"},
    "consent/migrations/0022_moments.sql": {"alliance_hospital"},
    "consent/migrations/0024_moments_filled.py": {"alliance_hospital"},
    # triggers: what is changed in place is kept as it was
    "consent/migrations/0027_fact_history.py": {
        "alliance_hospital",
        "alliance_staff",
        "alliance_client",
        "alliance_launchpermission",
    },
    "consent/migrations/0027_fact_history.sql": {
        "alliance_hospital",
        "alliance_staff",
        "alliance_client",
        "alliance_launchpermission",
    },
    "consent/migrations/0028_registration_history.py": {"records_sourcepatient"},
    "records/migrations/0011_decisions.py": {
        "consent_directive",
        "consent_relationship",
    },  # persons got homes, and what was said of them followed
}
TABLES = {
    name
    for path in schema_comments.FILES
    for name, _, _ in schema_comments.read_comments(path)
    if "." not in name
}


def strings(text: str) -> Iterator[str]:
    """Every text of a program, those inside of f-strings too, but for docstrings."""
    tree = ast.parse(text)
    told = {
        id(n.body[0].value)
        for n in ast.walk(tree)
        if isinstance(n, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        and n.body
        and isinstance(n.body[0], ast.Expr)
    }
    yield from (
        n.value
        for n in ast.walk(tree)
        if isinstance(n, ast.Constant) and isinstance(n.value, str) and id(n) not in told
    )


def foreign(path: Path, text: str, app: str) -> set[str]:
    """Tables of other apps that are named."""
    sql = [re.sub(r"--.*", "", text)] if path.suffix == ".sql" else strings(text)
    return {
        word for said in sql for word in WORD.findall(said) if word in TABLES and owner(word) != app
    }


def sources(app: str) -> list[Path]:
    return [
        p
        for p in sorted((ROOT / app).rglob("*"))
        if p.suffix in (".py", ".sql") and p.name != "comments.sql"
    ]


@pytest.mark.parametrize("app", APPS)
def test_no_sql_reaches_into_anothers_tables(app: str) -> None:
    found = {str(p.relative_to(ROOT)): foreign(p, p.read_text(), app) for p in sources(app)}
    found = {name: tables for name, tables in found.items() if tables != ONCE.get(name, set())}
    assert not found, "\n".join(
        f"{name} names {', '.join(sorted(tables)) or 'nothing of what ONCE says'}: what it asks,"
        " the owner of the tables says in its sql/"
        for name, tables in found.items()
    )


def test_every_table_has_one_owner() -> None:
    assert len(TABLES) > 50 and {owner(t) for t in TABLES} == set(APPS)


@pytest.mark.parametrize(
    ("app", "name", "text", "found"),
    [
        (
            "consent",
            "query.py",
            'A = f"SELECT 1 FROM records_sourcepatient {x}"',
            {"records_sourcepatient"},
        ),
        (
            "consent",
            "query.py",
            "def f():\n    run('LOCK TABLE record_resource')",
            {"record_resource"},
        ),
        ("records", "rows.py", "A = \"x = 'alliance_hospital'::regclass\"", {"alliance_hospital"}),
        (
            "alliance",
            "a.sql",
            "-- of record_history\nSELECT FROM consent_audit_head;",
            {"consent_audit_head"},
        ),
        (
            "records",
            "rows.py",
            (
                '"""About alliance_hospital."""\nA = "SELECT record_type_name(type) FROM'
                ' record_resource_dated, record_resource"  # index: alliance_hospital_pkey'
            ),
            set(),
        ),
        (
            "alliance",
            "a.py",
            (
                'def f():\n    """Of record_history."""\n    return "alliance_xid(),'
                ' alliance_hospital"'
            ),
            set(),
        ),
    ],
)
def test_what_reaches_is_found(app: str, name: str, text: str, found: set[str]) -> None:
    assert foreign(Path(name), text, app) == found
