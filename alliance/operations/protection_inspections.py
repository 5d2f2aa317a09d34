"""Inspect what protects the records: keys, database role, row security, the log's grants,
the demo.
"""

from typing import Any

from alliance.database import connection_guard
from alliance.database.connection_settings import (
    SHARED_ROLE,
    WEB_ROLE,
)
from alliance.database.grants import APPEND_ONLY, READ_ONLY
from alliance.database.row_policies import PROTECTED_TABLES, find_row_security_fault
from alliance.operations.inspection import RUN_SETUP, Inspection, query_value, shown
from alliance.platform import environment
from alliance.platform.environment import read_setting
from consent.sql import log

CONTRADICTED_DAYS = 30  # for which a contradiction is told


def inspect_keys(cursor: Any) -> Inspection:
    if lost := connection_guard.find_lost_key_fault():
        return Inspection("keys", False, lost, "restore them from the backup of the secrets")
    cursor.execute(connection_guard.PRINTS)
    recorded = dict(cursor.fetchall())
    if wrong := connection_guard.find_wrong_key_fault(recorded):
        return Inspection("keys", False, wrong, "restore them from the backup of the secrets")
    unknown = [name for name in environment.KEY_NAMES if name not in recorded]
    if unknown:
        return Inspection(
            "keys", False, f"the database does not know them yet: {', '.join(unknown)}", RUN_SETUP
        )
    return Inspection(
        "keys",
        True,
        "those of this database: "
        + ", ".join(f"{name} {mark[:8]}" for name, mark in sorted(recorded.items())),
    )


def inspect_database_role(cursor: Any) -> Inspection:
    """Of a connection as the site's."""
    cause = connection_guard.find_role_fault(cursor)
    return (
        Inspection("database role", False, cause, connection_guard.role_mend_sql(cursor))
        if cause
        else Inspection(
            "database role",
            True,
            f"the site connects as {query_value(cursor, 'SELECT session_user')!r}, no owner",
        )
    )


def inspect_row_security(cursor: Any) -> Inspection:
    if not find_row_security_fault(cursor):
        return Inspection("row security", True, f"on {', '.join(PROTECTED_TABLES)}")
    return Inspection(
        "row security",
        False,
        "it does not stand behind the gate's own tests (docs/adr/0022-two-walls.md)",
        f"{RUN_SETUP} once as a superuser of the database",
    )


def inspect_log_grants(cursor: Any) -> Inspection:
    """What the site's roles could change of the evidence."""
    loose = f"""SELECT string_agg(DISTINCT t.name || ' by ' || r.rolname, ', ')
      FROM unnest(%s::text[]) t(name), pg_roles r,
        unnest(ARRAY['UPDATE', 'DELETE', 'TRUNCATE']) p(privilege)
      WHERE r.rolname IN ('{WEB_ROLE}', '{SHARED_ROLE}', session_user)
        AND to_regclass(t.name) IS NOT NULL
        AND has_table_privilege(r.oid, to_regclass(t.name), p.privilege)
        AND NOT pg_has_role(r.oid,
          (SELECT relowner FROM pg_class WHERE oid = to_regclass(t.name)), 'USAGE')"""
    cursor.execute(loose, [[*APPEND_ONLY, *READ_ONLY, *query_value(cursor, log.PARTITIONS)]])
    found = cursor.fetchone()[0]
    return (
        Inspection(
            "log grants", False, f"what must stay as it is can be changed: {found}", RUN_SETUP
        )
        if found
        else Inspection(
            "log grants", True, "the site adds to the audit log and changes nothing of it"
        )
    )


def inspect_witnesses(cursor: Any) -> Inspection:
    """Whether a member's machine has seen another log than this one (docs/adr/0063)."""
    cursor.execute(log.CONTRADICTIONS, {"days": CONTRADICTED_DAYS})
    count, newest = cursor.fetchone()
    if not count:
        return Inspection(
            "witnesses", True, "no member's machine has seen a head that this log does not lead to"
        )
    return Inspection(
        "witnesses",
        True,
        f"{count} co-signed heads of the last {CONTRADICTED_DAYS} days are not this log's, the"
        f" newest of {shown(newest)}: it was restored, or cut, or there are two of them",
        "hold the co-signatures against the restores on record (manage.py audit_verify);"
        " docs/adr/0063-feed-and-witnesses.md",
        look=True,
    )


def inspect_demo(cursor: Any) -> Inspection:
    demo, real = (
        query_value(cursor, "SELECT count(*) FROM alliance_user WHERE demo"),
        query_value(cursor, "SELECT count(*) FROM alliance_user WHERE NOT demo"),
    )
    if not read_setting("XINGLIN_DEMO"):
        return Inspection(
            "demo", True, f"off; {demo} accounts that it left cannot sign in" if demo else "off"
        )
    if real:
        return Inspection(
            "demo",
            False,
            f"it is on beside {real} accounts of real people: {demo} accounts with published"
            " secrets can sign in",
            "XINGLIN_DEMO=0, and restart the site",
        )
    return Inspection(
        "demo",
        True,
        f"on, at {read_setting('XINGLIN_BIND')} alone: {demo} accounts with published secrets, and"
        " no others",
    )
