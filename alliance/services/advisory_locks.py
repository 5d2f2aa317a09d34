"""One at a time: who decides the same thing waits until the one before has committed."""

from collections.abc import Iterable

from django.db import connection


def take_advisory_locks(room: str, things: Iterable[object]) -> None:
    """Hold an advisory lock on each of the things, of one room of the house, until the caller's
    transaction ends.
    """
    with connection.cursor() as cursor:
        for thing in sorted({f"{room}/{x}" for x in things}):
            cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s::text, 17))", [thing])
