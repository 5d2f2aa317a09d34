"""Compare with the platform what stands there of our records: by years, months and days, down to
the record numbers that are missing or differ, and send those again (docs/sync.md, Compare).
"""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from .back_off import BackOff
from .dead_letters import refresh_refusals
from .digest_sums import (
    STANDS,
    Days,
    encode_sums,
    find_differing,
    fingerprint,
    sum_buckets,
    sum_days,
)
from .notices import set_notice
from .platform_away import PlatformAway
from .reconcile_words import say_result
from .stream_sender import refuse_reply

if TYPE_CHECKING:
    from .context import AgentContext

PRINT = 12  # hexadecimal digits of a fingerprint by which we name what we have
DAYS_AT_ONCE = 200  # days whose records are asked for in one request
LAST, NOTICE = "reconcile.last", "reconcile"
RESULT = "reconcile.result"
USUAL_HOUR = "02:30"
# Records whose newest item has no answer yet. One that was refused has: an older one stands.
MOVING = """
SELECT r.type, r.record FROM records r JOIN items i ON i.seq = r.newest_seq
JOIN streams s ON s.stream = i.stream WHERE r.source = ? AND r.newest_seq > r.sent_seq
AND (i.seq > s.formed_seq OR EXISTS (SELECT 1 FROM batches b WHERE b.stream = i.stream
  AND b.state IN ('formed', 'accepted') AND i.seq BETWEEN b.first_seq AND b.last_seq))
"""


@dataclass(frozen=True)
class Lacking:
    """A record that the platform lacks, or has otherwise. again: it was put into the outbox; at:
    its file and row, for the one who has to send it anew where it was not; changed_by: which system
    has written it there since we sent it, "" where none has.
    """

    record: str
    again: bool
    at: str
    changed_by: str = ""


@dataclass
class DayDifference:
    """ours, theirs: how many records. missing: the platform lacks them; other: it has another
    version or content; surplus: it has them and we do not; refused, waiting: record numbers that
    came and were not stored.
    """

    type: str
    day: str
    ours: int
    theirs: int
    missing: list[Lacking] = field(default_factory=list)
    other: list[Lacking] = field(default_factory=list)
    surplus: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    waiting: list[str] = field(default_factory=list)


@dataclass
class Reconciliation:
    """records: that we compared; requests, sent, received: what it cost."""

    source: str
    records: int = 0
    days: list[DayDifference] = field(default_factory=list)
    requests: int = 0
    sent: int = 0
    received: int = 0

    @property
    def equal(self) -> bool:
        return not self.days

    @property
    def again(self) -> int:
        return sum(one.again for day in self.days for one in (*day.missing, *day.other))


def reconcile_source(context: AgentContext, source: str, *, mend: bool = True) -> Reconciliation:
    """mend: put what is missing into the outbox again. Raises PlatformAway."""
    result = Reconciliation(source)
    days = sum_days(source, context.outbox.list_digests(source))
    result.records = sum(count for of in days.values() for count, _ in of.values())
    years = sum_buckets(days, "year")
    told = ask_digests(context, result, "year", years)["differ"]
    if not told:
        return result
    months = find_differing(sum_buckets(days, "month"), told, 4)
    told = ask_digests(context, result, "month", months)["differ"] if months else {}
    differing = find_differing(days, told, 7)
    for part in split_days(differing):
        compare_days(context, result, part, told, mend=mend)
    return result


def split_days(days: Days) -> list[Days]:
    """A few at a time, so that no request is too large."""
    listed = [(type, day, total) for type, of in days.items() for day, total in of.items()]
    parts: list[Days] = []
    for start in range(0, len(listed), DAYS_AT_ONCE):
        part: Days = {}
        for type, day, total in listed[start : start + DAYS_AT_ONCE]:
            part.setdefault(type, {})[day] = total
        parts.append(part)
    return parts


def ask_digests(
    context: AgentContext, result: Reconciliation, level: str, sums: Days, **more: Any
) -> Any:
    body = json.dumps(
        {"source": result.source, "level": level, "sums": encode_sums(sums), **more},
        separators=(",", ":"),
    ).encode()
    reply = context.platform.send(
        "POST",
        f"{context.platform.sync_path}/digests",
        body,
        {"Content-Type": "application/json"},
        timeout=120,
    )
    result.requests += 1
    result.sent += len(body)
    result.received += len(reply.body)
    if reply.status != 200:
        raise refuse_reply(reply)
    return reply.json()


def compare_days(
    context: AgentContext,
    result: Reconciliation,
    days: Days,
    told: dict[str, dict[str, list[Any]]],
    *,
    mend: bool,
) -> None:
    """Down to the records of these days."""
    own = list_own_records(context, result.source, days)
    prints = {
        type: {day: "".join(own.get((type, day), {})) for day in of} for type, of in days.items()
    }
    answer = ask_digests(context, result, "day", days, prints=prints)
    moving = list_moving(context, result.source, {type for type in days})
    for type, of_type in answer["records"].items():
        for day, rows in of_type.items():
            found = DayDifference(
                type,
                day,
                len(own.get((type, day), {})),
                int(told.get(type, {}).get(day, [0])[0]),
            )
            absent = answer.get("absent", {}).get(type, {}).get(day, [])
            sort_records(found, own.get((type, day), {}), rows, absent, moving)
            if mend:
                requeue_lacking(context, result.source, found)
            if any((found.missing, found.other, found.surplus, found.refused, found.waiting)):
                result.days.append(found)


def list_own_records(
    context: AgentContext, source: str, days: Days
) -> dict[tuple[str, str], dict[str, tuple[str, str]]]:
    """{(type, day): {beginning of the fingerprint: (record, at)}} of what should stand there."""
    own: dict[tuple[str, str], dict[str, tuple[str, str]]] = {}
    for type, record, version, hash, day, state, at in context.outbox.list_digests(source):
        if state == STANDS and day in days.get(type, ()):
            mark = fingerprint(source, type, record, version, hash).hex()[:PRINT]
            own.setdefault((type, day), {})[mark] = (record, at)
    return own


def list_moving(context: AgentContext, source: str, types: Any) -> set[tuple[str, str]]:
    """(type, record) of which a newer version is on its way: they are compared the next time."""
    rows = context.outbox.read(MOVING, (source,))
    return {(type, record) for type, record in rows if type in types}


def sort_records(
    found: DayDifference,
    own: dict[str, tuple[str, str]],
    rows: list[list[Any]],
    absent: list[str],
    moving: set[tuple[str, str]],
) -> None:
    """rows: [record, version, fingerprint, state, changed by] that the platform has and we have not
    named; absent: beginnings of our fingerprints that it has not.
    """
    changed = {row[0]: str(row[4]) for row in rows if len(row) > 4 and row[4]}
    stands = {row[0] for row in rows if row[3] == "stored"}
    lacking = {own[mark][0]: own[mark][1] for mark in absent if mark in own}
    for record, at in sorted(lacking.items()):
        if (found.type, record) not in moving:
            kind = found.other if record in stands else found.missing
            kind.append(Lacking(record, False, at, changed.get(record, "")))
    for record in sorted(stands - set(lacking)):
        if (found.type, record) not in moving:
            found.surplus.append(record)
    found.refused += sorted({row[0] for row in rows if row[3] == "refused"})
    found.waiting += sorted({row[0] for row in rows if row[3] == "waiting"})


def requeue_lacking(context: AgentContext, source: str, found: DayDifference) -> None:
    for listed in (found.missing, found.other):
        listed[:] = [
            replace(one, again=context.outbox.requeue(source, found.type, one.record))
            for one in listed
        ]


def reconcile_all(
    context: AgentContext, sources: list[str] | None = None, *, mend: bool = True
) -> list[Reconciliation]:
    """Of all sources that the outbox knows, and a line in `status`. Records that waited and were
    stored since stand on both sides. Raises PlatformAway.
    """
    refresh_refusals(context)
    results = [
        reconcile_source(context, source, mend=mend)
        for source in sources or context.outbox.list_sources()
    ]
    equal = all(result.equal for result in results)
    if sources is None:
        keep_result(context, results)
    set_notice(
        context.outbox, NOTICE, equal, say_result(results, "zh"), say_result(results, "en"), "us"
    )
    return results


def keep_result(context: AgentContext, results: list[Reconciliation]) -> None:
    """For the heartbeat: counts alone."""
    kept = {
        "at": time.time(),
        "records": sum(result.records for result in results),
        "days": sum(len(result.days) for result in results),
    }
    context.outbox.keep(RESULT, json.dumps(kept))


def describe_last_result(context: AgentContext) -> dict[str, int] | None:
    """What the heartbeat says of the last comparison of all sources; None before the first."""
    kept = context.outbox.kept(RESULT)
    if kept is None:
        return None
    result = json.loads(kept)
    ago = max(0, int(time.time() - float(result["at"])))
    return {"ago": ago, "records": int(result["records"]), "days": int(result["days"])}


def reconcile_nightly(context: AgentContext) -> None:
    """The loop of `run`: at the hour that [reconcile] at names, by this machine's clock."""
    back_off = BackOff()
    while not context.stopping.is_set():
        if not is_due(context, time.time()):
            context.stopping.wait(60)
            continue
        try:
            reconcile_all(context)
            context.outbox.keep(LAST, str(time.time()))
            back_off.succeeded()
        except PlatformAway as away:
            context.stopping.wait(back_off.failed(away.retry_after))


def is_due(context: AgentContext, now: float) -> bool:
    """Whether the hour has come since the last time. A machine that is off at night compares when
    it is on again; one that was never compared waits for its first night.
    """
    hour, _, minute = context.settings.get("reconcile", "at", fallback=USUAL_HOUR).partition(":")
    today = time.localtime(now)
    due = time.mktime(
        (today.tm_year, today.tm_mon, today.tm_mday, int(hour), int(minute or 0), 0, 0, 0, -1)
    )
    if due > now:
        due -= 86400
    last = context.outbox.kept(LAST)
    if last is None:
        context.outbox.keep(LAST, str(now))
        return False
    return float(last) < due
