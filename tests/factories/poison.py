"""PostgreSQL itself refuses a statement, or ends the line to it, where something named so is
written; reads write a line of the audit log in the same statement.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection

FAULT = "RAISE EXCEPTION 'refused for a test' USING ERRCODE = '{}'"
DATA, CANCELED, DEADLOCK, LIMIT = (FAULT.format(x) for x in ("22012", "57014", "40P01", "54000"))
LINE_ENDS = "PERFORM pg_terminate_backend(pg_backend_pid())"
NAME = "poison"


@contextmanager
def poisoned(
    what: str, table: str = "consent_audit_event", where: str = f"NEW.target LIKE '%/{NAME}'"
) -> Iterator[None]:
    """what: of the above."""
    try:
        with connection.cursor() as cursor:
            cursor.execute(
                "CREATE FUNCTION test_poison() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
                f" {what}; RETURN NEW; END $$"
            )
            cursor.execute(
                f"CREATE TRIGGER test_poison BEFORE INSERT ON {table} FOR EACH ROW WHEN ({where})"
                " EXECUTE FUNCTION test_poison()"
            )
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("DROP FUNCTION IF EXISTS test_poison() CASCADE")
