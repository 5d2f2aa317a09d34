"""Take everything out of a member's sandbox: its store with all versions, what was sent to it, and
what its systems have shown. Never of a member (docs/adr/0064).
"""

from typing import Any

from django.db import connection, transaction

from alliance.auth.principal import Principal
from alliance.models import Hospital
from alliance.services.sandboxes import forget_acceptance
from consent.audit.append import append_event
from consent.audit.event import AuditEvent, EventCode

KEPT = ("record_key", "records_feedposition")  # whoever fills it again goes on with these
LAST = "records_sourcepatient"  # others refer to it
TABLES_SQL = """
SELECT table_name, array_agg(column_name::text) FROM information_schema.columns
JOIN information_schema.tables USING (table_schema, table_name)
WHERE table_schema = 'public' AND table_type = 'BASE TABLE' AND table_name ~ '^records?_'
  AND column_name IN ('hospital', 'hospital_id', 'rid')
GROUP BY table_name ORDER BY table_name
"""
ROWS_OF_STORE = (
    "(SELECT rid FROM record_resource WHERE hospital = %(sandbox)s"
    " UNION SELECT rid FROM record_history WHERE hospital = %(sandbox)s)"
)
PERSONS_SQL = (
    "WITH gone AS (DELETE FROM records_sourcepatient WHERE hospital_id = %(sandbox)s"
    " RETURNING person_id) DELETE FROM records_person WHERE id IN (SELECT person_id FROM gone)"
)


@transaction.atomic
def do_empty_sandbox(sandbox: Hospital, *, acting: Principal) -> dict[str, int]:
    """{table: rows that went}. As the owner of the tables. Raises ValueError for a member."""
    if not sandbox.is_sandbox:
        raise ValueError(f"{sandbox.code} is a member, and no sandbox")
    gone: dict[str, int] = {}
    with connection.cursor() as cursor:
        cursor.execute(TABLES_SQL)
        tables: dict[str, list[str]] = dict(cursor.fetchall())
        values = {"sandbox": sandbox.pk}
        owned = {t: c for t, c in tables.items() if c != ["rid"]}
        for table in tables.keys() - owned.keys():
            delete_rows(cursor, gone, table, f"rid IN {ROWS_OF_STORE}", values)
        for table in owned.keys() - {*KEPT, LAST}:
            column = "hospital" if "hospital" in owned[table] else "hospital_id"
            delete_rows(cursor, gone, table, f"{column} = %(sandbox)s", values)
        cursor.execute(PERSONS_SQL, values)
        gone[LAST] = cursor.rowcount
    forget_acceptance(sandbox)
    append_event(
        AuditEvent.from_principal(
            acting, EventCode.SANDBOX_EMPTY, target=f"hospital/{sandbox.code}"
        )
    )
    return {table: many for table, many in sorted(gone.items()) if many}


def delete_rows(
    cursor: Any, gone: dict[str, int], table: str, which: str, values: dict[str, int]
) -> None:
    """table, which: of this module, and of the catalogue."""
    cursor.execute(f"DELETE FROM {table} WHERE {which}", values)
    gone[table] = cursor.rowcount
