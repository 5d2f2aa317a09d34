"""Install row level security: it gives the web role the rows of one hospital, and, as the role of
shared reads, those about some patients and no other, and the directory. consent.row_security sets
which (docs/adr/0022).
"""

from collections.abc import Iterable
from typing import Any

from django.db import connection

from alliance.database.connection_settings import (
    HOSPITAL_SETTING,
    PATIENTS_SETTING,
    SHARED_ROLE,
    WEB_ROLE,
)
from alliance.database.locks import brief_lock_timeout
from alliance.sql.hospitals import SANDBOXES
from records.sql.versions import TABLES as PROTECTED_TABLES

PATIENTS_SQL = f"nullif(current_setting('{PATIENTS_SETTING}', true), '')::bigint[]"
POLICY_ROLES = (WEB_ROLE, SHARED_ROLE)  # each has a policy on each protected table
# Under row level security PostgreSQL looks with an index only for what it trusts to tell nothing of
# the rows that it passes over: these say of two arrays, or two times, only whether it is so.
LEAKPROOF_FUNCTIONS = (
    "pg_catalog.arrayoverlap(anyarray, anyarray)",
    "pg_catalog.arraycontains(anyarray, anyarray)",
    "pg_catalog.arraycontained(anyarray, anyarray)",
    "public.record_long(timestamptz, timestamptz)",
)
# The web role may become the other one, and is not both at once.
APART = (
    f"SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = '{SHARED_ROLE}' AND"
    f" pg_has_role('{WEB_ROLE}', oid, 'MEMBER') AND NOT pg_has_role('{WEB_ROLE}', oid, 'USAGE'))"
)


def make_row_policies(directory_types: Iterable[int]) -> dict[str, str]:
    """The test of a row, by role. directory_types: the numbers of the types that are about no
    patient.

    Two roles, for one test with OR between would cost the own store its counts by index alone.
    That of the hospital falls together with the statement's own; that of the patients is hashed,
    for they can be many.
    """
    numbers = ", ".join(str(n) for n in sorted(directory_types))
    return {
        WEB_ROLE: (
            f"hospital = (SELECT nullif(current_setting('{HOSPITAL_SETTING}', true), '')::integer)"
        ),
        SHARED_ROLE: (
            f"(patient IN (SELECT unnest({PATIENTS_SQL})) OR patient = 0 AND type IN ({numbers})"
            f" AND hospital <> ALL (ARRAY({SANDBOXES})))"
            f" AND (others IS NULL OR others <@ (SELECT {PATIENTS_SQL}))"
        ),
    }


def find_row_security_fault(cursor: Any) -> str:
    """What is missing of row level security; "" where it stands. cursor: of any role."""
    tables = list(PROTECTED_TABLES)
    standing = query_number(
        cursor,
        "SELECT count(*) FROM pg_class WHERE oid = ANY(%s::regclass[]) AND relrowsecurity",
        tables,
    )
    policies = query_number(
        cursor, "SELECT count(*) FROM pg_policy WHERE polrelid = ANY(%s::regclass[])", tables
    )
    if standing == len(tables) and policies >= len(tables) * len(POLICY_ROLES):
        return ""
    return "Row level security does not stand behind the gate's own tests"


def query_number(cursor: Any, question: str, tables: list[str]) -> int:
    cursor.execute(question, [tables])
    return int(cursor.fetchone()[0])


def install_row_security(directory_types: Iterable[int]) -> bool:
    """Install row level security. False where this account is no superuser and the policies are
    not complete, with their operators trusted and their roles apart: searches would read whole
    stores, so row security is disabled there. What a superuser has installed once, the tables'
    owner keeps. Installing it ends the web role's connections, for which a superuser is needed:
    they have cached that there is no row security, set no scope, and would return no rows.
    """
    policies = make_row_policies(directory_types)
    with brief_lock_timeout(), connection.cursor() as cursor:
        untrusted = [
            f
            for f in LEAKPROOF_FUNCTIONS
            if not query_bool(
                cursor, "SELECT proleakproof FROM pg_proc WHERE oid = %s::regprocedure", f
            )
        ]
        apart = query_bool(cursor, APART)
        superuser = query_bool(cursor, "SELECT current_setting('is_superuser') = 'on'")
        standing = [
            t
            for t in PROTECTED_TABLES
            if query_bool(cursor, "SELECT relrowsecurity FROM pg_class WHERE oid = %s::regclass", t)
        ]
        if not superuser and (untrusted or not apart or len(standing) < len(PROTECTED_TABLES)):
            for table in standing:
                cursor.execute(f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY")
            return False
        for function in untrusted:
            cursor.execute(f"ALTER FUNCTION {function} LEAKPROOF")
        if not apart:
            grant_shared_role(cursor)
        for table in PROTECTED_TABLES:
            for role, test in policies.items():
                install_policy(cursor, table, role, test)
            if table not in standing:
                cursor.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    if len(standing) < len(
        PROTECTED_TABLES
    ):  # once it stands for all: who came back before that would again have found none
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = %s",
                [WEB_ROLE],
            )
    return True


def query_bool(cursor: Any, question: str, *about: str) -> bool:
    cursor.execute(question, about)
    return bool(cursor.fetchone()[0])


def grant_shared_role(cursor: Any) -> None:
    if query_bool(cursor, "SELECT current_setting('server_version_num')::integer >= 160000"):
        cursor.execute(f"GRANT {SHARED_ROLE} TO {WEB_ROLE} WITH INHERIT FALSE, SET TRUE")
    else:
        cursor.execute(f"ALTER ROLE {WEB_ROLE} NOINHERIT")
        cursor.execute(f"GRANT {SHARED_ROLE} TO {WEB_ROLE}")


def install_policy(cursor: Any, table: str, role: str, test: str) -> None:
    """Install a policy as this release states it; its own text stands in its comment, for the
    catalogue keeps it in another form.
    """
    name = f"{role}_reach"
    cursor.execute(
        "SELECT obj_description(oid, 'pg_policy') FROM pg_policy WHERE polrelid = %s::regclass AND"
        " polname = %s",
        [table, name],
    )
    if cursor.fetchone() == (test,):
        return
    cursor.execute(f"DROP POLICY IF EXISTS {name} ON {table}")
    cursor.execute(f"CREATE POLICY {name} ON {table} TO {role} USING ({test})")
    cursor.execute(f"COMMENT ON POLICY {name} ON {table} IS $${test}$$")
