"""What the sync board shows of members' systems: counts and times alone, no patient. Each statement
reads indexes only, whatever the number of letters.
"""

import datetime as dt
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from django.db import connection

from alliance.models import Client, Hospital
from consent.audit.client_signals import WitnessMark, list_refused_tokens, list_witness_marks
from records.sync.dead_letters import LetterState

DAYS = 7  # of the quality score; lag and batches are of the last 24 hours
# index: record_sync_batch_board
DONE = """
  SELECT client, sum(items) AS items, sum(refused) AS refused, sum(waiting) AS waiting,
    count(*) FILTER (WHERE taken_at > now() - interval '24 hours') AS batches,
    sum(items) FILTER (WHERE taken_at > now() - interval '24 hours') AS day_items,
    percentile_cont(ARRAY[0.5, 0.95]) WITHIN GROUP (ORDER BY extract(epoch FROM done_at - taken_at))
      FILTER (WHERE taken_at > now() - interval '24 hours') AS lag
  FROM record_sync_batch WHERE hospital = ANY(%(hospitals)s) AND done_at IS NOT NULL
    AND taken_at > now() - interval '7 days' GROUP BY client"""
NOTHING_DONE = """
  SELECT NULL::text AS client, 0 AS items, 0 AS refused, 0 AS waiting, 0 AS batches,
    0 AS day_items, NULL::float8[] AS lag WHERE false"""
# index: record_sync_heartbeat_hospital, record_sync_stream_hospital, record_sync_batch_waiting
SYSTEMS = """
WITH heard AS (SELECT * FROM record_sync_heartbeat WHERE hospital = ANY(%(hospitals)s)),
lines AS (
  SELECT client, min(hospital) AS hospital, count(*) AS streams, max(taken_at) AS taken_at
  FROM record_sync_stream WHERE hospital = ANY(%(hospitals)s) GROUP BY client),
done AS ({done}),
queued AS (
  SELECT client, count(*) AS batches, extract(epoch FROM now() - min(taken_at)) AS oldest
  FROM record_sync_batch WHERE hospital = ANY(%(hospitals)s) AND done_at IS NULL GROUP BY client)
SELECT coalesce(h.client, l.client), coalesce(h.hospital, l.hospital),
  h.at, h.version, h.backlog, h.oldest, h.clock, h.free, h.disk_full,
  h.compared_at, h.compared_records, h.compared_days,
  coalesce(l.streams, 0), l.taken_at, coalesce(d.batches, 0), coalesce(d.day_items, 0),
  d.lag[1], d.lag[2], coalesce(d.items, 0), coalesce(d.refused, 0), coalesce(d.waiting, 0),
  coalesce(q.batches, 0), coalesce(q.oldest, 0)
FROM heard h FULL JOIN lines l ON l.client = h.client
LEFT JOIN done d ON d.client = coalesce(h.client, l.client)
LEFT JOIN queued q ON q.client = coalesce(h.client, l.client)
"""
# index: record_sync_dead_letter_counted
CAUSES = """
SELECT hospital, client, rule, field, state, count(*), min(made_at),
  count(*) FILTER (WHERE made_at > now() - interval '24 hours'),
  count(*) FILTER (WHERE size = 0 AND state = 'open')
FROM record_sync_dead_letter WHERE hospital = ANY(%(hospitals)s) AND state IN ('open', 'waiting')
GROUP BY hospital, client, rule, field, state
"""
# index: record_sync_dead_letter_counted
STATES = """
SELECT state, count(*), min(made_at) FROM record_sync_dead_letter
WHERE hospital = %s AND state IN ('open', 'waiting') GROUP BY state
"""
# index: record_sync_stream_hospital
STREAMS = """
SELECT client, name, next, done, taken_at FROM record_sync_stream WHERE hospital = %s
ORDER BY client, name
"""


@dataclass(frozen=True, slots=True)
class LetterCause:
    """Letters of one system that share rule, place and state. fresh: of the last 24 hours; unkept:
    without their content, for the system had reached its quota.
    """

    hospital_id: int
    client: str
    rule: str
    field: str
    state: LetterState
    count: int
    since: dt.datetime
    fresh: int
    unkept: int = 0


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """What the agent told last; oldest, clock: seconds; free: bytes."""

    at: dt.datetime
    version: str
    backlog: int
    oldest: int
    clock: int
    free: int
    disk_full: bool


@dataclass(frozen=True, slots=True)
class Comparison:
    """The last one that the agent has told of; days: that differed."""

    at: dt.datetime
    records: int
    days: int


@dataclass(frozen=True, slots=True)
class MemberSystem:
    """A system that sends. lag_p50, lag_p95: seconds from taken to done, of 24 hours; items,
    refused, waiting: of 7 days; queued: batches that wait here, queue_age: seconds of the oldest.
    """

    client: str
    name: str
    hospital: Hospital
    revoked_at: dt.datetime | None
    heartbeat: Heartbeat | None
    comparison: Comparison | None
    streams: int
    taken_at: dt.datetime | None
    batches: int
    day_items: int
    lag_p50: float | None
    lag_p95: float | None
    items: int
    refused: int
    waiting: int
    queued: int
    queue_age: float
    token_refused_at: dt.datetime | None = None
    witness: WitnessMark | None = None
    causes: list[LetterCause] = field(default_factory=list)

    @property
    def quality(self) -> float | None:
        """Per cent of the items that were not refused; None where none came."""
        return 100.0 * (self.items - self.refused) / self.items if self.items else None

    def count_letters(self, state: LetterState) -> int:
        return sum(c.count for c in self.causes if c.state is state)

    @property
    def open(self) -> int:
        return self.count_letters(LetterState.OPEN)

    @property
    def held(self) -> int:
        """Letters that wait for others."""
        return self.count_letters(LetterState.WAITING)

    @property
    def fresh(self) -> int:
        return sum(c.fresh for c in self.causes if c.state is LetterState.OPEN)

    @property
    def unkept(self) -> int:
        return sum(c.unkept for c in self.causes)

    @property
    def held_since(self) -> dt.datetime | None:
        return min((c.since for c in self.causes if c.state is LetterState.WAITING), default=None)


@dataclass(frozen=True, slots=True)
class BoardStream:
    """next: the number that is expected; queued: batches that wait for their turn."""

    client: str
    name: str
    next: int
    queued: int
    taken_at: dt.datetime | None


def list_member_systems(
    hospitals: Collection[Hospital], *, counted: bool = True
) -> list[MemberSystem]:
    """Of these hospitals, those that have ever sent anything by sync; a system that was revoked as
    long as it leaves letters, or was heard of within a week. Not counted: without their letters and
    the batches that were done, which are what is dear; all that is urgent is told without them.
    """
    by_id = {h.pk: h for h in hospitals}
    if not by_id:
        return []
    causes: dict[str, list[LetterCause]] = {}
    for cause in list_letter_causes(by_id) if counted else ():
        causes.setdefault(cause.client, []).append(cause)
    with connection.cursor() as cursor:
        statement = SYSTEMS.format(done=DONE if counted else NOTHING_DONE)
        cursor.execute(statement, {"hospitals": list(by_id)})
        rows = cursor.fetchall()
    names = {
        client_id: (name, revoked_at)
        for client_id, name, revoked_at in Client.objects.filter(
            client_id__in=[row[0] for row in rows]
        ).values_list("client_id", "name", "revoked_at")
    }
    refused = list_refused_tokens([row[0] for row in rows])
    witnesses = list_witness_marks([row[0] for row in rows])
    return [
        build_system(
            row,
            by_id[row[1]],
            *names.get(row[0], (row[0], None)),
            causes.get(row[0], []),
            refused.get(row[0]),
            witnesses.get(row[0]),
        )
        for row in rows
    ]


def build_system(
    row: Sequence[object],
    hospital: Hospital,
    name: str,
    revoked_at: dt.datetime | None,
    causes: list[LetterCause],
    token_refused_at: dt.datetime | None,
    witness: WitnessMark | None,
) -> MemberSystem:
    told, compared, counted = row[2:9], row[9:12], list(row[12:])
    counted[10] = float(counted[10])  # type: ignore[arg-type]
    return MemberSystem(
        row[0],  # type: ignore[arg-type]
        name,
        hospital,
        revoked_at,
        Heartbeat(*told) if told[0] is not None else None,  # type: ignore[arg-type]
        Comparison(*compared) if compared[0] is not None else None,  # type: ignore[arg-type]
        *counted,  # type: ignore[arg-type]
        token_refused_at=token_refused_at,
        witness=witness,
        causes=causes,
    )


def list_letter_causes(hospital_ids: Collection[int]) -> list[LetterCause]:
    """Of open and waiting letters, by system; the most frequent first."""
    with connection.cursor() as cursor:
        cursor.execute(CAUSES, {"hospitals": list(hospital_ids)})
        rows = cursor.fetchall()
    found = [LetterCause(*row[:4], LetterState(row[4]), *row[5:]) for row in rows]
    return sorted(found, key=lambda c: (-c.count, c.rule, c.field))


def count_dead_letters(hospital_id: int) -> dict[LetterState, tuple[int, dt.datetime]]:
    """{state: (how many, since when the oldest)}, of those that are not settled."""
    with connection.cursor() as cursor:
        cursor.execute(STATES, [hospital_id])
        return {LetterState(state): (count, since) for state, count, since in cursor.fetchall()}


def list_streams(hospital_id: int) -> list[BoardStream]:
    with connection.cursor() as cursor:
        cursor.execute(STREAMS, [hospital_id])
        return [
            BoardStream(client, name, next, next - 1 - done, taken_at)
            for client, name, next, done, taken_at in cursor.fetchall()
        ]
