"""Build the indexes that the audit log has and a month's partition lacks, beside the running site:
a partitioned table cannot be indexed concurrently, its partitions can (docs/adr/0074).
"""

from typing import Any

from django.db import OperationalError, connection
from psycopg.errors import LockNotAvailable

PATIENCE = "2s"  # for the moment in which an index is attached
# (index of the log, partition that has none of it, how it is made)
LACKING_SQL = """
SELECT x.relname, p.relname, pg_get_indexdef(x.oid)
FROM pg_index i JOIN pg_class x ON x.oid = i.indexrelid
JOIN pg_inherits h ON h.inhparent = i.indrelid JOIN pg_class p ON p.oid = h.inhrelid
WHERE i.indrelid = 'consent_audit_event'::regclass AND NOT i.indisvalid
  AND NOT EXISTS (SELECT FROM pg_inherits c JOIN pg_index own ON own.indexrelid = c.inhrelid
    WHERE c.inhparent = x.oid AND own.indrelid = p.oid)
ORDER BY p.relname DESC, x.relname
"""
VALID_SQL = "SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass(%s)"


def build_partition_indexes() -> list[str]:
    """Build what is lacking, the newest month first; returns what is left and why. MUST NOT be
    called in a transaction.
    """
    with connection.cursor() as cursor:
        cursor.execute(LACKING_SQL)
        wanted = cursor.fetchall()
        return [f for row in wanted for f in build_index(cursor, *row)]


def build_index(cursor: Any, index: str, partition: str, definition: str) -> list[str]:
    """One index of one partition. An invalid one, of a run that broke off, is built anew."""
    name = f"{partition}_{index.removeprefix('consent_audit_event_')}"
    how = definition.split(" USING ", 1)[1]
    cursor.execute(VALID_SQL, [name])
    found = cursor.fetchone()
    if found == (False,):
        cursor.execute(f"DROP INDEX CONCURRENTLY {name}")
    if found != (True,):
        cursor.execute(f"CREATE INDEX CONCURRENTLY {name} ON {partition} USING {how}")
    cursor.execute(f"SET lock_timeout = '{PATIENCE}'")
    try:
        cursor.execute(f"ALTER INDEX {index} ATTACH PARTITION {name}")
    except OperationalError as error:
        if not isinstance(error.__cause__, LockNotAvailable):
            raise
        return [f"{name}: somebody has been reading or writing {partition} for too long"]
    finally:
        cursor.execute("SET lock_timeout = 0")
    return []
