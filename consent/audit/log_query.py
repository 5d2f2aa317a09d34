"""Query the log for auditors: by patient, actor, time, hospital, purpose, kind of event, outcome,
system and address; always within the hospitals they may audit.
"""

import datetime as dt
import time
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction

from alliance.sql.hospitals import HOSPITALS
from consent import from_records
from consent.audit import canonical_line
from consent.audit.event import EventCode

REGISTRATIONS = from_records.asked.registrations
# Lines stand under the id that the person had when they were written: all ids that one of their
# registrations ever had (docs/adr/0018).
# index: records_sourcepatient_home_key
PERSON_IDS_SQL = f"""ARRAY(
  SELECT s.home FROM {REGISTRATIONS} s
  JOIN {REGISTRATIONS} o ON o.person_id = s.person_id
  WHERE o.home = %(person)s
  UNION SELECT %(person)s::uuid
)"""
# Lines about the one alone, and those about several of whom they are one.
# index: consent_audit_event_person, consent_audit_person_person, consent_audit_event_pkey
ABOUT_PERSON_SQL = f"""(person = ANY ({PERSON_IDS_SQL})
  OR id = ANY (ARRAY(SELECT p.event FROM consent_audit_person p
    WHERE p.person = ANY ({PERSON_IDS_SQL})
    AND (%(start)s::timestamptz IS NULL OR p.written >= %(start)s)
    AND (%(end)s::timestamptz IS NULL OR p.written < %(end)s))))"""
# Whether one of the hospitals had a registration of the person at the moment {at}: one that joins
# later tells its hospital nothing of the time before.
# index: records_sourcepatient_home_key, source_person
REGISTERED_AT_SQL = f"""EXISTS (SELECT FROM {REGISTRATIONS} s
  JOIN {REGISTRATIONS} o ON o.person_id = s.person_id AND o.registered AND o.joined_at <= {{at}}
  JOIN {HOSPITALS} h ON h.id = o.hospital_id
  WHERE s.home = {{person}} AND h.code = ANY(%(hospitals)s))"""
# The column first: most lines are about one.
CONCERNS_HOSPITALS_SQL = f"""({REGISTERED_AT_SQL.format(person="person", at="recorded")} OR EXISTS (
  SELECT FROM consent_audit_person p
  WHERE p.event = id AND p.written = recorded
    AND {REGISTERED_AT_SQL.format(person="p.person", at="recorded")}))"""
# index: one_case_item, consent_audit_event_pkey
OF_CASE_SQL = """id = ANY (ARRAY(SELECT i.line FROM consent_caseitem i
  WHERE i.case_id = %(case)s AND i.kind = 'line'))"""
# Whom the lines of one request of a system are about, each once; of all of them those with this
# detail.
# index: consent_audit_event_actor, consent_audit_person_pkey
PERSONS_OF_REQUEST_SQL = """
SELECT DISTINCT x.person FROM consent_audit_event e CROSS JOIN LATERAL (
  SELECT e.person
  UNION ALL SELECT p.person FROM consent_audit_person p
    WHERE p.event = e.id AND p.written = e.recorded) x
WHERE e.actor_kind = 'client' AND e.actor = %(by)s AND e.recorded >= %(since)s
  AND e.request_id = %(request)s AND e.detail = %(kind)s AND x.person IS NOT NULL
"""
ACTOR_KINDS_OF = {
    "staff": ["staff", "administrator_client"]
}  # what somebody did, and what a client did for them
MAX_PERSONS_SHOWN = 20  # of a line's persons, as the auditor's page lists them


class EmptyTimeRange(ValueError):
    """A range of time in which no moment lies."""


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """Only lines that fit all given values. `hospitals`: None for the whole alliance, else codes
    of the hospitals whose auditor asks: what their staff and systems did; `patients`: also what
    others did about persons who are registered there.
    """

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
    # the X-Request-Id of an answer; of a push also its doing. Lines of others' hospitals keep
    # theirs to themselves, as they keep the network address
    request: str = ""
    address: str = ""
    hospital: str = ""  # code of the hospital for which somebody acted
    purpose: str = ""  # v3-PurposeOfUse
    codes: tuple[str, ...] = ()  # events, any of them
    system: str = ""  # client_id
    case: int = 0  # the lines that a case file gathers

    def require_nonempty_range(self) -> None:
        """Require that a moment lies between start and end. Raises EmptyTimeRange where none does:
        an empty file would read as if nothing had happened.
        """
        if self.start and self.end and self.start >= self.end:
            raise EmptyTimeRange(
                f"the range ends ({self.end.isoformat()}) before it begins"
                f" ({self.start.isoformat()})"
                if self.start > self.end
                else (
                    f"the range is empty: it begins and ends at {self.start.isoformat()}, and its"
                    " end is the first moment after it"
                )
            )

    def where_sql(self) -> tuple[str, dict[str, Any]]:
        tests = ["true"]
        if self.start:
            tests.append("recorded >= %(start)s")
        if self.end:
            tests.append("recorded < %(end)s")
        if self.person:
            tests.append(ABOUT_PERSON_SQL)
        if self.actor:
            tests.append("actor_kind = ANY(%(actor_kinds)s) AND actor = %(actor)s")
        if self.system:
            tests.append("actor_kind = 'client' AND actor = %(system)s")
        if self.hospital:
            tests.append("actor_hospital = %(hospital)s")
        if self.purpose:
            tests.append("purpose = %(purpose)s")
        if self.case:
            tests.append(OF_CASE_SQL)
        if self.codes:
            tests.append("code = ANY(%(codes)s)")
        if self.outcome:
            tests.append("outcome = %(outcome)s")
        if self.emergency:
            tests.append("(purpose = 'BTG' OR code = %(emergency)s)")
        if self.room:
            tests.append("split_part(code, ':', 1) = %(room)s")
        own = "" if self.hospitals is None else " AND actor_hospital = ANY(%(hospitals)s)"
        if self.request:
            tests.append(f"request_id = %(request)s{own}")
        if self.address:
            tests.append(f"address = %(address)s{own}")
        if self.hospitals is not None:
            ours = (
                REGISTERED_AT_SQL.format(person="%(person)s", at="recorded")
                if self.person
                else CONCERNS_HOSPITALS_SQL
            )
            tests.append(
                f"(actor_hospital = ANY(%(hospitals)s) OR {ours})"
                if self.patients
                else "actor_hospital = ANY(%(hospitals)s)"
            )
        return " AND ".join(tests), {
            "start": self.start,
            "end": self.end,
            "person": self.person,
            "actor_kinds": ACTOR_KINDS_OF.get(self.actor_kind, [self.actor_kind]),
            "actor": self.actor,
            "outcome": self.outcome,
            "room": self.room,
            "emergency": EventCode.EMERGENCY_OPEN.value,
            "request": self.request,
            "address": self.address,
            "hospital": self.hospital,
            "purpose": self.purpose,
            "codes": list(self.codes),
            "system": self.system,
            "case": self.case,
            "hospitals": list(self.hospitals) if self.hospitals is not None else None,
        }


# For people: of the persons only some, with how many there are. An auditor of some hospitals sees
# of what others did only what concerns persons who are registered at these: their own records'
# names among `refs`, neither address nor detail.
# index: consent_audit_person_pkey
LIST_LINES_SQL = f"""
SELECT l.*,
  (SELECT count(*) FROM consent_audit_person p
    WHERE p.event = l.id AND p.written = l.written) AS several,
  ARRAY(SELECT p.person::text FROM consent_audit_person p
    WHERE p.event = l.id AND p.written = l.written AND {{ours}}
    ORDER BY p.person LIMIT {MAX_PERSONS_SHOWN}) AS persons,
  {{foreign}} AS foreign
FROM (SELECT {canonical_line.COLUMNS}, recorded AS written FROM consent_audit_event
  WHERE {{where}} AND {{asked}}
  ORDER BY id DESC LIMIT %(limit)s) l
ORDER BY l.id DESC
"""


def list_audit_lines(
    audit_filter: AuditFilter, before: int | None, limit: int
) -> list[dict[str, Any]]:
    """List the newest lines first; `before` is the id of the last line of the page above.
    `several`: how many persons where there is more than one, `persons` the first of them;
    `foreign`: what somebody of another hospital did, cut to what concerns the hospitals that ask.
    """
    asked = "(%(before)s::bigint IS NULL OR id < %(before)s)"
    lines = select_lines(audit_filter, asked, {"before": before, "limit": limit})
    return [cut_line(line, audit_filter) for line in lines]


def load_audit_lines(audit_filter: AuditFilter, ids: Collection[int]) -> list[dict[str, Any]]:
    """Those of these lines that fit the filter, as list_audit_lines gives them."""
    return [cut_line(line, audit_filter) for line in load_uncut_lines(audit_filter, ids)]


def load_uncut_lines(audit_filter: AuditFilter, ids: Collection[int]) -> list[dict[str, Any]]:
    """The same as they were written: no auditor's to see without `cut_line`."""
    if not ids:
        return []
    return select_lines(audit_filter, "id = ANY(%(ids)s)", {"ids": list(ids), "limit": len(ids)})


def select_lines(
    audit_filter: AuditFilter, asked: str, more: dict[str, Any]
) -> list[dict[str, Any]]:
    where, parameters = audit_filter.where_sql()
    is_restricted = audit_filter.hospitals is not None
    sql = LIST_LINES_SQL.format(
        where=where,
        asked=asked,
        foreign="actor_hospital <> ALL(%(hospitals)s)" if is_restricted else "false",
        ours=(
            "(l.actor_hospital = ANY(%(hospitals)s) OR"
            f" {REGISTERED_AT_SQL.format(person='p.person', at='l.written')})"
            if is_restricted
            else "true"
        ),
    )
    with connection.cursor() as cursor:
        cursor.execute(sql, {**parameters, **more})
        fields = (*canonical_line.FIELDS, "written", "several", "persons", "foreign")
        return [dict(zip(fields, row, strict=True)) for row in cursor.fetchall()]


def cut_line(line: dict[str, Any], audit_filter: AuditFilter) -> dict[str, Any]:
    return redact_foreign_line(line, audit_filter.hospitals or ()) if line["foreign"] else line


def redact_foreign_line(line: dict[str, Any], hospitals: tuple[str, ...]) -> dict[str, Any]:
    """Redact a line of another hospital's staff or system, for an auditor of these: of what was
    looked at only the records that are theirs.
    """
    own = tuple(f"{h}/" for h in hospitals)
    target = line["target"] if line["target"].startswith((*own, "alliance/")) else ""
    person = None if line["several"] else line["person"]
    return {
        **line,
        "person": person,
        "several": len(line["persons"]),
        "target": target,
        "detail": "",
        "address": "",
        "request_id": "",
        "refs": [r for r in line["refs"] if r.startswith(own)],
    }


# Of all lines about the person, so that many of one hide none of another.
ACCESS_LINES_SQL = f"""
SELECT max(recorded), actor_kind, actor, actor_hospital, code, purpose, outcome, count(*)
FROM consent_audit_event
WHERE {ABOUT_PERSON_SQL} AND actor_kind <> 'patient'
GROUP BY (recorded AT TIME ZONE %(zone)s)::date, 2, 3, 4, 5, 6, 7 ORDER BY 1 DESC LIMIT %(limit)s
"""


@dataclass(frozen=True, slots=True)
class AccessLine:
    """What one actor did about a person on one day: the last time, and how often."""

    when: dt.datetime
    actor_kind: str
    actor: str
    actor_hospital: str
    code: str
    purpose: str
    outcome: str
    times: int


def list_access_lines(person: UUID, limit: int) -> list[AccessLine]:
    """List who did what about the person, the newest day first; without what patients did
    themselves.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            ACCESS_LINES_SQL,
            {
                "person": person,
                "start": None,
                "end": None,
                "zone": settings.TIME_ZONE,
                "limit": limit,
            },
        )
        return [AccessLine(*row) for row in cursor.fetchall()]


def count_audit_lines(audit_filter: AuditFilter) -> int:
    where, parameters = audit_filter.where_sql()
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM consent_audit_event WHERE {where}", parameters)
        return int(cursor.fetchone()[0])


def wait_until_sealed(seconds: float) -> bool:
    """Wait for the sealer to reach the lines that are there now; False when it does not (it is
    down, or far behind).
    """
    limit = time.monotonic() + seconds
    with connection.cursor() as cursor:
        cursor.execute("SELECT max(id) FROM consent_audit_event")
        newest = cursor.fetchone()[0]
        while True:
            cursor.execute(
                "SELECT %s::bigint IS NULL OR EXISTS (SELECT 1 FROM consent_audit_leaf WHERE"
                " event_id = %s)",
                [newest, newest],
            )
            if cursor.fetchone()[0]:
                return True
            if time.monotonic() > limit:
                return False
            time.sleep(0.25)


def iterate_sealed_lines(
    audit_filter: AuditFilter, size: int | None = None
) -> Iterator[tuple[dict[str, Any], int, bytes]]:
    """Iterate over (line, position, leaf hash) of all sealed lines that fit, oldest leaf first,
    streamed. size: only the first leaves of the log.
    """
    where, parameters = audit_filter.where_sql()
    sql = (
        f"SELECT e.*, l.position, l.hash FROM (SELECT {canonical_line.SELECT} FROM"
        f" consent_audit_event WHERE {where}) e JOIN consent_audit_leaf l ON l.event_id = e.id"
        " WHERE %(size)s::bigint IS NULL OR l.position < %(size)s ORDER BY l.position"
    )
    with transaction.atomic():
        connection.ensure_connection()
        with connection.connection.cursor(name="audit_export") as cursor:
            cursor.itersize = 5000
            cursor.execute(sql, {**parameters, "size": size})
            for *row, position, leaf in cursor:
                yield canonical_line.line_from_row(tuple(row)), position, bytes(leaf)
