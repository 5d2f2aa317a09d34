"""A migration runs while the last release serves: none newer than it locks a table for long,
rewrites one, or takes away what the last one reads (docs/adr/0043). What its SQL does, squawk says.
"""

import io
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.core.management import call_command, get_commands, load_command_class
from django.db import connection
from django.db.migrations import Migration, RunSQL
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.operations.base import Operation

# The newest migrations of the last release: raise them with each release. Older ones were written
# before all this was asked for, and every installation has run them: changing one would make two
# histories of one schema, so they are neither linted nor split. How long they wait for a table is
# limited all the same, by whoever migrates.
LAST = {"alliance": 14, "consent": 18, "records": 27}
SQUAWK = Path(sys.executable).parent / "squawk"
# What `migrate` does for each of them (alliance/management/commands/migrate.py, tested below): it
# waits for a lock for a moment. And what is a matter of taste.
DECIDED = (
    "require-lock-timeout",
    "require-statement-timeout",
    "prefer-bigint-over-int",
    "prefer-bigint-over-smallint",
    "prefer-text-field",
    "prefer-robust-stmts",
    "prefer-identity",
    "require-timeout-settings",
    "prefer-timestamptz",
    "prefer-repack",
)
ALL_ROWS = re.compile(r"^\s*(UPDATE|DELETE)\b", re.M | re.I)
BY_CODE = "THIS OPERATION CANNOT BE WRITTEN AS SQL"
IN_BATCHES = (
    "rows are changed in one transaction, which holds them all: leave the old ones as they are, and"
    " let `setup --beside` fill them in batches (records.maintenance.index_fill)"
)
HARMLESS: frozenset[tuple[str, str]] = frozenset(
    {
        # migrations whose code, or whose UPDATE, touches a few rows at any size, or none that stood
        # there: (app, name), decided when they were written
        ("consent", "0024_moments_filled"),  # into a new table alone
    }
)


def faults(sql: str) -> list[str]:
    """rule: what is wrong, and what to do instead."""
    command = [
        str(SQUAWK),
        "--reporter",
        "json",
        "--pg-version",
        "15",
        "--exclude",
        ",".join(DECIDED),
        "--stdin-filepath",
        "migration.sql",
    ]
    done = subprocess.run(command, input=sql, capture_output=True, text=True, timeout=60)
    assert done.returncode in (0, 1), done.stderr
    found = [
        f"{f['rule_name']}: {f['message']} {f.get('help') or ''}" for f in json.loads(done.stdout)
    ]
    return found + [f"all-at-once: {IN_BATCHES}"] * bool(ALL_ROWS.search(sql) or BY_CODE in sql)


def newer() -> list[tuple[str, str]]:
    return sorted(
        (app, name)
        for app, name in MigrationLoader(None).graph.nodes
        if app in LAST and int(name[:4]) > LAST[app]
    )


@pytest.mark.parametrize(("app", "name"), newer())
def test_it_runs_beside_the_last_release(world: None, app: str, name: str) -> None:
    out = io.StringIO()
    call_command("sqlmigrate", app, name, stdout=out)
    wrong = [
        f
        for f in faults(out.getvalue())
        if not (f.startswith("all-at-once") and (app, name) in HARMLESS)
    ]
    assert not wrong, (
        f"{app}.{name} cannot run while the last release serves. Change it, or raise SERVED_SINCE"
        " and say in docs/how-to/upgrade.md that it closes the site:\n" + "\n".join(wrong)
    )


@pytest.mark.parametrize(
    ("sql", "rule"),
    [
        ("CREATE INDEX i ON record_resource (rid);", "require-concurrent-index-creation"),
        (
            "ALTER TABLE record_resource ADD COLUMN x timestamptz DEFAULT clock_timestamp();",
            "adding-field-with-default",
        ),
        (
            "ALTER TABLE record_resource ALTER COLUMN others SET NOT NULL;",
            "adding-not-nullable-field",
        ),
        ("ALTER TABLE record_resource ALTER COLUMN patient TYPE integer;", "changing-column-type"),
        (
            "ALTER TABLE record_resource ADD CONSTRAINT c CHECK (rid > 0);",
            "constraint-missing-not-valid",
        ),
        ("ALTER TABLE record_resource DROP COLUMN marks;", "ban-drop-column"),
        ("ALTER TABLE record_resource RENAME COLUMN marks TO other;", "renaming-column"),
        ("DROP TABLE record_date;", "ban-drop-table"),
        ("UPDATE record_resource SET patient = 0;", "all-at-once"),
        (f"-- {BY_CODE}", "all-at-once"),
    ],
)
def test_what_locks_or_takes_away_is_refused(sql: str, rule: str) -> None:
    assert [f for f in faults(sql) if f.startswith(rule)], rule


@pytest.mark.parametrize(
    "sql",
    [
        "CREATE INDEX CONCURRENTLY i ON record_resource (rid);",
        "ALTER TABLE record_resource ADD COLUMN x smallint NOT NULL DEFAULT 7;",
        "BEGIN;\nCREATE TABLE t (id bigint PRIMARY KEY);\nCREATE INDEX i ON t (id);\nCOMMIT;",
        "ALTER TABLE record_resource ADD CONSTRAINT c CHECK (rid > 0) NOT VALID;",
    ],
)
def test_what_only_adds_is_taken(sql: str) -> None:
    assert faults(sql) == []


@pytest.mark.parametrize("atomic", [True, False])
def test_whoever_migrates_waits_for_no_table_for_long(world: None, atomic: bool) -> None:
    assert get_commands()["migrate"] == "alliance", "Django's own sets no lock_timeout"
    migration = Migration("probe", "records")
    migration.atomic = atomic
    command = load_command_class("alliance", "migrate")
    command.verbosity = 0
    try:
        command.migration_progress_callback("apply_start", migration)
        with connection.cursor() as cursor:
            cursor.execute("SHOW lock_timeout")
            assert cursor.fetchone() == ("900ms" if atomic else "0",)
    finally:
        connection.close()  # with its limit


@pytest.mark.parametrize(("app", "name"), newer())
def test_what_is_no_transaction_builds_indexes_alone(app: str, name: str) -> None:
    """For it nothing limits the waiting."""
    migration = MigrationLoader(None).graph.nodes[app, name]
    assert migration.atomic or all(concurrent(o) for o in migration.operations)


def concurrent(operation: Operation) -> bool:
    if isinstance(operation, RunSQL):
        statements = [operation.sql] if isinstance(operation.sql, str) else operation.sql
        return all(re.fullmatch(r"(CREATE|DROP) INDEX CONCURRENTLY [^;]+", s) for s in statements)
    return isinstance(operation, AddIndexConcurrently | RemoveIndexConcurrently)


@pytest.mark.parametrize(
    ("sql", "fits"),
    [
        ("DROP INDEX CONCURRENTLY IF EXISTS i", True),
        ("DROP INDEX i", False),
        ("CREATE INDEX CONCURRENTLY i ON t (a); LOCK TABLE t", False),
    ],
)
def test_what_builds_an_index_beside_others(sql: str, fits: bool) -> None:
    assert concurrent(RunSQL([sql])) == fits
