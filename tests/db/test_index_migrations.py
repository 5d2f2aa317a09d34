"""The index's migrations beside a running site: a lock is not waited for for long, and one that
broke off may be run again.
"""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module

import pytest
from django.db import connection, models, transaction
from django.db.migrations.loader import MigrationLoader
from django.db.utils import OperationalError
from psycopg.errors import LockNotAvailable

KEYED, BIRTH_DATES = (
    import_module(f"records.migrations.{name}") for name in ("0018_keyed", "0019_birth_dates")
)


def built(name: str) -> list[tuple[int, bool]]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT indexrelid, indisvalid FROM pg_index WHERE indexrelid = to_regclass(%s)", [name]
        )
        return cursor.fetchall()


@pytest.mark.usefixtures("world")
def test_an_index_that_was_left_invalid_is_built_anew_and_a_whole_one_stays() -> None:
    name = "probe_birth"
    operation = BIRTH_DATES.BuildIndex(
        "sourcepatient", models.Index(fields=["hospital", "birth_date"], name=name)
    )
    before = MigrationLoader(connection).project_state(("records", "0019_birth_dates"))
    after = before.clone()
    operation.state_forwards("records", after)

    def run() -> list[tuple[int, bool]]:
        with connection.schema_editor(atomic=False) as editor:
            operation.database_forwards("records", editor, before, after)
        return built(name)

    try:
        [(first, valid)] = run()
        assert valid and run() == [(first, True)], "finished, but not written down as run"
        with connection.cursor() as cursor:
            cursor.execute("UPDATE pg_index SET indisvalid = false WHERE indexrelid = %s", [first])
        [(second, valid)] = run()
        assert valid and second != first
    finally:
        with connection.cursor() as cursor:
            cursor.execute(f"DROP INDEX IF EXISTS {name}")


@pytest.mark.usefixtures("world")
def test_a_lock_that_is_not_given_is_not_waited_for() -> None:
    held, done = threading.Event(), threading.Event()

    def read() -> None:
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute("LOCK TABLE records_sourcepatient IN ACCESS SHARE MODE")
                held.set()
                done.wait(60)
        finally:
            connection.close()

    limit = KEYED.Migration.operations[0]
    state = MigrationLoader(connection).project_state(("records", "0019_birth_dates"))
    with ThreadPoolExecutor(1) as pool:
        reading = pool.submit(read)
        assert held.wait(30)
        try:
            started = time.monotonic()
            with (
                pytest.raises(OperationalError, match="lock timeout") as raised,
                connection.schema_editor(atomic=True) as editor,
            ):
                limit.database_forwards("records", editor, state, state)
                editor.execute(
                    "ALTER TABLE records_sourcepatient ADD COLUMN probe smallint DEFAULT 0"
                )
            assert time.monotonic() - started < 30 and isinstance(
                raised.value.__cause__, LockNotAvailable
            ), "by which setup knows what to say"
        finally:
            done.set()
        reading.result(30)
