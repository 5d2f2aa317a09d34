"""Read the log into episodes, and look at what became of them."""

import datetime as dt
from typing import Any
from uuid import UUID

from django.db import connection
from django.utils import timezone

from alliance.models import Staff
from records.access_review.build_episodes import build_episodes
from records.access_review.judge_episodes import parts_of
from tests.wait_until import wait_until


def read_log() -> None:
    """Also the newest lines: the horizon waits for every transaction that runs."""

    def all_read() -> bool:
        build_episodes()
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT NOT EXISTS (SELECT FROM consent_audit_event e,"
                " record_access_position p WHERE (e.xid, e.id) > (p.xid::xid8, p.line))"
            )
            return bool(cursor.fetchone()[0])

    wait_until(all_read, "all lines were read")


def list_episodes(who: Staff, person: UUID) -> list[dict[str, Any]]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id, opens, finds, template, evidence, own, waits, score, parts::text"
            " FROM record_access_episode WHERE staff = %s AND person = %s ORDER BY first_at",
            [who.pk, person],
        )
        names = [c[0] for c in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def judged_episode(who: Staff, person: UUID) -> dict[str, Any]:
    """The one that there is; parts: code -> points."""
    (found,) = list_episodes(who, person)
    return found | {"parts": {code: points for code, points, _ in parts_of(found["parts"])}}


def move_to_day(day: dt.date, *staff: Staff) -> None:
    """As if all that they did had been at noon of that day."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE record_access_episode SET first_at = %(noon)s, last_at = %(noon)s"
            " WHERE staff = ANY(%(staff)s)",
            {
                "noon": timezone.make_aware(dt.datetime.combine(day, dt.time(12))),
                "staff": [who.pk for who in staff],
            },
        )
