"""Audit lines of a push."""

from django.db import connection

from tests.support.pushes import (
    none_waiting,  # noqa: F401
)


def lines(target: str) -> list[tuple[str, str]]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT code, outcome FROM consent_audit_event WHERE target LIKE %s ORDER BY id",
            [f"%{target}"],
        )
        return cursor.fetchall()
