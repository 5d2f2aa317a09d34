"""What auditors ask of the log: by patient, by actor, by time, by outcome; always within the hospitals they may audit."""

import datetime as dt
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from consent.audit import canonical
from consent.audit.event import EventCode

# Lines stand under the id that the person had when they were written: all ids that one of his registrations ever had (docs/adr/0018).
# index: records_sourcepatient_home_key, consent_audit_event_person
EVER = """person = ANY (ARRAY(
  SELECT s.home FROM records_sourcepatient s JOIN records_sourcepatient o ON o.person_id = s.person_id WHERE o.home = %(person)s UNION SELECT %(person)s::uuid
))"""


@dataclass(frozen=True, slots=True)
class Filter:
    """Only lines that fit all given values. `hospitals`: None for the whole alliance, else codes of actors' hospitals."""

    start: dt.datetime | None = None
    end: dt.datetime | None = None
    person: UUID | None = None
    actor_kind: str = ""
    actor: str = ""
    outcome: str = ""
    emergency: bool = False
    room: str = ""  # "records", "consent" or "alliance": the house that the line is about
    hospitals: tuple[str, ...] | None = None

    def where(self) -> tuple[str, dict[str, Any]]:
        tests = ["true"]
        if self.start:
            tests.append("recorded >= %(start)s")
        if self.end:
            tests.append("recorded < %(end)s")
        if self.person:
            tests.append(EVER)
        if self.actor:
            tests.append("actor_kind = %(actor_kind)s AND actor = %(actor)s")
        if self.outcome:
            tests.append("outcome = %(outcome)s")
        if self.emergency:
            tests.append("(purpose = 'BTG' OR code = %(emergency)s)")
        if self.room:
            tests.append("split_part(code, ':', 1) = %(room)s")
        if self.hospitals is not None:
            tests.append("actor_hospital = ANY(%(hospitals)s)")
        return " AND ".join(tests), {
            "start": self.start, "end": self.end, "person": self.person, "actor_kind": self.actor_kind, "actor": self.actor,
            "outcome": self.outcome, "room": self.room, "emergency": EventCode.EMERGENCY_OPEN.value,
            "hospitals": list(self.hospitals) if self.hospitals is not None else None,
        }


def page(chosen: Filter, before: int | None, limit: int) -> list[dict[str, Any]]:
    """The newest lines first; `before` is the id of the last line of the page above."""
    where, parameters = chosen.where()
    sql = f"SELECT {canonical.SELECT} FROM consent_audit_event WHERE {where} AND (%(before)s::bigint IS NULL OR id < %(before)s) " \
          "ORDER BY id DESC LIMIT %(limit)s"
    with connection.cursor() as cursor:
        cursor.execute(sql, {**parameters, "before": before, "limit": limit})
        return [canonical.as_object(row) for row in cursor.fetchall()]


def count(chosen: Filter) -> int:
    where, parameters = chosen.where()
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM consent_audit_event WHERE {where}", parameters)
        return int(cursor.fetchone()[0])


def wait_until_sealed(seconds: float) -> bool:
    """Wait for the sealer to reach the lines that are there now; False when it does not (it is down, or far behind)."""
    limit = time.monotonic() + seconds
    with connection.cursor() as cursor:
        cursor.execute("SELECT max(id) FROM consent_audit_event")
        newest = cursor.fetchone()[0]
        while True:
            cursor.execute("SELECT %s::bigint IS NULL OR EXISTS (SELECT 1 FROM consent_audit_leaf WHERE event_id = %s)", [newest, newest])
            if cursor.fetchone()[0]:
                return True
            if time.monotonic() > limit:
                return False
            time.sleep(0.25)


def sealed_lines(chosen: Filter) -> Iterator[tuple[dict[str, Any], int, bytes]]:
    """(line, position, leaf hash) of all sealed lines that fit, oldest leaf first, streamed."""
    where, parameters = chosen.where()
    columns = canonical.SELECT
    sql = f"SELECT e.*, l.position, l.hash FROM (SELECT {columns} FROM consent_audit_event WHERE {where}) e " \
          "JOIN consent_audit_leaf l ON l.event_id = e.id ORDER BY l.position"
    with transaction.atomic():
        connection.ensure_connection()
        with connection.connection.cursor(name="audit_export") as cursor:
            cursor.itersize = 5000
            cursor.execute(sql, parameters)
            for *row, position, leaf in cursor:
                yield canonical.as_object(tuple(row)), position, bytes(leaf)
