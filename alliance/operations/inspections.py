"""Inspect the whole installation: each check of it, whether it holds, what is the matter, and the
mend. Told by GET /readyz in a word, by `manage.py doctor` in full.
"""

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

import psycopg

from alliance.database import connection_guard, unreachable
from alliance.database.connection_settings import (
    owner_connection_string,
    web_connection_string,
)
from alliance.operations.archive_inspection import inspect_archives
from alliance.operations.database_inspections import (
    inspect_backup,
    inspect_clock,
    inspect_epoch,
    inspect_index,
    inspect_migrations,
    inspect_partitions,
    inspect_sealer,
    inspect_server_settings,
    inspect_stamps,
    inspect_sync,
)
from alliance.operations.inspection import RUN_SETUP, Inspection, first_line, query_value
from alliance.operations.machine_inspections import (
    inspect_account,
    inspect_disk,
    inspect_files,
    inspect_https,
    inspect_recovery_key,
    inspect_settings,
)
from alliance.operations.protection_inspections import (
    inspect_database_role,
    inspect_demo,
    inspect_keys,
    inspect_log_grants,
    inspect_row_security,
    inspect_witnesses,
)
from alliance.operations.second_signature_inspection import inspect_sm2
from alliance.operations.state_inspections import inspect_state, inspect_supervisor
from alliance.platform.database_away import NoDatabaseHere

ALONE = (
    inspect_settings,
    inspect_https,
    inspect_files,
    inspect_account,
    inspect_disk,
    inspect_recovery_key,
)
# By the name that doctor tells for one that cannot even be asked.
OF_THE_OWNER: dict[str, Callable[[Any], Inspection]] = {
    "keys": inspect_keys,
    "row security": inspect_row_security,
    "log grants": inspect_log_grants,
    "migrations": inspect_migrations,
    "index": inspect_index,
    "epoch": inspect_epoch,
    "sealer": inspect_sealer,
    "witnesses": inspect_witnesses,
    "SM2 signature": inspect_sm2,
    "demo": inspect_demo,
    "clock": inspect_clock,
    "stamps": inspect_stamps,
    "sync": inspect_sync,
    "partitions": inspect_partitions,
    "archives": inspect_archives,
    "server": inspect_server_settings,
    "backup": inspect_backup,
}


def inspect_installation() -> list[Inspection]:
    """Inspect all of it, by connections of its own, which no guard refuses."""
    found = [inspect() for inspect in (*ALONE, inspect_supervisor)]
    try:
        with (
            psycopg.connect(owner_connection_string(), autocommit=True) as link,
            link.cursor() as cursor,
        ):
            if query_value(cursor, "SELECT to_regclass('django_migrations') IS NULL"):
                return [*found, Inspection("database", False, "it is empty", RUN_SETUP)]
            found += [
                run_inspection(name, inspect, cursor) for name, inspect in OF_THE_OWNER.items()
            ]
            try:
                found += inspect_state(cursor)
            except psycopg.Error as error:
                found.append(
                    Inspection(
                        "state", False, f"it cannot be asked: {first_line(error)}", RUN_SETUP
                    )
                )
    except NoDatabaseHere as refusal:
        return [*found, Inspection("database", False, str(refusal), RUN_SETUP)]
    except psycopg.OperationalError as error:
        return [
            *found,
            Inspection(
                "database",
                False,
                *unreachable.describe_and_advise(error, owner_connection_string()),
            ),
        ]
    return [*found, inspect_site_connection()]


def run_inspection(name: str, inspect: Callable[[Any], Inspection], cursor: Any) -> Inspection:
    """Run one inspection; what cannot even be asked does not hold."""
    try:
        return inspect(cursor)
    except psycopg.Error as error:
        return Inspection(name, False, f"it cannot be asked: {first_line(error)}", RUN_SETUP)


def inspect_site_connection() -> Inspection:
    """Inspect the database role of a connection as the site's."""
    try:
        with (
            psycopg.connect(web_connection_string(), autocommit=True) as link,
            link.cursor() as cursor,
        ):
            return inspect_database_role(cursor)
    except psycopg.OperationalError:
        with (
            psycopg.connect(owner_connection_string(), autocommit=True) as link,
            link.cursor() as cursor,
        ):
            return Inspection(
                "database role",
                False,
                connection_guard.NOT_IN,
                connection_guard.role_mend_sql(cursor),
            )


def report_from_inspections(walls: list[Inspection]) -> dict[str, Any]:
    return {"ok": all(w.ok for w in walls), "walls": [asdict(w) for w in walls]}
