"""What begins or ends by its own time makes no commit, so the courier makes one: a change of what
may be seen, for the feeds, once each such moment has passed (docs/adr/0063).

Whatever writes a fact with a time writes into consent_moment in the same transaction (triggers);
so nothing is missed, however long that took, and nothing is told twice.
"""

import datetime as dt
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple
from uuid import UUID

from django.db import connection, transaction
from django.utils import timezone

from alliance.platform.dates import EARLIEST_INSTANT, LATEST_INSTANT
from alliance.sql.hospitals import HOSPITALS, MEMBER_DAYS
from consent.from_records import asked
from consent.provision import parse_consent, walk_provisions
from consent.strength import TRACE_MIN_AGE

AT_ONCE = 500
# Readers ask anew as soon as they are told: by then the moment has passed by the clock of every
# machine of the site.
CLOCKS_DIFFER = dt.timedelta(seconds=2)
NEVER = dt.datetime.max.replace(tzinfo=dt.UTC) - dt.timedelta(days=1)

# index: consent_moment_due
DUE_SQL = "SELECT kind, fact, since, due FROM consent_moment WHERE due <= %s ORDER BY due LIMIT %s"
NOW_SQL = "SELECT clock_timestamp()"
# A fact that is being written is left for the next look: it holds its lock until it is committed.
LOCK = "ORDER BY 1 FOR NO KEY UPDATE OF f SKIP LOCKED"
DIRECTIVES_SQL = f"""
SELECT f.id, f.person, f.covers, f.valid_from, f.valid_until, f.resource::text, h.code
FROM consent_directive f JOIN {HOSPITALS} h ON h.id = f.hospital_id WHERE f.id = ANY(%s) {LOCK}
"""
CONFIRMATIONS_SQL = f"""
SELECT f.id, coalesce(d.person, f.person), coalesce(d.covers, f.covers),
  CASE WHEN d.id IS NULL THEN f.hospital_id END, d.id, f.until
FROM consent_confirmation f LEFT JOIN consent_directive d ON d.id = f.directive_id
WHERE f.id = ANY(%s) {LOCK}
"""
RELATIONSHIPS_SQL = f"""
SELECT f.id, f.person, f.hospital_id, f.starts_at, f.ends_at,
  greatest(f.noted_at,
    (SELECT joined_at FROM {asked.registrations} r WHERE r.id = f.source_patient))
FROM consent_relationship f WHERE f.id = ANY(%s) {LOCK}
"""
POLICIES_SQL = "SELECT id, starts_at FROM consent_alliancepolicy WHERE id = ANY(%s)"
MEMBERS_SQL = f"SELECT id, admitted_on, leaves_on FROM {MEMBER_DAYS} f WHERE id = ANY(%s)"
NOTE_SQL = """
INSERT INTO consent_change (concerns, person, covers, hospital, directive)
VALUES (%s, %s, %s, %s, %s)
"""
# One that became due earlier since it was looked at stays so.
GO_ON_SQL = """
UPDATE consent_moment SET since = greatest(since, %s), due = %s
WHERE kind = %s AND fact = %s AND due = %s
"""


@dataclass(frozen=True, slots=True)
class TimedFact:
    """What is written of it into consent_change; times: when it begins or ends to count."""

    id: int
    concerns: str
    times: tuple[dt.datetime, ...]
    person: UUID | None = None
    covers: tuple[int, ...] = ()
    hospital: int | None = None
    directive: int | None = None


class DueMoment(NamedTuple):
    """since: until when the fact's times are told already."""

    kind: str
    fact: int
    since: dt.datetime
    due: dt.datetime


def note_due_moments(now: dt.datetime | None = None) -> int:
    """How many were looked at. now: by the database's clock, another one for tests."""
    looked_at = 0
    with transaction.atomic(), connection.cursor() as cursor:
        if now is None:
            cursor.execute(NOW_SQL)
            now = cursor.fetchone()[0] - CLOCKS_DIFFER
        cursor.execute(DUE_SQL, [now, AT_ONCE])
        due = [DueMoment(*row) for row in cursor.fetchall()]
        for kind, load in LOADERS.items():
            of_kind = {m.fact: m for m in due if m.kind == kind}
            facts = list(load(cursor, sorted(of_kind))) if of_kind else []
            looked_at += len(facts)
            for fact in facts:
                note_fact(cursor, of_kind[fact.id], fact, now)
    return looked_at


def note_fact(cursor: Any, moment: DueMoment, fact: TimedFact, now: dt.datetime) -> None:
    """Tell it where one of its times has passed since it was last looked at; wait for the next."""
    later = min((t for t in fact.times if t > now), default=NEVER)
    cursor.execute(GO_ON_SQL, [now, later, moment.kind, moment.fact, moment.due])
    if cursor.rowcount and any(moment.since < t <= now for t in fact.times):
        cursor.execute(
            NOTE_SQL,
            [fact.concerns, fact.person, list(fact.covers), fact.hospital, fact.directive],
        )


def find_directive_times(resource: str, hospital: str) -> Iterable[dt.datetime]:
    """The periods that its provisions name, at any depth."""
    for part in walk_provisions(parse_consent(json.loads(resource), hospital)):
        yield from (t for t in part.period or () if EARLIEST_INSTANT < t < LATEST_INSTANT)


def load_directives(cursor: Any, ids: list[int]) -> Iterable[TimedFact]:
    cursor.execute(DIRECTIVES_SQL, [ids])
    for number, person, covers, start, end, resource, code in cursor.fetchall():
        times = (start, *((end,) if end else ()), *find_directive_times(resource, code))
        yield TimedFact(number, "person", times, person, tuple(covers), directive=number)


def load_confirmations(cursor: Any, ids: list[int]) -> Iterable[TimedFact]:
    cursor.execute(CONFIRMATIONS_SQL, [ids])
    for number, person, covers, hospital, directive, until in cursor.fetchall():
        concerns = "person" if directive else "hospital"
        times = (until,) if until else ()
        yield TimedFact(number, concerns, times, person, tuple(covers), hospital, directive)


def load_relationships(cursor: Any, ids: list[int]) -> Iterable[TimedFact]:
    """Noted long ago it stands for the hospital's tie by itself: that begins by time, too."""
    cursor.execute(RELATIONSHIPS_SQL, [ids])
    for number, person, hospital, start, end, known in cursor.fetchall():
        yield TimedFact(
            number, "hospital", (start, end, known + TRACE_MIN_AGE), person, hospital=hospital
        )


def load_policies(cursor: Any, ids: list[int]) -> Iterable[TimedFact]:
    cursor.execute(POLICIES_SQL, [ids])
    for number, start in cursor.fetchall():
        yield TimedFact(number, "everybody", (start,))


def load_members(cursor: Any, ids: list[int]) -> Iterable[TimedFact]:
    """The days on which a hospital comes and goes, in its time zone."""
    cursor.execute(MEMBERS_SQL, [ids])
    for number, first, last in cursor.fetchall():
        days = (first, *((last + dt.timedelta(days=1),) if last else ()))
        times = tuple(timezone.make_aware(dt.datetime.combine(d, dt.time())) for d in days)
        yield TimedFact(number, "everybody", times)


LOADERS: dict[str, Callable[[Any, list[int]], Iterable[TimedFact]]] = {
    "directive": load_directives,
    "confirmation": load_confirmations,
    "relationship": load_relationships,
    "policy": load_policies,
    "hospital": load_members,
}
