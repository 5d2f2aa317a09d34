"""Re-derive every leaf, root and signature from the raw lines and say what does not fit. Shares only canonical with seal.

What the database says of itself is held against what its forger does not have: pinned keys, heads that were kept elsewhere, and what this machine
remembers (consent.audit.memory); and against what does not depend on a key: times beside times, numbers beside their sequence (consent.audit.order).
"""

import datetime as dt
from collections.abc import Sequence

from django.db import connection, transaction

from consent.audit import canonical, keys, memory
from consent.audit.head import COLUMNS, Head
from consent.audit.kept import Kept
from consent.audit.keys import Pin
from consent.audit.order import PATIENCE, check_age, check_numbers, check_waiting
from consent.audit.report import Report, Runs, shifted, stream

BACK = dt.timedelta(seconds=-10)  # between the clock's reading and the number of a transaction lies no more, on the busiest machine
AHEAD = dt.timedelta(seconds=60)  # heads of earlier releases took the sealer's clock, not the database's


def verify(kept: Sequence[Kept] = (), pins: Sequence[Pin] | None = None) -> Report:
    """Check the whole log in one snapshot, under the pinned keys (this installation's, unless given), and against kept heads."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        return examine(kept, pins)


def examine(kept: Sequence[Kept] = (), pins: Sequence[Pin] | None = None) -> Report:
    """The same, in the caller's transaction."""
    report = Report()
    pins = keys.own() if pins is None else pins
    outside = list(kept)
    if known := memory.recall():
        outside.append(Kept(known, "this machine remembers"))
    for k in outside:
        if why := k.head.fault(pins):
            report.faults.append(f"the head of {k.head.size} lines that {k.whence}: {why}")
    heads = read_heads(report, pins)
    check_lines(report, heads, outside)
    first = check_numbers(report)
    check_waiting(report)
    check_age(report, first)
    check_strays(report)
    return report


def read_heads(report: Report, pins: Sequence[Pin]) -> list[Head]:
    """All heads, smallest first; what is wrong with them alone goes into the report."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {COLUMNS} FROM consent_audit_head ORDER BY size")
        heads = [Head.of_row(row) for row in cursor.fetchall()]
    before: Head | None = None
    for head in heads:
        if why := head.fault(pins):
            report.faults.append(f"tree head {head.size} of {head.sealed_at}: {why}")
        if head.previous is not None and head.previous != (before.size if before else 0):
            report.faults.append(f"tree head {head.size} of {head.sealed_at} follows one of {head.previous} lines; the heads between "
                                 f"{before.size if before else 0} and {head.size} are gone")
        if before and shifted(head.sealed_at, AHEAD) < shifted(before.sealed_at):
            report.faults.append(f"tree head {head.size} of {head.sealed_at} is signed before the smaller one of {before.size} lines ({before.sealed_at})")
        before = head
    report.heads, report.newest = len(heads), before
    return heads


LINES = f"""
SELECT l.position, l.event_id, l.hash, e.id IS NOT NULL, e.*
FROM consent_audit_leaf l LEFT JOIN (SELECT {canonical.SELECT} FROM consent_audit_event) e ON e.id = l.event_id
ORDER BY l.position
"""


# index: consent_audit_event_pkey
STRAY = """SELECT p.event, count(*) FROM consent_audit_person p WHERE NOT EXISTS (SELECT FROM consent_audit_event e WHERE e.id = p.event AND e.recorded = p.written)
GROUP BY 1 ORDER BY 1 LIMIT 100"""


def check_strays(report: Report) -> None:
    with connection.cursor() as cursor:
        cursor.execute(STRAY)
        report.faults += [f"audit line {event} is gone, and {n} persons whom it was about are still there" for event, n in cursor.fetchall()]


def check_lines(report: Report, heads: Sequence[Head], outside: Sequence[Kept] = ()) -> None:
    nodes: list[tuple[int, bytes]] = []  # (height, hash): an own way to the root, not the sealer's
    size, good_until = 0, 0
    suspects: list[str] = []
    early, late = Runs("was added when all lines of its time were sealed: dated back"), Runs("is dated later than its seal: dated ahead, or the clock was set back")
    waited = Runs("was sealed more than ten minutes after its time: the sealer stood still, a transaction was long open, or it was dated back")
    roots: dict[int, bytes] = {}
    wanted = {k.head.size for k in outside}
    own = {h.size: h for h in heads}
    sealing = iter(heads)
    covering, latest, usual = next(sealing, None), "", ""  # the head that covers the line, and the moments that go with it
    floors = sorted([(h.size, shifted(h.through, BACK)) for h in [*heads, *(k.head for k in outside)] if h.through], reverse=True)
    floor = ""
    for position, event_id, stored, present, *row in stream(LINES):
        if position == size - 1:
            continue  # two lines of one number: check_numbers names them
        if position != size:
            report.faults.append(f"leaves {size} to {position - 1} are missing from the tree")
            size = position
        stored = bytes(stored)
        if not present:
            suspects.append(f"audit line {event_id} (leaf {position}) was deleted")
        else:
            actual = canonical.leaf_hash(canonical.encode(canonical.as_object(tuple(row))))
            if actual != stored:
                suspects.append(f"audit line {event_id} (leaf {position}, {row[1]}) was changed after it was sealed")
            while floors and floors[-1][0] <= position:
                floor = max(floor, floors.pop()[1])
            early.take(row[1] < floor, event_id, row[1])
            while covering and covering.size <= position:
                covering, latest = next(sealing, None), ""
            if covering:
                latest, usual = (latest, usual) if latest else (shifted(covering.sealed_at, AHEAD), shifted(covering.sealed_at, PATIENCE))
                late.take(row[1] > latest, event_id, row[1])
                waited.take(row[1] < usual, event_id, row[1])
        for k in outside:
            if k.leaves and k.leaves.get(position, stored) != stored:
                suspects.append(f"leaf {position} (now audit line {event_id}) is another one than {k.whence}")
        push(nodes, stored)
        size += 1
        if size in own or size in wanted:
            roots[size] = fold(nodes)
            if size in own and roots[size] != own[size].root:
                report.faults.append(f"leaves {good_until} to {size - 1}: their hashes do not lead to the signed root of size {size}")
            elif size in own:
                good_until = size
                report.root = roots[size].hex()
    report.sealed = size
    report.faults = suspects + early.found + late.found + report.faults
    report.notices += waited.found
    for extra in [s for s in own if s > size]:
        report.faults.append(f"the signed head of size {extra} covers leaves that are gone: the log was cut to {size}")
    if size and size not in own:
        report.faults.append(f"leaves {good_until} to {size - 1} have no signed head")
    for k in outside:
        if k.head.size > size:
            report.faults.append(f"the head of {k.head.size} lines ({k.head.sealed_at}) that {k.whence} covers more than there is: the log was cut, "
                                 f"emptied or rolled back to {size}")
        elif k.head.size and roots.get(k.head.size) != k.head.root:
            report.faults.append(f"the first {k.head.size} lines do not lead to the head ({k.head.sealed_at}) that {k.whence}: lines before it were changed, "
                                 "taken out or put in, and the tree was built anew")


def push(nodes: list[tuple[int, bytes]], leaf: bytes) -> None:
    item = (0, leaf)
    while nodes and nodes[-1][0] == item[0]:
        height, left = nodes.pop()
        item = (height + 1, canonical.node_hash(left, item[1]))
    nodes.append(item)


def fold(nodes: list[tuple[int, bytes]]) -> bytes:
    root = nodes[-1][1]
    for _, left in reversed(nodes[:-1]):
        root = canonical.node_hash(left, root)
    return root
