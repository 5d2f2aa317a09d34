"""A table as it is once nobody's older snapshot keeps its pages from being all-visible: then the
planner may read an index alone.
"""

from django.db import connection

from tests.wait_until import wait_until


def vacuum(table: str) -> None:
    """And wait for transactions of others that are older."""
    wait_until(lambda: is_all_visible(table), f"pages of {table} are all-visible")


def is_all_visible(table: str) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(f"VACUUM ANALYZE {table}")
        cursor.execute(
            "SELECT relpages > 0 AND relallvisible >= relpages * 0.9 FROM pg_class"
            " WHERE oid = %s::regclass",
            [table],
        )
        return bool((cursor.fetchone() or (False,))[0])
