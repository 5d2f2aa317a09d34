"""What auditors ask of the log: by patient, by actor, by time, by outcome; always within the hospitals they may audit."""

import datetime as dt
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction

from consent.audit import canonical
from consent.audit.event import EventCode

# Lines stand under the id that the person had when they were written: all ids that one of his registrations ever had (docs/adr/0018).
# index: records_sourcepatient_home_key
EVER = """ARRAY(
  SELECT s.home FROM records_sourcepatient s JOIN records_sourcepatient o ON o.person_id = s.person_id WHERE o.home = %(person)s UNION SELECT %(person)s::uuid
)"""
# Lines about the one alone, and those about several of whom he is one.
# index: consent_audit_event_person, consent_audit_person_person, consent_audit_event_pkey
ABOUT = f"""(person = ANY ({EVER}) OR id = ANY (ARRAY(SELECT p.event FROM consent_audit_person p WHERE p.person = ANY ({EVER})
  AND (%(start)s::timestamptz IS NULL OR p.written >= %(start)s) AND (%(end)s::timestamptz IS NULL OR p.written < %(end)s))))"""
# Whether one of the hospitals had a registration of the person at the moment {at}: one that joins later tells its hospital nothing of the time before.
# index: records_sourcepatient_home_key, source_person
KNOWN = """EXISTS (SELECT FROM records_sourcepatient s JOIN records_sourcepatient o ON o.person_id = s.person_id AND o.registered AND o.joined_at <= {at}
  JOIN alliance_hospital h ON h.id = o.hospital_id WHERE s.home = {person} AND h.code = ANY(%(hospitals)s))"""
# The column first: most lines are about one.
OURS = f"""({KNOWN.format(person="person", at="recorded")} OR EXISTS (
  SELECT FROM consent_audit_person p WHERE p.event = id AND p.written = recorded AND {KNOWN.format(person="p.person", at="recorded")}))"""
# Whom the lines of one request of a system are about, each once; of all of them those with this detail.
# index: consent_audit_event_actor, consent_audit_person_pkey
OF_REQUEST = """
SELECT DISTINCT x.person FROM consent_audit_event e CROSS JOIN LATERAL (
  SELECT e.person UNION ALL SELECT p.person FROM consent_audit_person p WHERE p.event = e.id AND p.written = e.recorded) x
WHERE e.actor_kind = 'client' AND e.actor = %(by)s AND e.recorded >= %(since)s AND e.request_id = %(request)s AND e.detail = %(kind)s AND x.person IS NOT NULL
"""
SHOWN = 20  # of a line's persons, as the auditor's page lists them


class EmptyRange(ValueError):
    """A range of time in which no moment lies."""


@dataclass(frozen=True, slots=True)
class Filter:
    """Only lines that fit all given values. `hospitals`: None for the whole alliance, else codes of the hospitals whose auditor asks: what their staff and
    systems did; `patients`: also what others did about persons who are registered there."""

    start: dt.datetime | None = None
    end: dt.datetime | None = None
    person: UUID | None = None
    actor_kind: str = ""
    actor: str = ""
    outcome: str = ""
    emergency: bool = False
    room: str = ""  # "records", "consent" or "alliance": the house that the line is about
    hospitals: tuple[str, ...] | None = None
    patients: bool = False

    def check(self) -> None:
        """Raises EmptyRange where no moment lies between start and end: an empty file would read as if nothing had happened."""
        if self.start and self.end and self.start >= self.end:
            raise EmptyRange(f"the range ends ({self.end.isoformat()}) before it begins ({self.start.isoformat()})" if self.start > self.end
                             else f"the range is empty: it begins and ends at {self.start.isoformat()}, and its end is the first moment after it")

    def where(self) -> tuple[str, dict[str, Any]]:
        tests = ["true"]
        if self.start:
            tests.append("recorded >= %(start)s")
        if self.end:
            tests.append("recorded < %(end)s")
        if self.person:
            tests.append(ABOUT)
        if self.actor:
            tests.append("actor_kind = %(actor_kind)s AND actor = %(actor)s")
        if self.outcome:
            tests.append("outcome = %(outcome)s")
        if self.emergency:
            tests.append("(purpose = 'BTG' OR code = %(emergency)s)")
        if self.room:
            tests.append("split_part(code, ':', 1) = %(room)s")
        if self.hospitals is not None:
            ours = KNOWN.format(person="%(person)s", at="recorded") if self.person else OURS
            tests.append(f"(actor_hospital = ANY(%(hospitals)s) OR {ours})" if self.patients else "actor_hospital = ANY(%(hospitals)s)")
        return " AND ".join(tests), {
            "start": self.start, "end": self.end, "person": self.person, "actor_kind": self.actor_kind, "actor": self.actor,
            "outcome": self.outcome, "room": self.room, "emergency": EventCode.EMERGENCY_OPEN.value,
            "hospitals": list(self.hospitals) if self.hospitals is not None else None,
        }


# For people: of the persons only some, with how many there are. An auditor of some hospitals sees of what others did only what concerns persons who are
# registered at his: their own records' names among `refs`, neither address nor detail.
# index: consent_audit_person_pkey
LISTED = f"""
SELECT l.*, (SELECT count(*) FROM consent_audit_person p WHERE p.event = l.id AND p.written = l.written) AS several,
  ARRAY(SELECT p.person::text FROM consent_audit_person p WHERE p.event = l.id AND p.written = l.written AND {{ours}} ORDER BY p.person LIMIT {SHOWN}) AS persons, {{foreign}} AS foreign
FROM (SELECT {canonical.COLUMNS}, recorded AS written FROM consent_audit_event WHERE {{where}} AND (%(before)s::bigint IS NULL OR id < %(before)s) ORDER BY id DESC LIMIT %(limit)s) l
ORDER BY l.id DESC
"""


def page(chosen: Filter, before: int | None, limit: int) -> list[dict[str, Any]]:
    """The newest lines first; `before` is the id of the last line of the page above. `several`: how many persons where there is more than one, `persons` the
    first of them; `foreign`: what somebody of another hospital did, cut to what concerns the hospitals that ask."""
    where, parameters = chosen.where()
    some = chosen.hospitals is not None
    sql = LISTED.format(where=where, foreign="actor_hospital <> ALL(%(hospitals)s)" if some else "false",
                        ours=f"(l.actor_hospital = ANY(%(hospitals)s) OR {KNOWN.format(person='p.person', at='l.written')})" if some else "true")
    with connection.cursor() as cursor:
        cursor.execute(sql, {**parameters, "before": before, "limit": limit})
        found = [dict(zip((*canonical.FIELDS, "written", "several", "persons", "foreign"), row, strict=True)) for row in cursor.fetchall()]
    return [cut(line, chosen.hospitals or ()) if line["foreign"] else line for line in found]


def cut(line: dict[str, Any], hospitals: tuple[str, ...]) -> dict[str, Any]:
    """A line of another hospital's staff or system, for an auditor of these: of what was looked at only the records that are theirs."""
    own = tuple(f"{h}/" for h in hospitals)
    target = line["target"] if line["target"].startswith((*own, "alliance/")) else ""
    person = None if line["several"] else line["person"]
    return {**line, "person": person, "several": len(line["persons"]), "target": target, "detail": "", "address": "", "request_id": "", "refs": [r for r in line["refs"] if r.startswith(own)]}


# Of all lines about the person, so that many of one hide none of another.
LOOKS = f"""
SELECT max(recorded), actor_kind, actor, actor_hospital, code, purpose, outcome, count(*) FROM consent_audit_event
WHERE {ABOUT} AND actor_kind <> 'patient' GROUP BY (recorded AT TIME ZONE %(zone)s)::date, 2, 3, 4, 5, 6, 7 ORDER BY 1 DESC LIMIT %(limit)s
"""


@dataclass(frozen=True, slots=True)
class Look:
    """What one actor did about a person on one day: the last time, and how often."""

    when: dt.datetime
    actor_kind: str
    actor: str
    actor_hospital: str
    code: str
    purpose: str
    outcome: str
    times: int


def looks(person: UUID, limit: int) -> list[Look]:
    """Who did what about the person, the newest day first; without what patients did themselves."""
    with connection.cursor() as cursor:
        cursor.execute(LOOKS, {"person": person, "start": None, "end": None, "zone": settings.TIME_ZONE, "limit": limit})
        return [Look(*row) for row in cursor.fetchall()]


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
    sql = f"SELECT e.*, l.position, l.hash FROM (SELECT {canonical.SELECT} FROM consent_audit_event WHERE {where}) e " \
          "JOIN consent_audit_leaf l ON l.event_id = e.id ORDER BY l.position"
    with transaction.atomic():
        connection.ensure_connection()
        with connection.connection.cursor(name="audit_export") as cursor:
            cursor.itersize = 5000
            cursor.execute(sql, parameters)
            for *row, position, leaf in cursor:
                yield canonical.as_object(tuple(row)), position, bytes(leaf)
