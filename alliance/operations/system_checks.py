"""Django's system checks of what keeps the records shut: `manage.py check --deploy` looks at the
files of the keys and at HTTPS, `--database default` at roles, row level security and the log's
grants. What they find are the walls of `doctor`, each with an id (docs/how-to/configure.md).
"""

from collections.abc import Callable, Sequence
from typing import Any

from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.db import connections

from alliance.operations.inspection import RUN_SETUP, Inspection
from alliance.operations.inspections import inspect_site_connection, run_inspection
from alliance.operations.machine_inspections import inspect_files, inspect_https
from alliance.operations.protection_inspections import inspect_log_grants, inspect_row_security
from alliance.platform.environment import read_setting

PLAIN = (
    "HTTPS is off: cookies are sent without TLS, and browsers are not held to it. That is for this"
    " machine alone",
    "before anybody else uses the site, put a proxy that speaks TLS before it and set"
    " XINGLIN_HTTPS=1 and XINGLIN_PROXIES=1",
)
EMPTY = "SELECT to_regclass('django_migrations') IS NULL"


def message_from_inspection(
    found: Inspection, number: str, kind: type[CheckMessage] = Error
) -> list[CheckMessage]:
    """One message, its hint the mend; none for what stands."""
    if found.ok and not found.look:
        return []
    return [kind(f"{found.wall}: {found.says}", hint=found.mend, id=f"xinglin.{number}")]


def check_files(app_configs: Any, **_: Any) -> list[CheckMessage]:
    return message_from_inspection(inspect_files(), "E001")


def check_https(app_configs: Any, **_: Any) -> list[CheckMessage]:
    if not read_setting("XINGLIN_HTTPS"):
        return [Warning(PLAIN[0], hint=PLAIN[1], id="xinglin.W001")]
    return message_from_inspection(inspect_https(), "W002", Warning)


def check_database(
    app_configs: Any, databases: Sequence[str] | None = None, **_: Any
) -> list[CheckMessage]:
    found: list[CheckMessage] = []
    for alias in databases or ():
        with connections[alias].cursor() as cursor:
            cursor.execute(EMPTY)
            if cursor.fetchone()[0]:
                found.append(Warning("the database is empty", hint=RUN_SETUP, id="xinglin.W003"))
                continue
            found += message_from_inspection(inspect_site_connection(), "E002")
            grants = run_inspection("log grants", inspect_log_grants, cursor)
            found += message_from_inspection(grants, "E003")
            rows = run_inspection("row security", inspect_row_security, cursor)
            found += (
                message_from_inspection(rows, "E004")
                if read_setting("XINGLIN_ROW_SECURITY")
                else message_from_inspection(rows, "W004", Warning)
            )
    return found


DEPLOYMENT_CHECKS: tuple[Callable[..., list[CheckMessage]], ...] = (check_files, check_https)


def register_checks() -> None:
    for check in DEPLOYMENT_CHECKS:
        register(check, Tags.security, deploy=True)
    register(check_database, Tags.database)
