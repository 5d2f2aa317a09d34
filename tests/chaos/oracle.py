"""What must hold whatever happened. Each question is asked of plain values and gives the facts
that contradict it, so that a test can show that it sees them.
"""

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise

from tests.chaos.ledger import Entry
from tests.chaos.trace import GOOD, KINDS, Asked, Poll

# seconds for which /readyz may say 200 while no write goes through: its write is tried once a
# second, with a patience of three, on a loaded machine
READY_LATE = 10.0
UNREADY_LATE = 5.0  # seconds for which it may say 503 while all that is asked succeeds
MOST = 5  # facts of one kind that are told


def few(facts: Iterable[str]) -> list[str]:
    found = list(facts)
    return found[:MOST] + (
        [f"… and {len(found) - MOST} more of these"] if len(found) > MOST else []
    )


def lost(acknowledged: Iterable[Entry], stored: Mapping[str, int]) -> list[str]:
    """stored: key -> newest version that the database holds."""
    return few(
        f"lost: {e.key} version {e.version} was acknowledged, and"
        f" {f'version {stored[e.key]} is the newest' if e.key in stored else 'nothing is there'}"
        for e in acknowledged
        if stored.get(e.key, 0) < e.version
    )


def missing_in_feed(
    acknowledged: Iterable[Entry], seen: Mapping[tuple[str, int], str]
) -> list[str]:
    """seen: (key, version) -> digest, as the feed gave it. Every acknowledged version, with the
    content that was written.
    """
    facts = []
    for e in acknowledged:
        if (e.key, e.version) not in seen:
            facts.append(
                f"feed: {e.key} version {e.version} was acknowledged, and the feed has passed"
                " over it"
            )
        elif seen[e.key, e.version] != e.digest:
            facts.append(f"content: {e.key} version {e.version} is another than was written")
    return few(facts)


def out_of_order(seen: Sequence[tuple[str, int, str]]) -> list[str]:
    """seen: (key, version, digest) as they came, each the first time. Versions of one resource
    come one after the other, and none is left out.
    """
    newest: dict[str, int] = {}
    facts = []
    for key, version, _ in seen:
        if version != newest.get(key, 0) + 1:
            facts.append(f"feed: {key} version {version} came after version {newest.get(key, 0)}")
        newest[key] = max(version, newest.get(key, 0))
    return few(facts)


def twice(numbers: Mapping[str, Iterable[str]]) -> list[str]:
    """numbers: number of an If-None-Exist -> keys of what bears it."""
    return few(
        f"twice: the order {n} was created where it was not there, and is there as {sorted(keys)}"
        for n, keys in numbers.items()
        if len(set(keys)) > 1
    )


def torn(groups: Mapping[str, Sequence[str]], stored: Mapping[str, int]) -> list[str]:
    """groups: transaction, answered or not -> its keys. All or nothing."""
    facts = []
    for name, keys in groups.items():
        there = [k for k in keys if k in stored]
        if there and len(there) != len(keys):
            facts.append(f"torn: of transaction {name} {len(there)} of {len(keys)} are there")
    return few(facts)


def unproven(answered: Iterable[str], logged: Iterable[str]) -> list[str]:
    """answered: request ids of answers that told of somebody. logged: those that the audit log
    names.
    """
    return few(
        f"audit: request {r} was answered, and the log has no line of it"
        for r in sorted(set(answered) - set(logged))
    )


def heads_cut(kept: tuple[int, str] | None, heads: Mapping[int, str]) -> list[str]:
    """kept: (size, root) of a head that was read earlier. heads: size -> root, those that are
    there now.
    """
    if kept is None or heads.get(kept[0]) == kept[1]:
        return []
    return [
        f"heads: the head of {kept[0]} lines was signed earlier, and"
        f" {'has another root now' if kept[0] in heads else 'is gone'}"
    ]


def untold(acknowledged: Iterable[Entry], told: Iterable[str]) -> list[str]:
    """Of what the subscriber must have been told by now."""
    heard = set(told)
    return few(
        f"subscription: {key} was acknowledged, and the subscriber was never told"
        for key in sorted({e.key for e in acknowledged} - heard)
    )


def longest_gap(asked: Iterable[Asked], kind: str, begin: float, end: float) -> float:
    """Longest span within begin to end in which none of that kind succeeded: seconds."""
    moments = sorted(
        [
            begin,
            *(
                min(a.ended, end)
                for a in asked
                if a.kind == kind and a.result == GOOD and a.ended >= begin
            ),
            end,
        ]
    )
    return max(b - a for a, b in pairwise(moments))


def outages(asked: Iterable[Asked], begin: float, end: float) -> dict[str, float]:
    known = list(asked)
    return {kind: round(longest_gap(known, kind, begin, end), 2) for kind in KINDS}


def ready_in_vain(polls: Iterable[Poll], asked: Iterable[Asked], end: float) -> list[str]:
    """200 although no write had gone through for READY_LATE when it was asked, and a write that
    was begun since then failed. One that hangs from earlier accuses nobody.
    """
    writes = [a for a in asked if a.kind == "write"]
    good = sorted(a.ended for a in writes if a.result == GOOD)
    facts = []
    for before, after in zip(good, [*good[1:], end], strict=True):
        if after - before > READY_LATE:
            facts += [
                f"readyz: 200 although no write had gone through for {p.began - before:.1f} s (site"
                f" {p.site})"
                for p in polls
                if p.status == 200
                and p.began > before + READY_LATE
                and p.ended < after - 1
                and any(
                    a.result != GOOD
                    and p.began - READY_LATE / 2 < a.began < p.began
                    and a.ended < after
                    for a in writes
                )
            ]
    return few(facts)


def unready_in_vain(polls: Iterable[Poll], asked: Iterable[Asked]) -> list[str]:
    """503 again and again for longer than UNREADY_LATE, while nothing that was asked failed."""
    failed = [a for a in asked if a.kind in KINDS and a.result != GOOD]
    good = [a.ended for a in asked if a.kind == "write" and a.result == GOOD]
    facts = []
    for site in {p.site for p in polls}:
        first: Poll | None = None
        for p in sorted((p for p in polls if p.site == site), key=lambda p: p.began):
            if p.status != 503:
                first = None
                continue
            first = first or p
            if (
                p.ended - first.began > UNREADY_LATE
                and not any(first.began <= a.ended and a.began <= p.ended for a in failed)
                and any(first.began <= g <= p.ended for g in good)
            ):
                facts.append(
                    f"readyz: 503 ({p.says}) for {p.ended - first.began:.1f} s in which all that"
                    f" was asked succeeded (site {site})"
                )
                first = None
    return few(facts)
