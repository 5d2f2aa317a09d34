"""The second wall, from outside: row level security that gives the web role the rows of one hospital, and, as the role of shared reads, those
about some patients and no other, and the directory. consent.wall tells which (docs/adr/0022)."""

from typing import Any

from django.db import connection

from alliance.config.database import HOSPITAL, PATIENTS, SHARED_ROLE, WEB_ROLE
from alliance.config.locks import waiting_briefly
from records.fhir.types import DIRECTORY, TYPES

TABLES = ("record_resource", "record_history")
TOLD = f"nullif(current_setting('{PATIENTS}', true), '')::bigint[]"
# Two roles, for one test with OR between would cost the own store its counts by index alone. That of the hospital falls together with the
# statement's own; that of the patients is hashed, for they can be many.
POLICIES = {
    WEB_ROLE: f"hospital = (SELECT nullif(current_setting('{HOSPITAL}', true), '')::integer)",
    SHARED_ROLE: f"(patient IN (SELECT unnest({TOLD})) OR patient = 0 AND type IN ({', '.join(str(n) for n in sorted(TYPES[t].number for t in DIRECTORY))})) "
                 f"AND (others IS NULL OR others <@ (SELECT {TOLD}))",
}
# Under row level security PostgreSQL looks with an index only for what it trusts to tell nothing of the rows that it passes over: these say
# of two arrays, or two times, only whether it is so.
TRUSTED = ("pg_catalog.arrayoverlap(anyarray, anyarray)", "pg_catalog.arraycontains(anyarray, anyarray)", "pg_catalog.arraycontained(anyarray, anyarray)",
           "public.record_long(timestamptz, timestamptz)")
# The web role may become the other one, and is not both at once.
APART = f"SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = '{SHARED_ROLE}' AND pg_has_role('{WEB_ROLE}', oid, 'MEMBER') AND NOT pg_has_role('{WEB_ROLE}', oid, 'USAGE'))"


def raise_wall() -> bool:
    """False where this account is no superuser and the wall does not stand whole, with its operators trusted and its roles apart: searches would read
    whole stores, so it is taken down there. What a superuser has raised once, its owner keeps; raising it ends the web role's connections, which only
    he may: they found no wall, tell nothing, and would show empty records."""
    with waiting_briefly(), connection.cursor() as cursor:
        untrusted = [f for f in TRUSTED if not holds(cursor, "SELECT proleakproof FROM pg_proc WHERE oid = %s::regprocedure", f)]
        apart = holds(cursor, APART)
        superuser = holds(cursor, "SELECT current_setting('is_superuser') = 'on'")
        standing = [t for t in TABLES if holds(cursor, "SELECT relrowsecurity FROM pg_class WHERE oid = %s::regclass", t)]
        if not superuser and (untrusted or not apart or len(standing) < len(TABLES)):
            for table in standing:
                cursor.execute(f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY")
            return False
        for function in untrusted:
            cursor.execute(f"ALTER FUNCTION {function} LEAKPROOF")
        if not apart:
            part(cursor)
        for table in TABLES:
            for role, test in POLICIES.items():
                policy(cursor, table, role, test)
            if table not in standing:
                cursor.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    if len(standing) < len(TABLES):  # once it stands for all: who came back before that would again have found none
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = %s", [WEB_ROLE])
    return True


def holds(cursor: Any, question: str, *about: str) -> bool:
    cursor.execute(question, about)
    return bool(cursor.fetchone()[0])


def part(cursor: Any) -> None:
    if holds(cursor, "SELECT current_setting('server_version_num')::integer >= 160000"):
        cursor.execute(f"GRANT {SHARED_ROLE} TO {WEB_ROLE} WITH INHERIT FALSE, SET TRUE")
    else:
        cursor.execute(f"ALTER ROLE {WEB_ROLE} NOINHERIT")
        cursor.execute(f"GRANT {SHARED_ROLE} TO {WEB_ROLE}")


def policy(cursor: Any, table: str, role: str, test: str) -> None:
    """As this release says it; its own words stand in its comment, for the catalogue keeps them in another form."""
    name = f"{role}_reach"
    cursor.execute("SELECT obj_description(oid, 'pg_policy') FROM pg_policy WHERE polrelid = %s::regclass AND polname = %s", [table, name])
    if cursor.fetchone() == (test,):
        return
    cursor.execute(f"DROP POLICY IF EXISTS {name} ON {table}")
    cursor.execute(f"CREATE POLICY {name} ON {table} TO {role} USING ({test})")
    cursor.execute(f"COMMENT ON POLICY {name} ON {table} IS $${test}$$")
