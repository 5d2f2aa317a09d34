"""This process as the web process is: a role that is no owner, behind row level security."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection

from consent.wall import connections


@contextmanager
def as_web() -> Iterator[None]:
    with connection.cursor() as cursor:
        cursor.execute("SET SESSION AUTHORIZATION xinglin_web")
    connections.pop(connection.connection, None)
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("RESET SESSION AUTHORIZATION")
        connections.pop(connection.connection, None)
