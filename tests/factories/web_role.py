"""This process as the web process is: a role that is no owner, behind row level security."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection

from consent.row_security import session_states


@contextmanager
def acting_as_web_role() -> Iterator[None]:
    with connection.cursor() as cursor:
        cursor.execute("SET SESSION AUTHORIZATION xinglin_web")
    session_states.pop(connection.connection, None)
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("RESET SESSION AUTHORIZATION")
        session_states.pop(connection.connection, None)
